#!/usr/bin/env python3
"""How fast are the pages of a large library: the server's time, their size, and what a browser makes of them?

    python benchmarks/pages.py [--size 100000] [--json FILE] [--no-browser]

A database of that many photos is made once and kept in the scratch folder (`pages_library.py`): holidays, weekends and
single days over twenty years, at home and in 300 towns, all shapes, some videos, raw files and copies; embeddings as in
`search.py`, for the starter encoder; every photo has a real thumbnail, of a few dozen that are drawn. Server times are
of whole requests in this process, of the timeline each asked for the first time; then once more beside a process that
stores 32 photos a second. The browser is Chromium, with a server in a process of its own on the same cores.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from pages_library import TOWNS, make_library, writing
from search import server

QUERIES = ("a dog", "two people", "a red car", "food on a table", "mountains", "a child", "a cat", "flowers", "a boat")


# --- the server's time -------------------------------------------------------------------------------------------


def requests(data: Path, count: int, only: str) -> dict[str, dict[str, float]]:
    """Milliseconds and kilobytes of pages by kind: p50, p95 and the most, of requests in this process.

    `only` those kinds that have it in their names.
    """
    from photoindex.config import Settings
    from photoindex.web import create_app, start_warming

    app = create_app(Settings(data=data))
    start_warming(app)
    client = app.test_client()
    try:
        while client.get("/readyz").status_code != 200:
            time.sleep(0.1)
        client.get("/")
        kinds = {**_addresses(client, count), **_ways(count)}
        return {name: _asked(client, addresses) for name, addresses in kinds.items() if only in name}
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


def _ways(count: int) -> dict[str, list[str]]:
    """The other pages that people browse. Of those that are but one page, that page again and again."""
    chooser = np.random.default_rng(2)
    world = "/places/clusters?bbox=-180,-90,180,90&zoom={}"
    near = [
        f"/places/clusters?bbox={west - 9},{south - 6},{west + 9},{south + 6}&zoom={6 + number % 7}"
        for number, (south, west) in enumerate(TOWNS)
    ]
    home = "/places/clusters?bbox={},{},{},{}&zoom=12".format(*(TOWNS[0][n % 2] + (n // 2) - 0.5 for n in (1, 0, 3, 2)))
    days = [datetime(2005, 1, 1) + timedelta(days=int(day)) for day in chooser.choice(20 * 365, count, replace=False)]
    pages = {
        "folder, a library": "/folders/1",
        "places": "/places",
        "cameras": "/cameras",
        "on this day": "/on-this-day",
        "recently added": "/recent",
        "duplicates": "/duplicates",
        "bursts": "/duplicates?kind=burst",
        "problems": "/problems",
        "explore": "/explore",
        "albums": "/albums",
        "album": "/albums/1",
        "saved searches": "/saved",
        "hidden": "/hidden",
        "status": "/status",
        "settings": "/settings",
    }
    return {
        "map, world": [world.format(2 + number % 3) for number in range(count)],
        "map, near": (near * count)[:count],
        "map, home": [home] * count,
        "folder, a year": [f"/folders/1?path={day:%Y}" for day in days],
        "folder, a day": [f"/folders/1?path={day:%Y/%Y-%m-%d}" for day in days],
        "photo": [f"/photos/{number}" for number in chooser.integers(1, 50 * count, count)],
        **{name: [address] * count for name, address in pages.items()},
    }


def _asked(client: Any, addresses: Sequence[str]) -> dict[str, float]:
    took, worked, sizes = [], [], []
    for address in addresses:
        began, began_work = time.perf_counter(), time.process_time()
        answer = client.get(address)
        took.append((time.perf_counter() - began) * 1000)
        worked.append((time.process_time() - began_work) * 1000)
        assert answer.status_code in (200, 404), (address, answer.status)  # a day without photos has no folder
        sizes.append(len(answer.data) / 1000)
    return {
        "p50 ms": statistics.median(took),
        "p95 ms": float(np.percentile(took, 95)),
        "most ms": max(took),
        "p95 CPU": float(np.percentile(worked, 95)),
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


_COLUMNS = ("p50 ms", "p95 ms", "most ms", "p95 CPU", "most kB")


def show(report: dict[str, Any]) -> None:
    """The tables."""
    for title in ("server", "beside a writer"):
        print(f"{title:<28}{'p50 ms':>9}{'p95 ms':>9}{'most ms':>9}{'p95 CPU':>9}{'most kB':>9}")
        for name, row in report[title].items():
            print(f"{name:<28}" + "".join(f"{row[key]:>9.1f}" for key in _COLUMNS))
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
    parser.add_argument("--only", default="", help="of these kinds of pages: a part of their names")
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
        "server": requests(data, arguments.requests, arguments.only),
    }
    with writing(data):
        report["beside a writer"] = requests(data, arguments.requests, arguments.only)
    if not arguments.no_browser:
        report["browser"] = browse(data, arguments.scroll, arguments.rounds)
    show(report)
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
