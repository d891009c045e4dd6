"""Opening the SQLite database: engine, PRAGMAs, sqlite-vec, short transactions, and the schema check at start."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pysqlite3.dbapi2 as sqlite
import sqlite_vec
from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DatabaseError as SqlDatabaseError
from sqlalchemy.orm import Session

from photoindex.errors import DatabaseBusyError, DatabaseError, DatabaseTooNewError
from photoindex.folding import fold, fold_path
from photoindex.resources import resource_folder
from photoindex.turns import turns_of

SCHEMA_REVISION = "0017"
"""The newest migration. Kept here so that a command that finds it in the file need not import Alembic."""
APPLICATION_ID = 0x50486978  # "PHix": tells our file from any other SQLite database
PAGE_SIZE_BYTES = 16384
BUSY_TIMEOUT_MS = 15_000
CHECKPOINT_PATIENCE_MS = 1000
BACKUPS_KEPT = 2

# Fixed in 3.51.3 and in two branches before it: two connections that checkpoint together can corrupt a WAL.
_WAL_RESET_FIXED_IN = (3, 51, 3)
_WAL_RESET_BACKPORTS = ((3, 44, 6), (3, 50, 7))


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


class Database:
    """One open database. Sessions are short; `write` serialises writers: those of a process in the order in which they
    come, and those of several with BEGIN IMMEDIATE."""

    def __init__(self, path: Path, *, checkpoints: bool) -> None:
        """`checkpoints`: whether commits here may checkpoint the WAL. One process should: the daemon."""
        self.path = path
        self._engine = _create_engine(path, checkpoints=checkpoints)
        self._turns = turns_of(path)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session over one consistent snapshot; nothing is written."""
        with Session(self._engine, expire_on_commit=False) as session, _one_line_errors(self.path):
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that holds the write lock from its start and commits at the end, or rolls back on an error.

        Raises DatabaseBusyError when the lock can't be had for a quarter of a minute.
        """
        with (
            _one_line_errors(self.path),
            self._turn(),
            Session(self._engine, expire_on_commit=False) as session,
            session.begin(),
        ):
            session.connection(execution_options={"immediate": True})
            yield session

    @contextmanager
    def _turn(self) -> Iterator[None]:
        with ExitStack() as stack:
            try:
                stack.enter_context(self._turns.turn(BUSY_TIMEOUT_MS / 1000))
            except TimeoutError as error:
                raise DatabaseBusyError(_describe(self.path, "locked")) from error
            yield

    def checkpoint(self) -> None:
        """Copy the whole WAL into the database file and empty it, if no reader is in the way for long."""
        with (
            _one_line_errors(self.path),
            self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
        ):
            connection.execute(text(f"PRAGMA busy_timeout = {CHECKPOINT_PATIENCE_MS}"))
            try:
                connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
            finally:
                connection.execute(text(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}"))

    def close(self) -> None:
        """Close every connection. May be called twice."""
        self._engine.dispose()


def open_database(path: Path, *, checkpoints: bool = False, migrations: Path | None = None) -> Database:
    """Open the database at `path`, making or migrating it first.

    Before a migration the old state is copied into `backups/` beside it and the copy is checked. Raises
    DatabaseError (not a PhotoIndex database, damaged, not writable) or DatabaseTooNewError; the file is then as it was.
    """
    check_sqlite_version()
    _make_folder(path.parent)
    with _migration_lock(path):
        revision = _stored_revision(path)
        if migrations is not None or revision != SCHEMA_REVISION:
            _migrate(path, revision, migrations or resource_folder("migrations"))
    return Database(path, checkpoints=checkpoints)


def _create_engine(path: Path, *, checkpoints: bool) -> Engine:
    # Not a string to be parsed: a `?` or `%` in a path is part of it.
    engine = create_engine(
        URL.create("sqlite", database=str(path)), module=sqlite, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000}
    )

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions are begun below, by us
        connection.enable_load_extension(True)
        sqlite_vec.load(connection)
        connection.enable_load_extension(False)
        connection.create_function("fold", 1, _fold, deterministic=True)
        for pragma in (
            f"page_size = {PAGE_SIZE_BYTES}",  # only a new file takes it
            "journal_mode = WAL",
            "foreign_keys = ON",
            f"busy_timeout = {BUSY_TIMEOUT_MS}",
            "synchronous = NORMAL",
            "mmap_size = 0",  # a mapped page that changes below a reader has amplified corruption elsewhere
            f"wal_autocheckpoint = {1000 if checkpoints else 0}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get("immediate", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine


def _fold(value: Any) -> str | None:
    """`fold` for SQL, and for blobs `fold_path`.

    Only queries may use it: an index or a trigger that did would keep other programs from the file.
    """
    if value is None:
        return None
    return fold_path(value) if isinstance(value, bytes) else fold(str(value))


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise DatabaseError(
            f"the data folder {folder} can't be made ({error.strerror}); choose another with --data"
        ) from error


@contextmanager
def _migration_lock(path: Path) -> Iterator[None]:
    """Only one process at a time makes or migrates the database; the others wait for it."""
    try:
        descriptor = os.open(path.with_suffix(".migration.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise DatabaseError(
            f"the data folder {path.parent} is not writable ({error.strerror}); "
            "give this user the right to write there, or choose another with --data"
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _stored_revision(path: Path) -> str | None:
    """The schema revision of the file, None for a file that is not there or holds no table. Changes nothing."""
    if not path.exists() or path.stat().st_size == 0:
        return None
    try:
        with closing(sqlite.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            application = connection.execute("PRAGMA application_id").fetchone()[0]
            if application == 0 and not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                return None  # killed, or out of space, while it was made
            if application != APPLICATION_ID:
                raise DatabaseError(f"{path} is not a PhotoIndex database; choose another folder with --data")
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            return str(row[0]) if row else None
    except sqlite.Error as error:
        raise DatabaseError(_describe(path, str(error))) from error


def _migrate(path: Path, revision: str | None, migrations: Path) -> None:
    from alembic import command  # late: most commands find the schema up to date
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(migrations))
    if revision is not None:
        if revision not in {script.revision for script in scripts.walk_revisions()}:
            raise DatabaseTooNewError(
                f"{path} was written by a newer PhotoIndex (schema {revision}); upgrade PhotoIndex, "
                "or choose another folder with --data"
            )
        if revision == scripts.get_current_head():
            return
        _back_up(path, revision)
    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    engine = _create_engine(path, checkpoints=True)
    try:
        with (
            _one_line_errors(path),
            engine.connect().execution_options(immediate=True) as connection,
            connection.begin(),
        ):
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
    finally:
        engine.dispose()
    path.chmod(0o600)


def _back_up(path: Path, revision: str) -> Path:
    """Copy the database into `backups/`, check the copy, and keep the newest few."""
    folder = path.parent / "backups"
    folder.mkdir(mode=0o700, exist_ok=True)
    copy = folder / f"{path.stem}-{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{revision}.db"
    with closing(sqlite.connect(str(path))) as source:
        source.execute("VACUUM INTO ?", (str(copy),))
        before = _row_counts(source)
    with closing(sqlite.connect(f"{copy.absolute().as_uri()}?mode=ro", uri=True)) as check:
        intact = check.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        if not intact or _row_counts(check) != before:
            raise DatabaseError(
                f"the backup {copy} made before upgrading {path} is not sound; check the disk, then try again"
            )
    for old in sorted(folder.glob(f"{path.stem}-*.db"))[:-BACKUPS_KEPT]:
        old.unlink()
    return copy


def _row_counts(connection: Any) -> list[int]:
    tables = ("library", "file", "photo", "encoder", "embedding")
    return [connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]


@contextmanager
def _one_line_errors(path: Path) -> Iterator[None]:
    """Turn what SQLite says of a full disk, a damaged file or a missing right into a DatabaseError with advice."""
    try:
        yield
    except SqlDatabaseError as error:
        if isinstance(error.orig, sqlite.IntegrityError):
            raise
        message = str(error.orig or error)
        kind = DatabaseBusyError if "locked" in message else DatabaseError
        raise kind(_describe(path, message)) from error


def _describe(path: Path, message: str) -> str:
    advice = {
        "file is not a database": "it is damaged or not a database; restore it from backups/ or choose another --data",
        "malformed": "it is damaged; restore it from backups/ beside it, or move it away to index afresh",
        "readonly": "it is read-only; give this user the right to write it and its folder",
        "disk is full": "the disk is full; free some space, nothing is lost",
        "locked": "another program holds it; close that program and try again",
        "unable to open": "it can't be opened; check the rights of the file and its folder",
    }
    for sign, meaning in advice.items():
        if sign in message:
            return f"{path}: {meaning}"
    return f"{path}: {message}"
