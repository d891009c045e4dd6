"""What words a photo has, by field: read from its own row, its files, its place and its albums."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import BindParameter, bindparam, select
from sqlalchemy.orm import Session

from photoindex.companions import PRESENT, chunks
from photoindex.libraries import display_path
from photoindex.models import Album, AlbumPhoto, File, Library, Photo, Place

NAMES = ("name", "folder")
"""Fields that say what somebody, or a camera, called a file. They may say anything: `dog.jpg` may be of a cat."""
TOLD = ("title", "caption", "keyword", "person", "place", "camera", "album")
"""Fields that say something of the picture."""
FIELDS = (*NAMES, *TOLD)


@dataclass(frozen=True)
class Document:
    """A photo that is shown, and its words."""

    photo_id: int
    values: Mapping[str, tuple[str, ...]]
    """By field; those without any are left out. Names have no ending, a folder is one part of a path."""


T = TypeVar("T")

_PHOTO_IDS: BindParameter[Any] = bindparam("photo_ids", expanding=True)
_PLACE = (Place.city, Place.region, Place.country, Place.city_fr, Place.region_fr, Place.country_fr)
# Built once and not for each batch: that would cost more than what SQLite does.
_PHOTOS = (
    select(
        Photo.id, Photo.title, Photo.caption, Photo.keywords, Photo.people, Photo.camera, Photo.lens, *_PLACE
    )
    .outerjoin(Place, Place.id == Photo.place_id)
    .where(Photo.id.in_(_PHOTO_IDS), Photo.visible)
    .order_by(Photo.id)
)  # fmt: skip
_FILES = (
    select(File.photo_id, File.path, Library.name)
    .join(Library, Library.id == File.library_id)
    .where(File.photo_id.in_(_PHOTO_IDS), File.state.in_(PRESENT))
    .order_by(File.id)
)
_ALBUMS = (
    select(AlbumPhoto.photo_id, Album.name)
    .join(Album, Album.id == AlbumPhoto.album_id)
    .where(AlbumPhoto.photo_id.in_(_PHOTO_IDS))
    .order_by(Album.id)
)


def read(session: Session, photo_ids: Sequence[int]) -> list[Document]:
    """Those of the photos that are shown, with their words, by id."""
    found: list[Document] = []
    for chunk in chunks(sorted(set(photo_ids))):
        paths = _grouped((row[0], (row[1], row[2])) for row in session.execute(_FILES, {"photo_ids": chunk}))
        albums = _grouped((row[0], row[1]) for row in session.execute(_ALBUMS, {"photo_ids": chunk}))
        for row in session.execute(_PHOTOS, {"photo_ids": chunk}):
            photo_id, title, caption, keywords, people, camera, lens, *places = row
            values = _of_paths(paths.get(photo_id, ())) | {
                "title": (title,),
                "caption": (caption,),
                "keyword": keywords,
                "person": people,
                "place": places,
                "camera": (camera, lens),
                "album": albums.get(photo_id, ()),
            }
            kept = {field: tuple(dict.fromkeys(each for each in of if each)) for field, of in values.items()}
            found.append(Document(photo_id, {field: of for field, of in kept.items() if of}))
    return found


def _of_paths(paths: Iterable[tuple[bytes, str]]) -> dict[str, Sequence[str | None]]:
    names, folders = [], []
    for path, library in paths:
        *above, filename = path.split(b"/")
        names.append(display_path(os.path.splitext(filename)[0]))
        folders += [library, *map(display_path, above)]
    return {"name": names, "folder": folders}


def _grouped(pairs: Iterable[tuple[int | None, T]]) -> dict[int | None, list[T]]:
    groups: dict[int | None, list[T]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups
