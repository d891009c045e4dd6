"""Name the place of a position, offline: city, region and country, in English and French.

The places are GeoNames' (CC BY 4.0): those of 500 inhabitants or more, and seats of administrations. Countries have
Natural Earth's outlines (public domain). NOTICE has all credits; scripts/build_gazetteer.py makes the file.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

DATA = Path(__file__).with_name("data") / "gazetteer.npz"

CITY_KM = 50.0
"""A city further away than this does not name a position."""
REGION_KM = 250.0
"""A place further away than this does not tell the region of a position, either."""
ABROAD_KM = 4.0
"""A place abroad is taken only when it is nearer than this, and then counts as further by the square of it."""
PULL_KM_PER_ROOT_INHABITANT = 0.005
"""How far a town reaches: this times the square root of its inhabitants, as towns are discs of people."""
LARGEST_PULL_KM = 4.0
FIRST_BAND_KM = 30.0
KM_PER_DEGREE = 111.195
EARTH_KM = 6371.0

MICROSTATES = ("GI", "MC", "SM", "VA")
"""Smaller than their outlines are precise."""
SHARED = (("IL", "PS"), ("EH", "MA"))
"""Where GeoNames and the outlines draw a border differently."""


@dataclass(frozen=True)
class Place:
    """What a position is called. Where no other French name is known, the French name is the local one.

    Far from every place, in the desert, `city` is None and the number is that of the country.
    """

    geoname_id: int
    city: str | None
    region: str | None
    """First-order division (state, region, canton); None where there is none, or none is known."""
    country: str
    city_fr: str | None
    region_fr: str | None
    country_fr: str
    country_code: str
    """ISO 3166-1, two letters; XK for Kosovo."""
    latitude: float
    longitude: float
    """Of the city's middle, in degrees; of the position where there is no city."""
    distance_km: float
    """From the position to there."""


def place_at(latitude: float, longitude: float) -> Place | None:
    """Name the place at a position (degrees, WGS 84); None at sea 50 km from every place, and for what is no position.

    It is the nearest place of the country whose outline holds the position, with these corrections. A town counts as
    nearer the more people it has, as it reaches further than a village. A quarter stands for its city. Outlines are
    good to about 1 km (3 km in high mountains), so that right at a border a very near place on the other side is taken.
    """
    if not (math.isfinite(latitude) and math.isfinite(longitude)) or abs(latitude) > 90 or abs(longitude) > 180:
        return None
    return _gazetteer().place_at(latitude, longitude)


_loading = threading.Lock()
_loaded: Gazetteer | None = None


def _gazetteer() -> Gazetteer:
    global _loaded
    if _loaded is None:
        with _loading:
            if _loaded is None:
                _loaded = Gazetteer(DATA)
    return _loaded


class Names:
    """Many strings in one piece of memory."""

    def __init__(self, text: NDArray[np.uint8]) -> None:
        self._text = text.tobytes()
        ends = np.flatnonzero(text == ord("\n")).astype(np.int32)
        self._starts = np.concatenate([np.zeros(1, np.int32), ends + 1, np.array([len(text) + 1], np.int32)])

    def __getitem__(self, index: int) -> str:
        return self._text[self._starts[index] : self._starts[index + 1] - 1].decode()

    def __len__(self) -> int:
        return len(self._starts) - 1


class Gazetteer:
    """The gazetteer in memory, about 15 MB, and never changed: threads may share it.

    Its points are places, and the quarters that stand for their city. They are numbered as in the file; those in the
    arrays that distances are reckoned with are sorted from south to north, and `_number` leads back.
    """

    def __init__(self, path: Path) -> None:
        """Load the file that scripts/build_gazetteer.py made. Raises OSError or ValueError where it is not whole."""
        with np.load(path, allow_pickle=False) as stored:
            self._ids: NDArray[np.int32] = stored["geoname_id"]
            self._latitude: NDArray[np.int32] = stored["latitude"]  # in 1/100,000 degrees, as are longitudes
            self._longitude: NDArray[np.int32] = stored["longitude"]
            self._region: NDArray[np.uint16] = stored["region"]
            self._names = Names(stored["names"])
            self._french_names = Names(stored["french_names"])
            self._french = {int(point): index for index, point in enumerate(stored["french"])}
            self._city_of = dict(zip(stored["quarter"].tolist(), stored["quarter_of"].tolist(), strict=True))
            self._region_names, self._region_french = Names(stored["region_names"]), Names(stored["region_french"])
            codes = Names(stored["country_codes"])
            self._codes = [codes[index] for index in range(len(codes))]
            self._country_ids: NDArray[np.int32] = stored["country_ids"]
            self._country_names, self._country_french = Names(stored["country_names"]), Names(stored["country_french"])
            self._row_starts: NDArray[np.int32] = stored["row_starts"]
            self._run_west: NDArray[np.uint16] = stored["run_west"]
            self._run_east: NDArray[np.uint16] = stored["run_east"]
            self._run_country: NDArray[np.uint8] = stored["run_country"]
            self._country: NDArray[np.uint8] = stored["country"]
            binary_logarithm = stored["weight"].astype(np.float32) / 10  # of the inhabitants
        self._number = np.argsort(self._latitude, kind="stable").astype(np.int32)
        self._south_to_north = self._latitude[self._number]
        self._country_south_to_north = self._country[self._number]
        reach_km = PULL_KM_PER_ROOT_INHABITANT * np.exp2(binary_logarithm[self._number] / 2)
        self._pull = np.minimum(reach_km, LARGEST_PULL_KM).astype(np.float32) ** 2
        self._sphere_km = np.empty((3, len(self._number)), np.float32)
        for start in range(0, len(self._number), 10_000):  # all at once would take as much memory as the rest
            some = slice(start, start + 10_000)
            degrees = (values[self._number[some]] / 1e5 for values in (self._latitude, self._longitude))
            self._sphere_km[:, some] = _on_sphere(*degrees)
        self._home = self._home_countries()

    def place_at(self, latitude: float, longitude: float) -> Place | None:
        """Name the place at a position in degrees, which must be one."""
        country = self._country_at(latitude, longitude)
        found = self._nearest(latitude, longitude, country)
        if found is not None and found[1] <= CITY_KM:
            return self._city(found[0], latitude, longitude)
        if country is None:
            return None
        return self._wilderness(country, None if found is None else found[0], latitude, longitude)

    def _home_countries(self) -> NDArray[np.bool_]:
        """Whether a place of the second country may name a position in the outline of the first."""
        home = np.eye(len(self._codes), dtype=bool)
        for code in MICROSTATES:
            home[self._codes.index(code)] = home[:, self._codes.index(code)] = True
        for one, other in SHARED:
            home[self._codes.index(one), self._codes.index(other)] = True
            home[self._codes.index(other), self._codes.index(one)] = True
        return home

    def _country_at(self, latitude: float, longitude: float) -> int | None:
        """The country whose outline holds the position, None at sea."""
        rows = len(self._row_starts) - 1
        row = min(int((90 - latitude) / 180 * rows), rows - 1)
        column = int((longitude + 180) / 360 * 65536) % 65536
        runs = slice(int(self._row_starts[row]), int(self._row_starts[row + 1]))
        holding = (self._run_west[runs] <= column) & (column <= self._run_east[runs])
        where = int(np.argmax(holding)) if holding.any() else None
        return None if where is None else int(self._run_country[runs][where])

    def _nearest(self, latitude: float, longitude: float, country: int | None) -> tuple[int, float] | None:
        """The point that a position takes its name from, and its distance in km; None when all are too far away."""
        here = _on_sphere(np.array([latitude]), np.array([longitude])).astype(np.float32)
        for band_km in (FIRST_BAND_KM, REGION_KM):
            width = band_km / KM_PER_DEGREE
            south, north = round((latitude - width) * 1e5), round((latitude + width) * 1e5)
            band = slice(*np.searchsorted(self._south_to_north, np.array([south, north], np.int32)).tolist())
            squared_km = np.sum((self._sphere_km[:, band] - here) ** 2, axis=0)
            score = squared_km - self._pull[band]
            if country is not None:
                abroad = ~self._home[country][self._country_south_to_north[band]]
                handicap = np.where(squared_km < ABROAD_KM**2, squared_km + np.float32(ABROAD_KM**2), np.inf)
                score = np.where(abroad, handicap, score)
            if not len(score):
                continue
            best = int(np.argmin(score))
            if score[best] <= band_km**2 - LARGEST_PULL_KM**2:  # nothing outside the band can be better
                return int(self._number[band][best]), math.sqrt(float(squared_km[best]))
        return None

    def _city(self, point: int, latitude: float, longitude: float) -> Place:
        city = self._city_of.get(point, point)
        name, country = self._names[city], int(self._country[city])
        region, region_fr = self._regions(city)
        where = float(self._latitude[city] / 1e5), float(self._longitude[city] / 1e5)
        return Place(
            geoname_id=int(self._ids[city]),
            city=name,
            region=region,
            country=self._country_names[country],
            city_fr=self._french_names[self._french[city]] if city in self._french else name,
            region_fr=region_fr,
            country_fr=self._country_french[country],
            country_code=self._codes[country],
            latitude=where[0],
            longitude=where[1],
            distance_km=_distance_km((latitude, longitude), where),
        )

    def _wilderness(self, country: int, point: int | None, latitude: float, longitude: float) -> Place:
        """A position on land far from every place, with the region of the nearest point if there is one."""
        region, region_fr = (None, None) if point is None else self._regions(point)
        return Place(
            geoname_id=int(self._country_ids[country]),
            city=None,
            region=region,
            country=self._country_names[country],
            city_fr=None,
            region_fr=region_fr,
            country_fr=self._country_french[country],
            country_code=self._codes[country],
            latitude=latitude,
            longitude=longitude,
            distance_km=0.0,
        )

    def _regions(self, point: int) -> tuple[str | None, str | None]:
        region = int(self._region[point])
        if region >= len(self._region_names):
            return None, None
        name = self._region_names[region]
        return name, self._region_french[region] or name


def _on_sphere(latitude: NDArray[np.float64], longitude: NDArray[np.float64]) -> NDArray[np.float64]:
    """Degrees as points of a sphere as large as the Earth, in km from its middle: an array of shape (3, positions)."""
    north, east = np.radians(latitude), np.radians(longitude)
    return EARTH_KM * np.stack([np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)])


def _distance_km(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Along a great circle, between two positions in degrees."""
    chord = np.linalg.norm(np.diff(_on_sphere(*np.transpose([one, other])), axis=1))
    return float(2 * EARTH_KM * np.arcsin(min(float(chord) / (2 * EARTH_KM), 1.0)))
