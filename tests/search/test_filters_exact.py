"""Filters select exactly what they say, over random libraries: each value is made together with what it means."""

from __future__ import annotations

import math
import random
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from photoindex import companions
from photoindex.companions import PRESENT
from photoindex.database import Database
from photoindex.folding import fold_path
from photoindex.models import Album, AlbumPhoto, File, FileState, Library, Photo, Place
from photoindex.search import filters
from photoindex.search.query import Filter

TODAY = date(2021, 5, 5)
DAYS = (date(2018, 1, 1), date(2019, 7, 1), date(2019, 7, 31), date(2020, 1, 1), date(2020, 2, 29))
CAMERAS = ("FUJIFILM X100V", "Apple iPhone 12", "NIKON D70", "Caméra Élan", "100%_Cam 'x'", None, None)
LENSES = ("EF 50mm f/1.8", "Objectif été", "XF23mm", None)
NAMES = ("IMG_0001.JPG", "img_0002.jpg", "Été à la mer.jpg", "100%.png", "[x]*.jpg", "DSC0001.NEF")
FOLDERS = ("2019", "Corsica", "Été", "A b", "100%_x", "deep")
RAW_FOLDERS = (b"caf\xe9", b"n\xb01 \xe9\xb0", b"\x80b\xe9")
PLACES = (
    ("Grenoble", "Auvergne-Rhône-Alpes", "France", "Grenoble", "Auvergne-Rhône-Alpes", "France", "FR"),
    ("New York", "New York", "United States", "New York", "New York", "États-Unis", "US"),
    ("York", "England", "United Kingdom", "York", "Angleterre", "Royaume-Uni", "GB"),
    (None, None, "Algeria", None, None, "Algérie", "DZ"),
)
KEYWORDS = ("beach", "Black & White", "été", "New York", "a_b")
PEOPLE = ("Anna Schmidt", "José", "Ann")
FORMATS = {"photo": ("jpeg", "heif"), "raw": ("nef",), "video": ("mp4",)}
TEXTS = ("A day at the beach", "Été 100%", "it's [here]*", None, None)


@dataclass
class Known:
    """A photo as this test knows it."""

    photo: Photo
    files: list[File] = field(default_factory=list)
    place: tuple[str | None, ...] | None = None
    albums: set[str] = field(default_factory=set)
    beside: str | None = None

    def present(self) -> list[File]:
        return [file for file in self.files if file.state in PRESENT]


Meaning = Callable[[Known], bool]
Value = tuple[str, Meaning]


def bare(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text.lower())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def words(text: str) -> list[str]:
    return "".join(char if char.isalnum() else " " for char in bare(text)).split()


def has_run(text: str, wanted: Sequence[str]) -> bool:
    there = words(text)
    return any(there[at : at + len(wanted)] == list(wanted) for at in range(len(there)))


def make(session: Session, rng: random.Random, photos: int) -> list[Known]:
    for table in ("album_photo", "album", "file", "folder", "photo", "place", "library"):
        session.execute(text(f"DELETE FROM {table}"))
    session.add_all([Library(id=1, root=b"/a", name="Photos"), Library(id=2, root=b"/b", name="Téléphone")])
    names = ("city", "region", "country", "city_fr", "region_fr", "country_fr", "country_code")
    for number, place in enumerate(PLACES, 1):
        session.add(Place(id=number, geoname_id=number, **dict(zip(names, place, strict=True))))
    session.add_all([Album(id=1, name="Summer 2019"), Album(id=2, name="Fêtes")])
    session.flush()
    known = [_photo(session, rng, number) for number in range(1, photos + 1)]
    session.flush()
    for each in known:
        _files(session, rng, each)
        for album in rng.sample((1, 2), rng.randrange(3) if rng.random() < 0.3 else 0):
            session.add(AlbumPhoto(album_id=album, photo_id=each.photo.id))
            each.albums.add(("", "Summer 2019", "Fêtes")[album])
    session.flush()
    known += [_companion(session, rng, each) for each in known if each.present() and rng.random() < 0.15]
    companions.refresh_all_visibility(session)
    session.expire_all()
    return known


def _photo(session: Session, rng: random.Random, number: int) -> Known:
    kind = rng.choice(("photo", "photo", "raw", "video"))
    timeline_at = datetime(2017, 1, 1) + timedelta(hours=rng.randrange(24 * 365 * 5))
    if rng.random() < 0.7:  # on the edges of days, months and years
        timeline_at = datetime.combine(rng.choice(DAYS), datetime.min.time()) - timedelta(seconds=rng.randrange(2))
    with_gps, place = rng.random() < 0.5, rng.choice((None, *range(1, len(PLACES) + 1)))
    photo = Photo(
        id=number, content_hash=number.to_bytes(32), kind=kind, width=rng.choice((100, 4000, 6000)),
        height=rng.choice((100, 3000, 4000)), format=rng.choice(FORMATS[kind]),
        duration_seconds=rng.choice((5.0, 89.5, 90.0, 90.49, 200.0)) if kind == "video" else None,
        size_bytes=rng.choice((499, 500, 999_999, 1_000_000, 1_499_999, 5_000_000_000)),
        taken_at=rng.choice((None, timeline_at)), timeline_at=timeline_at, camera=rng.choice(CAMERAS),
        lens=rng.choice(LENSES), focal_length_mm=rng.choice((None, 23.0, 49.5, 50.0, 50.4)),
        f_number=rng.choice((None, 1.8, 2.0, 2.8)), iso=rng.choice((None, 100, 400, 800, 801)),
        latitude=rng.choice((90.0, -90.0, rng.uniform(-90, 90), 45.5, 45.6)) if with_gps else None,
        longitude=rng.choice((180.0, -179.95, 179.95, rng.uniform(-180, 180), 5.5)) if with_gps else None,
        place_id=place, title=rng.choice(TEXTS), caption=rng.choice(TEXTS),
        keywords=rng.sample(KEYWORDS, rng.randrange(3)), people=rng.sample(PEOPLE, rng.randrange(3)),
        rating=rng.choice((None, None, -1, 0, 3, 5)), motion_offset=rng.choice((None, None, 100)),
        favourite=rng.random() < 0.2, indexed_at=datetime(2021, 5, 6) - timedelta(hours=rng.randrange(24 * 6)),
    )  # fmt: skip
    session.add(photo)
    return Known(photo, place=None if place is None else PLACES[place - 1])


def _files(session: Session, rng: random.Random, known: Known) -> None:
    for copy in range(rng.choice((0, 1, 1, 1, 2))):
        folders = [each.encode() for each in rng.sample(FOLDERS, rng.randrange(4))]
        if rng.random() < 0.2:
            folders.append(rng.choice(RAW_FOLDERS))
        number = b"%d-%d" % (known.photo.id, copy)
        state = rng.choice(
            (FileState.INDEXED, FileState.INDEXED, FileState.PENDING, FileState.MISSING, FileState.FAILED)
        )
        _add_file(session, known, rng.choice((1, 2)), folders, number + rng.choice(NAMES).encode(), state)


def _add_file(session: Session, known: Known, library: int, folders: Sequence[bytes], name: bytes, state: str) -> File:
    stat = {"size_bytes": 1, "mtime_ns": 1, "inode": 1}
    path = b"/".join([*folders, name])
    file = File(library_id=library, path=path, name=fold_path(name), photo_id=known.photo.id, state=state, **stat)
    session.add(file)
    known.files.append(file)
    return file


def _companion(session: Session, rng: random.Random, main: Known) -> Known:
    """A raw file or a clip that goes with a photo; it is not shown itself."""
    kind = rng.choice(("raw", "video"))
    known = _photo(session, rng, 1000 + main.photo.id)
    known.photo.kind = kind
    known.photo.format, known.photo.duration_seconds = ("nef", None) if kind == "raw" else ("mp4", 2.0)
    session.flush()
    beside = main.present()[0]
    state = rng.choice((FileState.INDEXED, FileState.MISSING))
    file = _add_file(session, known, beside.library_id, [b"beside"], b"%d" % known.photo.id, state)
    file.companion_of = beside.id
    session.flush()
    if state in PRESENT:
        main.beside = kind
    return known


# --- values with their meanings --------------------------------------------------------------------------------------


def _typed(rng: random.Random, text: str) -> str:
    """As somebody may type it: in other case, with or without accents."""
    return rng.choice((text, text.upper(), text.lower(), bare(text), unicodedata.normalize("NFD", text)))


def _part(rng: random.Random, text: str) -> str:
    start = rng.randrange(len(text))
    part = text[start : start + rng.randrange(1, 8)].strip()
    return part if part and not set(part) & {"*", "?"} else "a"


def _camera(rng: random.Random) -> Value:
    part = _part(rng, rng.choice([each for each in CAMERAS if each]))
    return _typed(rng, part), lambda known: bare(part) in bare(known.photo.camera or "")


def _lens(rng: random.Random) -> Value:
    part = _part(rng, rng.choice([each for each in LENSES if each]))
    return _typed(rng, part), lambda known: bare(part) in bare(known.photo.lens or "")


def _number(attribute: Callable[[Photo], float | None], values: Sequence[float]) -> Callable[[random.Random], Value]:
    """A comparison with a number; single ones are tried apart, as they stand for a range of some quantities."""

    def value(rng: random.Random) -> Value:
        one, other = sorted(rng.sample(values, 2))
        text, holds = rng.choice(
            (
                (f">{one}", lambda number: number > one), (f">={one}", lambda number: number >= one),
                (f"<{other}", lambda number: number < other), (f"<= {other}", lambda number: number <= other),
                (f"{one}..{other}", lambda number: one <= number <= other), (f"..{one}", lambda number: number <= one),
                (f"{other}..", lambda number: number >= other),
            )
        )  # fmt: skip

        def meaning(known: Known) -> bool:
            number = attribute(known.photo)
            return number is not None and holds(number)

        return text, meaning

    return value


def _exactly(attribute: str, values: Sequence[int]) -> Callable[[random.Random], Value]:
    def value(rng: random.Random) -> Value:
        number = rng.choice(values)
        return rng.choice(("", "=")) + str(number), lambda known: getattr(known.photo, attribute) == number

    return value


def _rounded(rng: random.Random) -> Value:
    return "50mm", lambda known: known.photo.focal_length_mm is not None and 49.5 <= known.photo.focal_length_mm < 50.5


def _minute_and_a_half(rng: random.Random) -> Value:
    return rng.choice(("1:30", "90s", "90")), lambda known: 89.5 <= (known.photo.duration_seconds or 0) < 90.5


def _megabyte(rng: random.Random) -> Value:
    return rng.choice(("1MB", "1 Mo")), lambda known: 500_000 <= known.photo.size_bytes < 1_500_000


def _moment(rng: random.Random) -> tuple[str, date, date]:
    """A year, a month or a day with its first and last day."""
    day = rng.choice(DAYS)
    year = (str(day.year), date(day.year, 1, 1), date(day.year, 12, 31))
    following = (day.replace(day=1) + timedelta(days=31)).replace(day=1)
    month = (f"{day:%Y-%m}", day.replace(day=1), following - timedelta(days=1))
    return rng.choice((year, month, (day.isoformat(), day, day)))


def _date(rng: random.Random) -> Value:
    (text, first, _), (other, _, last) = sorted((_moment(rng), _moment(rng)), key=lambda each: each[1])
    if rng.random() < 0.5 or last < first:
        text, first, last = _moment(rng)
        return text, lambda known: first <= known.photo.timeline_at.date() <= last
    return f"{text}..{other}", lambda known: first <= known.photo.timeline_at.date() <= last


def _after(rng: random.Random) -> Value:
    text, first, _ = _moment(rng)
    return text, lambda known: known.photo.timeline_at.date() >= first


def _before(rng: random.Random) -> Value:
    text, first, _ = _moment(rng)
    return text, lambda known: known.photo.timeline_at.date() < first


def _year(rng: random.Random) -> Value:
    first = rng.randrange(2017, 2022)
    last = rng.randrange(first, 2022)
    text, start, end = rng.choice(
        ((str(first), first, first), (f"{first}..{last}", first, last), (f">{first}", first + 1, 9999))
    )
    return text, lambda known: start <= known.photo.timeline_at.year <= end


def _month(rng: random.Random) -> Value:
    text, months = rng.choice(
        (
            ("7", {7}),
            ("august", {8}),
            ("Août", {8}),
            ("6..8", {6, 7, 8}),
            ("nov..feb", {11, 12, 1, 2}),
            (">=11", {11, 12}),
        )
    )
    return text, lambda known: known.photo.timeline_at.month in months


def _added(rng: random.Random) -> Value:
    days = rng.randrange(6)
    first = TODAY - timedelta(days=days)
    return f"{days}d", lambda known: first <= known.photo.indexed_at.date() <= TODAY


def _folder(rng: random.Random) -> Value:
    run = rng.sample(FOLDERS, rng.choice((1, 1, 2)))
    typed = _typed(rng, "/".join(run))
    wanted = [bare(each) for each in run]

    def below(known: Known, runs: Callable[[list[str]], bool]) -> bool:
        folders = (
            [bare(each) for each in file.path.decode("utf-8", "replace").split("/")[:-1]] for file in known.present()
        )
        return any(runs(each) for each in folders)

    inside = lambda names: any(names[at : at + len(wanted)] == wanted for at in range(len(names)))  # noqa: E731
    part = wanted[0][1:-1]
    return rng.choice(
        (
            (typed, lambda known: below(known, inside)),
            (f"/{typed}/", lambda known: below(known, lambda names: names[: len(wanted)] == wanted)),
            (f"*{part}*", lambda known: below(known, lambda names: any(part in name for name in names))),
            (
                "caf?",
                lambda known: below(known, lambda names: any(name[:3] == "caf" and len(name) == 4 for name in names)),
            ),
        )
    )


def _name(rng: random.Random) -> Value:
    name = rng.choice(NAMES)
    part = _part(rng, name)

    def any_name(known: Known, holds: Callable[[str], bool]) -> bool:
        return any(holds(bare(file.path.rpartition(b"/")[2].decode())) for file in known.present())

    number, ending = str(rng.randrange(1, 10)), name[-4:]
    return rng.choice(
        (
            (_typed(rng, part), lambda known: any_name(known, lambda each: bare(part) in each)),
            (f"{number}-*", lambda known: any_name(known, lambda each: each.startswith(f"{number}-"))),
            (f"*{ending}", lambda known: any_name(known, lambda each: each.endswith(bare(ending)))),
            (f"{number}?0*", lambda known: any_name(known, lambda each: each[0] == number and each[2:3] == "0")),
        )
    )


def _library(rng: random.Random) -> Value:
    typed, number = rng.choice((("1", 1), ("PHOTO", 1), ("telephone", 2)))
    return typed, lambda known: any(file.library_id == number for file in known.present())


def _place(rng: random.Random) -> Value:
    def named(known: Known, *wanted: str) -> bool:
        names = [name for name in (known.place or ())[:6] if name]
        return all(any(has_run(name, words(each)) for name in names) for each in wanted)

    return rng.choice(
        (
            ("FR", lambda known: known.place is not None and known.place[6] == "FR"),
            ("grenoble", lambda known: named(known, "Grenoble")),
            ("york", lambda known: named(known, "York")),
            ("New York", lambda known: named(known, "New York")),
            ("york, etats-unis", lambda known: named(known, "York", "États-Unis")),
            ("rhone", lambda known: named(known, "Rhône")),
            ("greno", lambda known: named(known, "Grenoble")),  # no whole word is that
            ("Algérie", lambda known: named(known, "Algeria")),
        )
    )


def _near(rng: random.Random) -> Value:
    latitude = rng.choice((45.5, 45.5, 89.9, -90.0, rng.uniform(-90, 90)))
    longitude = rng.choice((5.5, 180.0, -179.9, 179.9, rng.uniform(-180, 180)))
    km = rng.choice((20, 100, 3000, 12_000, 30_000))
    here = _sphere(round(latitude, 6), round(longitude, 6))

    def meaning(known: Known) -> bool:
        if known.photo.latitude is None or known.photo.longitude is None:
            return False
        there = _sphere(known.photo.latitude, known.photo.longitude)
        return 6371.0 * math.atan2(float(np.linalg.norm(np.cross(here, there))), float(here @ there)) <= km

    return f"{latitude:.6f},{longitude:.6f},{km}km", meaning


def _sphere(latitude: float, longitude: float) -> Any:
    north, east = math.radians(latitude), math.radians(longitude)
    return np.array([math.cos(north) * math.cos(east), math.cos(north) * math.sin(east), math.sin(north)])


def _type(rng: random.Random) -> Value:
    return rng.choice(
        (
            ("photo", lambda known: known.photo.kind == "photo"),
            ("Vidéo", lambda known: known.photo.kind == "video"),
            ("raw", lambda known: known.photo.kind == "raw"),
            ("motion", lambda known: known.photo.motion_offset is not None),
            ("live", lambda known: known.beside == "video"),
        )
    )


def _is(rng: random.Random) -> Value:
    return rng.choice(
        (
            ("favorite", lambda known: known.photo.favourite),
            ("duplicate", lambda known: len(known.present()) > 1),
            ("rejected", lambda known: known.photo.rating == -1),
            ("portrait", lambda known: known.photo.height > known.photo.width),
            ("square", lambda known: known.photo.height == known.photo.width),
            ("landscape", lambda known: known.photo.height < known.photo.width),
        )
    )


def _has(rng: random.Random) -> Value:
    return rng.choice(
        (
            ("gps", lambda known: known.photo.latitude is not None),
            ("place", lambda known: known.photo.place_id is not None),
            ("date", lambda known: known.photo.taken_at is not None),
            ("people", lambda known: bool(known.photo.people)),
            ("keywords", lambda known: bool(known.photo.keywords)),
            ("title", lambda known: known.photo.title is not None),
            ("caption", lambda known: known.photo.caption is not None),
            ("rating", lambda known: known.photo.rating is not None),
            ("album", lambda known: bool(known.albums)),
            ("camera", lambda known: known.photo.camera is not None),
            ("lens", lambda known: known.photo.lens is not None),
            ("raw", lambda known: known.beside == "raw"),
            ("clip", lambda known: known.beside == "video"),
        )
    )


def _album(rng: random.Random) -> Value:
    typed, name = rng.choice((("1", "Summer 2019"), ("2019", "Summer 2019"), ("fete", "Fêtes"), ("f*s", "Fêtes")))
    return typed, lambda known: name in known.albums


def _listed(attribute: str, entries: Sequence[str]) -> Callable[[random.Random], Value]:
    def value(rng: random.Random) -> Value:
        wanted = words(rng.choice(entries))
        wanted = wanted[: rng.randrange(1, len(wanted) + 1)]
        typed = _typed(rng, " ".join(wanted))
        return typed, lambda known: any(has_run(entry, wanted) for entry in getattr(known.photo, attribute))

    return value


def _text(rng: random.Random) -> Value:
    part = _part(rng, rng.choice([each for each in (*TEXTS, *KEYWORDS) if each]))

    def meaning(known: Known) -> bool:
        texts = (known.photo.title, known.photo.caption, *known.photo.keywords)
        return any(bare(part) in bare(each) for each in texts if each)

    return _typed(rng, part), meaning


def _format(rng: random.Random) -> Value:
    typed, name = rng.choice((("JPG", "jpeg"), (".heic", "heif"), ("nef", "nef"), ("mp4", "mp4")))
    return typed, lambda known: known.photo.format == name


VALUES: dict[str, Sequence[Callable[[random.Random], Value]]] = {
    "camera": [_camera], "lens": [_lens], "date": [_date], "after": [_after], "before": [_before], "year": [_year],
    "month": [_month], "added": [_added], "folder": [_folder], "name": [_name], "library": [_library],
    "place": [_place], "near": [_near], "type": [_type], "is": [_is, _type], "has": [_has], "album": [_album],
    "keyword": [_listed("keywords", KEYWORDS)], "person": [_listed("people", PEOPLE)], "text": [_text],
    "format": [_format],
    "iso": [_number(lambda photo: photo.iso, (100, 400, 800, 801)), _exactly("iso", (100, 800))],
    "aperture": [_number(lambda photo: photo.f_number, (1.8, 2.0, 2.8))],
    "focal": [_number(lambda photo: photo.focal_length_mm, (23, 49.5, 50.4)), _rounded],
    "rating": [_number(lambda photo: photo.rating, (-1, 0, 3, 5)), _exactly("rating", (-1, 0, 5))],
    "width": [_number(lambda photo: photo.width, (100, 4000, 6000)), _exactly("width", (4000,))],
    "height": [_number(lambda photo: photo.height, (100, 3000, 4000))],
    "megapixels": [_number(lambda photo: photo.width * photo.height / 1e6, (0.01, 12, 24))],
    "duration": [_number(lambda photo: photo.duration_seconds, (5, 90, 200)), _minute_and_a_half],
    "size": [_number(lambda photo: photo.size_bytes, (499, 1_000_000, 5_000_000_000)), _megabyte],
    "id": [_number(lambda photo: photo.id, (3, 10, 20)), _exactly("id", (1, 5))],
}  # fmt: skip


def _filter(rng: random.Random, name: str) -> tuple[Filter, Meaning]:
    values = [rng.choice(VALUES[name])(rng) for _ in range(rng.choice((1, 1, 2, 3)))]
    negated = rng.random() < 0.3
    wanted = Filter(name, tuple(value for value, _ in values), negated)
    return wanted, lambda known: any(meaning(known) for _, meaning in values) is not negated


def test_every_filter_is_tried() -> None:
    assert set(VALUES) == set(filters.READERS)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), photos=st.integers(0, 60))
def test_filters_select_exactly_the_photos_that_they_mean(database: Database, seed: int, photos: int) -> None:
    rng = random.Random(seed)
    with database.write() as session:
        known = make(session, rng, photos)
        shown = [each for each in known if each.photo.visible]
        alone = [[name] for name in VALUES]
        several = [rng.choices(list(VALUES), k=rng.choice((2, 3))) for _ in range(10)]
        for names in alone + several:
            chosen = [_filter(rng, name) for name in names]
            compiled = filters.compile(session, [each for each, _ in chosen], today=TODAY)
            expected = [each.photo.id for each in shown if all(meaning(each) for _, meaning in chosen)]
            assert filters.photo_ids(session, compiled).tolist() == expected, chosen
            for at_most in {0, max(len(expected) - 1, 0), len(expected)}:
                assert filters.count(session, compiled, at_most) == min(len(expected), at_most + 1)
            given_ids = rng.sample(range(1, 1100), 200) + [each.photo.id for each in known]
            found = filters.which(session, compiled, np.array(given_ids, dtype=np.int64))
            assert found.tolist() == [photo_id in set(expected) for photo_id in given_ids], chosen
