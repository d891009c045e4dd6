"""Saves what can be read of a damaged database into a new one: what users did first of all, and embeddings.

Pages that are damaged are left out, and with them the rows on them: a table is read from both ends, and what lies
between is halved until only the damaged rows are left. What is derived is made anew.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from photoindex import backups, embeddings, words
from photoindex.companions import refresh_all_visibility
from photoindex.connections import Access, SqliteError, connect, error_of
from photoindex.database import open_database
from photoindex.doctor import rows, structure
from photoindex.doctor.tables import KEPT
from photoindex.errors import DatabaseDamagedError

log = logging.getLogger(__name__)

_SET_BY_TRIGGERS = {"file": {"folder_id"}}
_MOST_PIECES = 100_000
"""A table that is damaged in very many places is given up at some time."""
_LARGEST_KEY = 1 << 24
"""Where to end with a table whose last key can't be read."""


@dataclass(frozen=True)
class Saved:
    """What became of a damaged database."""

    rows: dict[str, int]
    """How many were saved, by table."""
    incomplete: tuple[str, ...]
    """Tables of which not all could be read."""
    kept: Path | None
    """Where the damaged file is now."""


def salvage(database: Path) -> Saved:
    """Put a new database with all that can be read in the place of a damaged one, which nobody may use.

    Raises DatabaseDamagedError when nothing worth it can be read, and DatabaseError when the new one can't be written;
    the damaged one is then as it was.
    """
    folder = Path(tempfile.mkdtemp(prefix=".salvage-", dir=database.parent))
    try:
        new = folder / database.name
        with closing(open_database(new, checkpoints=True)):
            pass
        found, incomplete = _copy(database, new)
        if not found.get("photo") and not found.get("library"):
            raise DatabaseDamagedError(
                f"{database}: nothing can be read of it; bring a copy back with: photoindex restore FILE "
                "(some are in backups/ beside it), or move it away to index afresh"
            )
        _complete(new)
        backups.verify(new)
        kept = backups.put_in_place(new, database)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return Saved(found, incomplete, kept)


def _copy(damaged: Path, new: Path) -> tuple[dict[str, int], tuple[str, ...]]:
    counts: dict[str, int] = {}
    incomplete: list[str] = []
    with closing(_open(damaged)) as source, closing(connect(new, Access.WRITE, vectors=True)) as target:
        target.execute("PRAGMA foreign_keys = OFF")  # a row may be read before what it refers to, or without it
        target.execute("BEGIN")
        for table in _tables(target):
            reader = _Reader(source, table, _columns(source, table) & _columns(target, table))
            counts[table] = sum(_put(target, table, reader.names, row) for row in reader.read())
            if reader.lost:
                incomplete.append(table)
        target.execute("COMMIT")
    return counts, tuple(incomplete)


def _open(damaged: Path) -> Any:
    try:
        connection = connect(damaged, Access.WRITE)  # to read, but a log that is there has to be brought in
        connection.execute("PRAGMA cell_size_check = ON")
        connection.execute("SELECT name FROM sqlite_master").fetchall()
    except SqliteError as error:
        raise error_of(damaged, str(error)) from error
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    return connection


def _tables(connection: Any) -> list[str]:
    """The tables that hold what can't be derived, those that others refer to first."""
    counted = backups.count_rows(connection)
    return sorted(KEPT & counted.keys(), key=lambda name: (name != "photo", name))


def _columns(connection: Any, table: str) -> set[str]:
    try:
        names = {row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')}
    except SqliteError:
        return set()
    return names - _SET_BY_TRIGGERS.get(table, set())


def _put(target: Any, table: str, names: Sequence[str], row: Sequence[object]) -> int:
    """1 when the row could be put in; what is no longer a possible one is left out."""
    columns = ", ".join(f'"{name}"' for name in names)
    try:
        target.execute(f'INSERT INTO "{table}" ({columns}) VALUES ({", ".join("?" * len(names))})', row)
    except SqliteError as error:
        log.debug("a row of %s is left out: %s", table, error)
        return 0
    return 1


class _Reader:
    """Reads what can be read of a table."""

    def __init__(self, connection: Any, table: str, columns: set[str]) -> None:
        self.names = sorted(columns)
        self.lost = False
        """Whether there were rows that could not be read."""
        self._connection = connection
        self._table = table
        self._pieces = 0

    def read(self) -> Iterator[Sequence[object]]:
        """Each row once, in no order."""
        if not self.names:
            self.lost = True
            return
        waiting = [(-1, self._last_key() + 1)]
        while waiting and self._pieces < _MOST_PIECES:
            low, high = waiting.pop()
            up = yield from self._until_damage(low, high, "ASC")
            if up is None:
                continue
            self.lost = True
            down = yield from self._until_damage(up, high, "DESC")
            down = up if down is None else down
            if down - up > 2:
                middle = (up + down) // 2
                waiting += [(middle, down), (up, middle + 1)]
        self.lost |= bool(waiting)

    def _last_key(self) -> int:
        """The last one, or one that is beyond it."""
        for query in (
            f'SELECT max(rowid) FROM "{self._table}" NOT INDEXED',
            f"SELECT seq FROM sqlite_sequence WHERE name = '{self._table}'",
            "SELECT 8 * max(seq) FROM sqlite_sequence",
        ):
            try:
                row = self._connection.execute(query).fetchone()
            except SqliteError:
                continue
            if row and row[0] is not None:
                return int(row[0])
            if query.startswith("SELECT max"):
                return 0  # there is no row
        return _LARGEST_KEY

    def _until_damage(self, low: int, high: int, order: str) -> Generator[Sequence[object], None, int | None]:
        """Rows with keys between two, from one end; returns the last key before what can't be read, else None."""
        self._pieces += 1
        last = low if order == "ASC" else high
        columns = ", ".join(f'"{name}"' for name in self.names)
        query = (
            f'SELECT rowid, {columns} FROM "{self._table}" NOT INDEXED '
            f"WHERE rowid > ? AND rowid < ? ORDER BY rowid {order}"
        )
        try:
            for key, *values in self._connection.execute(query, (low, high)):
                last = key
                yield values
        except SqliteError:
            return last
        return None


def _complete(path: Path) -> None:
    """Make what is derived anew, remove rows that are not whole, and leave one file without a log."""
    with closing(open_database(path, checkpoints=True)) as database:
        with database.write() as session:
            structure.mend_references(session)
            encoders = [(each, rows.unsound(session, each)) for each in embeddings.stored_encoders(session)]
        for encoder, unsound in encoders:
            rows.remove(database, encoder, unsound)
        with database.write(durable=True) as session:
            refresh_all_visibility(session)
            structure.count_again(session)
            words.prepare(session)
        database.checkpoint()
