"""Fixtures of the web tests: a database filled with drawn photos, and the application over it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from blake3 import blake3
from browsing import CHROMIUM, open_browser
from colour_encoder import ColourEncoder
from drawing import draw_image, draw_photo
from filming import film_video
from flask import Flask
from PIL.Image import Image
from playwright.sync_api import Browser
from sqlalchemy import update

from photoindex import collections, companions, embeddings, files, libraries, media, photos, status
from photoindex.config import Settings
from photoindex.database import Database, open_database
from photoindex.files import FileStat
from photoindex.lock import DaemonLock
from photoindex.models import Library
from photoindex.web import create_app

COLOURS = ("red", "green", "blue", "yellow", "cyan", "magenta", "orange", "purple", "pink", "brown", "black", "grey")
SHAPES = ((160, 120), (120, 160), (192, 108), (128, 128), (320, 80), (60, 160))
NEWEST = datetime(2024, 3, 5, 14, 3, 7)


@dataclass
class Gallery:
    """A data folder with a library, and what puts photos into it as the daemon would."""

    settings: Settings
    root: Path
    database: Database
    encoder: ColourEncoder

    def draw(self, name: str | bytes, colour: str = "red", **options: object) -> int:
        """Draw a photo, index it, and return its id; `options` are those of `draw_photo` and of `index`."""
        metadata = options.pop("metadata", {})
        path = os.path.join(os.fsencode(self.root), os.fsencode(name))
        draw_photo(os.fsdecode(path), colour=colour, **options)  # type: ignore[arg-type]
        return self.index(os.fsencode(name), **metadata)  # type: ignore[arg-type]

    def index(self, name: bytes, **metadata: object) -> int:
        """Index the file `name`, relative to the root. `metadata` overrides columns of the photo."""
        path = os.path.join(os.fsencode(self.root), name)
        original = media.read_original(path)
        decoded = media.decode(original.content, shortest_edge=16, longest_edge=512)
        values: dict[str, object] = {
            "format": decoded.format.name,
            "width": decoded.width,
            "height": decoded.height,
            "camera": decoded.metadata.camera,
        }
        return self._store(name, [decoded.image], None, values | metadata)

    def film(self, name: str, colours: Sequence[str], scene_seconds: int = 2, **metadata: object) -> int:
        """Film a video of one scene a colour, index one frame of each, and return its id."""
        path = film_video(self.root / name, colours, scene_seconds=scene_seconds)
        values: dict[str, object] = {
            "kind": "video",
            "format": path.suffix[1:],
            "width": 160,
            "height": 120,
            "duration_seconds": float(scene_seconds * len(colours)),
        }
        frames = [draw_image(colour=colour, size=(160, 120), seed=seed) for seed, colour in enumerate(colours)]
        moments = [float(scene_seconds * number) for number in range(len(colours))]
        return self._store(os.fsencode(name), frames, moments, values | metadata)

    def _store(
        self, name: bytes, images: Sequence[Image], moments: Sequence[float] | None, values: dict[str, object]
    ) -> int:
        path = os.path.join(os.fsencode(self.root), name)
        content = Path(os.fsdecode(path)).read_bytes()
        content_hash = blake3(content).digest()
        known = {"taken_at": None, "timeline_at": NEWEST, "size_bytes": len(content)} | values
        details = {field.name: known.pop(field.name) for field in fields(photos.Details) if field.name in known}
        vectors = self.encoder.encode_images([self.encoder.prepare(image) for image in images])
        with self.database.write() as session:
            library = libraries.add(session, self.root)
            stat = FileStat.of(os.stat(path))
            files.discover(session, library.id, name, stat, None)
            (work,) = [each for each in files.next_batch(session, 1000, 0.0) if each.path == name]
            photo_id = photos.store(
                session,
                photos.NewPhoto(
                    content_hash=content_hash,
                    details=photos.Details(**details),  # type: ignore[arg-type]
                    **known,  # type: ignore[arg-type]
                ),
            )
            info = self.encoder.info
            stored = embeddings.register_encoder(
                session,
                name=info.name,
                fingerprint=info.fingerprint,
                dim=info.dim,
                multilingual=info.multilingual,
                text_range=info.text_range,
                image_range=info.image_range,
            )
            found = vectors if moments is not None else vectors[0]
            embeddings.put(session, stored.id, {photo_id: found}, {photo_id: moments or ()})
            files.mark_indexed(session, work, stat, photo_id)
        thumbnail = media.thumbnail_path(self.settings.thumbnails, content_hash)
        media.write_thumbnail(thumbnail, media.make_thumbnail(images[0]))
        return photo_id

    def pair(self, *names: str) -> None:
        """Decide which of these files go with which."""
        with self.database.write() as session:
            library = libraries.add(session, self.root)
            companions.pair(session, library.id, [companions.stem(name.encode()) for name in names])

    def fill(self, count: int, days_apart: float = 1.0) -> list[int]:
        """Draw `count` photos of all colours and shapes, newest first, and return their ids."""
        return [
            self.draw(
                f"trip {number // 10}/photo {number:04}.jpg",
                COLOURS[number % len(COLOURS)],
                seed=number,
                size=SHAPES[number % len(SHAPES)],
                metadata={
                    "taken_at": NEWEST - number * timedelta(days=days_apart),
                    "timeline_at": NEWEST - number * timedelta(days=days_apart),
                },
            )
            for number in range(count)
        ]

    def become(self, other: Gallery) -> None:
        """Take over all that another gallery holds, whose database is closed; what it costs to fill one is saved."""
        self.database.close()
        shutil.copytree(other.root, self.root, dirs_exist_ok=True)
        shutil.copytree(other.settings.data, self.settings.data, dirs_exist_ok=True)
        with self.database.write() as session:
            session.execute(update(Library).values(root=os.fsencode(self.root.resolve())))

    def add_pending(self, count: int, start: int = 0) -> None:
        """Files that wait to be indexed, `start` being how many were added before."""
        with self.database.write() as session:
            library = libraries.add(session, self.root)
            for number in range(start, start + count):
                files.discover(session, library.id, b"later %d.jpg" % number, FileStat(1, 1, -1000 - number), None)

    def add_failed(self, name: bytes, reason: str, detail: str) -> None:
        """A file that could not be indexed."""
        with self.database.write() as session:
            library = libraries.add(session, self.root)
            files.discover(session, library.id, name, FileStat(2, 2, -hash(name) % 10**6 - 10**7), None)
            (work,) = [each for each in files.next_batch(session, 1000, 0.0) if each.path == name]
            files.mark_failed(session, work, reason, detail)

    def say(self, **values: object) -> None:
        """What the daemon says of itself."""
        with self.database.write() as session:
            status.write(session, **values)


@pytest.fixture
def gallery(tmp_path: Path, new_database: Callable[[Path], Database]) -> Iterator[Gallery]:
    settings = Settings(data=tmp_path / "data", web_threads=4, isolation="off")
    root = tmp_path / "photos"
    root.mkdir()
    database = new_database(settings.database)
    yield Gallery(settings, root, database, ColourEncoder())
    database.close()


@pytest.fixture
def daemon(gallery: Gallery) -> Iterator[None]:
    """Somebody holds the daemon's lock."""
    with DaemonLock(gallery.settings.daemon_lock):
        yield


@pytest.fixture
def make_app(gallery: Gallery) -> Iterator[Callable[..., Flask]]:
    """Makes applications over the gallery's database; by default their text encoder is loaded and warm, and
    whoever asks is the owner."""
    made: list[Flask] = []

    def make(
        *,
        warm: bool = True,
        settings: Settings = gallery.settings,
        load: object = None,
        owner: bool = True,
        **options: float,
    ) -> Flask:
        app = create_app(
            settings,
            load_text_encoder=load or (lambda _: gallery.encoder),  # type: ignore[arg-type]
            load_image_encoder=lambda _: gallery.encoder,
            is_owner=lambda _: owner,
            **options,
        )
        app.testing = True
        made.append(app)
        if warm:
            parts = app.extensions["photoindex"]
            with gallery.database.read() as session:
                stored = embeddings.active_encoder(session)
            if stored is not None:
                parts.text_tower.warm(stored)
                parts.engine.prepare()
        return app

    yield make
    for app in made:
        app.extensions["photoindex"].close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no chromium or google-chrome is installed")
    with open_browser() as opened:
        yield opened


@pytest.fixture(scope="session")
def to_be_copied(
    tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[Path], Database]
) -> Callable[[Callable[[Gallery], object]], Gallery]:
    """Makes a gallery that is filled once, for tests to copy."""

    def make(fill: Callable[[Gallery], object]) -> Gallery:
        folder = tmp_path_factory.mktemp("to be copied")
        (folder / "photos").mkdir()
        settings = Settings(data=folder / "data")
        gallery = Gallery(settings, folder / "photos", new_database(settings.database), ColourEncoder())
        fill(gallery)
        gallery.database.close()
        return gallery

    return make


@pytest.fixture(scope="session")
def dozen(to_be_copied: Callable[[Callable[[Gallery], object]], Gallery]) -> Gallery:
    """Twelve photos, one of each colour, to be copied."""
    return to_be_copied(lambda gallery: gallery.fill(12, days_apart=10))


@pytest.fixture
def app(gallery: Gallery, dozen: Gallery, make_app: Callable[..., Flask]) -> Flask:
    """The application over twelve photos, one of each colour. pytest-flask's `client` asks it."""
    gallery.become(dozen)
    return make_app()


@pytest.fixture(scope="session")
def four_hundred(to_be_copied: Callable[[Callable[[Gallery], object]], Gallery]) -> Gallery:
    """Four hundred photos of all shapes, some a day, and one video, the newest, to be copied."""

    def fill(gallery: Gallery) -> None:
        gallery.fill(400, days_apart=0.29)
        gallery.film("video.webm", ["blue", "red"], timeline_at=NEWEST + timedelta(hours=1))

    return to_be_copied(fill)


@dataclass
class RunningServer:
    """A real gunicorn in a process of its own."""

    process: subprocess.Popen[str]
    url: str

    def get(self, address: str, **headers: str) -> bytes:
        """The body of what is at an address; waits while the server answers 503."""
        for _ in range(3000):
            try:
                with urlopen(Request(self.url + address, headers=headers), timeout=60) as response:
                    return response.read()
            except HTTPError as error:
                with error:
                    if error.code != 503:
                        raise
                time.sleep(0.02)
        raise AssertionError(f"{address} stayed unavailable")

    def stop(self, with_signal: int = signal.SIGTERM) -> tuple[int, str, str]:
        """Exit code and the rest of what it printed."""
        self.process.send_signal(with_signal)
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out, err


def _launch(data: Path, deadlines: Sequence[float]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            sys.executable,
            "-W",
            "error",
            "-W",
            "ignore::ResourceWarning",
            str(Path(__file__).with_name("colour_server.py")),
            str(data),
            *map(str, deadlines),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _running(process: subprocess.Popen[str]) -> RunningServer:
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    assert url, process.communicate()[1]
    return RunningServer(process, url)


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.kill()
    process.communicate()


@pytest.fixture
def start_server(gallery: Gallery) -> Iterator[Callable[..., RunningServer]]:
    """Starts a server over the gallery's database, in a session of its own, with deadlines where they are given."""
    started: list[subprocess.Popen[str]] = []

    def start(*deadlines: float) -> RunningServer:
        started.append(_launch(gallery.settings.data, deadlines))
        return _running(started[-1])

    yield start
    for process in started:
        _end(process)


@pytest.fixture(scope="module")
def serve() -> Iterator[Callable[[Path], RunningServer]]:
    """Starts servers over data folders that many tests of a file use; each is ready."""
    started: list[subprocess.Popen[str]] = []

    def start(data: Path) -> RunningServer:
        started.append(_launch(data, ()))
        server = _running(started[-1])
        server.get("/readyz")
        return server

    yield start
    for process in started:
        _end(process)


@pytest.fixture(scope="module")
def make_gallery(
    tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[Path], Database]
) -> Iterator[Callable[[str], Gallery]]:
    """Makes empty galleries that the tests of a file fill and share."""
    made: list[Gallery] = []

    def make(name: str) -> Gallery:
        home = tmp_path_factory.mktemp(name)
        settings = Settings(data=home / "data", web_threads=4)
        (home / "photos").mkdir()
        made.append(Gallery(settings, home / "photos", new_database(settings.database), ColourEncoder()))
        return made[-1]

    yield make
    for each in made:
        each.database.close()


@pytest.fixture(scope="module")
def long_timeline(
    make_gallery: Callable[[str], Gallery], serve: Callable[[Path], RunningServer], four_hundred: Gallery
) -> RunningServer:
    """A server over 400 photos of all shapes, some a day, and one video, the newest: for many tests at once."""
    made = make_gallery("long")
    made.become(four_hundred)
    return serve(made.settings.data)


TOWNS = (
    (45.18, 5.72, photos.PlaceNames("Grenoble", "Isère", "France", "Grenoble", "Isère", "France", "FR")),
    (46.2, 6.15, photos.PlaceNames("Geneva", "Geneva", "Switzerland", "Genève", "Genève", "Suisse", "CH")),
)


def make_varied(home: Path) -> Settings:
    """Twenty photos of two years, towns, cameras and folders, one without a position, one video and an album."""
    settings = Settings(data=home / "data", web_threads=4)
    (home / "photos").mkdir()
    with closing(open_database(settings.database, checkpoints=True)) as database:
        made = Gallery(settings, home / "photos", database, ColourEncoder())
        for number in range(20):
            latitude, longitude, names = TOWNS[number % 2]
            with database.write() as session:
                place_id = photos.remember_place(session, 1 + number % 2, names)
            at = NEWEST - timedelta(days=40 * number)
            known: dict[str, object] = {
                "taken_at": at,
                "timeline_at": at,
                "camera": ("Pixel 7", "X100")[number % 3 > 0],
            }
            if number:
                known |= {"latitude": latitude, "longitude": longitude, "place_id": place_id}
            name = f"{at:%Y}/{COLOURS[number % 12]} {number:02}.jpg"
            made.draw(name, COLOURS[number % 12], seed=number, size=SHAPES[number % len(SHAPES)], metadata=known)
        made.film("2024/film.webm", ["blue", "white", "red", "green"], timeline_at=NEWEST + timedelta(hours=1))
        with database.write() as session:
            album = collections.create_album(session, "Trip")
            collections.add_to_album(session, album.id, range(1, 9))
    return settings


@pytest.fixture(scope="module")
def varied(tmp_path_factory: pytest.TempPathFactory, serve: Callable[[Path], RunningServer]) -> RunningServer:
    """A server over the photos of `make_varied`, for many tests at once."""
    return serve(make_varied(tmp_path_factory.mktemp("varied")).data)
