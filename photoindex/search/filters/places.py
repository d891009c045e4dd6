"""Filters by where photos were taken: place, by name; near, by position."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from sqlalchemy import ColumnElement, and_, func, or_, select

from photoindex.folding import fold
from photoindex.gazetteer import EARTH_KM
from photoindex.messages import said, say
from photoindex.models import Photo, Place
from photoindex.search.filters.clauses import NOTHING, Clause, Reading, any_of, in_list, named, plain
from photoindex.search.filters.matching import Matcher, beginning, saying

DEFAULT_KM = 10.0
_KM = {"": 1.0, "km": 1.0, "m": 0.001, "mi": 1.609344}
_POSITION = re.compile(
    r"(-?\d{1,3}(?:\.\d{1,12})?) ?[,;] ?(-?\d{1,3}(?:\.\d{1,12})?)(?: ?[,;] ?(\d{1,6}(?:\.\d{1,6})?) ?(km|m|mi)?)?",
    re.ASCII,
)
_NAMES = (Place.city, Place.region, Place.country, Place.city_fr, Place.region_fr, Place.country_fr)


@dataclass(frozen=True)
class Circle:
    """What lies within some km of a position in degrees."""

    latitude: float
    longitude: float
    km: float


def read_place(reading: Reading) -> Clause | None:
    """`place:`: city, region or country, in English or French, or a country's code; "Paris, France" is both."""
    lines = func.concat_ws("\n", *_NAMES)
    rows = reading.session.execute(select(Place.id, Place.country_code, lines)).all()
    folded = cache(fold)  # many places share a region and a country
    places = [(place_id, fold(code), [folded(name) for name in names.split("\n")]) for place_id, code, names in rows]
    wanted: set[int] = set()
    asked = False
    for value in reading.values:
        parts = [part.strip() for part in value.split(",") if part.strip()]
        if not parts:
            reading.problem(value, say('place needs a name; write place:grenoble, place:"New York" or place:fr'))
            continue
        asked = True
        found = _meant(parts, places, saying) or _meant(parts, places, beginning)
        if not found:
            reading.problem(value, _nowhere(reading, value))
        wanted.update(found)
    if wanted:
        return plain(in_list(Photo.place_id, sorted(wanted)))
    return NOTHING if asked else None


def read_near(reading: Reading) -> Clause | None:
    """`near:`: within some distance of a position, 10 km unless told."""
    clauses = []
    for value in reading.values:
        try:
            clauses.append(plain(_within(circle_of(value))))
        except ValueError as error:
            reading.problem(value, said(error))
    return any_of(clauses)


def circle_of(value: str) -> Circle:
    """`48.85,2.35,10km`. Raises ValueError with a line that says what is possible."""
    found = _POSITION.fullmatch(value.strip().lower())
    if found is None:
        raise ValueError(
            say(
                "%(value)s is no position; write latitude, longitude and distance: near:48.85,2.35,10km",
                value=value or "nothing",
            )
        )
    latitude, longitude = float(found[1]), float(found[2])
    if abs(latitude) > 90 or abs(longitude) > 180:
        raise ValueError(
            say("%(value)s is not on Earth: latitudes go from -90 to 90, longitudes from -180 to 180", value=value)
        )
    km = DEFAULT_KM if found[3] is None else float(found[3]) * _KM[found[4] or ""]
    if not km:
        raise ValueError(say("%(value)s asks for no distance; write near:48.85,2.35,10km", value=value))
    return Circle(latitude, longitude, km)


def _within(circle: Circle) -> ColumnElement[bool]:
    return and_(_box(circle), _distance_km(circle) <= circle.km)


def _box(circle: Circle) -> ColumnElement[bool]:
    """Latitudes and longitudes that hold the circle, for the index. Slightly too large, never too small."""
    degrees = math.degrees(circle.km / EARTH_KM) + 1e-6
    south, north = circle.latitude - degrees, circle.latitude + degrees
    band = Photo.latitude.between(max(south, -90.0), min(north, 90.0))
    if south <= -90 or north >= 90:  # a pole is in it, and so is every longitude
        return band
    # The meridian that just touches the circle: https://en.wikipedia.org/wiki/Geographical_distance, a right triangle.
    ratio = math.sin(math.radians(degrees)) / math.cos(math.radians(circle.latitude))
    width = math.degrees(math.asin(min(ratio, 1.0))) + 1e-6
    west, east = circle.longitude - width, circle.longitude + width
    if west >= -180 and east <= 180:
        return and_(band, Photo.longitude.between(west, east))
    if width >= 180:
        return band
    # Across the antimeridian there are two stretches, one at each end.
    west, east = (west + 360, east) if west < -180 else (west, east - 360)
    return and_(band, or_(Photo.longitude >= west, Photo.longitude <= east))


def _distance_km(circle: Circle) -> ColumnElement[float]:
    """Along a great circle, by the haversine formula (Sinnott, Sky & Telescope 68, 1984), good for small ones too."""
    north = func.radians(Photo.latitude - circle.latitude)
    east = func.radians(Photo.longitude - circle.longitude)
    haversine = func.pow(func.sin(north / 2), 2) + math.cos(math.radians(circle.latitude)) * func.cos(
        func.radians(Photo.latitude)
    ) * func.pow(func.sin(east / 2), 2)
    return 2 * EARTH_KM * func.asin(func.min(1.0, func.sqrt(haversine)))


def _meant(parts: list[str], places: list[tuple[int, str, list[str]]], kind: Callable[[str], Matcher]) -> set[int]:
    """The places of which every part is a name, or the country's code."""
    matchers = [(fold(part), cache(kind(part))) for part in parts]
    return {
        place_id
        for place_id, code, names in places
        if all(folded == code or any(map(matches, names)) for folded, matches in matchers)
    }


def _nowhere(reading: Reading, value: str) -> str:
    countries = reading.session.scalars(select(Place.country).distinct().order_by(Place.country)).all()
    return (
        say("no photo was taken at %(value)s; there are photos of: %(there)s", value=value, there=named(countries))
        if countries
        else say("no photo has a place")
    )
