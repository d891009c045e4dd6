"""The database file itself: room on its disk, its pages and indexes, references between rows, and what is counted."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import text
from sqlalchemy.orm import Session

from photoindex import room
from photoindex.doctor.findings import REPAIR, Finding, Patient
from photoindex.doctor.tables import COUNTED
from photoindex.messages import some

_SAVE = "bring a copy back with: photoindex restore FILE; or save what can be read: photoindex doctor --salvage"
_CHECKED_APART = ("word_index", "vec_")
"""Derived tables that have a check of their own."""
_LOOSENED = {"file": ("photo_id", "state = 'pending'"), "saved_search": ("cover_photo_id", None)}
"""Rows that stay when what they refer to is gone: the column, and what else is to be set."""


def check_disk(patient: Patient) -> Iterator[Finding]:
    """Room, and the right to write."""
    problem = room.problem_of(patient.database.path)
    if problem:
        yield Finding("disk", problem, "")


def check_pages(patient: Patient) -> Iterator[Finding]:
    """SQLite's own check of every page, index and virtual table."""
    with patient.database.read() as session:
        problems = _problems(session)
    if not problems:
        return
    found = Finding("pages", f"the database is damaged: {problems[0]}", _SAVE)
    if patient.repair and all("index" in each for each in problems):  # an index is derived from its table
        with patient.database.write() as session:
            session.execute(text("REINDEX"))
            if not _problems(session):
                yield found.mended("its indexes were made anew")
                return
    yield found


def check_references(patient: Patient) -> Iterator[Finding]:
    """Rows that refer to others that are not there."""
    with patient.database.read() as session:
        count = len(session.execute(text("PRAGMA foreign_key_check")).all())
    if not count:
        return
    found = Finding("references", f"{some(count, 'row refers', 'rows refer')} to others that are gone", REPAIR)
    if patient.repair:
        with patient.database.write() as session:
            mend_references(session)
        found = found.mended("removed, or read again by the daemon")
    yield found


def check_counts(patient: Patient) -> Iterator[Finding]:
    """What is counted beforehand, against counting."""
    with patient.database.read() as session:
        wrong = [table for table in COUNTED if not _is_counted(session, table)]
    if not wrong:
        return
    found = Finding("counts", f"counts are wrong in {', '.join(wrong)}", REPAIR)
    if patient.repair:
        with patient.database.write() as session:
            count_again(session)
        found = found.mended("counted again")
    yield found


def mend_references(session: Session) -> None:
    """Remove rows that refer to others that are gone, or loosen them where they are worth something by themselves."""
    for _ in range(8):  # what refers to a removed row is next
        violations = session.execute(text("PRAGMA foreign_key_check")).all()
        if not violations:
            return
        for table, row_id, _parent, key in violations:
            columns = {row[0]: row[3] for row in session.execute(text(f'PRAGMA foreign_key_list("{table}")'))}
            column, besides = _LOOSENED.get(table, ("", None))
            if columns.get(key) == column:
                setting = f"{column} = NULL" + (f", {besides}" if besides else "")
                session.execute(text(f'UPDATE "{table}" SET {setting} WHERE rowid = :id'), {"id": row_id})
            else:
                session.execute(text(f'DELETE FROM "{table}" WHERE rowid = :id'), {"id": row_id})


def count_again(session: Session) -> None:
    """Fill the tables of counts afresh."""
    for table, query in COUNTED.items():
        session.execute(text(f"DELETE FROM {table}"))
        session.execute(text(f"INSERT INTO {table} {query}"))


def _problems(session: Session) -> list[str]:
    found = list(session.scalars(text("PRAGMA integrity_check(20)")))
    lines = [line for each in found if each != "ok" for line in each.splitlines() if line]
    return [line for line in lines if not any(name in line for name in _CHECKED_APART)]


def _is_counted(session: Session, table: str) -> bool:
    kept = {tuple(row) for row in session.execute(text(f"SELECT * FROM {table}")) if row[-1]}
    return kept == {tuple(row) for row in session.execute(text(COUNTED[table])) if row[-1]}
