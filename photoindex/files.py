"""File rows as the indexer sees them: the next batch of work, what became of it, and the counts of the queue."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any, cast

from sqlalchemy import CursorResult, Table, bindparam, exists, func, or_, select, update
from sqlalchemy.orm import Session

from photoindex import collections
from photoindex.companions import PRESENT, chunks, has_twin, pair, refresh_visibility, stem
from photoindex.models import File, FileState, FileTally, Library, LibraryState
from photoindex.sightings import STAT, FileStat, discover, known_after, signed, stat_of

__all__ = [
    "PRESENT", "Counts", "Failure", "FileStat", "Work", "any_offline", "begin", "counts", "discover", "failures",
    "known_after", "mark_failed", "mark_indexed", "next_batch", "next_retry_at", "pair", "postpone", "put_back",
    "refresh_visibility", "signed", "stem",
]  # fmt: skip


@dataclass(frozen=True)
class Work:
    """A pending file to read: where it is, and what its row said when it was handed out."""

    file_id: int
    library_id: int
    root: bytes
    path: bytes
    stat: FileStat
    attempts: int
    tries: int = 0
    """How often reading it was begun before without coming to an end."""

    @property
    def absolute_path(self) -> bytes:
        return os.path.join(self.root, self.path)


@dataclass(frozen=True)
class Counts:
    """How many files stand where."""

    pending: int = 0
    indexed: int = 0
    failed: int = 0
    missing: int = 0


@dataclass(frozen=True)
class Failure:
    """A file that could not be indexed, and why."""

    file_id: int
    library_id: int
    path: bytes
    reason: str
    detail: str | None


LONGEST_WAIT_SECONDS = 7200.0
"""No file is ever told to wait for longer: one that is has been waiting since the clock was set back."""

# A disk that is away may have left a million pending files, which are not to be looked through each second.
_ANY_PENDING = select(
    exists()
    .where(FileTally.state == FileState.PENDING, FileTally.files > 0)
    .where(FileTally.library_id == Library.id, Library.state == LibraryState.ONLINE)
)
# Built once and not for each photo: that would cost several times what SQLite needs.
_BEFORE = select(File.photo_id, File.stem, has_twin(File)).where(File.id == bindparam("file_id"))
_SETTLE = (
    update(cast(Table, File.__table__))
    .where(
        File.id == bindparam("file_id"),
        File.state == FileState.PENDING,
        *(getattr(File, each.name) == bindparam(f"known_{each.name}") for each in fields(FileStat)),
    )
    .values(
        **{each.name: bindparam(f"new_{each.name}") for each in fields(FileStat)},
        **{name: bindparam(f"new_{name}") for name in ("state", "photo_id", "reason", "detail")},
        attempts=File.attempts + 1,
        tries=0,
        retry_at=None,
        missing_since=None,
    )
)

# --- what the indexer does ---------------------------------------------------------------------------------------


def next_batch(
    session: Session,
    limit: int,
    now: float,
    skip: Iterable[int] = (),
    skip_libraries: Iterable[int] = (),
    *,
    suspects: bool = False,
) -> list[Work]:
    """Up to `limit` pending files that may be read now, oldest row first, without those in `skip`.

    `suspects` are those that were begun before and not finished; all others without it.
    """
    if not session.scalar(_ANY_PENDING):
        return []
    rows = session.execute(
        select(
            File.id,
            File.library_id,
            Library.root,
            File.path,
            *STAT,
            File.attempts,
            File.tries,
        )
        .join(Library, Library.id == File.library_id)
        .where(
            File.state == FileState.PENDING,
            Library.state == LibraryState.ONLINE,
            Library.id.not_in(list(skip_libraries)),
            or_(File.retry_at.is_(None), File.retry_at <= now, File.retry_at > now + LONGEST_WAIT_SECONDS),
            File.id.not_in(list(skip)),
            File.tries > 0 if suspects else File.tries == 0,
        )
        .order_by(*((File.tries, File.id) if suspects else (File.id,)))
        .limit(limit)
    )
    return [Work(row.id, row.library_id, row.root, row.path, stat_of(row), row.attempts, row.tries) for row in rows]


def with_sidecars(session: Session, photo_id: int) -> list[bytes]:
    """Absolute paths of a photo's files on disk that have a sidecar; of libraries online."""
    rows = session.execute(
        select(Library.root, File.path)
        .join(Library, Library.id == File.library_id)
        .where(File.photo_id == photo_id, File.sidecar_ns != 0, File.state.in_(PRESENT))
        .where(Library.state == LibraryState.ONLINE)
        .order_by(File.id)
    )
    return [os.path.join(root, path) for root, path in rows]


def begin(session: Session, file_ids: Iterable[int]) -> None:
    """Their contents are being read from now on. Told before it is done: it may be the end of who does it."""
    _count_tries(session, file_ids, File.tries + 1)


def put_back(session: Session, file_ids: Iterable[int]) -> None:
    """Reading them, begun with `begin`, was given up, for nothing that they did."""
    _count_tries(session, file_ids, func.max(File.tries - 1, 0))


def _count_tries(session: Session, file_ids: Iterable[int], tries: Any) -> None:
    for chunk in chunks(list(file_ids)):
        session.execute(update(File).where(File.id.in_(chunk)).values(tries=tries))


def next_retry_at(session: Session, skip_libraries: Iterable[int] = ()) -> float | None:
    """When the next waiting file may be read, in seconds since the epoch."""
    if not session.scalar(_ANY_PENDING):
        return None
    online = select(Library.id).where(Library.state == LibraryState.ONLINE, Library.id.not_in(list(skip_libraries)))
    return session.scalar(
        select(func.min(File.retry_at)).where(File.state == FileState.PENDING, File.library_id.in_(online))
    )


def mark_indexed(session: Session, work: Work, read: FileStat, photo_id: int, *, fresh: bool = False) -> bool:
    """The file held that photo when it was read with `read`. False when its row has changed since it was handed out:
    it then stays pending and is read again.

    `fresh`: the photo is new. Then the file was edited in place if it held another before, and the new photo inherits
    what the user gave that one. (Not so when two files have swapped their names: both photos were there before.)
    """
    before, stem_of, twin = _before(session, work)
    done = _settle(session, work, read, FileState.INDEXED, photo_id)
    if done and fresh and before is not None and before != photo_id:
        collections.inherit(session, before, photo_id)
    if done and twin:
        pair(session, work.library_id, [stem_of])
    refresh_visibility(session, [before, photo_id])
    return done


def mark_failed(session: Session, work: Work, reason: str, detail: str, read: FileStat | None = None) -> bool:
    """The file can't be indexed as it is now; it is tried again when it changes.

    It no longer shows a photo, but which it held stays known: an editor may just not have written all of the next.
    """
    before, stem_of, twin = _before(session, work)
    done = _settle(session, work, read or work.stat, FileState.FAILED, before, reason, detail)
    if done and twin:
        pair(session, work.library_id, [stem_of])
    refresh_visibility(session, [before])
    return done


def _before(session: Session, work: Work) -> tuple[int | None, bytes, bool]:
    """What photo the file held, its stem, and whether it may have or be a companion."""
    row = session.execute(_BEFORE, {"file_id": work.file_id}).one_or_none()
    return (None, b"", False) if row is None else (row[0], row[1], row[2])


def postpone(session: Session, work: Work, retry_at: float, *, suspect: bool = False) -> None:
    """Leave the file pending and untouched until `retry_at` (seconds since the epoch).

    `suspect`: what began to read it did not come to an end.
    """
    values = {"retry_at": retry_at, "attempts": File.attempts + 1} | ({} if suspect else {"tries": 0})
    session.execute(update(File).where(File.id == work.file_id).values(values))


def _settle(
    session: Session,
    work: Work,
    read: FileStat,
    state: FileState,
    photo_id: int | None,
    reason: str | None = None,
    detail: str | None = None,
) -> bool:
    known = {f"known_{name}": value for name, value in asdict(work.stat).items()}
    now = {"new_state": state, "new_photo_id": photo_id, "new_reason": reason, "new_detail": detail}
    result = session.execute(
        _SETTLE, {"file_id": work.file_id} | known | now | {f"new_{name}": each for name, each in asdict(read).items()}
    )
    return cast("CursorResult[Any]", result).rowcount == 1


# --- what is asked -----------------------------------------------------------------------------------------------


def counts(session: Session) -> Counts:
    """How many files are in each state."""
    total = func.sum(FileTally.files)
    return Counts(**dict(session.execute(select(FileTally.state, total).group_by(FileTally.state)).all()))


def failures(session: Session, limit: int = 100, after_id: int = 0, reason: str | None = None) -> list[Failure]:
    """Files that failed, or failed for one reason, oldest row first."""
    query = (
        select(File.id, File.library_id, File.path, File.reason, File.detail)
        .where(File.state == FileState.FAILED, File.id > after_id)
        .order_by(File.id)
        .limit(limit)
    )
    rows = session.execute(query if reason is None else query.where(func.coalesce(File.reason, "") == reason))
    return [Failure(row.id, row.library_id, row.path, row.reason or "", row.detail) for row in rows]


def failure_reasons(session: Session) -> dict[str, int]:
    """How many files failed for each reason, the most frequent first."""
    reason = func.coalesce(File.reason, "")
    rows = session.execute(
        select(reason, func.count())
        .where(File.state == FileState.FAILED)
        .group_by(reason)
        .order_by(func.count().desc(), reason)
    )
    return dict(rows.all())


def any_offline(session: Session, photo_ids: Iterable[int]) -> bool:
    """Whether any of the photos has a file in a library that is offline."""
    return any(
        session.scalar(
            select(
                exists()
                .where(File.photo_id.in_(chunk), File.library_id == Library.id)
                .where(Library.state == LibraryState.OFFLINE)
            )
        )
        for chunk in chunks(list(photo_ids))
    )
