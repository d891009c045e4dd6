"""What the JSON file that a Google Takeout puts beside each photo says about it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from photoindex.media.fields import Metadata, TakenAtSource
from photoindex.media.moments import utc_moment
from photoindex.media.places import Position, checked_position
from photoindex.media.texts import clean, clean_caption, unique

# The title is the photo's file name, unless somebody gave it another.
_FILE_NAME = re.compile(r".*\.[A-Za-z0-9]{2,5}", re.DOTALL)


def read_takeout(content: bytes) -> Metadata:
    """Date (UTC), place, description and people in a Takeout's JSON. Never raises; empty for any other JSON.

    Whether the photo is a favourite at Google, and how often it was looked at, is left out.
    """
    try:
        facts = json.loads(content)
    except (ValueError, RecursionError):
        return Metadata()
    # Every other program's JSON would do, were it not for the time that only Takeout's has.
    if not isinstance(facts, dict) or not isinstance(facts.get("photoTakenTime"), dict):
        return Metadata()
    taken_at = utc_moment(_number(facts["photoTakenTime"].get("timestamp")) or 0)
    position = _position(facts.get("geoData")) or _position(facts.get("geoDataExif")) or Position()
    title = _text(facts.get("title"))
    return Metadata(
        taken_at=taken_at,
        taken_at_offset_minutes=0 if taken_at else None,
        taken_at_source=TakenAtSource.SIDECAR if taken_at else None,
        latitude=position.latitude,
        longitude=position.longitude,
        altitude_m=position.altitude_m,
        title=clean(clean_caption(title) or "") if not _FILE_NAME.fullmatch(title) else None,
        caption=clean_caption(_text(facts.get("description"))),
        people=_people(facts.get("people")),
    )


def _people(people: Any) -> tuple[str, ...]:
    if not isinstance(people, list):
        return ()
    return unique(clean(_text(person.get("name"))) for person in people if isinstance(person, dict))


def _position(place: Any) -> Position | None:
    if not isinstance(place, Mapping):
        return None
    altitude = _number(place.get("altitude")) or None  # 0 is what is written when it is unknown
    position = checked_position(_number(place.get("latitude")), _number(place.get("longitude")), altitude)
    return position if position.latitude is not None else None


def _number(value: Any) -> float | None:
    """A finite or infinite float of a number or of one's text."""
    try:
        return float(value) if isinstance(value, int | float | str) else None
    except (ValueError, OverflowError):
        return None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
