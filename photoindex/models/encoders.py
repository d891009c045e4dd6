"""Encoders, embeddings, and what makes them quick to search."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from photoindex.models.base import Base, utc_now


class EncoderState(StrEnum):
    """`active` answers searches; `building` takes over when it has an embedding for every photo; `retired` is kept."""

    BUILDING = "building"
    ACTIVE = "active"
    RETIRED = "retired"


class Encoder(Base):
    """One encoder that embeddings were made with, and how its cosines are shown to people."""

    __tablename__ = "encoder"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    fingerprint: Mapped[str] = mapped_column(unique=True)
    dim: Mapped[int]
    multilingual: Mapped[bool]
    text_low: Mapped[float]
    text_high: Mapped[float]
    image_low: Mapped[float]
    image_high: Mapped[float]
    """The cosines shown as 0 % and 100 %, for a text and a photo, and for two photos."""
    state: Mapped[str] = mapped_column(default=EncoderState.BUILDING)
    added_at: Mapped[datetime] = mapped_column(default=utc_now)


class Embedding(Base):
    """A photo's embedding by one encoder, or a video's several. The sqlite-vec tables are derived from these rows."""

    __tablename__ = "embedding"
    __table_args__: Any = (Index("embedding_photo", "photo_id"),)

    encoder_id: Mapped[int] = mapped_column(ForeignKey("encoder.id", ondelete="CASCADE"), primary_key=True)
    photo_id: Mapped[int] = mapped_column(ForeignKey("photo.id", ondelete="CASCADE"), primary_key=True)
    frame: Mapped[int] = mapped_column(primary_key=True, default=0)
    """0, and for the further frames of a video 1, 2, …"""
    at_seconds: Mapped[float | None]
    """When in a video the frame is."""
    vector: Mapped[bytes] = mapped_column(LargeBinary)
    """dim × float16, little-endian."""


class QueryEmbedding(Base):
    """The embedding of a text or picture that was searched for: a cache that can be emptied at any time."""

    __tablename__ = "query_embedding"
    __table_args__: Any = (Index("query_embedding_used", "encoder_id", "used_at"),)

    encoder_id: Mapped[int] = mapped_column(ForeignKey("encoder.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    """The text, or `picture:` and the hex BLAKE3 of an uploaded file."""
    vector: Mapped[bytes] = mapped_column(LargeBinary)
    """dim × float32, little-endian; of a fixed list of texts as many times that."""
    used_at: Mapped[float]
    """Seconds since the epoch, of the last use that was noted."""


# --- saved searches and concepts ---------------------------------------------------------------------------------


class Snapshot(Base):
    """The FAISS snapshot of an encoder's embeddings, which is in a folder beside the database; see `snapshots/`."""

    __tablename__ = "snapshot"
    __table_args__: Any = {}  # noqa: RUF012

    encoder_id: Mapped[int] = mapped_column(ForeignKey("encoder.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str | None]
    """Its folder; None until the first one is built."""
    sequence: Mapped[int]
    """The number of the last `EmbeddingChange` that it knows of."""


class EmbeddingChange(Base):
    """A photo whose embedding came, changed or went, or that was shown or hidden. Triggers note it, for encoders that
    have a row in `snapshot`; see migration 0010. Numbers are never given out twice."""

    __tablename__ = "embedding_change"

    sequence: Mapped[int] = mapped_column(primary_key=True)
    encoder_id: Mapped[int]
    photo_id: Mapped[int]
