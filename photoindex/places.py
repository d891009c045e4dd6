"""Where photos were taken: countries and towns with their counts, and clusters of photos for a map."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.orm import Session

from photoindex.models import Photo, Place
from photoindex.photos import SHOWN, PlaceNames

MAX_ZOOM = 12
"""Beyond it the outlines of a world map say nothing."""
MOST_CLUSTERS = 600
_CELL_PIXELS = 56
_WORLD_PIXELS = 256
"""How wide a map of the whole world is at zoom 0."""
_EARTH_KM = 6371.0


@dataclass(frozen=True)
class Town:
    """Photos near one town, or in a region or country far from every town."""

    names: PlaceNames
    photos: int
    cover_photo_id: int
    """The one that was indexed last."""


@dataclass(frozen=True)
class Country:
    """A country, and its towns from the one with most photos on."""

    code: str
    name: str
    name_fr: str
    photos: int
    towns: tuple[Town, ...]


@dataclass(frozen=True)
class Box:
    """Latitudes and longitudes in degrees, from south-west to north-east; west may be beyond east or -180."""

    south: float
    west: float
    north: float
    east: float


@dataclass(frozen=True)
class Cluster:
    """Photos near each other on a map: their mean position, in degrees, and the box they lie in."""

    photos: int
    latitude: float
    longitude: float
    box: Box
    cover_photo_id: int

    @property
    def radius_km(self) -> float:
        """How far the corners of the box are from the position, at most."""
        north = max(self.box.north - self.latitude, self.latitude - self.box.south)
        east = max(self.box.east - self.longitude, self.longitude - self.box.west)
        east *= math.cos(math.radians(min(abs(self.box.south), abs(self.box.north))))
        return math.radians(math.hypot(north, east)) * _EARTH_KM


def by_country(session: Session) -> list[Country]:
    """The countries with photos, from the one with most on."""
    towns: dict[str, dict[tuple[str | None, str | None], Town]] = defaultdict(dict)
    for town in _towns(session):
        known, key = towns[town.names.country_code], (town.names.region, town.names.city)
        known[key] = _joined(known[key], town) if key in known else town
    found = [_country(code, tuple(each.values())) for code, each in towns.items()]
    return sorted(found, key=lambda each: (-each.photos, each.name))


def clusters(session: Session, box: Box, zoom: int) -> list[Cluster]:
    """The clusters within a box on a map of that zoom (a tile of 256 pixels is the world at 0), the largest first."""
    cell = 360.0 * _CELL_PIXELS / (_WORLD_PIXELS * 2**zoom)
    row, column = func.floor(Photo.latitude / cell), func.floor(Photo.longitude / cell)
    query = (
        select(
            func.count().label("photos"),
            func.avg(Photo.latitude).label("latitude"),
            func.avg(Photo.longitude).label("longitude"),
            func.min(Photo.latitude).label("south"),
            func.min(Photo.longitude).label("west"),
            func.max(Photo.latitude).label("north"),
            func.max(Photo.longitude).label("east"),
            func.max(Photo.id).label("cover"),
        )
        .where(SHOWN, Photo.latitude.between(box.south, box.north), _between_meridians(box))
        .group_by(row, column)
        .order_by(func.count().desc(), func.max(Photo.id))
        .limit(MOST_CLUSTERS)
    )
    found = [
        Cluster(
            each.photos, each.latitude, each.longitude, Box(each.south, each.west, each.north, each.east), each.cover
        )
        for each in session.execute(query)
    ]
    return _apart(found, cell)


def located(session: Session) -> int:
    """How many photos have a position."""
    return session.scalar(select(func.count()).select_from(Photo).where(SHOWN, Photo.latitude.is_not(None))) or 0


def _towns(session: Session) -> list[Town]:
    counted = (
        select(Photo.place_id, func.count().label("photos"), func.max(Photo.id).label("cover"))
        .where(SHOWN, Photo.place_id.is_not(None))
        .group_by(Photo.place_id)
        .subquery()
    )
    names = (Place.city, Place.region, Place.country, Place.city_fr, Place.region_fr, Place.country_fr)
    query = select(*names, Place.country_code, counted.c.photos, counted.c.cover)
    rows = session.execute(query.join(counted, counted.c.place_id == Place.id))
    return [Town(PlaceNames(*names), photos, cover) for *names, photos, cover in rows]


def _joined(one: Town, other: Town) -> Town:
    return replace(one, photos=one.photos + other.photos, cover_photo_id=max(one.cover_photo_id, other.cover_photo_id))


def _country(code: str, towns: tuple[Town, ...]) -> Country:
    ordered = tuple(sorted(towns, key=lambda each: (-each.photos, each.names.city or each.names.region or "")))
    first = ordered[0].names
    return Country(code, first.country, first.country_fr, sum(each.photos for each in ordered), ordered)


def _between_meridians(box: Box) -> ColumnElement[bool]:
    if box.east - box.west >= 360:
        return true()
    west, east = ((each + 180) % 360 - 180 for each in (box.west, box.east))
    if west <= east:
        return Photo.longitude.between(west, east)
    return or_(Photo.longitude >= west, Photo.longitude <= east)


def _apart(found: list[Cluster], cell: float) -> list[Cluster]:
    """Clusters of which none covers another: those across the border of two cells become one."""
    near: dict[tuple[int, int], list[Cluster]] = defaultdict(list)
    for cluster in found:
        row, column = math.floor(cluster.latitude / cell), math.floor(cluster.longitude / cell)
        around = [(row + down, column + right) for down in (-1, 0, 1) for right in (-1, 0, 1)]
        for place in around:
            other = next((each for each in near[place] if _is_beside(each, cluster, cell)), None)
            if other is not None:
                near[place].remove(other)
                near[place].append(_merged(other, cluster))
                break
        else:
            near[row, column].append(cluster)
    return sorted((each for some in near.values() for each in some), key=lambda each: -each.photos)


def _is_beside(one: Cluster, other: Cluster, cell: float) -> bool:
    # On the map a degree of latitude is the longer the farther it is from the equator.
    stretch = 1 / math.cos(math.radians(min(abs(one.latitude), 85.0)))
    apart = math.hypot((one.latitude - other.latitude) * stretch, one.longitude - other.longitude)
    return apart < 0.75 * cell


def _merged(one: Cluster, other: Cluster) -> Cluster:
    """Where the larger one is: a mean would move the two towards a third."""
    first, second = one.box, other.box
    box = Box(
        min(first.south, second.south),
        min(first.west, second.west),
        max(first.north, second.north),
        max(first.east, second.east),
    )
    return replace(
        one,
        photos=one.photos + other.photos,
        box=box,
        cover_photo_id=max(one.cover_photo_id, other.cover_photo_id),
    )
