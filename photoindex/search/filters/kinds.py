"""Filters by what a photo is and has: type, is, has."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import exists, func, select, true
from sqlalchemy.orm import aliased

from photoindex.folding import fold
from photoindex.messages import say
from photoindex.models import AlbumPhoto, File, Photo
from photoindex.search.filters.clauses import PRESENT, Clause, Reading, any_of, by_photo, plain
from photoindex.search.filters.texts import listed

Make = Callable[[], Clause]


def read_type(reading: Reading) -> Clause | None:
    """`type:`: photo, video, raw, motion (a photo with a clip inside), live (with a clip beside it)."""
    return _one_of(reading, _TYPES, "photo, video, raw, motion, live")


def read_is(reading: Reading) -> Clause | None:
    """`is:`: favourite, duplicate (several files of it), rejected, a shape, or what `type:` takes."""
    return _one_of(reading, _STATES | _TYPES, "favourite, duplicate, rejected, portrait, landscape, square, video, raw")


def read_has(reading: Reading) -> Clause | None:
    """`has:`: some fact is known, or something goes with it."""
    return _one_of(
        reading, _FACTS,
        "gps, place, date, people, title, caption, keywords, rating, album, camera, lens, raw, clip",
    )  # fmt: skip


def _one_of(reading: Reading, known: Mapping[str, Make], possible: str) -> Clause | None:
    clauses = []
    for value in reading.values:
        make = known.get(fold(value.strip()))
        if make is None:
            reading.problem(
                value,
                say(
                    "%(name)s:%(value)s is not known; possible are: %(possible)s",
                    name=reading.filter.name,
                    value=value,
                    possible=possible,
                ),
            )
        else:
            clauses.append(make())
    return any_of(clauses)


def _moving() -> Clause:
    return plain(Photo.motion_offset.is_not(None))


def _with_companion(kind: str) -> Clause:
    """Photos that are shown with a file of another kind beside them: a raw file, or the clip of a Live Photo."""
    main, photo = aliased(File, name="main_file"), aliased(Photo, name="companion_photo")
    beside = (
        select(main.photo_id)
        .select_from(File)
        .join(main, main.id == File.companion_of)
        .join(photo, photo.id == File.photo_id)
        .where(File.companion_of.is_not(None), PRESENT, main.photo_id.is_not(None), photo.kind == kind)
    )
    return by_photo(beside, beside.where(main.photo_id == Photo.id).exists())


def _duplicate() -> Clause:
    # Grouped as the index over such files is not ordered: that of all files is, and holds the state.
    counted = select(File.photo_id).where(PRESENT, File.photo_id.is_not(None)).group_by(File.photo_id)
    own = select(func.count()).select_from(File).where(File.photo_id == Photo.id, PRESENT).scalar_subquery()
    return by_photo(counted.having(func.count() > 1), own > 1)


def _in_album() -> Clause:
    return by_photo(select(AlbumPhoto.photo_id), exists().where(AlbumPhoto.photo_id == Photo.id))


_TYPES: dict[str, Make] = {
    **dict.fromkeys(("photo", "photos", "picture", "image"), lambda: plain(Photo.kind == "photo")),
    # The index over what is no photo wants to hear that it is none.
    **dict.fromkeys(
        ("video", "videos", "film", "movie"), lambda: plain((Photo.kind != "photo") & (Photo.kind == "video"))
    ),
    **dict.fromkeys(("raw", "brut"), lambda: plain((Photo.kind != "photo") & (Photo.kind == "raw"))),
    "motion": _moving,
    "live": lambda: _with_companion("video"),
}
_STATES: dict[str, Make] = {
    **dict.fromkeys(
        ("favourite", "favorite", "favourites", "favorites", "fav", "favori", "favoris"),
        lambda: plain(Photo.favourite == true()),
    ),
    **dict.fromkeys(("duplicate", "duplicates", "doublon", "doublons"), _duplicate),
    **dict.fromkeys(("rejected", "rejete"), lambda: plain(Photo.rating == -1)),
    "portrait": lambda: plain(Photo.width < Photo.height),
    **dict.fromkeys(("landscape", "paysage"), lambda: plain(Photo.width > Photo.height)),
    **dict.fromkeys(("square", "carre"), lambda: plain(Photo.width == Photo.height)),
}
_FACTS: dict[str, Make] = {
    **dict.fromkeys(("gps", "location", "position"), lambda: plain(Photo.latitude.is_not(None))),
    **dict.fromkeys(("place", "lieu"), lambda: plain(Photo.place_id.is_not(None))),
    "date": lambda: plain(Photo.taken_at.is_not(None)),
    **dict.fromkeys(("people", "person", "faces", "personne", "personnes"), lambda: plain(listed("person"))),
    **dict.fromkeys(("title", "titre"), lambda: plain(Photo.title.is_not(None))),
    **dict.fromkeys(("caption", "description", "legende"), lambda: plain(Photo.caption.is_not(None))),
    **dict.fromkeys(("keywords", "keyword", "tags", "tag"), lambda: plain(listed("keyword"))),
    **dict.fromkeys(("rating", "stars", "note"), lambda: plain(Photo.rating.is_not(None))),
    "album": _in_album,
    **dict.fromkeys(("camera", "appareil"), lambda: plain(Photo.camera.is_not(None))),
    **dict.fromkeys(("lens", "objectif"), lambda: plain(Photo.lens.is_not(None))),
    "raw": lambda: _with_companion("raw"),
    **dict.fromkeys(("clip", "video", "live"), lambda: _with_companion("video")),
}
