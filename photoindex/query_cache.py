"""Embeddings of what people searched for, kept in the database: a search made before needs no encoder."""

from __future__ import annotations

import time
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from photoindex.embeddings import StoredEncoder
from photoindex.models import QueryEmbedding

KEPT = 5_000
"""Embeddings kept of one encoder; those used longest ago go first."""


def picture_key(picture: str) -> str:
    """Under which the embedding of an uploaded picture is kept, whose content has the hash `picture`."""
    return f"picture:{picture}"


def get(session: Session, encoder: StoredEncoder, key: str) -> NDArray[np.float32] | None:
    """The embedding that is kept under a key, (dim,), or None."""
    rows = get_rows(session, encoder, key)
    return rows[0] if rows is not None and len(rows) == 1 else None


def get_rows(session: Session, encoder: StoredEncoder, key: str) -> NDArray[np.float32] | None:
    """The embeddings that are kept under a key, (n, dim), or None."""
    stored = session.scalar(
        select(QueryEmbedding.vector).where(QueryEmbedding.encoder_id == encoder.id, QueryEmbedding.key == key)
    )
    if not stored or len(stored) % (4 * encoder.dim):
        return None
    return np.frombuffer(stored, dtype="<f4").astype(np.float32).reshape(-1, encoder.dim)


def put(session: Session, encoder_id: int, vectors: Mapping[str, NDArray[np.float32]]) -> None:
    """Keep embeddings, (dim,) or (n, dim) by key, and forget those used longest ago when there are too many."""
    now = time.time()
    for key, vector in vectors.items():
        row = {"encoder_id": encoder_id, "key": key, "vector": vector.astype("<f4").tobytes(), "used_at": now}
        made = insert(QueryEmbedding).values(row)
        session.execute(
            made.on_conflict_do_update(set_={"used_at": made.excluded.used_at, "vector": made.excluded.vector})
        )
    mine = QueryEmbedding.encoder_id == encoder_id
    surplus = (session.scalar(select(func.count()).select_from(QueryEmbedding).where(mine)) or 0) - KEPT
    if surplus > 0:
        oldest = select(QueryEmbedding.key).where(mine).order_by(QueryEmbedding.used_at).limit(surplus)
        session.execute(delete(QueryEmbedding).where(mine, QueryEmbedding.key.in_(oldest)))
