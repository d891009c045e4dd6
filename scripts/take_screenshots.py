#!/usr/bin/env python3
"""Photograph the chief pages, for people to look at: at a desk and on a phone, light and dark, English and French.

    scripts/screenshots [--to artefacts/screenshots] [--only NAME]

The photos on them are drawn, or free (`sample_photos.py`). A page that complains or is wider than its window fails.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sample_photos
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
PHOTOS = 48
SIZES = {"desk": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844}}
LOOKS = (("en", "light"), ("en", "dark"), ("fr", "light"))
PAGES = {
    "photos": "/",
    "search": "/search?q=a+cup+of+coffee",
    "photo": "/photos/20",
    "explore": "/explore",
    "places": "/places",
    "folder": "/folders/1",
    "album": "/albums/1",
    "status": "/status",
    "settings": "/settings",
}
_DRAWN = """
    [...document.querySelectorAll('main img')].filter(each => each.getBoundingClientRect().top < innerHeight)
    .every(each => each.complete)
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--to", type=Path, default=ROOT / "artefacts" / "screenshots", metavar="FOLDER")
    parser.add_argument("--only", default="", help="pages that have this in their names")
    arguments = parser.parse_args()
    pages = {name: address for name, address in PAGES.items() if arguments.only in name}
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        print("there is no Chromium; on Debian: apt install chromium", file=sys.stderr)
        return 1
    arguments.to.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home, gallery(Path(home)) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        faults = [
            fault
            for size in SIZES
            for language, theme in LOOKS
            for fault in take(browser, url, arguments.to, pages, size, language, theme)
        ]
        browser.close()
    print("\n".join(faults) or f"screenshots are in {arguments.to}")
    return 1 if faults else 0


@contextmanager
def gallery(home: Path) -> Iterator[str]:
    """The address of a server over sample photos."""
    photos, data = home / "Photos", home / "data"
    sample_photos.make(photos, PHOTOS)
    photoindex = [sys.executable, "-m", "photoindex"]
    quiet = {**os.environ, "OMP_NUM_THREADS": "1"}
    index = [*photoindex, "index", "--data", str(data), "--encoder", "starter", str(photos)]
    subprocess.run(index, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=quiet)
    serve = [*photoindex, "serve", "--port", "0", "--data", str(data)]
    process = subprocess.Popen(serve, stdout=subprocess.PIPE, text=True, env=quiet)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().split(" is at ")[1].split("/ - ")[0]
        name_an_album(url)
        yield url
    finally:
        process.terminate()
        process.wait()


def name_an_album(url: str) -> None:
    """With a few photos in it, through the API."""
    send(f"{url}/api/v1/albums", "POST", b'{"name": "Best of the coast"}')
    for photo_id in range(14, 26):
        send(f"{url}/api/v1/albums/1/photos/{photo_id}", "PUT", None)


def send(address: str, method: str, body: bytes | None) -> None:
    headers = {"Content-Type": "application/json"} if body else {}
    urllib.request.urlopen(urllib.request.Request(address, body, headers, method=method), timeout=30).close()


def take(
    browser: Browser, url: str, folder: Path, pages: dict[str, str], size: str, language: str, theme: Any
) -> Iterator[str]:
    """Photograph the pages in one look; yields what is wrong with them."""
    context = browser.new_context(viewport=SIZES[size], locale=language, color_scheme=theme)  # type: ignore[arg-type]
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    for name, address in pages.items():
        page.goto(url + address, wait_until="load")
        wait_for_pictures(page)
        page.screenshot(path=folder / f"{name}-{size}-{language}-{theme}.png")
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            complaints.append("is wider than its window")
        yield from (f"{name}, {size}, {language}, {theme}: {complaint}" for complaint in complaints)
        complaints.clear()
    context.close()


def wait_for_pictures(page: Page) -> None:
    for _ in range(100):
        if page.evaluate(_DRAWN):
            return
        page.wait_for_timeout(30)


if __name__ == "__main__":
    sys.exit(main())
