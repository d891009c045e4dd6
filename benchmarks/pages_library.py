"""A library as large as people's largest, made of nothing, and a writer beside it: for measuring pages.

`pages.py` uses it. `python benchmarks/pages_library.py DATA` stores new photos in that library until it is ended.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from search import World, built_elsewhere

TOWNS = [
    (float(latitude), float(longitude))
    for latitude, longitude in np.random.default_rng(5).uniform((-45, -120), (65, 150), (300, 2))
]
"""Home, and where people have been: degrees."""
CHUNK = 10_000
THUMBNAILS = 48
SHAPES = (
    (4000, 3000),
    (3000, 4000),
    (6000, 4000),
    (4000, 6000),
    (4032, 2268),
    (1080, 2340),
    (3000, 3000),
    (12000, 3000),
)
SHAPE_SHARES = (0.34, 0.2, 0.2, 0.08, 0.08, 0.05, 0.04, 0.01)


def make_library(data: Path, count: int) -> None:
    """Photos with files, places, embeddings and thumbnails, some alike, some in albums. Some minutes for 100,000."""
    from photoindex import embeddings, encoders, libraries
    from photoindex.daemon.snapshots import BUILD_FROM
    from photoindex.database import open_database

    if (data / "made").exists():
        return
    shutil.rmtree(data, ignore_errors=True)
    info = encoders.load(encoders.STARTER, "text", "cpu").info
    (data / "library").mkdir(parents=True)
    drawn = _draw_thumbnails(data / "drawn")
    with closing(open_database(data / "photoindex.db", checkpoints=True)) as database:
        with database.write() as session:
            library = libraries.add(session, data / "library")
            embeddings.register_encoder(
                session,
                name=info.name,
                fingerprint=info.fingerprint,
                dim=info.dim,
                multilingual=False,
                text_range=(0.0, 1.0),
                image_range=(0.0, 1.0),
            )
        world, moments = World(count, info.dim), _moments(count)
        _add_places(database)
        for start in range(0, count, CHUNK):
            ids = range(start + 1, min(count, start + CHUNK) + 1)
            _add(database, data, library.id, ids, moments[start : ids.stop - 1], world, drawn)
            print(f"\rmaking {ids[-1]:,} photos", end="", file=sys.stderr)
        print(file=sys.stderr)
        _add_what_people_make(database, library.id, count)
        database.checkpoint()
    if count >= BUILD_FROM:
        built_elsewhere(data, None)
    (data / "made").touch()


def _town(when: datetime) -> int:
    """Where people were on a day: half of the days at home, else somewhere in the world."""
    chance = int.from_bytes(blake2b(f"{when:%Y-%m-%d}".encode(), digest_size=8).digest(), "big")
    return 0 if chance % 2 else chance // 2 % len(TOWNS)


def _add_places(database: Any) -> None:
    from sqlalchemy import insert

    from photoindex.models import Place

    countries = [(f"Country {number}", f"{chr(65 + number // 26)}{chr(65 + number % 26)}") for number in range(60)]
    rows = []
    for number in range(len(TOWNS)):
        country, code = countries[number % len(countries)]
        names = {"city": f"Town {number}", "region": f"Region {number // 5}", "country": country}
        french = {f"{key}_fr": name for key, name in names.items()}
        rows.append({"id": number + 1, "geoname_id": number + 1, "country_code": code, **names, **french})
    with database.write() as session:
        session.execute(insert(Place), rows)


def _add_what_people_make(database: Any, library_id: int, count: int) -> None:
    """Albums, saved searches, bursts, and some files that could not be read."""
    from sqlalchemy import insert

    from photoindex import collections, saved_searches
    from photoindex.models import File, FileState, Likeness

    bursts = range(1, count - 4, 50)
    failed = [
        {
            "library_id": library_id,
            "path": b"broken/%d.jpg" % number,
            "state": FileState.FAILED,
            "reason": "broken",
            "detail": "broken data stream",
            "size_bytes": 1000,
            "mtime_ns": 1,
            "inode": -1 - number,
        }
        for number in range(count // 200)
    ]
    with database.write() as session:
        session.execute(
            insert(Likeness), [{"photo_id": i + n, "kind": "burst", "key_id": i} for i in bursts for n in range(4)]
        )
        session.execute(insert(File), failed)
        for number in range(20):
            album = collections.create_album(session, f"Album {number}")
            collections.add_to_album(session, album.id, range(1 + number, count + 1, max(1, count // 500)))
            saved_searches.create(session, f"Search {number}", f"camera:{number % 7} lens:{number}")


def _moments(count: int) -> list[datetime]:
    """When each photo was taken, oldest first: days with a few photos, weekends with dozens, holidays with hundreds."""
    chooser = np.random.default_rng(3)
    days: list[int] = []
    while len(days) < count:
        day = int(chooser.integers(0, 20 * 365))
        kind = chooser.random()
        if kind < 0.15:
            for later in range(int(chooser.integers(3, 15))):
                days += [day + later] * int(chooser.integers(20, 250))
        else:
            days += [day] * int(chooser.integers(1, 6) if kind < 0.7 else chooser.integers(10, 80))
    days = sorted(days[:count])
    seconds = chooser.integers(8 * 3600, 22 * 3600, count)
    first = datetime(2005, 1, 1)
    return sorted(first + timedelta(days=day, seconds=int(second)) for day, second in zip(days, seconds, strict=True))


def _draw_thumbnails(folder: Path) -> list[list[tuple[Path, int]]]:
    """For each of SHAPES some JPEGs of it, some 30 kB each, with their colours."""
    from photoindex.media.dominant import dominant_colour
    from photoindex.media.thumbnails import make_thumbnail

    folder.mkdir()
    drawn: list[list[tuple[Path, int]]] = []
    for width, height in SHAPES:
        of_shape = []
        for number in range(THUMBNAILS // len(SHAPES)):
            chooser = np.random.default_rng([width, height, number])
            size = tuple(max(1, round(512 * edge / max(width, height))) for edge in (width, height))
            coarse = chooser.integers(0, 256, (6, 8, 3), dtype=np.uint8)
            soft = np.asarray(Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)).astype(np.int16)
            noisy = (soft + chooser.integers(-12, 13, soft.shape, dtype=np.int16)).clip(0, 255).astype(np.uint8)
            path = folder / f"{width}x{height}-{number}.jpg"
            path.write_bytes(make_thumbnail(Image.fromarray(noisy)))
            of_shape.append((path, dominant_colour(Image.fromarray(noisy))))
        drawn.append(of_shape)
    return drawn


def _add(
    database: Any,
    data: Path,
    library_id: int,
    ids: range,
    moments: Sequence[datetime],
    world: World,
    drawn: Sequence[Sequence[tuple[Path, int]]],
) -> None:
    from sqlalchemy import insert, text

    from photoindex import files
    from photoindex.media import thumbnail_path
    from photoindex.models import Embedding, File, FileState, Photo

    chooser = np.random.default_rng(ids.start)
    rows = world.photos(chooser, len(ids)).astype("<f2")
    shapes = chooser.choice(len(SHAPES), len(ids), p=SHAPE_SHARES)
    new_photos, new_files = [], []
    spread = chooser.normal(0, 0.03, (len(ids), 2))
    for photo_id, shape in zip(ids, shapes, strict=True):
        content_hash = blake2b(str(photo_id).encode(), digest_size=32).digest()
        (width, height), when = SHAPES[shape], moments[photo_id - ids.start]
        picture, colour = drawn[shape][photo_id % len(drawn[shape])]
        town = _town(when) if photo_id % 5 else None
        thumbnail = thumbnail_path(data / "thumbnails", content_hash)
        thumbnail.parent.mkdir(parents=True, exist_ok=True)
        os.link(picture, thumbnail)
        kind, format = (
            ("video", "mp4") if photo_id % 20 == 0 else ("raw", "cr2") if photo_id % 33 == 0 else ("photo", "jpeg")
        )
        new_photos.append(
            {
                "id": photo_id,
                "content_hash": content_hash,
                "kind": kind,
                "format": format,
                "width": width,
                "height": height,
                "duration_seconds": 42.0 if kind == "video" else None,
                "size_bytes": 3_500_000,
                "taken_at": when,
                "taken_at_source": "exif",
                "timeline_at": when,
                "camera": f"Camera {photo_id % 7}",
                "lens": f"Lens {photo_id % 23}",
                "latitude": TOWNS[town][0] + spread[photo_id - ids.start, 0] if town is not None else None,
                "longitude": TOWNS[town][1] + spread[photo_id - ids.start, 1] if town is not None else None,
                "place_id": town + 1 if town is not None else None,
                "colour": colour,
                "favourite": photo_id % 50 == 0,
            }
        )
        for copy in range(2 if photo_id % 25 == 0 else 1):
            path = f"{when:%Y/%Y-%m-%d}/IMG_{photo_id:07}{' copy' * copy}.{format}".encode()
            new_files.append(
                {
                    "library_id": library_id,
                    "path": path,
                    "stem": files.stem(path),
                    "state": FileState.INDEXED,
                    "photo_id": photo_id,
                    "size_bytes": 3_500_000,
                    "mtime_ns": 1,
                    "inode": 2 * photo_id + copy,
                }
            )
    with database.write() as session:
        session.execute(text("PRAGMA cache_size = -400000"))
        session.execute(insert(Photo), new_photos)
        session.execute(insert(File), new_files)
        session.execute(
            insert(Embedding),
            [{"encoder_id": 1, "photo_id": i, "vector": v.tobytes()} for i, v in zip(ids, rows, strict=True)],
        )
        session.execute(
            text("INSERT INTO vec_1 (photo_id, embedding) VALUES (:id, :vector)"),
            [{"id": i, "vector": v.astype("<f4").tobytes()} for i, v in zip(ids, rows, strict=True)],
        )


# --- a writer beside it ------------------------------------------------------------------------------------------

WRITTEN_AT_ONCE = 16
WRITES_A_SECOND = 2


@contextmanager
def writing(data: Path) -> Iterator[None]:
    """Meanwhile another process stores photos in transactions like the daemon's."""
    process = subprocess.Popen([sys.executable, __file__, str(data)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()  # it has begun
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _write_for_ever(data: Path) -> None:
    from sqlalchemy import text

    from photoindex import embeddings
    from photoindex.database import open_database

    drawn = [sorted((data / "drawn").glob(f"{width}x{height}-*.jpg")) for width, height in SHAPES]
    pictures = [[(path, -1) for path in of_shape] for of_shape in drawn]
    with closing(open_database(data / "photoindex.db", checkpoints=True)) as database:
        with database.read() as session:
            encoder = embeddings.active_encoder(session)
            first: int = session.execute(text("SELECT max(id) FROM photo")).scalar_one() + 1
        assert encoder is not None
        world = World(first, encoder.dim)
        while True:
            ids = range(first, first + WRITTEN_AT_ONCE)
            now = [datetime(2026, 1, 1) + timedelta(seconds=photo_id) for photo_id in ids]
            _add(database, data, 1, ids, now, world, pictures)
            print(ids.stop, flush=True)
            first = ids.stop
            time.sleep(1 / WRITES_A_SECOND)


if __name__ == "__main__":
    _write_for_ever(Path(sys.argv[1]))
