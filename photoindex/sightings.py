"""File rows as the scanner sees them: what a path looks like now, what moved, what is gone."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, or_, select
from sqlalchemy.orm import Session

from photoindex.companions import PRESENT, chunks, pair, refresh_visibility, stem
from photoindex.folding import fold_path
from photoindex.models import File, FileState, Library, LibraryState, utc_now

ANOTHER_AFTER = timedelta(hours=1)
"""A name that was gone for so long and then holds something else is another picture, not an edit of the old one."""

_LOWEST, _RANGE = -(1 << 63), 1 << 64


@dataclass(frozen=True)
class FileStat:
    """The quick check: a file whose figures are all as recorded is taken as unchanged."""

    size_bytes: int
    mtime_ns: int
    inode: int
    ctime_ns: int = 0
    sidecar_ns: int = 0
    """The newest time of its sidecars and a nanosecond for each further one, so that one that goes shows; 0 without."""

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
    return number if _LOWEST <= number < -_LOWEST else (number - _LOWEST) % _RANGE + _LOWEST


STAT = (File.size_bytes, File.mtime_ns, File.inode, File.ctime_ns, File.sidecar_ns)


@dataclass(frozen=True)
class KnownFile:
    """A file row as the scanner needs it."""

    id: int
    path: bytes
    stat: FileStat
    state: str


@dataclass(frozen=True)
class Seen:
    """A file on disk, whether it has a row or not."""

    path: bytes
    stat: FileStat
    retry_at: float | None = None
    """Seconds since the epoch before which it is not to be read."""


# As it is and not by SQLAlchemy, whose rows take as long again as all else that a scan does with a file.
_FIGURES = (
    f"SELECT id, path, {', '.join(column.key for column in STAT)}, state FROM file "
    "WHERE library_id = ? AND path > ? ORDER BY path LIMIT ?"
)


@dataclass(frozen=True)
class Source:
    """A row that a new file may have been: it has, if its own path is left."""

    file_id: int
    root: bytes
    path: bytes
    body: tuple[int, int, int]
    state: str

    def has_left(self) -> bool:
        """Whether the file is no longer at its path: a missing one has been seen gone, others are looked for now."""
        if self.state == FileState.MISSING:
            return True
        absolute = os.path.join(self.root, self.path)
        try:
            os.lstat(absolute)
        except (FileNotFoundError, NotADirectoryError):
            return True
        except OSError:
            return False
        folder = os.path.dirname(absolute)  # behind a symlink the file is seen at its real path
        return os.path.realpath(folder) != folder


def known_after(session: Session, library_id: int, after: bytes, limit: int) -> list[KnownFile]:
    """The next rows of a library in the byte order of their paths, so that a scan can walk beside them."""
    rows = session.execute(
        select(File.id, File.path, *STAT, File.state)
        .where(File.library_id == library_id, File.path > after)
        .order_by(File.path)
        .limit(limit)
    )
    return [_known(row) for row in rows]


def figures_after(session: Session, library_id: int, after: bytes, limit: int) -> Sequence[tuple[Any, ...]]:
    """As `known_after`, for a scan of many: plain tuples of id, path, the five figures of `FileStat`, and state."""
    cursor = session.connection().exec_driver_sql(_FIGURES, (library_id, after, limit)).cursor
    assert cursor is not None  # as it is a query
    return cursor.fetchall()


def known_below(session: Session, library_id: int, folder: bytes) -> list[KnownFile]:
    """The rows at `folder` or below it that are not missing yet."""
    rows = session.execute(
        select(File.id, File.path, *STAT, File.state).where(
            File.library_id == library_id,
            or_(File.path == folder, (File.path > folder + b"/") & (File.path < folder + b"0")),
            File.state != FileState.MISSING,
        )
    )
    return [_known(row) for row in rows]


def known_in(session: Session, library_id: int, paths: Sequence[bytes]) -> dict[bytes, KnownFile]:
    """The rows of some paths."""
    rows = session.execute(
        select(File.id, File.path, *STAT, File.state).where(File.library_id == library_id, File.path.in_(paths))
    )
    return {row.path: _known(row) for row in rows}


def sources(session: Session, library_id: int, seen: Sequence[Seen]) -> list[Source]:
    """Rows that those of the paths which have none may be the new places of, the rows on disk first.

    Which of them have left their own paths is for the caller to find out, outside of any transaction: the disk may
    not answer. Nothing is asked of libraries that are offline, unless their disk answers and just their files are gone:
    these may be here.
    """
    known = known_in(session, library_id, [each.path for each in seen])
    bodies = {body_of(each.stat) for each in seen if each.path not in known}
    found = []
    for chunk in chunks(sorted({inode for inode, _, _ in bodies})):
        rows = session.execute(
            select(File.id, Library.root, File.path, File.inode, File.size_bytes, File.mtime_ns, File.state)
            .join(Library, Library.id == File.library_id)
            .where(File.inode.in_(chunk))
            .where(or_(File.state == FileState.MISSING, Library.state == LibraryState.ONLINE, Library.held > 0))
            .order_by(File.state == FileState.MISSING, File.id)
        )
        for file_id, root, path, *body, state in rows:
            if tuple(body) in bodies:
                found.append(Source(file_id, root, path, (body[0], body[1], body[2]), state))
    return found


def record(session: Session, library_id: int, seen: Sequence[Seen], left: Sequence[Source] | None = None) -> int:
    """Record what some paths of a library, at most a few hundred, look like now. Returns how many make work.

    A path that has a row and looks otherwise than that says is to be read again; but a missing file that is back as it
    was is not. A path without a row is that of a file that moved here, one of those that have `left`, or a new one.
    Without `left` they are looked for here: not where a disk may not answer, as others wait for the database.
    """
    if left is None:
        left = [each for each in sources(session, library_id, seen) if each.has_left()]
    known = known_in(session, library_id, [each.path for each in seen])
    new = [each for each in seen if each.path not in known]
    changed = [
        (each, known[each.path])
        for each in seen
        if each.path in known and (known[each.path].stat != each.stat or known[each.path].state == FileState.MISSING)
    ]
    return _revisit(session, library_id, changed) + _discover(session, library_id, new, left)


def discover(session: Session, library_id: int, path: bytes, stat: FileStat, retry_at: float | None) -> bool:
    """Record one path that has no row yet; True when that makes work."""
    return _discover(session, library_id, [Seen(path, stat, retry_at)], ()) == 1


def _discover(session: Session, library_id: int, new: Sequence[Seen], left: Sequence[Source]) -> int:
    """A row with the same inode, size and time that has left its path is a file under its old name, in any library: it
    moves here with its id, its photo and its state. Else a pending row is made."""
    files = {
        row.id: row
        for chunk in chunks([source.file_id for source in left])
        for row in session.scalars(select(File).where(File.id.in_(chunk)))
    }
    free: dict[tuple[int, int, int], list[File]] = {}
    for source in left:
        row = files.get(source.file_id)
        if row is not None and row.path == source.path and (row.inode, row.size_bytes, row.mtime_ns) == source.body:
            free.setdefault(source.body, []).append(row)
    moved: list[tuple[File, Seen]] = []
    rows = []
    for seen in new:
        candidates = free.get(body_of(seen.stat))
        if candidates:
            moved.append((candidates.pop(0), seen))
        else:
            where = {"library_id": library_id} | _path(seen.path)
            rows.append(where | {"retry_at": seen.retry_at} | asdict(seen.stat))
    work = _move(session, library_id, moved)
    if rows:
        session.execute(insert(File), rows)
    return work + len(rows)


def _path(path: bytes) -> dict[str, bytes | str]:
    """The columns that tell a path, in whole and in part. A trigger sees to the folder."""
    return {"path": path, "stem": stem(path), "name": fold_path(os.path.basename(path))}


def body_of(stat: FileStat) -> tuple[int, int, int]:
    """What of the figures stays when a file moves: inode, size and time. A rename changes the change time."""
    return stat.inode, stat.size_bytes, stat.mtime_ns


def _move(session: Session, library_id: int, moved: Sequence[tuple[File, Seen]]) -> int:
    """The files of those rows are now there, where no row was. Returns how many have to be read."""
    stems: dict[int, set[bytes]] = {library_id: set()}
    for row, seen in moved:
        stems.setdefault(row.library_id, set()).add(row.stem)
        if row.state == FileState.MISSING:
            row.state = FileState.INDEXED if row.photo_id is not None else FileState.PENDING
            row.missing_since = None
        # Its sidecar tells something else now; or it was last read before we kept change times, and less was read then.
        if row.state == FileState.INDEXED and (row.sidecar_ns != seen.stat.sidecar_ns or row.ctime_ns == 0):
            row.state, row.attempts, row.tries = FileState.PENDING, 0, 0
        row.library_id = library_id
        for name, value in _path(seen.path).items():
            setattr(row, name, value)
        row.ctime_ns, row.sidecar_ns = seen.stat.ctime_ns, seen.stat.sidecar_ns
        stems[library_id].add(row.stem)
    session.flush()
    for where, touched in stems.items():
        pair(session, where, touched)
    refresh_visibility(session, [row.photo_id for row, _ in moved])
    return sum(row.state == FileState.PENDING for row, _ in moved)


def _revisit(session: Session, library_id: int, changed: Sequence[tuple[Seen, KnownFile]]) -> int:
    work = 0
    again: list[File] = []
    rows = {
        row.id: row
        for chunk in chunks([known.id for _, known in changed])
        for row in session.scalars(select(File).where(File.id.in_(chunk)))
    }
    for seen, known in changed:
        row = rows[known.id]
        if row.state not in PRESENT:
            again.append(row)
        as_it_was = replace(known.stat, ctime_ns=seen.stat.ctime_ns) == seen.stat  # a rename changes the change time
        back = known.state == FileState.MISSING and as_it_was and row.photo_id is not None
        if row.missing_since is not None and utc_now() - row.missing_since > ANOTHER_AFTER:
            same = (known.stat.size_bytes, known.stat.mtime_ns) == (seen.stat.size_bytes, seen.stat.mtime_ns)
            row.photo_id = row.photo_id if same else None
        row.state = FileState.INDEXED if back else FileState.PENDING
        for name, value in asdict(seen.stat).items():
            setattr(row, name, value)
        row.missing_since = row.reason = row.detail = None
        row.attempts, row.tries, row.retry_at = 0, 0, None if back else seen.retry_at
        work += not back
    session.flush()
    _appeared(session, library_id, again)
    return work


def retry_failed(session: Session, library_id: int, reasons: Sequence[str]) -> None:
    """Make files that failed for one of the reasons pending again."""
    rows = session.scalars(
        select(File).where(File.library_id == library_id, File.state == FileState.FAILED, File.reason.in_(reasons))
    ).all()
    for row in rows:
        row.state, row.reason, row.detail, row.retry_at = FileState.PENDING, None, None, None
    session.flush()
    _appeared(session, library_id, rows)


def mark_missing(session: Session, file_ids: Sequence[int]) -> int:
    """The files are gone from disk. Their rows, photos and embeddings stay. Returns how many changed."""
    changed = 0
    for chunk in chunks(file_ids):
        rows = session.scalars(select(File).where(File.id.in_(chunk), File.state != FileState.MISSING)).all()
        for row in rows:
            if row.state != FileState.INDEXED:  # what it holds is not known: coming back, it must be read
                row.size_bytes = row.mtime_ns = row.inode = -1
            row.state, row.missing_since, row.retry_at = FileState.MISSING, utc_now(), None
            row.reason = row.detail = None
        session.flush()
        for library_id in {row.library_id for row in rows}:
            _appeared(session, library_id, [row for row in rows if row.library_id == library_id])
        changed += len(rows)
    return changed


def _appeared(session: Session, library_id: int, rows: Sequence[File]) -> None:
    """Files of a library have come to be on disk, or ceased to."""
    holding = [row for row in rows if row.photo_id is not None]
    pair(session, library_id, [row.stem for row in holding])
    refresh_visibility(session, [row.photo_id for row in holding])


def _known(row: Any) -> KnownFile:
    file_id, path, *figures, state = row
    return KnownFile(file_id, path, FileStat(*figures), state)


def stat_of(row: Any) -> FileStat:
    """The figures among the columns of a row."""
    return FileStat(row.size_bytes, row.mtime_ns, row.inode, row.ctime_ns, row.sidecar_ns)
