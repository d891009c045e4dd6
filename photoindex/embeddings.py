"""Embeddings and who made them: the only file that knows sqlite-vec.

The float16 rows of the table `embedding` are the truth. Each encoder has one sqlite-vec table beside them,
`vec_<encoder id>`, written in the same transaction and rebuilt from the rows whenever the two disagree.

A video has several embeddings, one a frame. The key of a row in a sqlite-vec table, called `photo_id` there, is the
photo's id for frame 0 and has the number of the frame above its lower 40 bits for the others.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Row, delete, exists, func, insert, select, text, tuple_, update
from sqlalchemy.orm import Session

from photoindex.models import Embedding, EmbeddingTally, Encoder, EncoderState, Photo, PhotoTally

log = logging.getLogger(__name__)

KNN_LIMIT = 4096  # sqlite-vec 0.1.9 answers no larger k

_FRAME_SHIFT = 40
_PHOTO_MASK = (1 << _FRAME_SHIFT) - 1


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
    """A photo and its cosine distance (0 to 2) from what was asked: of a video, that of its nearest frame."""

    photo_id: int
    distance: float
    at_seconds: float | None = None
    """When in a video that frame is."""


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
    if not count_lacking(session, encoder_id):
        return []  # asked again and again: that must not read every row
    has = exists().where(Embedding.encoder_id == encoder_id, Embedding.photo_id == Photo.id, Embedding.frame == 0)
    query = select(Photo.id).where(Photo.visible, Photo.id > after_id, ~has).order_by(Photo.id).limit(limit)
    return list(session.scalars(query))


def count_lacking(session: Session, encoder_id: int) -> int:
    """How many visible photos have no embedding by this encoder yet."""
    visible = session.scalar(select(PhotoTally.photos).where(PhotoTally.visible)) or 0
    return visible - count_searchable(session, encoder_id)


# --- embeddings --------------------------------------------------------------------------------------------------


def put(
    session: Session,
    encoder_id: int,
    vectors: Mapping[int, NDArray[np.float32]],
    at_seconds: Mapping[int, Sequence[float]] | None = None,
) -> None:
    """Store or replace embeddings: photo id → unit-norm (dim,), or (frames, dim) of a video.

    `at_seconds` tells when the frames of a video are. The caller's transaction covers both tables.
    """
    if not vectors:
        return
    delete_photos(session, list(vectors), encoder_id)
    rows = []
    for photo_id, given in vectors.items():
        moments = (at_seconds or {}).get(photo_id, ())
        for frame, vector in enumerate(np.atleast_2d(given).astype("<f2")):
            at = moments[frame] if frame < len(moments) else None
            rows.append((photo_id, frame, at, vector))
    session.execute(
        insert(Embedding),
        [
            {
                "encoder_id": encoder_id,
                "photo_id": photo_id,
                "frame": frame,
                "at_seconds": at,
                "vector": vector.tobytes(),
            }
            for photo_id, frame, at, vector in rows
        ],
    )
    keyed = ((_key(photo_id, frame), vector) for photo_id, frame, _, vector in rows)
    _insert_vectors(session.connection(), encoder_id, keyed)


def delete_photos(session: Session, photo_ids: Sequence[int], encoder_id: int | None = None) -> None:
    """Forget the embeddings of photos, of one encoder or of all. To be called before the photos are deleted."""
    encoder_ids = [encoder_id] if encoder_id is not None else list(session.scalars(select(Encoder.id)))
    for each in encoder_ids:
        for start in range(0, len(photo_ids), 500):
            chunk = photo_ids[start : start + 500]
            removed = session.execute(
                delete(Embedding)
                .where(Embedding.encoder_id == each, Embedding.photo_id.in_(chunk))
                .returning(Embedding.photo_id, Embedding.frame)
            ).all()
            for photo_id, frame in removed:  # sqlite-vec deletes by key only; INSERT OR REPLACE fails there
                session.execute(text(f"DELETE FROM vec_{each} WHERE photo_id = :id"), {"id": _key(photo_id, frame)})


def get(session: Session, encoder_id: int, photo_id: int) -> NDArray[np.float32] | None:
    """One photo's embedding, (dim,), or None. Of a video, the unit-norm mean of its frames."""
    vectors = session.scalars(
        select(Embedding.vector).where(Embedding.encoder_id == encoder_id, Embedding.photo_id == photo_id)
    ).all()
    if not vectors:
        return None
    frames = np.stack([np.frombuffer(vector, dtype="<f2") for vector in vectors]).astype(np.float32)
    if len(frames) == 1:
        return np.asarray(frames[0])
    mean = frames.mean(axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-6), dtype=np.float32)


def _key(photo_id: int, frame: int) -> int:
    return frame << _FRAME_SHIFT | photo_id


def existing(session: Session, encoder_id: int, photo_ids: Iterable[int]) -> set[int]:
    """Which of the photos have an embedding by this encoder."""
    query = select(Embedding.photo_id).where(
        Embedding.encoder_id == encoder_id, Embedding.photo_id.in_(list(photo_ids)), Embedding.frame == 0
    )
    return set(session.scalars(query))


def count_searchable(session: Session, encoder_id: int) -> int:
    """How many visible photos have an embedding by this encoder."""
    return session.scalar(select(EmbeddingTally.photos).where(EmbeddingTally.encoder_id == encoder_id)) or 0


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
    wanted = (
        f" AND photo_id IN (SELECT e.frame << {_FRAME_SHIFT} | e.photo_id FROM embedding e "
        f"JOIN photo p ON p.id = e.photo_id WHERE e.encoder_id = {encoder.id} AND p.visible)"
        if hidden
        else ""
    )
    parameters = {"vector": vector.astype(np.float32).tobytes(), "from": -1.0 if after is None else after.distance}
    statement = text(
        f"SELECT photo_id, distance FROM vec_{encoder.id} "
        f"WHERE embedding MATCH :vector AND k = :k AND distance >= :from{wanted} ORDER BY distance"
    )
    k = min(limit + 8, KNN_LIMIT)
    while True:
        rows = session.execute(statement, parameters | {"k": k}).all()
        whole = len(rows) < k
        found = _page(_whole_photos(session, encoder, parameters, rows), whole, rows, after)
        if whole or len(found) >= limit:
            return found[:limit]
        if k == KNN_LIMIT:
            return _nearest_by_full_scan(session, encoder, parameters, wanted, limit, after)
        k = min(4 * k, KNN_LIMIT)


def _page(
    neighbours: Sequence[Neighbour], whole: bool, rows: Sequence[Row[int, float]], after: Neighbour | None
) -> list[Neighbour]:
    """Order by (distance, id) and keep what lies behind `after`.

    sqlite-vec breaks ties as it likes, so unless the rows are all there are, those at the last distance may lack
    brothers and are left for a larger k.
    """
    neighbours = sorted(neighbours, key=lambda n: (n.distance, n.photo_id))
    if not whole:
        last = max(distance for _, distance in rows)
        neighbours = [n for n in neighbours if n.distance < last]
    if after is None:
        return neighbours
    return [n for n in neighbours if (n.distance, n.photo_id) > (after.distance, after.photo_id)]


def _whole_photos(
    session: Session, encoder: StoredEncoder, parameters: Mapping[str, object], rows: Sequence[Row[int, float]]
) -> list[Neighbour]:
    """Photos for the rows found. A video stands where its nearest frame is, and nowhere else.

    Its other frames must not bring it up a second time, on this page or a later one: so the distances of all frames
    are asked for, whether they were among the rows or not.
    """
    distances: dict[int, float] = {row[0]: row[1] for row in rows}
    photo_ids = list({key & _PHOTO_MASK for key in distances})
    frames: dict[int, dict[int, float | None]] = {}
    for start in range(0, len(photo_ids), 500):
        chunk = photo_ids[start : start + 500]
        several = select(Embedding.photo_id).where(
            Embedding.encoder_id == encoder.id, Embedding.photo_id.in_(chunk), Embedding.frame == 1
        )
        for photo_id, frame, at in session.execute(
            select(Embedding.photo_id, Embedding.frame, Embedding.at_seconds).where(
                Embedding.encoder_id == encoder.id, Embedding.photo_id.in_(several)
            )
        ):
            frames.setdefault(photo_id, {})[frame] = at
    nearest_frames = [
        _nearest_frame(session, encoder, parameters, photo_id, moments) for photo_id, moments in frames.items()
    ]
    best = {_key(photo_id, frame): at for photo_id, frame, at in nearest_frames}
    return [
        Neighbour(key & _PHOTO_MASK, distance, best.get(key))
        for key, distance in distances.items()
        if key in best or (key & _PHOTO_MASK) not in frames
    ]


def _nearest_frame(
    session: Session,
    encoder: StoredEncoder,
    parameters: Mapping[str, object],
    photo_id: int,
    moments: Mapping[int, float | None],
) -> tuple[int, int, float | None]:
    """Photo id, number and time of the frame of a video that is nearest to what was asked."""
    keys = {_key(photo_id, frame): frame for frame in moments}
    rows = session.execute(
        text(
            # Not named `distance`: that would be the table's own column, which only a KNN query fills.
            f"SELECT photo_id, vec_distance_cosine(embedding, :vector) AS apart FROM vec_{encoder.id} "
            f"WHERE photo_id IN ({', '.join(map(str, keys))})"
        ),
        {"vector": parameters["vector"]},
    ).all()
    key = min(rows, key=lambda row: (row[1], row[0]))[0]
    return photo_id, keys[key], moments[keys[key]]


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
            "SELECT photo_id, vec_distance_cosine(embedding, :vector) AS apart "
            f"FROM vec_{encoder.id} WHERE TRUE{wanted}"
        ),
        parameters,
    ).all()
    return _page(_whole_photos(session, encoder, parameters, rows), True, rows, after)[:limit]


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
    after = (0, 0)
    while True:
        rows = session.execute(
            select(Embedding.photo_id, Embedding.frame, Embedding.vector)
            .where(Embedding.encoder_id == encoder.id, tuple_(Embedding.photo_id, Embedding.frame) > tuple_(*after))
            .order_by(Embedding.photo_id, Embedding.frame)
            .limit(1000)
        ).all()
        if not rows:
            return
        keyed = ((_key(row[0], row[1]), np.frombuffer(row[2], dtype="<f2")) for row in rows)
        _insert_vectors(connection, encoder.id, keyed)
        after = rows[-1][0], rows[-1][1]


def _matches(session: Session, encoder: StoredEncoder) -> bool:
    stored = select(Embedding.photo_id, Embedding.frame).where(Embedding.encoder_id == encoder.id)
    rows = {_key(photo_id, frame) for photo_id, frame in session.execute(stored)}
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
