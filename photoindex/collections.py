"""Favourites, ratings and albums: what users do with photos, and how an edited photo inherits it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, func, literal, select, tuple_, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from photoindex.companions import chunks
from photoindex.errors import NotFoundError, QueryError
from photoindex.messages import say
from photoindex.models import Album, AlbumPhoto, Photo, utc_now

MOST_STARS = 5
LONGEST_NAME = 200
"""Characters of an album's name."""


@dataclass(frozen=True)
class AlbumInfo:
    """An album as people see it."""

    id: int
    name: str
    photos: int
    """How many of its photos are shown now."""
    created_at: datetime


def set_favourite(session: Session, photo_id: int, favourite: bool) -> None:
    """Make a photo a favourite, or one no longer. Raises NotFoundError."""
    _check_photos(session, [photo_id])
    session.execute(update(Photo).where(Photo.id == photo_id).values(favourite=favourite))


def set_rating(session: Session, photo_id: int, stars: int) -> None:
    """Rate a photo with 1 to 5 stars, 0 for no rating; what its file says counts no more.

    Raises NotFoundError, or QueryError for another number.
    """
    if stars not in range(MOST_STARS + 1):
        raise QueryError(say("a rating has 0 to %(most)s stars", most=MOST_STARS))
    _check_photos(session, [photo_id])
    session.execute(update(Photo).where(Photo.id == photo_id).values(rating=stars or None, rated=True))


def create_album(session: Session, name: str) -> AlbumInfo:
    """Make an empty album. Raises QueryError when the name is empty, too long or taken."""
    album = Album(name=_free_name(session, name))
    session.add(album)
    session.flush()
    return get_album(session, album.id)


def list_albums(session: Session) -> list[AlbumInfo]:
    """Every album, in the order of making."""
    return [_info(row) for row in session.execute(_albums().order_by(Album.id))]


def get_album(session: Session, album_id: int) -> AlbumInfo:
    """One album. Raises NotFoundError."""
    row = session.execute(_albums().where(Album.id == album_id)).one_or_none()
    if row is None:
        raise NotFoundError(say("there is no album %(album_id)s", album_id=album_id))
    return _info(row)


def rename_album(session: Session, album_id: int, name: str) -> AlbumInfo:
    """Give an album another name. Raises NotFoundError, or QueryError as `create_album`."""
    get_album(session, album_id)
    session.execute(update(Album).where(Album.id == album_id).values(name=_free_name(session, name, album_id)))
    return get_album(session, album_id)


def delete_album(session: Session, album_id: int) -> None:
    """Delete an album; its photos stay. Raises NotFoundError."""
    get_album(session, album_id)
    session.execute(delete(Album).where(Album.id == album_id))


def add_to_album(session: Session, album_id: int, photo_ids: Sequence[int]) -> int:
    """Put photos into an album; those in it already are fine. Returns how many are new there.

    Raises NotFoundError, and then changes nothing.
    """
    get_album(session, album_id)
    _check_photos(session, photo_ids)
    added = 0
    for chunk in chunks(list(dict.fromkeys(photo_ids))):
        rows = [{"album_id": album_id, "photo_id": photo_id, "added_at": utc_now()} for photo_id in chunk]
        new = insert(AlbumPhoto).values(rows).on_conflict_do_nothing().returning(AlbumPhoto.photo_id)
        added += len(session.scalars(new).all())
    return added


def remove_from_album(session: Session, album_id: int, photo_ids: Sequence[int]) -> int:
    """Take photos out of an album; those not in it are fine. Returns how many were. Raises NotFoundError."""
    get_album(session, album_id)
    removed = 0
    for chunk in chunks(photo_ids):
        which = (AlbumPhoto.album_id == album_id, AlbumPhoto.photo_id.in_(chunk))
        removed += len(session.scalars(delete(AlbumPhoto).where(*which).returning(AlbumPhoto.photo_id)).all())
    return removed


def albums_of(session: Session, photo_id: int) -> list[AlbumInfo]:
    """The albums that a photo is in, in the order of their making."""
    within = select(AlbumPhoto.album_id).where(AlbumPhoto.photo_id == photo_id)
    return [_info(row) for row in session.execute(_albums().where(Album.id.in_(within)).order_by(Album.id))]


def page(session: Session, album_id: int, limit: int, after: tuple[datetime, int] | None = None) -> list[int]:
    """The ids of the next photos of an album that are shown, newest first as in the timeline.

    `after` is the time in the timeline and the id of the last photo of the page before.
    """
    within = select(AlbumPhoto.photo_id).where(AlbumPhoto.album_id == album_id)
    query = select(Photo.id).where(Photo.visible, Photo.id.in_(within))
    if after is not None:
        query = query.where(tuple_(Photo.timeline_at, Photo.id) < tuple_(*after))
    return list(session.scalars(query.order_by(Photo.timeline_at.desc(), Photo.id.desc()).limit(limit)))


def inherit(session: Session, old_photo_id: int, new_photo_id: int) -> None:
    """Give a photo what the user gave another, of which it is an edited version; what it has of its own stays."""
    old = session.execute(select(Photo.favourite, Photo.rated, Photo.rating).where(Photo.id == old_photo_id)).first()
    new = update(Photo).where(Photo.id == new_photo_id)
    if old is not None and old.favourite:
        session.execute(new.values(favourite=True))
    if old is not None and old.rated:
        session.execute(new.where(Photo.rated.is_(False)).values(rating=old.rating, rated=True))
    albums = select(AlbumPhoto.album_id, literal(new_photo_id), AlbumPhoto.added_at).where(
        AlbumPhoto.photo_id == old_photo_id
    )
    columns = ["album_id", "photo_id", "added_at"]
    session.execute(insert(AlbumPhoto).from_select(columns, albums).on_conflict_do_nothing())


def _albums() -> Select[tuple[int, str, int, datetime]]:
    shown = (
        select(func.count())
        .select_from(AlbumPhoto)
        .join(Photo, Photo.id == AlbumPhoto.photo_id)
        .where(AlbumPhoto.album_id == Album.id, Photo.visible)
        .scalar_subquery()
        .label("photos")
    )
    return select(Album.id, Album.name, shown, Album.created_at)


def _info(row: Any) -> AlbumInfo:
    return AlbumInfo(row.id, row.name, row.photos, row.created_at)


def _free_name(session: Session, name: str, album_id: int | None = None) -> str:
    """The name without white space around it. Raises QueryError when it can't be that of this album."""
    name = " ".join(name.split())
    if not name:
        raise QueryError(say("an album needs a name"))
    if len(name) > LONGEST_NAME:
        raise QueryError(
            say(
                "the name of an album has at most %(most)s characters; this one has %(length)s",
                most=LONGEST_NAME,
                length=len(name),
            )
        )
    other = session.scalar(select(Album.id).where(Album.name == name))
    if other is not None and other != album_id:
        raise QueryError(say("there is an album named %(name)s already; choose another name", name=name))
    return name


def _check_photos(session: Session, photo_ids: Sequence[int]) -> None:
    """Raises NotFoundError when one of the photos is not known."""
    for chunk in chunks(sorted(set(photo_ids))):
        known = set(session.scalars(select(Photo.id).where(Photo.id.in_(chunk))))
        for photo_id in chunk:
            if photo_id not in known:
                raise NotFoundError(say("there is no photo %(photo_id)s", photo_id=photo_id))
