"""Rebuilding: sqlite-vec tables are made anew from the stored embeddings in parts, and others write in between.

Until a new table is whole searches are answered from the embeddings themselves. A table is filled beside the place of
the old one, and put there in one short transaction; what is stored or forgotten meanwhile is so there too.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from sqlalchemy.orm import Session

from photoindex import embeddings, vector_tables
from photoindex.database import Database
from photoindex.embeddings import StoredEncoder
from photoindex.pacing import Pace

log = logging.getLogger(__name__)


def repair(database: Database, is_stopped: Callable[[], bool] = lambda: False) -> int:
    """Rebuild every table that is missing, unreadable or does not match its rows. Returns how many, with one that was
    begun: `is_stopped` ends that in between, and it is begun again the next time.
    """
    repaired = 0
    with database.read() as session:
        encoders = embeddings.stored_encoders(session)
    for encoder in encoders:
        with database.read() as session:
            sound = embeddings.is_sound(session, encoder)
        if not sound and not is_stopped():
            log.warning("rebuilding the search table of %s from the stored embeddings", encoder.name)
            rebuild(database, encoder, is_stopped)
            repaired += 1
    return repaired


def rebuild(database: Database, encoder: StoredEncoder, is_stopped: Callable[[], bool] = lambda: False) -> None:
    """Make an encoder's table anew, whatever is left of it; needs neither photos nor the encoder."""
    with database.write() as session:
        vector_tables.give_up(session, encoder.id)
    for old in (vector_tables.name_of(encoder.id), vector_tables.building_name(encoder.id)):
        _in_parts(database, Pace(16, 4096), is_stopped, partial(_empty, old))
    if is_stopped():
        return
    with database.write() as session:
        vector_tables.begin(session, encoder.id, encoder.dim)
    after = vector_tables.FIRST

    def fill(session: Session, size: int) -> int:
        nonlocal after
        done, after = vector_tables.fill(session, encoder.id, encoder.dim, after, size)
        return done

    _in_parts(database, Pace(1000, 20_000), is_stopped, fill)
    if not is_stopped():
        with database.write() as session:
            vector_tables.put_in_place(session, encoder.id)


def _in_parts(
    database: Database, pace: Pace, is_stopped: Callable[[], bool], do: Callable[[Session, int], int]
) -> None:
    """`do` as much as is right in one transaction, and say how much that was, until it was less."""
    while not is_stopped():
        size = pace.size
        with database.write() as session, pace.timed(size):
            done = do(session, size)
        if done < size:
            break


def _empty(table: str, session: Session, size: int) -> int:
    """Remove the largest part of a table: dropping all of it at once would take as long as filling it."""
    try:
        with session.begin_nested():
            return vector_tables.remove_chunks(session, table, size)
    except Exception:  # what is damaged raises whatever SQLite makes of it; then it is dropped as it is
        return 0
