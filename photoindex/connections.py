"""Connections to the SQLite file: the version that is taken, PRAGMAs, sqlite-vec, and what its errors mean."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pysqlite3.dbapi2 as sqlite
import sqlite_vec
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError as SqlDatabaseError

from photoindex import room, wal
from photoindex.errors import DatabaseBusyError, DatabaseDamagedError, DatabaseError, DatabaseFullError
from photoindex.folding import fold, fold_path
from photoindex.messages import mark, say

APPLICATION_ID = 0x50486978  # "PHix": tells our file from any other SQLite database
PAGE_SIZE_BYTES = 16384
WAL_KEPT_BYTES = 64 << 20
"""A log that has grown beyond it, as somebody read for long, is cut to it when it is begun anew."""

# Fixed in 3.51.3 and in two branches before it: two connections that checkpoint together can corrupt a WAL.
_WAL_RESET_FIXED_IN = (3, 51, 3)
_WAL_RESET_BACKPORTS = ((3, 44, 6), (3, 50, 7))

SqliteError = (sqlite.Error, UnicodeDecodeError)
"""What a connection of `connect` raises; the second for damaged texts, also those in SQLite's own messages."""


class Access(StrEnum):
    """How a file can be used. `CREATE`: written, and made if need be. `FROZEN`: read as it is and without locks, as
    its folder can't be written and there is no log."""

    CREATE = "rwc"
    WRITE = "rw"
    READ = "ro"
    FROZEN = "frozen"


def check_sqlite_version(version: tuple[int, int, int] = sqlite.sqlite_version_info) -> None:
    """Refuse an SQLite with the WAL-reset bug (3.7.0 to 3.51.2), which corrupts databases with two processes.

    Raises DatabaseError.
    """
    backported = any(version[:2] == fixed[:2] and version >= fixed for fixed in _WAL_RESET_BACKPORTS)
    if version < _WAL_RESET_FIXED_IN and not backported:
        found = ".".join(map(str, version))
        raise DatabaseError(
            f"SQLite {found} can corrupt a database that two processes use; "
            "install a newer one with: pip install --upgrade 'pysqlite3>=0.6.1'"
        )


def connect(path: Path, access: Access = Access.READ, *, vectors: bool = False) -> Any:
    """A bare connection, in autocommit mode, that ignores SQLAlchemy and our PRAGMAs; `vectors` loads sqlite-vec.

    Raises SqliteError, as all that is done with it.
    """
    connection = sqlite.connect(f"file:{quote(str(path.absolute()))}?{_mode(access)}", uri=True, isolation_level=None)
    if vectors:
        _load_vectors(connection)
    return connection


def possible_access(path: Path) -> Access:
    """The best that can be done with a database that is there. Raises DatabaseError when it can't even be read."""
    for access, attempt in (
        (Access.WRITE, "BEGIN IMMEDIATE"),
        (Access.READ, "SELECT count(*) FROM sqlite_master"),
        (Access.FROZEN, "SELECT count(*) FROM sqlite_master"),
    ):
        try:
            with closing(connect(path, access)) as connection:
                connection.execute(attempt).fetchall()
            return access
        except SqliteError as error:
            problem = "malformed" if isinstance(error, UnicodeDecodeError) else str(error)
            if "locked" in problem:
                return access  # by somebody who writes at this moment
            if "not a database" in problem or "malformed" in problem:
                break
        if access == Access.READ and wal.size_of(path):
            break  # without its log the file lacks the last changes
    raise error_of(path, problem)


def read_only(path: Path) -> Any:
    """A bare connection that only reads, whether or not the folder can be written. Raises SqliteError."""
    connection = connect(path)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
    except SqliteError as error:
        connection.close()
        if "open" not in str(error) or wal.size_of(path):
            raise
        return connect(path, Access.FROZEN)
    return connection


def make_engine(path: Path, access: Access, busy_timeout_ms: int) -> Engine:
    """SQLAlchemy's engine over it. No commit checkpoints by itself: see `photoindex.wal`."""
    # Not a string to be parsed: a `?` or `%` in a path is part of it.
    url = (
        URL.create("sqlite", database=str(path))
        if access == Access.WRITE
        else URL.create(
            "sqlite", database=f"file:{quote(str(path.absolute()))}", query={**_query(access), "uri": "true"}
        )
    )
    engine = create_engine(url, module=sqlite, connect_args={"timeout": busy_timeout_ms / 1000})

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions are begun below, by us
        _load_vectors(connection)
        connection.create_function("fold", 1, _fold, deterministic=True)
        for pragma in (
            *(_FOR_WRITERS if access == Access.WRITE else ()),
            *_FOR_ALL,
            f"busy_timeout = {busy_timeout_ms}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        durable = connection.get_execution_options().get("durable")
        if durable is None:
            connection.exec_driver_sql("BEGIN")
            return
        connection.exec_driver_sql(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


_FOR_WRITERS = (
    f"page_size = {PAGE_SIZE_BYTES}",  # only a new file takes it
    "journal_mode = WAL",
    "wal_autocheckpoint = 0",
    f"journal_size_limit = {WAL_KEPT_BYTES}",
)
_FOR_ALL = (
    "foreign_keys = ON",
    "synchronous = NORMAL",
    "mmap_size = 0",  # a mapped page that changes below a reader has amplified corruption elsewhere
)


@contextmanager
def one_line_errors(path: Path) -> Iterator[None]:
    """Turn what SQLite says of a full disk, a damaged file or a missing right into a DatabaseError with advice."""
    try:
        yield
    except SqlDatabaseError as error:
        if isinstance(error.orig, sqlite.IntegrityError):
            raise
        raise error_of(path, str(error.orig or error)) from error
    except sqlite.Error as error:
        raise error_of(path, str(error)) from error


def error_of(path: Path, message: str) -> DatabaseError:
    """What an error of SQLite means for a person."""
    if "codec can't decode" in message:  # a text that is none
        message = "malformed"
    for sign, kind, meaning in _MEANINGS:
        if sign in message:
            return kind(say(meaning, path=path))
    return DatabaseError(f"{path}: {message}")


_MEANINGS: tuple[tuple[str, type[DatabaseError], str], ...] = (
    (
        "file is not a database",
        DatabaseDamagedError,
        mark(
            "%(path)s: it is damaged or not a database; bring a copy back with: photoindex restore FILE "
            "(some are in backups/ beside it), or choose another --data"
        ),
    ),
    (
        "malformed",
        DatabaseDamagedError,
        mark(
            "%(path)s: it is damaged; bring a copy back with: photoindex restore FILE (some are in backups/ beside "
            "it), or save what can be read of it with: photoindex doctor --salvage"
        ),
    ),
    (
        "readonly",
        DatabaseError,
        mark("%(path)s: it is read-only; give this user the right to write it and its folder"),
    ),
    ("disk is full", DatabaseFullError, room.FULL),
    ("locked", DatabaseBusyError, mark("%(path)s: another program holds it; close that program and try again")),
    (
        "unable to open",
        DatabaseError,
        mark("%(path)s: it can't be opened; check the rights of the file and its folder"),
    ),
    (
        "disk I/O error",
        DatabaseError,
        mark("%(path)s: the disk can't read or write it; check the disk, its space and the rights there"),
    ),
)


def _mode(access: Access) -> str:
    return "&".join(f"{name}={value}" for name, value in _query(access).items())


def _query(access: Access) -> dict[str, str]:
    return {"mode": "ro", "immutable": "1"} if access == Access.FROZEN else {"mode": access.value}


def _load_vectors(connection: Any) -> None:
    connection.enable_load_extension(True)
    sqlite_vec.load(connection)
    connection.enable_load_extension(False)


def _fold(value: Any) -> str | None:
    """`fold` for SQL, and for blobs `fold_path`.

    Only queries may use it: an index or a trigger that did would keep other programs from the file.
    """
    if value is None:
        return None
    return fold_path(value) if isinstance(value, bytes) else fold(str(value))
