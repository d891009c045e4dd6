"""The cameras and lenses that photos were taken with, and the formats they are in, with their counts."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from photoindex.models import GearTally


@dataclass(frozen=True)
class Gear:
    """A camera, a lens or a format."""

    name: str
    photos: int
    cover_photo_id: int
    """The one that was indexed last."""


def cameras(session: Session) -> list[Gear]:
    """From the one with most photos on."""
    return _used(session, "camera")


def lenses(session: Session) -> list[Gear]:
    """From the one with most photos on."""
    return _used(session, "lens")


def formats(session: Session) -> list[Gear]:
    """From the one with most photos on."""
    return _used(session, "format")


def _used(session: Session, kind: str) -> list[Gear]:
    tally = GearTally
    rows = session.execute(
        select(tally.name, tally.photos, tally.cover_photo_id)
        .where(tally.kind == kind)
        .order_by(tally.photos.desc(), tally.name)
    )
    return [Gear(name, photos, cover) for name, photos, cover in rows]
