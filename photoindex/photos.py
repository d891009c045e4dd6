"""Photo rows: storing one, and the queries that pages and the API are made of."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    BindParameter,
    Boolean,
    ColumnElement,
    Integer,
    Table,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal_column,
    select,
    update,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from photoindex import embeddings
from photoindex.companions import chunks, refresh_visibility
from photoindex.errors import NotFoundError
from photoindex.files import PRESENT
from photoindex.libraries import display_path
from photoindex.messages import say
from photoindex.models import File, Library, LibraryState, Photo, PhotoTally, Place

SHOWN: ColumnElement[bool] = literal_column("+photo.visible", Boolean)
"""Only visible photos count. The `+` keeps SQLite from going through all visible ones in the order of the timeline,
which takes it ten times as long as the table itself, or another index that has the column too."""


@dataclass(frozen=True, kw_only=True)
class Details:
    """What the metadata of a photo say, but for when it was taken; what is not known is None."""

    taken_at_offset_minutes: int | None = None
    taken_at_source: str | None = None
    camera: str | None = None
    lens: str | None = None
    focal_length_mm: float | None = None
    f_number: float | None = None
    exposure_seconds: float | None = None
    iso: int | None = None
    latitude: float | None = None
    longitude: float | None = None
    altitude_m: float | None = None
    place_id: int | None = None
    title: str | None = None
    caption: str | None = None
    keywords: Sequence[str] = ()
    people: Sequence[str] = ()
    rating: int | None = None
    motion_offset: int | None = None
    motion_bytes: int | None = None
    pairing_id: str | None = None


@dataclass(frozen=True)
class NewPhoto:
    """What is known of a content when it is indexed. Times are local to where it was taken, without a zone."""

    content_hash: bytes
    format: str
    width: int
    height: int
    size_bytes: int
    taken_at: datetime | None
    timeline_at: datetime
    details: Details = Details()
    kind: str = "photo"
    duration_seconds: float | None = None
    colour: int | None = None
    """0xRRGGBB; see `Photo.colour`."""


@dataclass(frozen=True)
class PhotoFile:
    """One file of a photo."""

    id: int
    library_id: int
    library: str
    root: bytes
    path: bytes
    """Relative to the root."""
    state: str
    is_away: bool
    """Whether its library is offline: then nobody should ask its disk, which may not answer."""

    @property
    def filename(self) -> str:
        return display_path(os.path.basename(self.path))

    @property
    def folder(self) -> str:
        """The folder within the library, empty for its root."""
        return display_path(os.path.dirname(self.path))

    @property
    def absolute_path(self) -> bytes:
        return os.path.join(self.root, self.path)

    @property
    def display_path(self) -> str:
        return display_path(self.absolute_path)


@dataclass(frozen=True)
class PlaceNames:
    """The town near which a photo was taken, in English and in French; far from all, only region and country."""

    city: str | None
    region: str | None
    country: str
    city_fr: str | None
    region_fr: str | None
    country_fr: str
    country_code: str

    @property
    def english(self) -> str:
        """`Grenoble, Auvergne-Rhône-Alpes, France`."""
        return ", ".join(part for part in (self.city, self.region, self.country) if part)

    @property
    def french(self) -> str:
        return ", ".join(part for part in (self.city_fr, self.region_fr, self.country_fr) if part)


@dataclass(frozen=True)
class PhotoInfo:
    """A photo as pages and the API show it. `files` are those on disk, the first one names it."""

    id: int
    content_hash: bytes
    kind: str
    format: str
    width: int
    height: int
    size_bytes: int
    taken_at: datetime | None
    taken_at_offset_minutes: int | None
    timeline_at: datetime
    camera: str | None
    lens: str | None
    focal_length_mm: float | None
    f_number: float | None
    exposure_seconds: float | None
    iso: int | None
    latitude: float | None
    longitude: float | None
    altitude_m: float | None
    title: str | None
    caption: str | None
    keywords: Sequence[str]
    people: Sequence[str]
    rating: int | None
    duration_seconds: float | None
    taken_at_source: str | None
    motion_offset: int | None
    motion_bytes: int | None
    colour: int | None
    favourite: bool
    hidden: bool
    visible: bool
    indexed_at: datetime
    files: tuple[PhotoFile, ...]
    place: PlaceNames | None = None

    @property
    def filename(self) -> str:
        return self.files[0].filename if self.files else f"photo {self.id}"

    @property
    def copies(self) -> int:
        """How many files of it are on disk."""
        return len(self.files)


@dataclass(frozen=True)
class Position:
    """Where a page of the timeline ended: the next begins behind it."""

    timeline_at: datetime
    photo_id: int


_COLUMNS = tuple(Photo.__table__.c[field.name] for field in fields(PhotoInfo) if field.name not in ("files", "place"))
_PLACE_COLUMNS = tuple(getattr(Place, field.name) for field in fields(PlaceNames))

# Built once and not for each photo: that would cost several times what SQLite needs.
_STORE = insert(cast(Table, Photo.__table__)).on_conflict_do_nothing()
_IDS_OF = select(Photo.content_hash, Photo.id).where(
    Photo.content_hash.in_(bindparam("content_hashes", expanding=True))
)
_WANTED: BindParameter[list[int]] = bindparam("photo_ids", expanding=True)
_GET = select(*_COLUMNS).where(Photo.id.in_(_WANTED))
_HAS_FILE = exists().where(File.photo_id == Photo.id, File.state.in_(PRESENT))
_CONTENT_HASH = select(Photo.content_hash).where(Photo.id == bindparam("photo_id"), Photo.visible | _HAS_FILE)
_FILES_OF = (
    select(
        File.photo_id,
        File.id,
        File.library_id,
        Library.name,
        Library.root,
        Library.state.label("library_state"),
        File.path,
        File.state,
    )
    .join(Library, Library.id == File.library_id)
    .where(File.photo_id.in_(_WANTED), File.state.in_(PRESENT))
    .order_by(File.id)
)
_COUNT = select(PhotoTally.photos).where(PhotoTally.visible)
_PLACES_OF = select(Photo.id, *_PLACE_COLUMNS).join(Place, Place.id == Photo.place_id).where(Photo.id.in_(_WANTED))
_PLACE_ID = select(Place.id).where(
    Place.geoname_id == bindparam("geoname_id"),
    *(column.is_not_distinct_from(bindparam(column.key)) for column in _PLACE_COLUMNS),
)


def store(session: Session, new: NewPhoto) -> int:
    """The id of the photo with that content, made when it is new. Photos are never made twice."""
    values = {field.name: getattr(new, field.name) for field in fields(new) if field.name != "details"}
    session.execute(_STORE, {"visible": False} | values | _columns(new.details))
    return ids_of(session, [new.content_hash])[new.content_hash]


def describe(session: Session, photo_id: int, taken_at: datetime | None, details: Details) -> None:
    """Replace what is known of a photo: its metadata have been read again. A rating that the user gave stays."""
    values = _columns(details) | {"taken_at": taken_at}
    values["rating"] = case((Photo.rated, Photo.rating), else_=details.rating)
    if taken_at is not None:
        values["timeline_at"] = taken_at
    session.execute(update(Photo).where(Photo.id == photo_id).values(**values))


def _columns(details: Details) -> dict[str, Any]:
    values = {field.name: getattr(details, field.name) for field in fields(details)}
    return values | {"keywords": list(details.keywords), "people": list(details.people)}


def remember_place(session: Session, geoname_id: int, names: PlaceNames) -> int:
    """The id of the place with these names, made when it is new."""
    values = {field.name: getattr(names, field.name) for field in fields(names)}
    found = session.scalar(_PLACE_ID, values | {"geoname_id": geoname_id})
    if found is not None:
        return found
    return session.scalars(insert(Place).values(geoname_id=geoname_id, **values).returning(Place.id)).one()


def ids_of(session: Session, content_hashes: Iterable[bytes]) -> dict[bytes, int]:
    """Which contents are photos already: content hash → id."""
    return dict(session.execute(_IDS_OF, {"content_hashes": list(content_hashes)}).all())


def get(session: Session, photo_id: int) -> PhotoInfo:
    """One photo that has a file on disk, be it a companion of another. Raises NotFoundError."""
    found = get_many(session, [photo_id])
    if not found or not (found[0].visible or found[0].files):
        raise NotFoundError(say("there is no photo %(photo_id)s", photo_id=photo_id))
    return found[0]


def content_hash(session: Session, photo_id: int) -> bytes:
    """That of a photo that `get` would find, in a fifth of the time. Raises NotFoundError."""
    found = session.scalar(_CONTENT_HASH, {"photo_id": photo_id})
    if found is None:
        raise NotFoundError(say("there is no photo %(photo_id)s", photo_id=photo_id))
    return found


def get_many(session: Session, photo_ids: Sequence[int]) -> list[PhotoInfo]:
    """Photos in the order of their ids given; unknown ids are left out."""
    wanted = {"photo_ids": list(photo_ids)}
    by_id = {row[0]: row for row in session.execute(_GET, wanted)}
    files = _files_of(session, wanted)
    places = {row.id: PlaceNames(*row[1:]) for row in session.execute(_PLACES_OF, wanted)}
    return [
        PhotoInfo(*(*by_id[photo_id], tuple(files.get(photo_id, ())), places.get(photo_id)))
        for photo_id in photo_ids
        if photo_id in by_id
    ]


def count(session: Session) -> int:
    """How many photos have a file on disk."""
    return session.scalar(_COUNT) or 0


def times(session: Session, photo_ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where photos stand in the timeline: milliseconds since 1970 of their local times, (n,), as they are given."""
    given = func.json_each(json.dumps(photo_ids.tolist())).table_valued("key", "value", name="given")
    at = sql_cast(func.round(func.unixepoch(Photo.timeline_at, "subsec") * 1000), Integer)
    query = select(func.group_concat(func.coalesce(at, 0))).select_from(
        given.outerjoin(Photo, Photo.id == given.c.value)
    )
    text = session.scalar(query)  # one text and not a row each, which would cost five times as much
    return np.fromstring(text, dtype=np.int64, sep=",") if text else np.empty(0, dtype=np.int64)


def remove_library(session: Session, library_id: int, most: int | None = None) -> list[bytes]:
    """Forget a library: its files, and every photo that no other library has a file of, with its embeddings.

    Up to `most` files, to be called again until the library is gone; None for all. Returns the content hashes of the
    photos, so that the caller deletes their thumbnails once this is committed.
    """
    rows = session.execute(select(File.id, File.photo_id).where(File.library_id == library_id).limit(most)).all()
    for chunk in chunks([file_id for file_id, _ in rows]):
        session.execute(delete(File).where(File.id.in_(chunk)))
    held = {photo_id for _, photo_id in rows if photo_id is not None}
    without = ~exists().where(File.photo_id == Photo.id)
    found = select(Photo.id, Photo.content_hash).where(without)
    if len(rows) == most:
        chunked = chunks(sorted(held))
        orphans = [row for chunk in chunked for row in session.execute(found.where(Photo.id.in_(chunk)))]
    else:  # the last ones: photos that had no file before go too
        orphans = list(session.execute(found))
        session.execute(delete(Library).where(Library.id == library_id))
    embeddings.delete_photos(session, [photo_id for photo_id, _ in orphans])
    for chunk in chunks([photo_id for photo_id, _ in orphans]):
        session.execute(delete(Photo).where(Photo.id.in_(chunk)))
    refresh_visibility(session, held)
    return [content_hash for _, content_hash in orphans]


def _files_of(session: Session, wanted: dict[str, list[int]]) -> dict[int, list[PhotoFile]]:
    found: dict[int, list[PhotoFile]] = {}
    for row in session.execute(_FILES_OF, wanted):
        away = row.library_state == LibraryState.OFFLINE
        file = PhotoFile(row.id, row.library_id, row.name, row.root, row.path, row.state, away)
        found.setdefault(row.photo_id, []).append(file)
    return found
