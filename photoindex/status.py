"""What PhotoIndex is doing now: the one page that the status command, the API and the gallery show."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from photoindex import __version__, embeddings, files, libraries, lock, photos
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
    files: int


@dataclass(frozen=True)
class DaemonState:
    """What the daemon does. `stopped` when none runs; figures are None when there is nothing to do."""

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

    def as_dict(self) -> dict[str, Any]:
        """For JSON: dates as ISO 8601 in UTC."""
        page = asdict(self)
        page["libraries"] = list(page["libraries"])
        updated_at = self.daemon.updated_at
        page["daemon"]["updated_at"] = None if updated_at is None else updated_at.isoformat(timespec="seconds") + "Z"
        return page


def read(session: Session, daemon_lock: Path) -> Status:
    """The status as it is in the database; whether a daemon runs is told by its lock."""
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
        libraries=tuple(
            LibraryStatus(each.id, each.path, each.name, each.state, each.problem, each.files)
            for each in libraries.list_all(session)
        ),
        daemon=_daemon(row, running),
    )


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
        problem=row.problem,
        isolation=row.isolation,
        pid=row.pid,
        updated_at=row.updated_at,
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
