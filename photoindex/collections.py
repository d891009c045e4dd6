"""Favourites, ratings and albums: what users do with photos, and how an edited photo inherits it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, Select, delete, func, literal, select, update
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
    cover_photo_id: int | None
    """The photo that stands for it: the one that was chosen if it is shown, else the first."""
    created_at: datetime


def set_favourites(session: Session, photo_ids: Sequence[int], favourite: bool) -> list[int]:
    """Make photos favourites, or ones no longer; unknown ids are fine. Returns those that were not so before."""
    changed: list[int] = []
    for chunk in chunks(photo_ids):
        which = update(Photo).where(Photo.id.in_(chunk), Photo.favourite != favourite)
        changed += session.scalars(which.values(favourite=favourite).returning(Photo.id))
    return changed


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


def add_to_album(
    session: Session, album_id: int, photo_ids: Sequence[int], positions: Sequence[int] | None = None
) -> list[int]:
    """Put photos into an album, behind those in it, or each where `positions` says; those in it already are fine.

    Returns those that are new there. Raises NotFoundError, and then changes nothing.
    """
    get_album(session, album_id)
    _check_photos(session, photo_ids)
    if positions is None:
        last = session.scalar(select(func.max(AlbumPhoto.position)).where(AlbumPhoto.album_id == album_id)) or 0
        positions = range(last + 1, last + 1 + len(photo_ids))
    places = dict(zip(reversed(photo_ids), reversed(positions), strict=True))
    added: list[int] = []
    for chunk in chunks(list(dict.fromkeys(photo_ids))):
        rows = [
            {"album_id": album_id, "photo_id": each, "added_at": utc_now(), "position": places[each]} for each in chunk
        ]
        added += session.scalars(
            insert(AlbumPhoto).values(rows).on_conflict_do_nothing().returning(AlbumPhoto.photo_id)
        )
    return added


def remove_from_album(session: Session, album_id: int, photo_ids: Sequence[int]) -> dict[int, int]:
    """Take photos out of an album; those not in it are fine. Returns the others, each with the place that it had.

    Raises NotFoundError.
    """
    get_album(session, album_id)
    removed: dict[int, int] = {}
    for chunk in chunks(photo_ids):
        which = (AlbumPhoto.album_id == album_id, AlbumPhoto.photo_id.in_(chunk))
        gone = delete(AlbumPhoto).where(*which).returning(AlbumPhoto.photo_id, AlbumPhoto.position)
        removed |= dict(session.execute(gone).all())
    return removed


def set_cover(session: Session, album_id: int, photo_id: int) -> None:
    """Let one of its photos stand for an album. Raises NotFoundError."""
    get_album(session, album_id)
    if session.get(AlbumPhoto, (album_id, photo_id)) is None:
        raise NotFoundError(say("photo %(photo_id)s is not in this album", photo_id=photo_id))
    session.execute(update(Album).where(Album.id == album_id).values(cover_photo_id=photo_id))


def albums_of(session: Session, photo_id: int) -> list[AlbumInfo]:
    """The albums that a photo is in, in the order of their making."""
    within = select(AlbumPhoto.album_id).where(AlbumPhoto.photo_id == photo_id)
    return [_info(row) for row in session.execute(_albums().where(Album.id.in_(within)).order_by(Album.id))]


def known(session: Session, photo_ids: Sequence[int]) -> list[int]:
    """Those of the ids that are photos, each once, in their order."""
    found: set[int] = set()
    for chunk in chunks(photo_ids):
        found.update(session.scalars(select(Photo.id).where(Photo.id.in_(chunk))))
    return [photo_id for photo_id in dict.fromkeys(photo_ids) if photo_id in found]


def inherit(session: Session, old_photo_id: int, new_photo_id: int) -> None:
    """Give a photo what the user gave another, of which it is an edited version; what it has of its own stays."""
    given_before = select(Photo.favourite, Photo.hidden, Photo.rated, Photo.rating)
    old = session.execute(given_before.where(Photo.id == old_photo_id)).one_or_none()
    new = update(Photo).where(Photo.id == new_photo_id)
    if old is not None and (old.favourite or old.hidden):
        given = {"favourite": Photo.favourite | old.favourite, "hidden": Photo.hidden | old.hidden}
        session.execute(new.values(given))
    if old is not None and old.rated:
        session.execute(new.where(Photo.rated.is_(False)).values(rating=old.rating, rated=True))
    albums = select(AlbumPhoto.album_id, literal(new_photo_id), AlbumPhoto.added_at, AlbumPhoto.position).where(
        AlbumPhoto.photo_id == old_photo_id
    )
    columns = ["album_id", "photo_id", "added_at", "position"]
    session.execute(insert(AlbumPhoto).from_select(columns, albums).on_conflict_do_nothing())
    session.execute(update(Album).where(Album.cover_photo_id == old_photo_id).values(cover_photo_id=new_photo_id))


def _albums() -> Select[tuple[int, str, int, int | None, datetime]]:
    within = (Photo.id == AlbumPhoto.photo_id) & (AlbumPhoto.album_id == Album.id) & Photo.visible
    shown = select(func.count()).where(within).scalar_subquery().correlate(Album)
    first = select(AlbumPhoto.photo_id).where(within).order_by(AlbumPhoto.position, AlbumPhoto.photo_id).limit(1)
    chosen = select(AlbumPhoto.photo_id).where(within, AlbumPhoto.photo_id == Album.cover_photo_id)
    cover = func.coalesce(
        chosen.correlate(Album).scalar_subquery(), first.correlate(Album).scalar_subquery(), type_=Integer
    )
    return select(Album.id, Album.name, shown.label("photos"), cover.label("cover"), Album.created_at)


def _info(row: Any) -> AlbumInfo:
    return AlbumInfo(row.id, row.name, row.photos, row.cover, row.created_at)


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
