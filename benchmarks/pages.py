#!/usr/bin/env python3
"""How fast are the pages of a large library: the server's time, their size, and what a browser makes of them?

    python benchmarks/pages.py [--size 100000] [--json FILE] [--no-browser]

A database of that many photos is made once and kept in the scratch folder: holidays, weekends and single days over
twenty years, all shapes, some videos, raw files and copies; embeddings as in `search.py`, for the starter encoder;
every photo has a real thumbnail, of a few dozen that are drawn. Server times are of whole requests in this process,
each asked for the first time. The browser is Chromium, with a server in a process of its own on the same cores.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
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
from search import World, built_elsewhere, server

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
QUERIES = ("a dog", "two people", "a red car", "food on a table", "mountains", "a child", "a cat", "flowers", "a boat")


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


# --- the server's time -------------------------------------------------------------------------------------------


def requests(data: Path, count: int) -> dict[str, dict[str, float]]:
    """Milliseconds and kilobytes of pages by kind: p50, p95 and the most, of requests in this process."""
    from photoindex.config import Settings
    from photoindex.web import create_app, start_warming

    app = create_app(Settings(data=data))
    start_warming(app)
    client = app.test_client()
    try:
        while client.get("/readyz").status_code != 200:
            time.sleep(0.1)
        client.get("/")
        return {name: _asked(client, addresses) for name, addresses in _addresses(client, count).items()}
    finally:
        app.extensions["photoindex"].close()


def _addresses(client: Any, count: int) -> dict[str, list[str]]:
    """Of each kind of page, addresses at all depths, no two alike. Queries have been asked once, with other sizes."""
    chooser = np.random.default_rng(1)
    days = [
        datetime(2005, 1, 1) + timedelta(days=int(day)) for day in chooser.choice(20 * 365, 3 * count, replace=False)
    ]
    at = [f"{day:%Y-%m-%d}" for day in days]
    queries = [
        f"{what} {where}" for what in QUERIES for where in ("by the sea", "at night", "in a garden", "in winter")
    ]
    for query in queries:
        client.get("/api/v1/search", query_string={"q": query, "limit": 1})
    return {
        "timeline, first page": ["/"] * count,
        "timeline, newest fifth": [f"/?at={day}" for day in sorted(at)[-count // 2 :]],
        "timeline, oldest fifth": [f"/?at={day}" for day in sorted(at)[: count // 2]],
        "timeline, any depth": [f"/?at={day}" for day in at[:count]],
        "timeline, appended part": [f"/timeline?at={day}" for day in at[count : 2 * count]],
        "search": [f"/search?q={query.replace(' ', '+')}" for query in queries[:count]],
    }


def _asked(client: Any, addresses: Sequence[str]) -> dict[str, float]:
    took, sizes = [], []
    for address in addresses:
        began = time.perf_counter()
        answer = client.get(address)
        took.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200, (address, answer.status)
        sizes.append(len(answer.data) / 1000)
    return {
        "p50 ms": statistics.median(took),
        "p95 ms": float(np.percentile(took, 95)),
        "most ms": max(took),
        "most kB": max(sizes),
    }


# --- in a browser ------------------------------------------------------------------------------------------------

_WATCH = """
    window.seen = {lcp: 0, cls: 0, shifts: []};
    new PerformanceObserver(list => { for (const e of list.getEntries()) seen.lcp = e.startTime; })
        .observe({type: 'largest-contentful-paint', buffered: true});
    new PerformanceObserver(list => { for (const e of list.getEntries()) if (!e.hadRecentInput) {
        seen.cls += e.value; seen.shifts.push(e.value); } })
        .observe({type: 'layout-shift', buffered: true});
"""
_COUNT = "() => [document.querySelectorAll('.card').length, document.querySelectorAll('*').length]"


def browse(data: Path, photos: int, rounds: int) -> dict[str, Any]:
    """What Chromium says of pages: when the largest picture is there, how much moves, and what scrolling leaves."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with server(data) as (url, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        found: dict[str, Any] = {}
        for name, width, height in (("desk", 1280, 800), ("phone", 390, 844), ("large", 2560, 1400)):
            for kind, address in (
                ("first page", "/"),
                ("a date", "/?at=2012-03"),
                ("search", "/search?q=dogs+at+night"),
            ):
                vitals = [_vitals(browser, url + address, width, height) for _ in range(rounds)]
                found[f"{kind}, {name}"] = {
                    "LCP ms": statistics.median(each["lcp"] for each in vitals),
                    "CLS": max(each["cls"] for each in vitals),
                }
        found["scrolling"] = _scroll(browser, url, photos)
        browser.close()
    return found


def _vitals(browser: Any, address: str, width: int, height: int) -> dict[str, Any]:
    context = browser.new_context(viewport={"width": width, "height": height})
    context.add_init_script(_WATCH)
    page = context.new_page()
    page.goto(address, wait_until="load")
    page.wait_for_timeout(1500)
    seen: dict[str, Any] = page.evaluate("seen")
    context.close()
    return seen


def _scroll(browser: Any, url: str, photos: int) -> list[dict[str, float]]:
    """Scroll down until so many photos have come by; what is in memory each tenth of the way, after collecting."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_init_script(_WATCH)
    page = context.new_page()
    page.goto(url, wait_until="load")
    devtools = context.new_cdp_session(page)
    devtools.send("Performance.enable")
    page.mouse.move(640, 400)
    seen: set[str] = set()
    measured: list[dict[str, float]] = []
    while len(seen) < photos:
        page.mouse.wheel(0, 600)
        page.wait_for_timeout(30)
        seen.update(page.evaluate("[...document.querySelectorAll('.picture')].map(each => each.pathname)"))
        if len(seen) >= photos * (len(measured) + 1) / 10:
            devtools.send("HeapProfiler.collectGarbage")
            metrics = {each["name"]: each["value"] for each in devtools.send("Performance.getMetrics")["metrics"]}
            cards, elements = page.evaluate(_COUNT)
            measured.append(
                {
                    "photos": len(seen),
                    "heap MB": metrics["JSHeapUsedSize"] / 1e6,
                    "nodes": metrics["Nodes"],
                    "elements": elements,
                    "cards": cards,
                    "CLS": page.evaluate("seen.cls"),
                }
            )
    context.close()
    return measured


# --- all of it ---------------------------------------------------------------------------------------------------


def show(report: dict[str, Any]) -> None:
    """The tables."""
    print(f"{'server':<28}{'p50 ms':>9}{'p95 ms':>9}{'most ms':>9}{'most kB':>9}")
    for name, row in report["server"].items():
        print(f"{name:<28}" + "".join(f"{row[key]:>9.1f}" for key in ("p50 ms", "p95 ms", "most ms", "most kB")))
    if "browser" not in report:
        return
    print(f"\n{'in Chromium':<28}{'LCP ms':>9}{'CLS':>9}")
    for name, row in report["browser"].items():
        if name != "scrolling":
            print(f"{name:<28}{row['LCP ms']:>9.0f}{row['CLS']:>9.4f}")
    print(f"\n{'scrolled past':<14}{'heap MB':>9}{'nodes':>9}{'elements':>10}{'cards':>8}{'CLS':>9}")
    for row in report["browser"]["scrolling"]:
        print(
            f"{row['photos']:<14,}{row['heap MB']:>9.2f}{row['nodes']:>9.0f}{row['elements']:>10}{row['cards']:>8}"
            f"{row['CLS']:>9.4f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=100, help="how many of each kind of page")
    parser.add_argument("--scroll", type=int, default=5000, help="how many photos to scroll past")
    parser.add_argument("--rounds", type=int, default=3, help="how often each page is opened in the browser")
    parser.add_argument("--no-browser", action="store_true")
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()) / "photoindex-pages")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    arguments = parser.parse_args()
    data = arguments.scratch.resolve() / str(arguments.size)
    make_library(data, arguments.size)
    report: dict[str, Any] = {
        "machine": f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}",
        "photos": arguments.size,
        "server": requests(data, arguments.requests),
    }
    if not arguments.no_browser:
        report["browser"] = browse(data, arguments.scroll, arguments.rounds)
    show(report)
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
