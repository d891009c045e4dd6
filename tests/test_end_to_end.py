"""From a folder of photos to a found one, as a user has it: `photoindex up` with the real starter, browser and curl."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import ARGUMENTS, CHROMIUM
from command_line import COMMAND, environment, read_status, wait_until
from playwright.sync_api import sync_playwright

CONFINED = environment(PHOTOINDEX_ISOLATION="on")
"""As users have it: other tests of commands do without."""

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no chromium or google-chrome is installed")


class Running:
    """A running `photoindex up` over one folder of real photos."""

    def __init__(self, folder: Path, data: Path) -> None:
        self.folder, self.data = folder, data
        command = [*COMMAND, "up", str(folder), "--data", str(data), "--port", "0", "--encoder", "starter"]
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=CONFINED,
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().split()[3].rstrip("/")

    def wait_until_indexed(self, count: int, seconds: float = 60) -> None:
        wait_until(lambda: read_status(self.data).files.indexed == count, seconds)

    def search(self, query: str, limit: int = 5) -> list[str]:
        """File names, best first, through the API by curl where there is one."""
        address = f"{self.url}/api/v1/search?{urllib.parse.urlencode({'q': query, 'limit': limit})}"
        if shutil.which("curl"):
            answer = subprocess.run(["curl", "-sf", address], check=True, capture_output=True).stdout
        else:
            answer = urllib.request.urlopen(address, timeout=30).read()
        return [result["filename"] for result in json.loads(answer)["results"]]

    def search_in_browser(self, query: str) -> list[str]:
        """File names, best first, as a person finds them: typed into the box of the first page."""
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(self.url + "/")
            page.locator("#q").fill(query)
            page.locator("#q").press("Enter")
            page.wait_for_url("**/search?*")
            alts = [image.get_attribute("alt") or "" for image in page.locator("main img").all()]
            browser.close()
        return [alt.split(",")[0] for alt in alts]

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(60) == 0
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The pictures of `photoindex demo`."""
    folder = tmp_path_factory.mktemp("sample")
    subprocess.run(
        [*COMMAND, "demo", str(folder / "demo")],
        check=True,
        capture_output=True,
        env=CONFINED,
    )
    running = Running(folder / "demo", folder / "data")
    try:
        running.wait_until_indexed(13)
        yield running
    finally:
        running.stop()


@pytest.mark.parametrize(
    ("query", "photo"),
    [("cat", "chelsea.png"), ("a cup of coffee", "coffee.png"), ("a horse", "horse.png"), ("rocket", "rocket.jpg")],
)
def test_a_description_finds_the_sample_photo(sample: Running, query: str, photo: str) -> None:
    assert sample.search(query)[0] == photo


@needs_chromium
def test_the_browser_shows_the_cat_first(sample: Running) -> None:
    assert sample.search_in_browser("cat")[0] == "chelsea.png"


def test_a_photo_copied_in_is_found_and_one_deleted_is_not(sample: Running) -> None:
    shutil.copy(sample.folder / "chelsea.png", sample.folder / "copy of the cat.png")
    sample.wait_until_indexed(14)
    assert sample.search("cat") == ["chelsea.png"]  # a copy is a second file of the same photo
    os.unlink(sample.folder / "chelsea.png")
    wait_until(lambda: sample.search("cat")[0] == "copy of the cat.png", 5)
    os.rename(sample.folder / "copy of the cat.png", sample.folder / "chelsea.png")
    wait_until(lambda: sample.search("cat")[0] == "chelsea.png", 5)


@pytest.fixture(scope="module")
def real(shared_photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = Running(shared_photos, tmp_path_factory.mktemp("real") / "data")
    try:
        running.wait_until_indexed(300, 240)
        yield running
    finally:
        running.stop()


def labels(folder: Path, names: list[str]) -> list[str]:
    with (folder / "labels.csv").open(newline="") as stream:
        known = {row["file"]: row["label"] for row in csv.DictReader(stream)}
    return [known[name] for name in names]


DOGS = (
    "terrier",
    "dog",
    "retriever",
    "Appenzeller",
    "spaniel",
    "hound",
    "poodle",
    "pug",
    "boxer",
    "husky",
    "collie",
    "Airedale",
)


@needs_chromium
def test_the_right_animals_come_first_among_three_hundred(real: Running) -> None:
    for names in (real.search("cat", 3), real.search_in_browser("cat")[:3]):
        found = labels(real.folder, names)
        assert found[0] == "tabby" and set(found) == {"tabby", "lynx", "jaguar"}
    for names in (real.search("a dog playing outside"), real.search_in_browser("a dog playing outside")[:5]):
        assert all(label.endswith(DOGS) for label in labels(real.folder, names)), names


@pytest.mark.long  # every day, the encoder's own tests find some of these photos by their labels
def test_labels_find_their_photos_as_the_benchmark_measures(shared_photos: Path) -> None:
    benchmark = Path(__file__).parents[1] / "benchmarks" / "quality.py"
    done = subprocess.run(
        [sys.executable, str(benchmark), str(shared_photos), "--no-cutoff"],
        check=True,
        capture_output=True,
        text=True,
        env=CONFINED,
    )
    figures = json.loads(done.stdout.splitlines()[-1])["phrasings"]["a photo of a {}"]
    assert figures["recall@1"] >= 0.85
    assert figures["recall@10"] >= 0.95
