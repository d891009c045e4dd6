"""What a search's photos have in common: how many are of each year, place, camera, kind and folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

MOST_PHOTOS = 5000
"""The best so many of a search are counted: some milliseconds of a core."""
MOST_VALUES = 8

_THESE = "(SELECT value FROM json_each(:ids))"
_PLACED = f"FROM photo JOIN place ON place.id = photo.place_id WHERE photo.id IN {_THESE} GROUP BY 1"
_COUNTED = {
    "year": f"SELECT strftime('%Y', timeline_at), count(*), NULL FROM photo WHERE id IN {_THESE} GROUP BY 1",
    "month": f"SELECT strftime('%m', timeline_at), count(*), NULL FROM photo WHERE id IN {_THESE} GROUP BY 1",
    "country": f"SELECT place.country, count(*), max(place.country_fr) {_PLACED}",
    "place": "SELECT coalesce(place.city, place.region), count(*), "
    f"max(CASE WHEN place.city IS NULL THEN place.region_fr ELSE place.city_fr END) {_PLACED}",
    "camera": f"SELECT camera, count(*), NULL FROM photo WHERE id IN {_THESE} GROUP BY 1",
    "type": f"SELECT kind, count(*), NULL FROM photo WHERE id IN {_THESE} GROUP BY 1",
    "folder": "SELECT substr(path, 1, instr(path, x'2f') - 1), count(DISTINCT photo_id), NULL FROM file "
    f"WHERE photo_id IN {_THESE} AND instr(path, x'2f') > 1 GROUP BY 1",
}
_IN_ORDER = {"year": True, "month": False}
"""Ways whose values stand in their own order, and whether the greatest is first; the others begin with most photos."""
_MOST = {"month": 12}


@dataclass(frozen=True)
class Value:
    """What some of the photos have in common."""

    text: str
    """As the filter takes it."""
    photos: int
    text_fr: str | None = None
    """What it is called in French, where that is known."""


@dataclass(frozen=True)
class Facet:
    """One way to divide the photos."""

    name: str
    """`year`, `month` (of photos of one year), `country`, `place`, `camera`, `type` or `folder`."""
    values: tuple[Value, ...]
    """Two at least."""

    @property
    def filter(self) -> str:
        """The filter that chooses one of the values."""
        return "place" if self.name == "country" else self.name


def read(session: Session, photo_ids: Sequence[int]) -> tuple[Facet, ...]:
    """The ways to divide these photos in which they differ. The first `MOST_PHOTOS` are looked at."""
    ids = {"ids": json.dumps([int(each) for each in photo_ids[:MOST_PHOTOS]])}
    known = {name: _values(session, query, ids) for name, query in _COUNTED.items()}
    if len(known["year"]) > 1:
        del known["month"]  # July of any year is hardly what one looks for
    return tuple(Facet(name, _ordered(name, values)) for name, values in known.items() if len(values) > 1)


def _values(session: Session, query: str, ids: dict[str, str]) -> list[Value]:
    rows = [(_readable(value), photos, french) for value, photos, french in session.execute(text(query), ids)]
    return [Value(value, photos, french) for value, photos, french in rows if value]


def _ordered(name: str, values: list[Value]) -> tuple[Value, ...]:
    most = sorted(values, key=lambda value: (-value.photos, value.text))[: _MOST.get(name, MOST_VALUES)]
    if name in _IN_ORDER:
        most.sort(key=lambda value: value.text, reverse=_IN_ORDER[name])
    return tuple(most)


def _readable(value: str | bytes | None) -> str | None:
    """A folder's name, unless it is none that could be typed."""
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return None
    return value
