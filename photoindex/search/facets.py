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
_COUNTED = {
    "year": f"SELECT strftime('%Y', timeline_at), count(*) FROM photo WHERE id IN {_THESE} GROUP BY 1",
    "country": "SELECT place.country, count(*) FROM photo JOIN place ON place.id = photo.place_id "
    f"WHERE photo.id IN {_THESE} GROUP BY 1",
    "place": "SELECT coalesce(place.city, place.region), count(*) FROM photo JOIN place ON place.id = photo.place_id "
    f"WHERE photo.id IN {_THESE} GROUP BY 1",
    "camera": f"SELECT camera, count(*) FROM photo WHERE id IN {_THESE} GROUP BY 1",
    "type": f"SELECT kind, count(*) FROM photo WHERE id IN {_THESE} GROUP BY 1",
    "folder": "SELECT substr(path, 1, instr(path, x'2f') - 1), count(DISTINCT photo_id) FROM file "
    f"WHERE photo_id IN {_THESE} AND instr(path, x'2f') > 1 GROUP BY 1",
}
_WRITTEN_AS = {"country": "place"}


@dataclass(frozen=True)
class Facet:
    """One way to divide the photos."""

    name: str
    """Of the filter that chooses one of the values."""
    values: tuple[tuple[str, int], ...]
    """Each value with its number of photos, most first; two at least."""


def read(session: Session, photo_ids: Sequence[int]) -> tuple[Facet, ...]:
    """The ways to divide these photos in which they differ. The first `MOST_PHOTOS` are looked at."""
    values = {"ids": json.dumps([int(each) for each in photo_ids[:MOST_PHOTOS]])}
    found = []
    for name, query in _COUNTED.items():
        rows = [(_readable(value), count) for value, count in session.execute(text(query), values)]
        known = sorted(((value, count) for value, count in rows if value), key=lambda row: (-row[1], row[0]))
        if len(known) > 1:
            found.append(Facet(_WRITTEN_AS.get(name, name), _ordered(name, known[:MOST_VALUES])))
    return tuple(found)


def _ordered(name: str, values: list[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(values, reverse=True) if name == "year" else values)


def _readable(value: str | bytes | None) -> str | None:
    """A folder's name, unless it is none that could be typed."""
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return None
    return value
