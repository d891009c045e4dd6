"""Embeddings and who made them: the only file that knows sqlite-vec.

The float16 rows of the table `embedding` are the truth. Each encoder has one sqlite-vec table beside them,
`vec_<encoder id>`, written in the same transaction and rebuilt from the rows whenever the two disagree.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Row, delete, exists, func, insert, select, text, update
from sqlalchemy.orm import Session

from photoindex.models import Embedding, Encoder, EncoderState, Photo

log = logging.getLogger(__name__)

KNN_LIMIT = 4096  # sqlite-vec 0.1.9 answers no larger k


@dataclass(frozen=True)
class StoredEncoder:
    """An encoder that the database has embeddings of."""

    id: int
    name: str
    fingerprint: str
    dim: int
    multilingual: bool
    text_range: tuple[float, float]
    image_range: tuple[float, float]
    state: str


@dataclass(frozen=True)
class Neighbour:
    """A photo and its cosine distance (0 to 2) from what was asked."""

    photo_id: int
    distance: float


# --- encoders ----------------------------------------------------------------------------------------------------


def register_encoder(
    session: Session,
    *,
    name: str,
    fingerprint: str,
    dim: int,
    multilingual: bool,
    text_range: tuple[float, float],
    image_range: tuple[float, float],
) -> StoredEncoder:
    """The row and sqlite-vec table of an encoder, made when it is new. The very first one is active at once."""
    row = session.scalar(select(Encoder).where(Encoder.fingerprint == fingerprint))
    if row is None:
        first = session.scalar(select(func.count()).select_from(Encoder)) == 0
        row = Encoder(fingerprint=fingerprint, dim=dim, state=EncoderState.ACTIVE if first else EncoderState.BUILDING)
        session.add(row)
    elif row.state == EncoderState.RETIRED:
        row.state = EncoderState.BUILDING
    row.name, row.multilingual = name, multilingual
    row.text_low, row.text_high = text_range
    row.image_low, row.image_high = image_range
    session.flush()
    _create_table(session.connection(), row.id, dim)
    return _stored(row)


def active_encoder(session: Session) -> StoredEncoder | None:
    """The encoder that answers searches; None before the first was used."""
    row = session.scalar(select(Encoder).where(Encoder.state == EncoderState.ACTIVE))
    return None if row is None else _stored(row)


def stored_encoders(session: Session) -> list[StoredEncoder]:
    """Every encoder the database knows, in the order of first use."""
    return [_stored(row) for row in session.scalars(select(Encoder).order_by(Encoder.id))]


def activate(session: Session, encoder_id: int) -> None:
    """Let this encoder answer searches from now on; the one before it is kept, retired."""
    session.execute(update(Encoder).where(Encoder.state == EncoderState.ACTIVE).values(state=EncoderState.RETIRED))
    session.execute(update(Encoder).where(Encoder.id == encoder_id).values(state=EncoderState.ACTIVE))


def lacking(session: Session, encoder_id: int, limit: int, after_id: int = 0) -> list[int]:
    """Ids of visible photos past `after_id` that have no embedding by this encoder yet."""
    has = exists().where(Embedding.encoder_id == encoder_id, Embedding.photo_id == Photo.id)
    query = select(Photo.id).where(Photo.visible, Photo.id > after_id, ~has).order_by(Photo.id).limit(limit)
    return list(session.scalars(query))


def count_lacking(session: Session, encoder_id: int) -> int:
    """How many visible photos have no embedding by this encoder yet."""
    has = exists().where(Embedding.encoder_id == encoder_id, Embedding.photo_id == Photo.id)
    return session.scalar(select(func.count()).select_from(Photo).where(Photo.visible, ~has)) or 0


# --- embeddings --------------------------------------------------------------------------------------------------


def put(session: Session, encoder_id: int, vectors: Mapping[int, NDArray[np.float32]]) -> None:
    """Store or replace embeddings, photo id → (dim,) unit-norm. The caller's transaction covers both tables."""
    if not vectors:
        return
    rounded = {photo_id: vector.astype("<f2") for photo_id, vector in vectors.items()}
    delete_photos(session, list(rounded), encoder_id)
    session.execute(
        insert(Embedding),
        [
            {"encoder_id": encoder_id, "photo_id": photo_id, "vector": vector.tobytes()}
            for photo_id, vector in rounded.items()
        ],
    )
    _insert_vectors(session.connection(), encoder_id, rounded.items())


def delete_photos(session: Session, photo_ids: Sequence[int], encoder_id: int | None = None) -> None:
    """Forget the embeddings of photos, of one encoder or of all. To be called before the photos are deleted."""
    encoder_ids = [encoder_id] if encoder_id is not None else list(session.scalars(select(Encoder.id)))
    for each in encoder_ids:
        for start in range(0, len(photo_ids), 500):
            chunk = photo_ids[start : start + 500]
            removed = session.execute(
                delete(Embedding)
                .where(Embedding.encoder_id == each, Embedding.photo_id.in_(chunk))
                .returning(Embedding.photo_id)
            ).all()
            for (photo_id,) in removed:  # sqlite-vec deletes by key only; INSERT OR REPLACE fails there
                session.execute(text(f"DELETE FROM vec_{each} WHERE photo_id = :id"), {"id": photo_id})


def get(session: Session, encoder_id: int, photo_id: int) -> NDArray[np.float32] | None:
    """One photo's embedding, (dim,), or None."""
    vector = session.scalar(
        select(Embedding.vector).where(Embedding.encoder_id == encoder_id, Embedding.photo_id == photo_id)
    )
    return None if vector is None else np.frombuffer(vector, dtype="<f2").astype(np.float32)


def existing(session: Session, encoder_id: int, photo_ids: Iterable[int]) -> set[int]:
    """Which of the photos have an embedding by this encoder."""
    query = select(Embedding.photo_id).where(
        Embedding.encoder_id == encoder_id, Embedding.photo_id.in_(list(photo_ids))
    )
    return set(session.scalars(query))


def count_searchable(session: Session, encoder_id: int) -> int:
    """How many visible photos have an embedding by this encoder."""
    query = (
        select(func.count())
        .select_from(Embedding)
        .join(Photo, Photo.id == Embedding.photo_id)
        .where(Embedding.encoder_id == encoder_id, Photo.visible)
    )
    return session.scalar(query) or 0


def nearest(
    session: Session,
    encoder: StoredEncoder,
    vector: NDArray[np.float32],
    limit: int,
    after: Neighbour | None = None,
) -> list[Neighbour]:
    """The `limit` visible photos nearest to `vector` (dim,), by distance and then by id.

    `after` continues behind the last one of the page before, exactly: no photo is repeated or left out.
    """
    hidden = session.scalar(select(exists().where(~Photo.visible)))
    wanted = " AND photo_id IN (SELECT id FROM photo WHERE visible)" if hidden else ""
    parameters = {"vector": vector.astype(np.float32).tobytes(), "from": -1.0 if after is None else after.distance}
    statement = text(
        f"SELECT photo_id, distance FROM vec_{encoder.id} "
        f"WHERE embedding MATCH :vector AND k = :k AND distance >= :from{wanted} ORDER BY distance"
    )
    k = min(limit + 8, KNN_LIMIT)
    while True:
        rows = session.execute(statement, parameters | {"k": k}).all()
        whole = len(rows) < k
        found = _page(rows, whole, after)
        if whole or len(found) >= limit:
            return found[:limit]
        if k == KNN_LIMIT:
            return _nearest_by_full_scan(session, encoder, parameters, wanted, limit, after)
        k = min(4 * k, KNN_LIMIT)


def _page(rows: Sequence[Row[int, float]], whole: bool, after: Neighbour | None) -> list[Neighbour]:
    """Order by (distance, id) and keep what lies behind `after`.

    sqlite-vec breaks ties as it likes, so unless the rows are all there are, those at the last distance may lack
    brothers and are left for a larger k.
    """
    neighbours = sorted((Neighbour(row[0], row[1]) for row in rows), key=lambda n: (n.distance, n.photo_id))
    if not whole:
        last = neighbours[-1].distance
        neighbours = [n for n in neighbours if n.distance < last]
    if after is None:
        return neighbours
    return [n for n in neighbours if (n.distance, n.photo_id) > (after.distance, after.photo_id)]


def _nearest_by_full_scan(
    session: Session,
    encoder: StoredEncoder,
    parameters: Mapping[str, object],
    wanted: str,
    limit: int,
    after: Neighbour | None,
) -> list[Neighbour]:
    """For the rare page in which thousands of photos are equally near: read every row."""
    rows = session.execute(
        text(
            # Not named `distance`: that would be the table's own column, which only a KNN query fills.
            "SELECT photo_id, vec_distance_cosine(embedding, :vector) AS apart "
            f"FROM vec_{encoder.id} WHERE TRUE{wanted}"
        ),
        parameters,
    ).all()
    return _page(rows, True, after)[:limit]


# --- the derived tables ------------------------------------------------------------------------------------------


def repair(session: Session) -> int:
    """Rebuild every sqlite-vec table that is missing, unreadable or does not match its rows. Returns how many."""
    repaired = 0
    for encoder in stored_encoders(session):
        if not _matches(session, encoder):
            log.warning("rebuilding the search table of %s from the stored embeddings", encoder.name)
            rebuild(session, encoder)
            repaired += 1
    return repaired


def rebuild(session: Session, encoder: StoredEncoder) -> None:
    """Make an encoder's sqlite-vec table anew from the stored embeddings; needs neither photos nor the encoder."""
    connection = session.connection()
    _drop_table(connection, encoder.id)
    _create_table(connection, encoder.id, encoder.dim)
    after = 0
    while True:
        rows = session.execute(
            select(Embedding.photo_id, Embedding.vector)
            .where(Embedding.encoder_id == encoder.id, Embedding.photo_id > after)
            .order_by(Embedding.photo_id)
            .limit(1000)
        ).all()
        if not rows:
            return
        _insert_vectors(connection, encoder.id, ((row[0], np.frombuffer(row[1], dtype="<f2")) for row in rows))
        after = rows[-1][0]


def _matches(session: Session, encoder: StoredEncoder) -> bool:
    rows = set(session.scalars(select(Embedding.photo_id).where(Embedding.encoder_id == encoder.id)))
    anything = np.ones(encoder.dim, dtype=np.float32).tobytes()
    query = text(f"SELECT photo_id FROM vec_{encoder.id} WHERE embedding MATCH :vector AND k = 1")
    try:
        with session.begin_nested():
            ids = set(session.scalars(text(f"SELECT photo_id FROM vec_{encoder.id}")))
            found = session.execute(query, {"vector": anything}).all()
    except Exception:  # a damaged virtual table raises whatever sqlite-vec makes of it; the rows are the truth
        return False
    return ids == rows and len(found) == min(1, len(rows))


def _create_table(connection: Connection, encoder_id: int, dim: int) -> None:
    connection.execute(
        text(
            f"CREATE VIRTUAL TABLE IF NOT EXISTS vec_{encoder_id} USING vec0("
            f"photo_id INTEGER PRIMARY KEY, embedding FLOAT[{dim}] distance_metric=cosine)"
        )
    )


def _drop_table(connection: Connection, encoder_id: int) -> None:
    """Drop the table, and its shadow tables one by one where sqlite-vec no longer can."""
    try:
        with connection.begin_nested():
            connection.execute(text(f"DROP TABLE IF EXISTS vec_{encoder_id}"))
    except Exception:  # as above
        log.warning("the search table vec_%s is damaged; dropping what is left of it", encoder_id)
        _forget_table(connection, f"vec_{encoder_id}")
    shadows = connection.execute(
        text("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE :pattern ESCAPE '\\'"),
        {"pattern": f"vec\\_{encoder_id}\\_%"},
    ).scalars()
    for name in list(shadows):
        connection.execute(text(f'DROP TABLE "{name}"'))


def _forget_table(connection: Connection, name: str) -> None:
    connection.execute(text("PRAGMA writable_schema = ON"))
    connection.execute(text("DELETE FROM sqlite_master WHERE name = :name"), {"name": name})
    connection.execute(text("PRAGMA writable_schema = RESET"))


def _insert_vectors(
    connection: Connection, encoder_id: int, vectors: Iterable[tuple[int, NDArray[np.float16]]]
) -> None:
    connection.execute(
        text(f"INSERT INTO vec_{encoder_id} (photo_id, embedding) VALUES (:photo_id, :embedding)"),
        [{"photo_id": photo_id, "embedding": vector.astype(np.float32).tobytes()} for photo_id, vector in vectors],
    )


def _stored(row: Encoder) -> StoredEncoder:
    return StoredEncoder(
        id=row.id,
        name=row.name,
        fingerprint=row.fingerprint,
        dim=row.dim,
        multilingual=row.multilingual,
        text_range=(row.text_low, row.text_high),
        image_range=(row.image_low, row.image_high),
        state=row.state,
    )
