"""Where photos were taken: countries and towns with their counts, and clusters of photos for a map."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.orm import Session

from photoindex.models import MapTally, Place, PlaceTally
from photoindex.photos import PlaceNames

MAX_ZOOM = 12
"""Beyond it the outlines of a world map say nothing."""
MOST_CLUSTERS = 600
_CELL_PIXELS = 56
_WORLD_PIXELS = 256
"""How wide a map of the whole world is at zoom 0."""
CELL: float = 360.0 * _CELL_PIXELS / (_WORLD_PIXELS * 2**MAX_ZOOM)
"""How many degrees a cell of `MapTally` is high and wide: at each zoom less, a cluster is made of twice as many."""
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
    tally, coarser = MapTally, MAX_ZOOM - zoom
    row, col = tally.row.op(">>")(coarser), tally.col.op(">>")(coarser)
    photos, cover = func.sum(tally.photos), func.max(tally.cover_photo_id)
    query = (
        select(
            photos,
            func.sum(tally.latitudes),
            func.sum(tally.longitudes),
            func.min(tally.south),
            func.min(tally.west),
            func.max(tally.north),
            func.max(tally.east),
            cover,
        )
        .where(tally.row.between(_cell(box.south, 90), _cell(box.north, 90)), _between_meridians(box))
        .group_by(row, col)
        .order_by(photos.desc(), cover)
        .limit(MOST_CLUSTERS)
    )
    found = [
        Cluster(count, latitudes / count / 1e6, longitudes / count / 1e6, Box(*edges), cover)
        for count, latitudes, longitudes, *edges, cover in session.execute(query)
    ]
    return _apart(found, CELL * 2**coarser)


def located(session: Session) -> int:
    """How many photos have a position."""
    return session.scalar(select(func.sum(MapTally.photos))) or 0


def _cell(degrees: float, from_degrees: float) -> int:
    """The number of the row or column of cells in which a latitude or longitude is."""
    return math.floor((degrees + from_degrees) / CELL)


def _towns(session: Session) -> list[Town]:
    names = (Place.city, Place.region, Place.country, Place.city_fr, Place.region_fr, Place.country_fr)
    query = select(*names, Place.country_code, PlaceTally.photos, PlaceTally.cover_photo_id)
    rows = session.execute(query.join(PlaceTally, PlaceTally.place_id == Place.id))
    return [Town(PlaceNames(*row[:7]), row.photos, row.cover_photo_id) for row in rows]


def _joined(one: Town, other: Town) -> Town:
    return replace(one, photos=one.photos + other.photos, cover_photo_id=max(one.cover_photo_id, other.cover_photo_id))


def _country(code: str, towns: tuple[Town, ...]) -> Country:
    ordered = tuple(sorted(towns, key=lambda each: (-each.photos, each.names.city or each.names.region or "")))
    first = ordered[0].names
    return Country(code, first.country, first.country_fr, sum(each.photos for each in ordered), ordered)


def _between_meridians(box: Box) -> ColumnElement[bool]:
    if box.east - box.west >= 360:
        return true()
    west, east = (_cell((each + 180) % 360 - 180, 180) for each in (box.west, box.east))
    if west <= east:
        return MapTally.col.between(west, east)
    return or_(MapTally.col >= west, MapTally.col <= east)


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
