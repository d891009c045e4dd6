"""The full-text table of the words of photos: what is in it, and how it is kept in step.

The table `word_index` is derived, as the tables of sqlite-vec are, and made anew when it is damaged. It keeps no texts,
only which photo has which token where. Triggers (migration 0004) mark photos in `words_stale` whose words may have
changed, whoever changed them; the daemon works these off. `word_search` looks up.
"""

from __future__ import annotations

import logging
from typing import Any, cast

from sqlalchemy import CursorResult, Table, bindparam, delete, exists, func, select, text
from sqlalchemy.exc import DatabaseError as SqlDatabaseError
from sqlalchemy.orm import Session

from photoindex import documents, tokens
from photoindex.companions import chunks
from photoindex.derived import drop_virtual_table
from photoindex.documents import FIELDS, Document
from photoindex.models import WordsStale
from photoindex.word_search import Why, WordMatches, find, nothing, why

__all__ = [
    "Why",
    "WordMatches",
    "any_stale",
    "check",
    "count_differences",
    "find",
    "is_sound",
    "nothing",
    "prepare",
    "refresh",
    "why",
]

log = logging.getLogger(__name__)

TABLE = "word_index"
# Folding is ours (tokens.py), and what comes has spaces between tokens already. Marks are parts of Indian letters, and
# Co is the category of tokens.EDGE. With an index of beginnings, those of 3 characters cost no more than a word.
_LAYOUT = (
    f"CREATE VIRTUAL TABLE {TABLE} USING fts5({', '.join(FIELDS)}, content='', contentless_delete=1, prefix='3', "
    "tokenize=\"unicode61 remove_diacritics 0 categories 'L* M* N* Co'\")"
)
_LACKING = f"FROM photo WHERE visible AND NOT EXISTS (SELECT 1 FROM {TABLE}_docsize d WHERE d.id = photo.id)"
_SURPLUS = f"FROM {TABLE}_docsize d WHERE NOT EXISTS (SELECT 1 FROM photo WHERE photo.id = d.id AND visible)"
_CHECKED_BLOCKS = 5000
"""Of a table of no more blocks, 100,000 photos or so, every one is checked at the start: that takes a second."""

# Built once and not for each batch: that would cost more than what SQLite does.
_STALE = select(WordsStale.photo_id).order_by(WordsStale.photo_id.desc()).limit(bindparam("at_most"))
_ANY_STALE = select(exists().where(WordsStale.photo_id.is_not(None)))
_UNMARK = delete(cast(Table, WordsStale.__table__)).where(
    WordsStale.photo_id.in_(bindparam("photo_ids", expanding=True))
)
_FORGET = text(f"DELETE FROM {TABLE} WHERE rowid = :id")
_WRITE = text(
    f"INSERT OR REPLACE INTO {TABLE} (rowid, {', '.join(FIELDS)}) "
    f"VALUES (:id, {', '.join(f':{field}' for field in FIELDS)})"
)


def any_stale(session: Session) -> bool:
    """Whether there is anything for `refresh` to do."""
    return bool(session.scalar(_ANY_STALE))


def refresh(session: Session, at_most: int = 500) -> int:
    """Write the words of photos whose words may have changed, the newest photos first. Returns how many were looked at.

    A photo costs 0.2 ms or so, so that `at_most` bounds how long others wait for the write lock.
    """
    photo_ids = list(session.scalars(_STALE, {"at_most": at_most}))
    if not photo_ids:
        return 0
    if not _is_there(session):
        session.execute(text(_LAYOUT))
    found = documents.read(session, photo_ids)
    shown = {each.photo_id for each in found}
    hidden = [{"id": photo_id} for photo_id in photo_ids if photo_id not in shown]
    if hidden:
        session.execute(_FORGET, hidden)
    if found:
        session.execute(_WRITE, [_row(each) for each in found])
    for chunk in chunks(photo_ids):
        session.execute(_UNMARK, {"photo_ids": chunk})
    return len(photo_ids)


def prepare(session: Session, *, thorough: bool = False) -> int:
    """Make the table when it is not there, and anew when it is damaged or of another layout; mark what it lacks.

    To be called when the daemon starts, and with `thorough`, which checks every block of a large table too, when
    `refresh` has failed. Returns how many photos were marked for `refresh`.
    """
    if not _is_sound(session, thorough):
        if _is_there(session):
            log.warning("the table of the words of photos is damaged, or of an older layout; it is made anew")
        drop_virtual_table(session.connection(), TABLE)
        session.execute(text(_LAYOUT))
    return _mark_differences(session)


def is_sound(session: Session) -> bool:
    """Whether the table is not made yet, or sound in every block. Needs a session that may write."""
    return not _is_there(session) or _is_sound(session, thorough=True)


def count_differences(session: Session) -> int:
    """How many photos `prepare` would mark: those it has no row of though it should, or a row that it should not."""
    unmarked = "NOT EXISTS (SELECT 1 FROM words_stale s WHERE s.photo_id = {})"
    if not _is_there(session):
        return session.scalar(text(f"SELECT count(*) FROM photo WHERE visible AND {unmarked.format('id')}")) or 0
    queries = (f"SELECT count(*) {_LACKING} AND {unmarked.format('photo.id')}",
               f"SELECT count(*) {_SURPLUS} AND {unmarked.format('d.id')}")  # fmt: skip
    return sum(session.scalar(text(query)) or 0 for query in queries)


def check(session: Session) -> bool:
    """Whether every block of the table is sound: a million photos take ten seconds. Needs a session that may write."""
    try:
        with session.begin_nested():
            session.execute(text(f"INSERT INTO {TABLE} ({TABLE}) VALUES ('integrity-check')"))
        return True
    except SqlDatabaseError:
        return False


def _row(document: Document) -> dict[str, Any]:
    values = {field: tokens.stored(document.values.get(field, ())) for field in FIELDS}
    names = tokens.stored_names(document.values.get("name", ()))
    return {"id": document.photo_id} | values | {"name": names}


def _is_there(session: Session) -> bool:
    return _layout(session) is not None


def _layout(session: Session) -> str | None:
    found: str | None = session.scalar(text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": TABLE})
    return found


def _is_sound(session: Session, thorough: bool) -> bool:
    if _layout(session) != _LAYOUT:
        return False
    try:
        with session.begin_nested():
            return _is_whole(session, thorough)
    except SqlDatabaseError as error:
        log.debug("%s", error)
        return False


def _is_whole(session: Session, thorough: bool) -> bool:
    """Whether every row is found by the token that all have, and every block can be read. May raise what FTS5 does."""
    by_token = text(f"SELECT count(*) FROM {TABLE} WHERE {TABLE} MATCH :match")
    found = session.scalar(by_token, {"match": f'"{tokens.EDGE}"'})
    rows = session.scalar(text(f"SELECT count(*) FROM {TABLE}_docsize"))
    blocks, _ = session.execute(text(f"SELECT count(*), sum(length(block)) FROM {TABLE}_data")).one()
    return bool(found == rows and ((blocks > _CHECKED_BLOCKS and not thorough) or check(session)))


def _mark_differences(session: Session) -> int:
    """Mark photos that are shown and have no row, or have one and are not: a second for a million photos."""
    lacking = text(f"INSERT INTO words_stale (photo_id, gone) SELECT id, 0 {_LACKING} ON CONFLICT DO NOTHING")
    surplus = text(
        f"INSERT INTO words_stale (photo_id, gone) SELECT id, 1 {_SURPLUS} ON CONFLICT DO UPDATE SET gone = 1"
    )
    done = [cast("CursorResult[Any]", session.execute(statement)).rowcount for statement in (lacking, surplus)]
    waiting = session.scalar(select(func.count()).select_from(WordsStale)) or 0
    if waiting:
        log.info("the words of %d photos are to be read", waiting)
    return sum(done)
