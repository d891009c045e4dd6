"""Which photos are alike, and what users said of that."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from photoindex.models.base import Base, utc_now


class Fingerprint(Base):
    """What a photo's picture looks like in 64 bytes; see `photoindex.media.fingerprint`."""

    __tablename__ = "fingerprint"
    __table_args__: Any = {}  # noqa: RUF012

    photo_id: Mapped[int] = mapped_column(ForeignKey("photo.id", ondelete="CASCADE"), primary_key=True)
    value: Mapped[bytes] = mapped_column(LargeBinary)
    """Empty for a picture without anything on it."""


class LikenessKind(StrEnum):
    """`same`: the same shot in another file; `burst`: shot one after the other."""

    SAME = "same"
    BURST = "burst"


class Likeness(Base):
    """A photo in a group of photos that are alike. Only the daemon decides who belongs together."""

    __tablename__ = "likeness"
    __table_args__: Any = (Index("likeness_group", "kind", "key_id"),)

    photo_id: Mapped[int] = mapped_column(ForeignKey("photo.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    key_id: Mapped[int]
    """The photo that the group is named after, and that every other one of it is like. No foreign key: when that photo
    goes, the others are decided anew."""


class Undecided(Base):
    """A photo whose groups are to be decided, or decided anew. Triggers add rows; see migration 0005."""

    __tablename__ = "undecided"
    __table_args__: Any = (Index("undecided_photo", "photo_id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    photo_id: Mapped[int] = mapped_column(ForeignKey("photo.id", ondelete="CASCADE"))


class Dismissal(Base):
    """A group of which the user said that its photos are different, or are all wanted."""

    __tablename__ = "dismissal"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    """One of `photoindex.duplicates.KINDS`."""
    dismissed_at: Mapped[datetime] = mapped_column(default=utc_now)


class DismissedPhoto(Base):
    """A photo of such a group: no two of them are put into one group again."""

    __tablename__ = "dismissed_photo"
    __table_args__: Any = (Index("dismissed_photo_dismissal", "dismissal_id"),)

    photo_id: Mapped[int] = mapped_column(ForeignKey("photo.id", ondelete="CASCADE"), primary_key=True)
    dismissal_id: Mapped[int] = mapped_column(ForeignKey("dismissal.id", ondelete="CASCADE"), primary_key=True)
