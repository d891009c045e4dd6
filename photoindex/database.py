"""The open database: short transactions, one writer at a time, durable where it has to be."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session

from photoindex import migrating, wal
from photoindex.connections import (
    APPLICATION_ID,
    Access,
    check_sqlite_version,
    error_of,
    make_engine,
    one_line_errors,
    possible_access,
)
from photoindex.errors import DatabaseBusyError, DatabaseError, DatabaseFullError
from photoindex.resources import resource_folder
from photoindex.turns import turns_of

__all__ = ["APPLICATION_ID", "SCHEMA_REVISION", "Database", "check_sqlite_version", "open_database"]

SCHEMA_REVISION = "0018"
"""The newest migration. Kept here so that a command that finds it in the file need not import Alembic."""
BUSY_TIMEOUT_MS = 15_000
CHECKPOINT_PATIENCE_MS = 1000
LOOK_SECONDS = 2.0
"""How often a database that could only be read is tried again."""


class Database:
    """One open database. Sessions are short; `write` serialises writers: those of a process in the order in which they
    come, and those of several with BEGIN IMMEDIATE."""

    def __init__(self, path: Path, *, checkpoints: bool, access: Access = Access.WRITE) -> None:
        """`checkpoints`: whether this process brings the WAL into the file, and mostly writes what is derived from
        photos. One process should: the daemon. All others write what users do, which is on the disk when it is
        answered."""
        self.path = path
        self._access = access
        self._durable = not checkpoints
        self._engine = make_engine(path, access, BUSY_TIMEOUT_MS)
        self._tender = wal.Tender(path, checkpoints=checkpoints)
        self._turns = turns_of(path)
        self._lock = threading.Lock()
        self._looked_at = time.monotonic()
        self._stamp = _stamp(path)

    @property
    def is_read_only(self) -> bool:
        """Whether it could only be opened for reading, as the disk is read-only, say. It may change."""
        return self._access != Access.WRITE

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session over one consistent snapshot; nothing is written."""
        self._look_again()
        with Session(self._engine, expire_on_commit=False) as session, one_line_errors(self.path):
            yield session

    @contextmanager
    def write(self, *, durable: bool | None = None) -> Iterator[Session]:
        """A session that holds the write lock from its start and commits at the end, or rolls back on an error.

        `durable`: whether it survives a power cut as soon as it is committed, which costs a wait for the disk. Without
        it the last ones may be undone, never a part of one: for what can be derived again. As said to `__init__`
        unless given. Raises DatabaseBusyError when the lock can't be had for a quarter of a minute.
        """
        self._look_again()
        try:
            with one_line_errors(self.path), self._turn(), self._writing(durable) as session:
                yield session
        except DatabaseFullError:
            self._tender.make_room(self._engine)
            raise

    @contextmanager
    def _writing(self, durable: bool | None) -> Iterator[Session]:
        durable = self._durable if durable is None else durable
        if not durable:
            self._tender.check_limit(self._engine)
        with Session(self._engine, expire_on_commit=False) as session, session.begin():
            session.connection(execution_options={"durable": durable})
            yield session
        self._tender.tend(self._engine)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        with ExitStack() as stack:
            try:
                stack.enter_context(self._turns.turn(BUSY_TIMEOUT_MS / 1000))
            except TimeoutError as error:
                raise DatabaseBusyError(str(error_of(self.path, "locked"))) from error
            yield

    def tend(self) -> None:
        """Bring in what others have written, if it is much. To be called now and then by a daemon that is idle."""
        if wal.size_of(self.path) >= wal.KEEP_BYTES:
            with self._turn():
                self._tender.tend(self._engine)

    def checkpoint(self) -> None:
        """Copy the whole WAL into the database file and empty it, if no reader is in the way for long."""
        with (
            one_line_errors(self.path),
            self._turn(),
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

    def _look_again(self) -> None:
        """Open it anew when it could only be read: now it may be written, or somebody else has written it."""
        if self._access == Access.WRITE:
            return
        with self._lock:
            now = time.monotonic()
            stale = self._access == Access.FROZEN and _stamp(self.path) != self._stamp
            if not stale and now - self._looked_at < LOOK_SECONDS:
                return
            self._looked_at, before = now, self._access
            self._stamp = _stamp(self.path)
            self._access = possible_access(self.path)
            if stale or self._access != before:
                self._engine.dispose()
                self._engine = make_engine(self.path, self._access, BUSY_TIMEOUT_MS)


def open_database(path: Path, *, checkpoints: bool = False, migrations: Path | None = None) -> Database:
    """Open the database at `path`, making or migrating it first.

    Before a migration the old state is copied into `backups/` beside it and the copy is checked. Where nothing can be
    written, a database of the newest schema is opened for reading, unless it is to be checkpointed. Raises
    DatabaseError (not a PhotoIndex database, damaged, not writable) or DatabaseTooNewError; the file is then as it was.
    """
    check_sqlite_version()
    _make_folder(path.parent)
    try:
        with _migration_lock(path):
            revision = migrating.stored_revision(path)
            if migrations is not None or revision != SCHEMA_REVISION:
                migrating.migrate(path, revision, migrations or resource_folder("migrations"))
    except _NotWritableError:
        if checkpoints or not path.exists():
            raise
        revision = migrating.stored_revision(path)
        migrating.check_revision(path, revision, migrations or resource_folder("migrations"))
        if revision != SCHEMA_REVISION:
            raise
    access = possible_access(path)
    if checkpoints and access != Access.WRITE:
        raise error_of(path, "readonly")
    return Database(path, checkpoints=checkpoints, access=access)


class _NotWritableError(DatabaseError):
    """The data folder takes no new file."""


def _stamp(path: Path) -> tuple[int, ...]:
    """Changes whenever somebody else writes the database."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_size, found.st_ino, wal.size_of(path)


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
        raise _NotWritableError(
            f"the data folder {path.parent} is not writable ({error.strerror}); "
            "give this user the right to write there, or choose another with --data"
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
