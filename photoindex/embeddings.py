"""Embeddings and who made them: the float16 rows of the table `embedding`, which are the truth.

A video has several, one a frame. What makes them quick to search, `vector_tables`, is written in the same transaction
and rebuilt from the rows whenever the two disagree (`rebuilding`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Table, bindparam, delete, exists, func, insert, select, update
from sqlalchemy.orm import Session

from photoindex import vector_tables
from photoindex.models import Embedding, EmbeddingTally, Encoder, EncoderState, Photo, PhotoTally

NORM_TOLERANCE = 1e-2
"""How far from 1 the norm of an embedding may be; rounding to float16 moves it by less than a thousandth."""


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
    vector_tables.create(session.connection(), row.id, dim)
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

    `at_seconds` tells when the frames of a video are. The caller's transaction covers both tables. Raises ValueError
    for what is no embedding: not finite, or not of norm 1.
    """
    if not vectors:
        return
    if not all(are_sound(given).all() for given in vectors.values()):
        raise ValueError("an embedding is not of norm 1")
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
    keyed = ((vector_tables.row_key(photo_id, frame), vector) for photo_id, frame, _, vector in rows)
    vector_tables.insert(session.connection(), encoder_id, keyed)


def are_sound(vectors: NDArray[np.float32] | NDArray[np.float16]) -> NDArray[np.bool_]:
    """Which of the rows (n, dim) are finite and of norm 1; a single vector (dim,) is one row."""
    rows = np.atleast_2d(vectors).astype(np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        norms = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    return np.asarray(np.abs(norms - 1) <= NORM_TOLERANCE)  # false for NaN too


def delete_photos(session: Session, photo_ids: Sequence[int], encoder_id: int | None = None) -> None:
    """Forget the embeddings of photos, of one encoder or of all. To be called before the photos are deleted."""
    encoder_ids = [encoder_id] if encoder_id is not None else list(session.scalars(select(Encoder.id)))
    for each in encoder_ids:
        for start in range(0, len(photo_ids), 500):
            chunk = photo_ids[start : start + 500]
            removed = session.execute(_FORGET, {"encoder": each, "photo_ids": chunk}).all()
            vector_tables.delete(session.connection(), each, (vector_tables.row_key(*row) for row in removed))


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


def is_sound(session: Session, encoder: StoredEncoder) -> bool:
    """Whether the sqlite-vec table is what the rows say, as far as can be told without reading every vector."""
    return vector_tables.is_sound(session, encoder.id, encoder.dim)


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
