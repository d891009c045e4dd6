"""What PhotoIndex is doing now: the one page that the status command, the API and the gallery show."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from photoindex import __version__, embeddings, files, layout, libraries, lock, pausing, photos, room
from photoindex.libraries import LibraryInfo
from photoindex.models import DaemonStatus, utc_now


@dataclass(frozen=True)
class EncoderStatus:
    """The encoder that answers searches; fields are None before the first was used."""

    name: str | None
    dim: int | None
    device: str | None


@dataclass(frozen=True)
class LibraryStatus:
    """A library in the status."""

    id: int
    path: str
    name: str
    state: str
    problem: str | None
    """Why it is offline, or what it asks."""
    files: int
    notices: tuple[str, ...]
    """What is not as it should be though it is online: folders that are not watched, say."""
    held: int
    """Files that are gone and wait for the user to confirm it."""
    folders: int | None
    watched: int | None
    """How many folders it has, and of how many of them the kernel tells changes."""
    overflows: int
    """How often the kernel dropped events."""
    poll_seconds: float | None
    """How often it is scanned, where the user chose that."""
    scanned_at: datetime | None
    """When a scan of it last ended well, in UTC."""


@dataclass(frozen=True)
class DaemonState:
    """What the daemon does. `stopped` when none runs; figures are None when there is nothing to do.

    `resting` says why nothing is encoded for now, `priority` how far the daemon stands behind other programs.
    """

    state: str
    photos_per_second: float | None
    seconds_left: float | None
    encoder: str | None
    notice: str | None
    problem: str | None
    isolation: str | None
    """How far what decodes photos is confined: `full`, what is missing (`no seccomp`), or `off`."""
    pid: int | None
    updated_at: datetime | None
    resting: str | None = None
    priority: str | None = None


@dataclass(frozen=True)
class Status:
    """The whole status."""

    version: str
    photos: int
    searchable: int
    files: files.Counts
    encoder: EncoderStatus
    libraries: tuple[LibraryStatus, ...]
    daemon: DaemonState
    pause: pausing.PauseInfo | None = None
    """That somebody paused indexing, whether a daemon runs or not."""

    def as_dict(self) -> dict[str, Any]:
        """For JSON: dates as ISO 8601 in UTC."""
        page = asdict(self)
        page["libraries"] = [
            each | {"notices": list(each["notices"]), "scanned_at": _utc(each["scanned_at"])}
            for each in page["libraries"]
        ]
        page["daemon"]["updated_at"] = _utc(self.daemon.updated_at)
        if self.pause is not None:
            page["pause"] = {"since": _utc(self.pause.since), "until": _utc(self.pause.until)}
        return page


def read(session: Session, daemon_lock: Path) -> Status:
    """The status as it is in the database; that a daemon runs, and what it can't write there, is told by its lock."""
    active = embeddings.active_encoder(session)
    row = session.get(DaemonStatus, 1)
    running = lock.is_held(daemon_lock)
    return Status(
        version=__version__,
        photos=photos.count(session),
        searchable=0 if active is None else embeddings.count_searchable(session, active.id),
        files=files.counts(session),
        encoder=EncoderStatus(
            name=active.name if active else None,
            dim=active.dim if active else None,
            device=row.device if row and running else None,
        ),
        libraries=tuple(_library(each) for each in libraries.list_all(session)),
        daemon=replace(_daemon(row, running), problem=_problem(row if running else None, daemon_lock)),
        pause=pausing.read(session),
    )


def _problem(row: DaemonStatus | None, daemon_lock: Path) -> str | None:
    """The first of what is wrong: as the daemon says, or as the disk shows."""
    return (
        lock.told(daemon_lock)
        or (row.problem if row else None)
        or room.problem_of(daemon_lock.with_name(layout.DATABASE))
    )


def _library(info: LibraryInfo) -> LibraryStatus:
    own = {each.name for each in fields(LibraryStatus)} - {"notices"}
    notices = tuple(info.notice.splitlines()) if info.notice else ()
    return LibraryStatus(notices=notices, **{name: getattr(info, name) for name in own})


def _utc(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds") + "Z"


def _daemon(row: DaemonStatus | None, running: bool) -> DaemonState:
    if row is None or not running:
        state = "starting" if running else "stopped"
        notice = row.notice if row else None
        return DaemonState(state, None, None, row.encoder if row else None, notice, None, None, None, None)
    return DaemonState(
        state=row.state,
        photos_per_second=row.photos_per_second,
        seconds_left=row.seconds_left,
        encoder=row.encoder,
        notice=row.notice,
        problem=None,
        isolation=row.isolation,
        pid=row.pid,
        updated_at=row.updated_at,
        resting=row.resting if row.state == "paused" else None,
        priority=row.priority,
    )


def write(session: Session, **values: Any) -> None:
    """Record what the daemon does: any of `DaemonStatus`'s columns."""
    values["updated_at"] = utc_now()
    statement = insert(DaemonStatus).values(
        id=1,
        started_at=values.get("started_at") or utc_now(),
        **{"pid": 0, "state": "starting", **{name: value for name, value in values.items() if name != "started_at"}},
    )
    session.execute(statement.on_conflict_do_update(index_elements=[DaemonStatus.id], set_=values))
