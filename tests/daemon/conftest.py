"""A daemon on drawn photos, in this process or in one of its own, with an encoder that needs no weights."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from colour_encoder import ColourEncoder
from command_line import read_status, reopen, wait_until
from drawing import draw_photo
from faults.invariants import assert_invariants

from photoindex import files, libraries, photos, status, timeline
from photoindex.config import Settings, load_settings
from photoindex.daemon import service
from photoindex.daemon.choosing import Tell
from photoindex.database import Database
from photoindex.embeddings import StoredEncoder
from photoindex.photos import PhotoInfo
from photoindex.search import SearchEngine, TextTower

__all__ = ["Home", "assert_invariants", "eventually", "home", "running"]


@dataclass
class Home:
    """A data folder and one library, and what a test does with them."""

    settings: Settings
    root: Path
    encoder: ColourEncoder = field(default_factory=ColourEncoder)

    def load_encoder(
        self, _settings: Settings, _stored: Sequence[StoredEncoder], _tell: Tell
    ) -> tuple[ColourEncoder, None]:
        return self.encoder, None

    def open(self) -> Database:
        return reopen(self.settings.database)

    def index(self) -> service.Progress:
        """Scan and index until nothing is left to do."""
        return service.run(self.settings, stop=threading.Event(), watch=False, load_encoder=self.load_encoder)

    def photos(self) -> list[PhotoInfo]:
        """All visible photos, by file name."""
        database = self.open()
        with database.read() as session:
            found = photos.get_many(session, [each.photo_id for each in timeline.older(session, 10_000)])
        database.close()
        return sorted(found, key=lambda photo: photo.filename)

    def counts(self) -> files.Counts:
        return self.status().files

    def status(self) -> status.Status:
        return read_status(self.settings.data)

    def search(self, query: str, limit: int = 10) -> list[str]:
        """File names, best first."""
        database = self.open()
        engine = SearchEngine(database, TextTower(lambda _stored: self.encoder))
        page = engine.search(query, limit)
        engine.close()
        database.close()
        return [result.photo.filename for result in page.results]

    def failures(self) -> dict[str, str]:
        database = self.open()
        with database.read() as session:
            found = {failure.path.decode(): failure.reason for failure in files.failures(session)}
        database.close()
        return found

    def draw(self, name: str, colour: str = "red", seed: int | None = None) -> Path:
        return draw_photo(self.root / name, colour=colour, seed=seed)


@pytest.fixture
def home(tmp_path: Path, new_database: Callable[[Path], Database]) -> Home:
    """A data folder with an empty library."""
    root = tmp_path / "photos"
    root.mkdir()
    settings = load_settings(
        {
            "data": tmp_path / "data",
            "settle_seconds": 0.3,
            "workers": 2,  # with both of these nothing is measured
            "batch_size": 8,
            "min_battery_percent": 0,
            "max_celsius": 0,
            "isolation": "off",
        },  # tests/isolation has it on; starting processes for each test would double their time
        {},
    )
    database = new_database(settings.database)
    with database.write() as session:
        libraries.add(session, root)
    database.close()
    return Home(settings, root)


@pytest.fixture
def running(home: Home) -> Iterator[Home]:
    """A daemon that watches; it must end cleanly."""
    stop = threading.Event()
    problems: list[BaseException] = []

    def run() -> None:
        try:
            service.run(home.settings, stop=stop, watch=True, load_encoder=home.load_encoder)
        except BaseException as error:
            problems.append(error)

    before = set(threading.enumerate())
    thread = threading.Thread(target=run)
    thread.start()
    eventually(lambda: home.status().daemon.state == "idle")
    yield home
    stop.set()
    thread.join(60)
    assert not thread.is_alive()
    assert problems == []
    left = [each for each in threading.enumerate() if each not in before]
    assert left == []
    assert home.status().daemon.state == "stopped"


def eventually(is_so: Callable[[], object], seconds: float = 60) -> None:
    """Wait until something is so; fail when it is not in time. Only failures take so long."""
    wait_until(is_so, seconds)
