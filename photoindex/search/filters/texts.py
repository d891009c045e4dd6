"""Filters by what photos are called and described with: camera, lens, format, album, person, keyword, text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, String, and_, exists, func, literal_column, or_, select, type_coerce
from sqlalchemy.orm import Session

from photoindex.folding import fold
from photoindex.messages import say
from photoindex.models import Album, AlbumPhoto, Photo
from photoindex.search.filters.clauses import NOTHING, Clause, Reading, by_photo, in_list, named, plain
from photoindex.search.filters.matching import Matcher, containing, globbing, has_wildcard, saying

_FORMATS = {
    "jpg": "jpeg", "jpe": "jpeg", "heic": "heif", "hif": "heif", "tif": "tiff", "jp2": "jpeg2000", "j2k": "jpeg2000",
    "m4v": "mp4", "qt": "mov", "mts": "mpeg-ts", "m2ts": "mpeg-ts", "ts": "mpeg-ts", "mpg": "mpeg-ps",
    "mpeg": "mpeg-ps", "vob": "mpeg-ps", "3gpp": "3gp", "asf": "wmv", "ppm": "pnm", "pgm": "pnm", "pbm": "pnm",
}  # fmt: skip
"""Endings by which people know a format."""

LISTS: dict[str, ColumnElement[str]] = {
    "keyword": type_coerce(Photo.keywords, String),
    "person": type_coerce(Photo.people, String),
}
"""Columns that hold a list, as the JSON that SQLite stores."""
_NO_LIST: ColumnElement[str] = literal_column("'[]'", String)
CAPTIONED = or_(Photo.title.is_not(None), Photo.caption.is_not(None))


def listed(name: str) -> ColumnElement[bool]:
    """That the list of `keyword` or `person` has something in it. As in the index over such photos."""
    return LISTS[name] != _NO_LIST


def read_camera(reading: Reading) -> Clause | None:
    return _by_distinct(reading, Photo.camera)


def read_lens(reading: Reading) -> Clause | None:
    return _by_distinct(reading, Photo.lens)


def read_format(reading: Reading) -> Clause | None:
    """`format:`: by name or ending."""
    stored = _distinct(reading.session, Photo.format)
    wanted: list[str] = []
    for value in reading.values:
        name = fold(value.strip()).removeprefix(".")
        matches = globbing(_FORMATS.get(name, name))
        found = [each for each in stored if matches(fold(each))]
        if not found:
            reading.problem(
                value, say("no photo has the format %(value)s; there are: %(there)s", value=value, there=named(stored))
            )
        wanted += found
    return plain(in_list(Photo.format, wanted)) if wanted else _nothing(reading)


def read_list(reading: Reading) -> Clause | None:
    """`keyword:` and `person:`: one of the list has the words of a value among its own."""
    column = LISTS[reading.filter.name]
    stored = {text: _entries(text) for text in _distinct(reading.session, column, listed(reading.filter.name))}
    wanted: set[str] = set()
    for value, matches in _matchers(reading, saying):
        found = [text for text, entries in stored.items() if any(matches(fold(entry)) for entry in entries)]
        if not found:
            there = sorted({entry for entries in stored.values() for entry in entries}, key=fold)
            reading.problem(value, _none(reading, value, there))
        wanted.update(found)
    return plain(and_(listed(reading.filter.name), in_list(column, sorted(wanted)))) if wanted else _nothing(reading)


def read_text(reading: Reading) -> Clause | None:
    """`text:`: title, caption or a keyword has the value in it."""
    keywords = LISTS["keyword"]
    entries = {text: _entries(text) for text in _distinct(reading.session, keywords, listed("keyword"))}
    tagged: set[str] = set()
    captioned: list[ColumnElement[bool]] = []
    for value, matches in _matchers(reading, containing):
        tagged.update(text for text, each in entries.items() if any(matches(fold(entry)) for entry in each))
        captioned += [_has(column, value) for column in (Photo.title, Photo.caption)]
    if not captioned:
        return None
    # Visible they are anyway; that leads SQLite to the index over those that have one.
    by_caption = and_(Photo.visible, CAPTIONED, or_(*captioned))
    if not tagged:
        return plain(by_caption)
    by_keyword = and_(listed("keyword"), in_list(keywords, sorted(tagged)))
    found = select(Photo.id).where(by_caption).union(select(Photo.id).where(by_keyword))
    return Clause(Photo.id.in_(found), or_(by_caption, by_keyword))


def read_album(reading: Reading) -> Clause | None:
    """`album:`: by id, or by a part of the name."""
    albums = {row.id: row.name for row in reading.session.execute(select(Album.id, Album.name).order_by(Album.name))}
    wanted: set[int] = set()
    for value, matches in _matchers(reading, containing):
        found = [int(value)] if is_id(value) and int(value) in albums else []
        found = found or [album_id for album_id, name in albums.items() if matches(fold(name))]
        if not found:
            reading.problem(value, _none(reading, value, albums.values()))
        wanted.update(found)
    if not wanted:
        return _nothing(reading)
    within = in_list(AlbumPhoto.album_id, sorted(wanted))
    return by_photo(
        select(AlbumPhoto.photo_id).where(within),
        # The `+` leads by the photo to its albums, of which there are few, and not by each album to its photos.
        exists().where(
            AlbumPhoto.photo_id == Photo.id, in_list(literal_column("+album_photo.album_id"), sorted(wanted))
        ),
    )


def is_id(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) < 19


def _by_distinct(reading: Reading, column: Any) -> Clause | None:
    """By a column that has few values, however many photos there are."""
    stored = _distinct(reading.session, column)
    wanted: set[str] = set()
    for value, matches in _matchers(reading, containing):
        found = [each for each in stored if matches(fold(each))]
        if not found:
            reading.problem(value, _none(reading, value, stored))
        wanted.update(found)
    return plain(in_list(column, sorted(wanted))) if wanted else _nothing(reading)


def _matchers(reading: Reading, kind: Callable[[str], Matcher]) -> Iterable[tuple[str, Matcher]]:
    """Each value with what it matches; one that says nothing is a problem."""
    for value in reading.values:
        if fold(value).strip():
            yield value, kind(value.strip())
        else:
            reading.problem(value, say("%(name)s needs a name, or a part of one", name=reading.filter.name))


def _nothing(reading: Reading) -> Clause | None:
    """What a filter selects of which no value matches: nothing, or with only empty values it is left out."""
    return NOTHING if any(fold(value).strip() for value in reading.values) else None


def _none(reading: Reading, value: str, there: Iterable[str]) -> str:
    known = named(there)
    name = reading.filter.name
    return (
        say("no %(name)s contains %(value)s; there are: %(there)s", name=name, value=value, there=known)
        if known
        else say("no photo has a %(name)s", name=name)
    )


def _has(column: Any, value: str) -> ColumnElement[bool]:
    folded = fold(value.strip())
    if not has_wildcard(value):
        return func.instr(func.fold(column), folded) > 0
    return func.fold(column).op("GLOB")(folded.replace("[", "[[]"))


def _distinct(session: Session, column: Any, within: ColumnElement[bool] | None = None) -> Sequence[str]:
    """Every value of a column, in order, by leaps through its index: time for each value, not for each photo."""
    where = column.is_not(None) if within is None else within
    values = select(func.min(column).label("value")).where(where).cte("distinct_values", recursive=True)
    following = select(func.min(column)).where(where, column > values.c.value).scalar_subquery()
    values = values.union_all(select(following).where(values.c.value.is_not(None)))
    return session.scalars(select(type_coerce(values.c.value, String)).where(values.c.value.is_not(None))).all()


def _entries(text: str) -> list[str]:
    return [str(entry) for entry in json.loads(text)]
