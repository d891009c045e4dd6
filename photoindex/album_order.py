"""The order of the photos in an album: pages of it, and moving photos within it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select, tuple_, update
from sqlalchemy.orm import Session

from photoindex.companions import chunks
from photoindex.errors import NotFoundError
from photoindex.messages import say
from photoindex.models import AlbumPhoto, Photo


class Move(StrEnum):
    """Where photos go within their album."""

    FIRST = "first"
    EARLIER = "earlier"
    LATER = "later"
    LAST = "last"


@dataclass(frozen=True)
class Place:
    """Where a photo stands in its album."""

    position: int
    photo_id: int


def page(session: Session, album_id: int, limit: int, after: Place | None = None) -> list[Place]:
    """The next photos of an album that are shown, in its order; `after` is the last one of the page before."""
    query = _shown(album_id)
    if after is not None:
        query = query.where(tuple_(AlbumPhoto.position, AlbumPhoto.photo_id) > tuple_(after.position, after.photo_id))
    rows = session.execute(query.order_by(AlbumPhoto.position, AlbumPhoto.photo_id).limit(limit))
    return [Place(position, photo_id) for position, photo_id in rows]


@dataclass(frozen=True)
class Moved:
    """What a move did."""

    photos: int
    """How many were meant and are in the album."""
    before: Sequence[Place]
    """Where those stood whose place is another now: what `restore` takes."""


def move(session: Session, album_id: int, photo_ids: Sequence[int], to: Move) -> Moved:
    """Move photos of an album together; they keep their order among themselves.

    One step earlier or later is past one photo that is shown and does not move itself.
    """
    moving = _places(session, album_id, photo_ids)
    if not moving:
        return Moved(0, ())
    if to in (Move.FIRST, Move.LAST):
        _put_at_end(session, album_id, moving, to)
        return Moved(len(moving), moving)
    _renumber(session, album_id)
    return Moved(len(moving), _swap(session, album_id, {each.photo_id for each in moving}, to))


def put(session: Session, album_id: int, photo_ids: Sequence[int], beside: int, *, behind: bool) -> Moved:
    """Put photos of an album just before, or behind, another one of it; they keep their order among themselves.

    Raises NotFoundError when that one is not in the album.
    """
    _renumber(session, album_id)
    places = _all(session, album_id)
    meant = set(photo_ids)
    moving = [each.photo_id for each in places if each.photo_id in meant]
    if beside not in {each.photo_id for each in places}:
        raise NotFoundError(say("photo %(photo_id)s is not in this album", photo_id=beside))
    if beside in meant:  # they gather around it
        meant.discard(beside)
    staying = [each.photo_id for each in places if each.photo_id not in meant]
    at = staying.index(beside) + behind
    placed = [*staying[:at], *(each for each in moving if each in meant), *staying[at:]]
    return Moved(len(moving), _arrange(session, album_id, places, placed))


def restore(session: Session, album_id: int, places: Sequence[Place]) -> int:
    """Let photos stand where they stood before. Returns how many of them are in the album still."""
    still = {each.photo_id for each in _places(session, album_id, [each.photo_id for each in places])}
    for each in places:
        if each.photo_id in still:
            _set(session, album_id, each.photo_id, each.position)
    return len(still)


def _put_at_end(session: Session, album_id: int, moving: Sequence[Place], to: Move) -> None:
    ends = select(func.min(AlbumPhoto.position), func.max(AlbumPhoto.position)).where(AlbumPhoto.album_id == album_id)
    first, last = session.execute(ends).one()
    start = first - len(moving) if to is Move.FIRST else last + 1
    for number, each in enumerate(moving):
        _set(session, album_id, each.photo_id, start + number)


def _swap(session: Session, album_id: int, moving: set[int], to: Move) -> list[Place]:
    places = page(session, album_id, -1)
    if to is Move.LATER:
        places.reverse()
    order = [each.photo_id for each in places]
    for number in range(1, len(order)):
        if order[number] in moving and order[number - 1] not in moving:
            order[number - 1], order[number] = order[number], order[number - 1]
    return _arrange(session, album_id, places, order)


def _arrange(session: Session, album_id: int, places: Sequence[Place], order: Sequence[int]) -> list[Place]:
    """Give the photos of these places to them in another order; returns the places of before of those that move."""
    before = {each.photo_id: each for each in places}
    moved = [photo_id for place, photo_id in zip(places, order, strict=True) if place.photo_id != photo_id]
    for place, photo_id in zip(places, order, strict=True):
        if place.photo_id != photo_id:
            _set(session, album_id, photo_id, place.position)
    return [before[photo_id] for photo_id in moved]


def _all(session: Session, album_id: int) -> list[Place]:
    """Those that are not shown, too: they keep their place among the others."""
    query = select(AlbumPhoto.position, AlbumPhoto.photo_id).where(AlbumPhoto.album_id == album_id)
    rows = session.execute(query.order_by(AlbumPhoto.position, AlbumPhoto.photo_id))
    return [Place(position, photo_id) for position, photo_id in rows]


def _renumber(session: Session, album_id: int) -> None:
    """Give each photo a place of its own; an edited one shares that of the one it was made from."""
    number = func.row_number().over(order_by=(AlbumPhoto.position, AlbumPhoto.photo_id))
    placed = select(AlbumPhoto.photo_id, number.label("number")).where(AlbumPhoto.album_id == album_id).subquery()
    session.execute(
        update(AlbumPhoto)
        .where(AlbumPhoto.album_id == album_id, AlbumPhoto.photo_id == placed.c.photo_id)
        .values(position=placed.c.number),
        execution_options={"synchronize_session": False},
    )


def _places(session: Session, album_id: int, photo_ids: Sequence[int]) -> list[Place]:
    found = []
    for chunk in chunks(photo_ids):
        query = select(AlbumPhoto.position, AlbumPhoto.photo_id).where(
            AlbumPhoto.album_id == album_id, AlbumPhoto.photo_id.in_(chunk)
        )
        found += [Place(position, photo_id) for position, photo_id in session.execute(query)]
    return sorted(found, key=lambda place: (place.position, place.photo_id))


def _set(session: Session, album_id: int, photo_id: int, position: int) -> None:
    session.execute(
        update(AlbumPhoto)
        .where(AlbumPhoto.album_id == album_id, AlbumPhoto.photo_id == photo_id)
        .values(position=position),
        execution_options={"synchronize_session": False},
    )


def _shown(album_id: int) -> Any:
    return (
        select(AlbumPhoto.position, AlbumPhoto.photo_id)
        .join(Photo, Photo.id == AlbumPhoto.photo_id)
        .where(AlbumPhoto.album_id == album_id, Photo.visible)
    )
