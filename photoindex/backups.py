"""Copies of the database: made while it is in use, checked before they get their name, and brought back.

A copy is one file that needs no other: the whole database as it was at one moment. Thumbnails and snapshots are not in
it, for they are made anew from what is.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from photoindex import room
from photoindex.connections import APPLICATION_ID, Access, SqliteError, connect, error_of, read_only
from photoindex.errors import DatabaseBusyError, DatabaseDamagedError, DatabaseError, DatabaseFullError
from photoindex.messages import say

USER_DATA = ("library", "photo", "album", "album_photo", "saved_search", "dismissal", "dismissed_photo")
"""Tables that nothing could bring back."""


@dataclass(frozen=True)
class Copy:
    """What is in a copy."""

    path: Path
    size_bytes: int
    rows: dict[str, int]
    """By table."""


def make(database: Path, target: Path) -> Copy:
    """Copy a database that may be in use to the new file `target`, which others see only when the copy is sound.

    Compared with the original: every table has as many rows. Raises DatabaseError (it is there already, can't be
    written, is not sound); what had been made is removed then.
    """
    if target.exists():
        raise DatabaseError(f"{target} is there already; choose another name")
    with _part(target) as part:
        try:
            with closing(read_only(database)) as source:
                source.execute("BEGIN")  # what is counted is what is copied
                rows = count_rows(source)
                with closing(connect(part, Access.CREATE)) as copy:
                    source.backup(copy)
                    copy.execute("PRAGMA journal_mode = DELETE")
        except SqliteError as error:
            raise _blame(error, database, target) from error
        found = verify(part)
        if found.rows != rows:
            raise DatabaseError(f"the copy {target} lacks rows; check the disk, then try again")
        size = part.stat().st_size
        _to_disk(part)
        _name(part, target)
    return Copy(target, size, rows)


def verify(path: Path) -> Copy:
    """Read all of a copy and check it. Raises DatabaseError when it is not a sound database of ours."""
    try:
        with closing(connect(path, vectors=True)) as connection:
            if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
                raise DatabaseError(f"{path} is not a PhotoIndex database; name a file that `photoindex backup` made")
            problems = [row[0] for row in connection.execute("PRAGMA integrity_check(1)")]
            if problems != ["ok"]:
                raise DatabaseError(f"{path} is damaged ({problems[0].splitlines()[-1]}); use another copy")
            if connection.execute("PRAGMA foreign_key_check").fetchone():
                raise DatabaseError(f"{path} is damaged (rows refer to others that are not there); use another copy")
            return Copy(path, path.stat().st_size, count_rows(connection))
    except SqliteError as error:
        raise _unfit(path, str(error)) from error
    except OSError as error:
        raise DatabaseError(f"{path} can't be read ({error.strerror}); name a file that is there") from error


def _unfit(path: Path, message: str) -> DatabaseError:
    """What SQLite's error means of a copy, which is not the database that is in use: another may be there."""
    if not path.exists():
        return DatabaseError(f"there is no file {path}; name one that `photoindex backup` made")
    found = error_of(path, message)
    if isinstance(found, DatabaseDamagedError):
        return DatabaseDamagedError(
            f"{path} is damaged or no copy of a database; name another that `photoindex backup` made"
        )
    return found


def count_rows(connection: Any) -> dict[str, int]:
    """How many rows each table has, but for the virtual ones and what they keep their content in."""
    virtual = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL%'")]
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    plain = [name for name in names if not any(name == each or name.startswith(f"{each}_") for each in virtual)]
    return {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in plain}


def bring_back(source: Path, database: Path) -> Path | None:
    """Put a checked copy in the place of the database, which nobody may use; returns where that is now.

    At any moment there is one or the other. Raises DatabaseError; then the database is as it was.
    """
    verify(source)
    with _part(database) as part:
        try:
            shutil.copyfile(source, part)
            _to_disk(part)
            verify(part)
        except OSError as error:
            raise _refused(error, database) from error
        part.chmod(0o600)
        return put_in_place(part, database)


def put_in_place(part: Path, database: Path) -> Path | None:
    """Give the file `part`, which lies beside the database, its name; returns where what was there is kept."""
    kept = None
    if database.exists():
        _end_log(database)
        kept = database.parent / "backups" / f"replaced-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.db"
        kept.parent.mkdir(mode=0o700, exist_ok=True)
        for ending in ("", "-wal", "-shm"):  # a sound database has no log any more
            beside = database.with_name(database.name + ending)
            if beside.exists():
                _name(beside, kept.with_name(kept.name + ending), move=ending != "")
    os.replace(part, database)
    _to_disk(database.parent)
    return kept


def _end_log(database: Path) -> None:
    """Bring the log into the file, which only works when nobody else has it open. Raises DatabaseBusyError."""
    try:
        with closing(connect(database, Access.WRITE)) as connection:
            connection.execute("PRAGMA busy_timeout = 0")
            connection.execute("PRAGMA journal_mode = DELETE").fetchall()
    except SqliteError as error:
        if "locked" in str(error):
            raise DatabaseBusyError(
                f"{database} is in use; end PhotoIndex (photoindex up, serve or daemon) first, then try again"
            ) from error
        # Else it is damaged, which may be why another one is to take its place.


@contextmanager
def _part(target: Path) -> Iterator[Path]:
    """A name beside `target` for what is not whole yet; nothing of it is left."""
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        yield part
    finally:
        for ending in ("", "-journal", "-wal", "-shm"):
            part.with_name(part.name + ending).unlink(missing_ok=True)


def _name(part: Path, target: Path, *, move: bool = False) -> None:
    """Give a file another name, too; never that of a file that is there."""
    try:
        os.link(part, target)
    except FileExistsError as error:
        raise DatabaseError(f"{target} is there already; choose another name") from error
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS):
            raise _refused(error, target) from error
        shutil.copyfile(part, target)  # a file system without hard links
        _to_disk(target)
    if move:
        part.unlink()
    _to_disk(target.parent)


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _blame(error: Exception, database: Path, target: Path) -> DatabaseError:
    """Whose fault it was: SQLite does not say which of two files it means."""
    message = str(error)
    if "malformed" in message:
        return error_of(database, message)
    if "full" in message:
        return DatabaseFullError(f"{target}: the disk is full; free some space, or choose another disk")
    if "open" in message or "readonly" in message:
        return DatabaseError(f"{target} can't be written; check its folder and the rights there, or choose another")
    return error_of(target, message)


def _refused(error: OSError, target: Path) -> DatabaseError:
    if room.is_full(error):
        return DatabaseFullError(say(room.FULL, path=target))
    return DatabaseError(f"{target} can't be written ({error.strerror}); check its folder and the rights there")
