"""Embeddings and who made them. Only this file and `neighbours.py` know sqlite-vec.

The float16 rows of the table `embedding` are the truth. Each encoder has one sqlite-vec table beside them,
`vec_<encoder id>`, written in the same transaction and rebuilt from the rows whenever the two disagree.

A video has several embeddings, one a frame. The key of a row in a sqlite-vec table, called `photo_id` there, is the
photo's id for frame 0 and has the number of the frame above its lower 40 bits for the others.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Table, bindparam, delete, exists, func, insert, select, text, tuple_, update
from sqlalchemy.orm import Session

from photoindex.derived import drop_virtual_table
from photoindex.models import Embedding, EmbeddingTally, Encoder, EncoderState, Photo, PhotoTally

log = logging.getLogger(__name__)

FRAME_SHIFT = 40
_PRIME = 1_000_003  # sums of products of numbers below it are far from 2⁶³


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


# Built once and not for each batch: that would cost more than what SQLite does.
_TABLE = cast(Table, Embedding.__table__)
_STORE = insert(_TABLE)
_FORGET = (
    delete(_TABLE)
    .where(Embedding.encoder_id == bindparam("encoder"), Embedding.photo_id.in_(bindparam("photo_ids", expanding=True)))
    .returning(Embedding.photo_id, Embedding.frame)
)
_EXISTING = select(Embedding.photo_id).where(
    Embedding.encoder_id == bindparam("encoder"),
    Embedding.photo_id.in_(bindparam("photo_ids", expanding=True)),
    Embedding.frame == 0,
)

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
        _STORE,
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
    keyed = ((row_key(photo_id, frame), vector) for photo_id, frame, _, vector in rows)
    _insert_vectors(session.connection(), encoder_id, keyed)


def delete_photos(session: Session, photo_ids: Sequence[int], encoder_id: int | None = None) -> None:
    """Forget the embeddings of photos, of one encoder or of all. To be called before the photos are deleted."""
    encoder_ids = [encoder_id] if encoder_id is not None else list(session.scalars(select(Encoder.id)))
    for each in encoder_ids:
        for start in range(0, len(photo_ids), 500):
            chunk = photo_ids[start : start + 500]
            removed = session.execute(_FORGET, {"encoder": each, "photo_ids": chunk}).all()
            for photo_id, frame in removed:  # sqlite-vec deletes by key only; INSERT OR REPLACE fails there
                session.execute(text(f"DELETE FROM vec_{each} WHERE photo_id = :id"), {"id": row_key(photo_id, frame)})


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


def row_key(photo_id: int, frame: int) -> int:
    """The key of a photo's frame in a sqlite-vec table."""
    return frame << FRAME_SHIFT | photo_id


def existing(session: Session, encoder_id: int, photo_ids: Iterable[int]) -> set[int]:
    """Which of the photos have an embedding by this encoder."""
    return set(session.scalars(_EXISTING, {"encoder": encoder_id, "photo_ids": list(photo_ids)}))


def shown(session: Session, encoder_id: int, photo_ids: Iterable[int]) -> set[int]:
    """Which of the photos are visible and have an embedding by this encoder."""
    had = existing(session, encoder_id, photo_ids)
    return set(session.scalars(select(Photo.id).where(Photo.id.in_(had), Photo.visible))) if had else set()


def count_searchable(session: Session, encoder_id: int) -> int:
    """How many visible photos have an embedding by this encoder."""
    return session.scalar(select(EmbeddingTally.photos).where(EmbeddingTally.encoder_id == encoder_id)) or 0


# --- the derived tables ------------------------------------------------------------------------------------------


def repair(session: Session) -> int:
    """Rebuild every sqlite-vec table that is missing, unreadable or does not match its rows. Returns how many."""
    repaired = 0
    for encoder in stored_encoders(session):
        if not is_sound(session, encoder):
            log.warning("rebuilding the search table of %s from the stored embeddings", encoder.name)
            rebuild(session, encoder)
            repaired += 1
    return repaired


def rebuild(session: Session, encoder: StoredEncoder) -> None:
    """Make an encoder's sqlite-vec table anew from the stored embeddings; needs neither photos nor the encoder."""
    connection = session.connection()
    drop_virtual_table(connection, f"vec_{encoder.id}")
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
        keyed = ((row_key(row[0], row[1]), np.frombuffer(row[2], dtype="<f2")) for row in rows)
        _insert_vectors(connection, encoder.id, keyed)
        after = rows[-1][0], rows[-1][1]


def is_sound(session: Session, encoder: StoredEncoder) -> bool:
    """Whether the sqlite-vec table has the keys of the rows, each in its place, and room for a vector there.

    Reads the keys and no vector, one chunk at a time: a million photos take a second and no memory.
    """
    opened = text(f"SELECT embedding FROM vec_{encoder.id} WHERE photo_id = 0")
    try:
        with session.begin_nested():
            session.execute(opened).all()
            return _has_the_keys(session, encoder) and _has_whole_chunks(session, encoder)
    except Exception:  # a damaged virtual table raises whatever sqlite-vec makes of it; the rows are the truth
        return False


def _has_the_keys(session: Session, encoder: StoredEncoder) -> bool:
    both = text(
        f"SELECT count(*), count(v.rowid) FROM embedding e LEFT JOIN vec_{encoder.id}_rowids v "
        f"ON v.rowid = (e.frame << {FRAME_SHIFT}) + e.photo_id WHERE e.encoder_id = {encoder.id}"
    )
    rows, found = session.execute(both).one()
    keys = session.scalar(text(f"SELECT count(*) FROM vec_{encoder.id}_rowids"))
    return bool(rows == found == keys)


def _has_whole_chunks(session: Session, encoder: StoredEncoder) -> bool:
    """sqlite-vec keeps twice where the vector of a key lies: the two must agree in number and in a sum over all."""
    sums = text(
        "SELECT count(*), coalesce(sum(v.rowid % :prime * (v.chunk_id * c.size + v.chunk_offset) % :prime), 0) "
        f"FROM vec_{encoder.id}_rowids v JOIN vec_{encoder.id}_chunks c ON c.chunk_id = v.chunk_id"
    )
    chunks = text(
        "SELECT c.chunk_id, c.size, c.validity, c.rowids, length(v.vectors) "
        f"FROM vec_{encoder.id}_chunks c LEFT JOIN vec_{encoder.id}_vector_chunks00 v ON v.rowid = c.chunk_id"
    )
    count = total = 0
    for chunk_id, size, validity, rowids, vectors_bytes in session.execute(chunks):
        if vectors_bytes != size * encoder.dim * 4:
            return False
        places = np.flatnonzero(np.unpackbits(np.frombuffer(validity, dtype=np.uint8), bitorder="little"))
        keys = np.frombuffer(rowids, dtype="<i8")[places]
        count += len(keys)
        total += int((keys % _PRIME * (chunk_id * size + places) % _PRIME).sum())
    return tuple(session.execute(sums, {"prime": _PRIME}).one()) == (count, total)


def _create_table(connection: Connection, encoder_id: int, dim: int) -> None:
    connection.execute(
        text(
            f"CREATE VIRTUAL TABLE IF NOT EXISTS vec_{encoder_id} USING vec0("
            f"photo_id INTEGER PRIMARY KEY, embedding FLOAT[{dim}] distance_metric=cosine)"
        )
    )


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
