"""Saved searches, and concepts: what there is in a library."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from photoindex.models.base import Base, utc_now


class SavedSearch(Base):
    """A query that the user keeps under a name, and sees as an album that new photos join."""

    __tablename__ = "saved_search"
    __table_args__: Any = (Index("saved_search_position", "position"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(unique=True)
    """The name without differences of case and width of letters: no two searches may look alike."""
    query: Mapped[str]
    """As typed."""
    position: Mapped[int]
    """0, 1, 2… without gaps, in the user's order."""
    cover_photo_id: Mapped[int | None] = mapped_column(ForeignKey("photo.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    seen_at: Mapped[datetime] = mapped_column(default=utc_now)
    seen_photo_id: Mapped[int]
    """The newest photo there was at `seen_at`. No foreign key: it may go, its number still tells what is newer."""


class Concept(Base):
    """Something that many photos of the library show, as the daemon found out."""

    __tablename__ = "concept"
    __table_args__: Any = (
        UniqueConstraint("encoder_id", "key", name="concept_key"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    encoder_id: Mapped[int] = mapped_column(ForeignKey("encoder.id", ondelete="CASCADE"))
    key: Mapped[str]
    """What makes it the same concept the next time: `label:beach`, `place:…`, `group:1`."""
    kind: Mapped[str]
    """`label`, `place` or `group`."""
    name_en: Mapped[str]
    name_fr: Mapped[str]
    query: Mapped[str]
    """What to search for to see its photos."""
    photos: Mapped[int]
    """About how many photos show it."""
    examples: Mapped[list[int]] = mapped_column(JSON, default=list)
    """Ids of a few of its photos, the clearest first: the first that is still shown is the cover."""
    centroid: Mapped[bytes] = mapped_column(LargeBinary)
    """Mean direction of its photos: dim × float16, little-endian."""
    position: Mapped[int]
    """Where it stands on the page, from 0."""


class ConceptRun(Base):
    """When the concepts of an encoder were last found, and in what library."""

    __tablename__ = "concept_run"
    __table_args__: Any = {}  # noqa: RUF012

    encoder_id: Mapped[int] = mapped_column(ForeignKey("encoder.id", ondelete="CASCADE"), primary_key=True)
    photos: Mapped[int]
    """How many photos could be searched then."""
    newest_photo_id: Mapped[int]
    labels_digest: Mapped[str]
    """Of the list of labels they were found with; empty when the text encoder could not be had."""
    made_at: Mapped[datetime] = mapped_column(default=utc_now)


class ConceptLabels(Base):
    """The label list embedded by an encoder, so that its text half is loaded once only."""

    __tablename__ = "concept_labels"
    __table_args__: Any = {}  # noqa: RUF012

    encoder_id: Mapped[int] = mapped_column(ForeignKey("encoder.id", ondelete="CASCADE"), primary_key=True)
    digest: Mapped[str]
    """Of the texts."""
    vectors: Mapped[bytes] = mapped_column(LargeBinary)
    """texts × dim × float16, little-endian."""
