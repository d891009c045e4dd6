"""Dominant colours of photos: which photos have none yet, and storing them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.orm import Session

from photoindex.models import Photo

_TABLE = cast(Table, Photo.__table__)
# Only where there is none yet: the photo may have been read meanwhile.
_PUT = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("photo_id"), _TABLE.c.colour.is_(None))
    .values(colour=bindparam("found"))
)


def lacking(session: Session, limit: int) -> dict[int, bytes]:
    """Photos whose colour has not been looked for, the newest rows first: id → content hash."""
    query = select(Photo.id, Photo.content_hash).where(Photo.colour.is_(None)).order_by(Photo.id.desc()).limit(limit)
    return dict(session.execute(query).all())


def put(session: Session, colours: Mapping[int, int]) -> None:
    """Store colours: photo id → 0xRRGGBB, or -1 for a photo without any. Photos that are gone are left out."""
    if colours:
        session.execute(_PUT, [{"photo_id": photo_id, "found": colour} for photo_id, colour in colours.items()])
