"""What the database says of snapshots: which one counts, and what has changed since it was built."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.orm import Session

from photoindex.models import EmbeddingChange, Snapshot


@dataclass(frozen=True)
class Standing:
    """An encoder's snapshot as a transaction sees it."""

    name: str | None
    """None while the first one is built."""
    sequence: int
    """The last change it knows of."""
    last: int
    """The last change there is."""


_LAST = "coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'embedding_change'), 0)"
_STANDING = f"SELECT name, sequence, {_LAST} FROM snapshot WHERE encoder_id = ?"


def standing(session: Session, encoder_id: int) -> Standing | None:
    """The encoder's snapshot; None when there is none to be. Asked with every search, so it is quick."""
    row = session.connection().exec_driver_sql(_STANDING, (encoder_id,)).fetchone()
    return None if row is None else Standing(row[0], row[1], row[2])


def last_sequence(session: Session) -> int:
    """The number of the last change."""
    return int(session.execute(text(f"SELECT {_LAST}")).scalar_one())


def changed(session: Session, encoder_id: int, since: int) -> list[int]:
    """Ids of photos that have changed since a number, each once."""
    log = EmbeddingChange
    query = select(log.photo_id).where(log.sequence > since, log.encoder_id == encoder_id).distinct()
    return list(session.scalars(query))


def count_changed(session: Session, encoder_id: int, since: int) -> int:
    """How many they are."""
    log = EmbeddingChange
    query = select(func.count(log.photo_id.distinct())).where(log.sequence > since, log.encoder_id == encoder_id)
    return session.scalar(query) or 0


def prepare(session: Session, encoder_id: int) -> None:
    """Begin to note changes, before the first snapshot is built. Raises nothing when that was done before."""
    if session.get(Snapshot, encoder_id) is None:
        session.execute(insert(Snapshot).values(encoder_id=encoder_id, name=None, sequence=last_sequence(session)))


def register(session: Session, encoder_id: int, name: str, sequence: int) -> None:
    """Let a snapshot count from now on, and forget the changes it knows of. Readers swap with their next search."""
    session.execute(update(Snapshot).where(Snapshot.encoder_id == encoder_id).values(name=name, sequence=sequence))
    _trim(session)


def forget(session: Session, encoder_ids: list[int]) -> None:
    """Have no snapshots of these encoders any more, and note no changes."""
    session.execute(delete(Snapshot).where(Snapshot.encoder_id.in_(encoder_ids)))
    _trim(session)


def known(session: Session) -> dict[int, str | None]:
    """Encoder id → name of each snapshot that counts, or is to be."""
    return {row.encoder_id: row.name for row in session.scalars(select(Snapshot))}


def _trim(session: Session) -> None:
    session.execute(
        text(
            "DELETE FROM embedding_change WHERE sequence <= coalesce("
            "(SELECT sequence FROM snapshot WHERE snapshot.encoder_id = embedding_change.encoder_id), sequence)"
        )
    )
