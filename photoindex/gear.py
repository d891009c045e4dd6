"""The cameras and lenses that photos were taken with, and the formats they are in, with their counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from photoindex.models import Photo
from photoindex.photos import SHOWN


@dataclass(frozen=True)
class Gear:
    """A camera, a lens or a format."""

    name: str
    photos: int
    cover_photo_id: int
    """The one that was indexed last."""


def cameras(session: Session) -> list[Gear]:
    """From the one with most photos on."""
    return _used(session, Photo.camera)


def lenses(session: Session) -> list[Gear]:
    """From the one with most photos on."""
    return _used(session, Photo.lens)


def formats(session: Session) -> list[Gear]:
    """From the one with most photos on."""
    return _used(session, Photo.format)


def _used(session: Session, column: Any) -> list[Gear]:
    rows = session.execute(
        select(column, func.count(), func.max(Photo.id))
        .where(SHOWN, column.is_not(None))
        .group_by(column)
        .order_by(func.count().desc(), column)
    )
    return [Gear(name, photos, cover) for name, photos, cover in rows]
