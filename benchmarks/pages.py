#!/usr/bin/env python3
"""How fast are the pages of a large library: the server's time, their size, and what a browser makes of them?

    python benchmarks/pages.py [--size 100000] [--json FILE] [--no-browser]

A database of that many photos is made once and kept in the scratch folder: holidays, weekends and single days over
twenty years, all shapes, some videos, raw files and copies; embeddings as in `search.py`, for the starter encoder;
every photo has a real thumbnail, of a few dozen that are drawn. Server times are of whole requests in this process,
each asked for the first time. The browser is Chromium, with a server in a process of its own on the same cores.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from PIL import Image
from search import World, built_elsewhere

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
GOALS = {"server ms": 50.0, "search ms": 150.0, "kB": 250.0, "LCP ms": 1200.0, "CLS": 0.02}


# --- the library -------------------------------------------------------------------------------------------------


def make_library(data: Path, count: int) -> None:
    """Photos with files, embeddings and thumbnails. Some minutes for 100,000."""
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
        for start in range(0, count, CHUNK):
            ids = range(start + 1, min(count, start + CHUNK) + 1)
            _add(database, data, library.id, ids, moments, world, drawn)
            print(f"\rmaking {ids[-1]:,} photos", end="", file=sys.stderr)
        print(file=sys.stderr)
        database.checkpoint()
    if count >= BUILD_FROM:
        built_elsewhere(data, None)
    (data / "made").touch()


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
    for photo_id, shape in zip(ids, shapes, strict=True):
        content_hash = blake2b(str(photo_id).encode(), digest_size=32).digest()
        (width, height), when = SHAPES[shape], moments[photo_id - 1]
        picture, colour = drawn[shape][photo_id % len(drawn[shape])]
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
