"""File rows: every state change, the next batch of work, and the counts of the queue."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, cast

from sqlalchemy import CursorResult, exists, func, or_, select, update
from sqlalchemy.orm import Session

from photoindex.models import File, FileState, Library, LibraryState, Photo, utc_now

PRESENT = (FileState.PENDING, FileState.INDEXED)
"""States in which a file shows the photo it points at: a pending one shows what it held until it is read again."""


@dataclass(frozen=True)
class FileStat:
    """The quick check: a file whose figures are all as recorded is taken as unchanged."""

    size_bytes: int
    mtime_ns: int
    inode: int
    ctime_ns: int = 0
    sidecar_ns: int = 0
    """The newest change time of its sidecars, 0 without any."""

    @classmethod
    def of(cls, result: os.stat_result, sidecar_ns: int = 0) -> FileStat:
        """From `os.stat`. What is past 2⁶³ (inodes of some network file systems) wraps, as SQLite's integers do."""
        return cls(
            result.st_size,
            signed(result.st_mtime_ns),
            signed(result.st_ino),
            signed(result.st_ctime_ns),
            signed(sidecar_ns),
        )


def signed(number: int) -> int:
    """A number as SQLite can hold it, in 64 bits."""
    return (number + (1 << 63)) % (1 << 64) - (1 << 63)


def stem(path: bytes) -> bytes:
    """What `IMG_1.CR2`, `IMG_1.jpg` and `IMG_1.MOV` of a folder have in common."""
    return os.path.splitext(path)[0].lower()


_STAT = (File.size_bytes, File.mtime_ns, File.inode, File.ctime_ns, File.sidecar_ns)


@dataclass(frozen=True)
class KnownFile:
    """A file row as the scanner needs it."""

    id: int
    path: bytes
    stat: FileStat
    state: str


@dataclass(frozen=True)
class Work:
    """A pending file to read: where it is, and what its row said when it was handed out."""

    file_id: int
    library_id: int
    root: bytes
    path: bytes
    stat: FileStat
    attempts: int

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


# --- what the scanner sees ---------------------------------------------------------------------------------------


def known_after(session: Session, library_id: int, after: bytes, limit: int) -> list[KnownFile]:
    """The next rows of a library in the byte order of their paths, so that a scan can walk beside them."""
    rows = session.execute(
        select(File.id, File.path, *_STAT, File.state)
        .where(File.library_id == library_id, File.path > after)
        .order_by(File.path)
        .limit(limit)
    )
    return [_known(row) for row in rows]


def known_at(session: Session, library_id: int, path: bytes) -> KnownFile | None:
    """The row of one path."""
    row = session.execute(
        select(File.id, File.path, *_STAT, File.state).where(File.library_id == library_id, File.path == path)
    ).one_or_none()
    return None if row is None else _known(row)


def known_below(session: Session, library_id: int, folder: bytes) -> list[KnownFile]:
    """The rows at `folder` or below it that are not missing yet."""
    rows = session.execute(
        select(File.id, File.path, *_STAT, File.state).where(
            File.library_id == library_id,
            or_(File.path == folder, (File.path > folder + b"/") & (File.path < folder + b"0")),
            File.state != FileState.MISSING,
        )
    )
    return [_known(row) for row in rows]


def discover(session: Session, library_id: int, path: bytes, stat: FileStat, retry_at: float | None) -> bool:
    """Record a path that has no row yet; True when that makes work.

    A row with the same inode, size and time whose own path is gone is this file under its old name (in any library):
    it moves here with its id, its photo and its state. Else a pending row is made.
    """
    moved = _moved_from(session, stat)
    if moved is not None:
        moved.library_id, moved.path, moved.stem = library_id, path, stem(path)
        moved.ctime_ns = stat.ctime_ns  # a rename changes it
        if moved.state == FileState.MISSING:
            moved.state = FileState.INDEXED if moved.photo_id is not None else FileState.PENDING
            moved.missing_since = None
        session.flush()
        refresh_visibility(session, [moved.photo_id])
        return moved.state == FileState.PENDING
    row = File(library_id=library_id, path=path, stem=stem(path), retry_at=retry_at, **asdict(stat))
    session.add(row)
    session.flush()
    return True


def _moved_from(session: Session, stat: FileStat) -> File | None:
    candidates = session.execute(
        select(File, Library.root)
        .join(Library, Library.id == File.library_id)
        .where(File.inode == stat.inode, File.size_bytes == stat.size_bytes, File.mtime_ns == stat.mtime_ns)
        .order_by(File.state == FileState.MISSING, File.id)
    )
    for row, root in candidates:
        # A row that is missing has been seen gone; one that is not is checked now, as a scan may not have met it yet.
        if row.state == FileState.MISSING or not os.path.lexists(os.path.join(root, row.path)):
            return row
    return None


def revisit(session: Session, known: KnownFile, stat: FileStat, retry_at: float | None) -> bool:
    """Record what a known path looks like now; True when that makes work.

    A missing file that is back as it was is indexed again without being read.
    """
    if known.stat == stat and known.state != FileState.MISSING:
        return False
    row = session.get_one(File, known.id)
    # A rename alone changes the change time.
    back = (
        known.state == FileState.MISSING
        and replace(known.stat, ctime_ns=stat.ctime_ns) == stat
        and row.photo_id is not None
    )
    row.state = FileState.INDEXED if back else FileState.PENDING
    for name, value in asdict(stat).items():
        setattr(row, name, value)
    row.missing_since = row.reason = row.detail = None
    row.attempts, row.retry_at = 0, None if back else retry_at
    session.flush()
    refresh_visibility(session, [row.photo_id])
    return not back


def retry_failed(session: Session, library_id: int, reasons: Sequence[str]) -> None:
    """Make files that failed for one of the reasons pending again."""
    session.execute(
        update(File)
        .where(File.library_id == library_id, File.state == FileState.FAILED, File.reason.in_(reasons))
        .values(state=FileState.PENDING, reason=None, detail=None, retry_at=None)
    )


def mark_missing(session: Session, file_ids: Sequence[int]) -> int:
    """The files are gone from disk. Their rows, photos and embeddings stay. Returns how many changed."""
    changed = 0
    for chunk in _chunks(file_ids):
        rows = session.scalars(select(File).where(File.id.in_(chunk), File.state != FileState.MISSING)).all()
        for row in rows:
            if row.state == FileState.PENDING:  # what it holds was never read: coming back, it must be
                row.size_bytes = row.mtime_ns = row.inode = -1
            row.state, row.missing_since, row.retry_at = FileState.MISSING, utc_now(), None
            row.reason = row.detail = None
        session.flush()
        refresh_visibility(session, [row.photo_id for row in rows])
        changed += len(rows)
    return changed


# --- what the indexer does ---------------------------------------------------------------------------------------


def next_batch(session: Session, limit: int, now: float, skip: Iterable[int] = ()) -> list[Work]:
    """Up to `limit` pending files that may be read now, oldest row first, without those in `skip`."""
    rows = session.execute(
        select(
            File.id,
            File.library_id,
            Library.root,
            File.path,
            *_STAT,
            File.attempts,
        )
        .join(Library, Library.id == File.library_id)
        .where(
            File.state == FileState.PENDING,
            Library.state == LibraryState.ONLINE,
            or_(File.retry_at.is_(None), File.retry_at <= now),
            File.id.not_in(list(skip)),
        )
        .order_by(File.id)
        .limit(limit)
    )
    return [Work(row.id, row.library_id, row.root, row.path, _stat(row), row.attempts) for row in rows]


def next_retry_at(session: Session) -> float | None:
    """When the next waiting file may be read, in seconds since the epoch."""
    online = select(Library.id).where(Library.state == LibraryState.ONLINE)
    return session.scalar(
        select(func.min(File.retry_at)).where(File.state == FileState.PENDING, File.library_id.in_(online))
    )


def mark_indexed(session: Session, work: Work, read: FileStat, photo_id: int) -> bool:
    """The file held that photo when it was read with `read`. False when its row has changed since it was handed out:
    it then stays pending and is read again."""
    before = session.scalar(select(File.photo_id).where(File.id == work.file_id))
    done = _settle(session, work, state=FileState.INDEXED, photo_id=photo_id, read=read)
    refresh_visibility(session, [before, photo_id])
    return done


def mark_failed(session: Session, work: Work, reason: str, detail: str, read: FileStat | None = None) -> bool:
    """The file can't be indexed as it is now; it is tried again when it changes. It no longer shows a photo."""
    before = session.scalar(select(File.photo_id).where(File.id == work.file_id))
    done = _settle(
        session,
        work,
        state=FileState.FAILED,
        photo_id=None,
        read=read or work.stat,
        reason=reason,
        detail=detail,
    )
    refresh_visibility(session, [before])
    return done


def postpone(session: Session, work: Work, retry_at: float) -> None:
    """Leave the file pending and untouched until `retry_at` (seconds since the epoch)."""
    session.execute(update(File).where(File.id == work.file_id).values(retry_at=retry_at, attempts=File.attempts + 1))


def _settle(session: Session, work: Work, *, read: FileStat, **values: Any) -> bool:
    defaults = {"reason": None, "detail": None, "retry_at": None, "missing_since": None}
    result = session.execute(
        update(File)
        .where(
            File.id == work.file_id,
            File.state == FileState.PENDING,
            *(getattr(File, name) == value for name, value in asdict(work.stat).items()),
        )
        .values(
            **asdict(read),
            attempts=File.attempts + 1,
            **(defaults | values),
        )
    )
    return cast("CursorResult[Any]", result).rowcount == 1


# --- what is asked -----------------------------------------------------------------------------------------------


def counts(session: Session) -> Counts:
    """How many files are in each state."""
    return Counts(**dict(session.execute(select(File.state, func.count()).group_by(File.state)).all()))


def failures(session: Session, limit: int = 100, after_id: int = 0) -> list[Failure]:
    """Files that failed, oldest row first."""
    rows = session.execute(
        select(File.id, File.library_id, File.path, File.reason, File.detail)
        .where(File.state == FileState.FAILED, File.id > after_id)
        .order_by(File.id)
        .limit(limit)
    )
    return [Failure(row.id, row.library_id, row.path, row.reason or "", row.detail) for row in rows]


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
        for chunk in _chunks(list(photo_ids))
    )


def refresh_visibility(session: Session, photo_ids: Iterable[int | None]) -> None:
    """Recompute whether photos have a file on disk."""
    for chunk in _chunks(sorted({photo_id for photo_id in photo_ids if photo_id is not None})):
        present = exists().where(File.photo_id == Photo.id, File.state.in_(PRESENT))
        session.execute(
            update(Photo).where(Photo.id.in_(chunk)).values(visible=present),
            execution_options={"synchronize_session": False},
        )


def _known(row: Any) -> KnownFile:
    return KnownFile(row.id, row.path, _stat(row), row.state)


def _stat(row: Any) -> FileStat:
    return FileStat(row.size_bytes, row.mtime_ns, row.inode, row.ctime_ns, row.sidecar_ns)


def _chunks(ids: Sequence[int], size: int = 500) -> Iterable[Sequence[int]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))
