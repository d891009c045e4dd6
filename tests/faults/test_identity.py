"""Copied, moved, renamed, swapped or edited: nothing is encoded twice, and what the user gave a photo stays with it."""

from __future__ import annotations

import os
import random
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from daemon.conftest import Home, assert_invariants, eventually, home, running
from drawing import draw_photo
from PIL import Image
from sqlalchemy import select, text

from photoindex import collections, libraries
from photoindex.models import AlbumPhoto, File, FileState, Library, Photo

__all__ = ["home", "running"]

SECONDS = 300
"""How long a daemon that runs may take to see thousands of files."""


@dataclass(frozen=True)
class Row:
    """Where a file is, which row it has and which photo it shows."""

    file_id: int
    photo_id: int
    state: str


class Watch:
    """A home whose daemon runs, or is started to follow each change; and what must stay through all of them."""

    def __init__(self, home: Home, runs: bool) -> None:
        self.home, self.runs = home, runs
        self.outside = home.root.parent / "outside"
        self.outside.mkdir()
        self._encoded = 0
        self._given: object = None

    @property
    def root(self) -> Path:
        return self.home.root

    def follow(self, is_so: Callable[[], bool]) -> None:
        """Let the daemon see what has happened on disk, after which something must be so."""
        if not self.runs:
            self.home.index()
            assert is_so()
        eventually(lambda: is_so() and self.home.counts().pending == 0, SECONDS)

    def held(self) -> int:
        """How many files the library asks about."""
        return self.home.status().libraries[0].held

    def confirm(self) -> None:
        database = self.home.open()
        with database.write() as session:
            libraries.confirm(session, 1)
        database.close()

    def add_library(self, folder: Path) -> None:
        folder.mkdir()
        database = self.home.open()
        with database.write() as session:
            libraries.add(session, folder)
        database.close()

    def rows(self) -> dict[str, Row]:
        """The rows of files on disk by absolute path; those that are missing by path and a question mark."""
        database = self.home.open()
        with database.read() as session:
            found = session.execute(
                select(Library.root, File.path, File.id, File.photo_id, File.state).join(
                    Library, Library.id == File.library_id
                )
            ).all()
        database.close()
        return {
            os.fsdecode(os.path.join(row.root, row.path)) + "?" * (row.state == FileState.MISSING): Row(
                row.id, row.photo_id, row.state
            )
            for row in found
        }

    def paths(self) -> set[str]:
        """Relative to the root, or absolute, of the files that are not missing."""
        return {os.path.relpath(path, self.root) for path in self.rows() if not path.endswith("?")}

    def row(self, name: str) -> Row:
        return self.rows()[str(self.root / name)]

    def give(self, *names: str) -> None:
        """Make some photos favourites and put them into an album: from now on that, and all embeddings, must stay."""
        rows = self.rows()
        ids = [rows[str(self.root / name)].photo_id for name in names]
        database = self.home.open()
        with database.write() as session:
            album = collections.create_album(session, "Best")
            collections.add_to_album(session, album.id, ids)
            for photo_id in ids:
                collections.set_favourite(session, photo_id, True)
        database.close()
        self._encoded = self.home.encoder.images_encoded
        self._given = self._what_is_given()

    def _what_is_given(self) -> object:
        database = self.home.open()
        with database.read() as session:
            given = (
                session.scalars(select(Photo.id).where(Photo.favourite).order_by(Photo.id)).all(),
                session.execute(select(AlbumPhoto.album_id, AlbumPhoto.photo_id).order_by(AlbumPhoto.photo_id)).all(),
                session.execute(text("SELECT photo_id, vector FROM embedding ORDER BY photo_id")).all(),
            )
        database.close()
        return given

    def assert_nothing_lost(self) -> None:
        """No photo was encoded since `give`, and favourites, albums and embeddings are as they were."""
        assert self.home.encoder.images_encoded == self._encoded
        assert self._what_is_given() == self._given


@pytest.fixture(params=["up", "down"])
def watch(request: pytest.FixtureRequest, home: Home) -> Iterator[Watch]:
    """Each test twice: with a daemon that runs all the time, and with one that is down while things change."""
    if request.param == "up":
        request.getfixturevalue("running")
    watch = Watch(home, request.param == "up")
    yield watch
    if watch.paths() == {str(path.relative_to(home.root)) for path in home.root.rglob("*") if path.is_file()}:
        assert_invariants(home)


def _scatter(path: Path, seed: int) -> Path:
    """A small picture of noise: among thousands of alike ones the time would go into comparing them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.frombytes("RGB", (16, 16), random.Random(seed).randbytes(16 * 16 * 3)).save(path)
    return path


@pytest.mark.parametrize("count", [20, pytest.param(1000, marks=[pytest.mark.long, pytest.mark.timeout(1200)])])
def test_R20_photos_in_ten_copies_are_encoded_once(home: Home, count: int) -> None:
    for number in range(count):
        content = _scatter(home.root / "0" / f"{number}.png", number).read_bytes()
        for copy in range(1, 10):
            folder = home.root / str(copy)
            folder.mkdir(exist_ok=True)
            (folder / f"{number} copy.png").write_bytes(content)
    home.index()
    assert home.counts().indexed == 10 * count
    assert home.encoder.images_encoded <= count
    assert {len(photo.files) for photo in home.photos()} == {10}
    os.unlink(home.root / "0" / "7.png")
    home.index()
    assert sorted(len(photo.files) for photo in home.photos()) == [9, *[10] * (count - 1)]
    assert home.encoder.images_encoded <= count
    assert_invariants(home)


def test_R21_renamed_moved_and_brought_back(watch: Watch) -> None:
    names = ["a.jpg", "b.jpg", "c.jpg", "trip/d.jpg", "trip/day/e.jpg"]
    for number, name in enumerate(names):
        draw_photo(watch.root / name, seed=number)
    watch.follow(lambda: watch.paths() == set(names))
    watch.give("a.jpg", "c.jpg", "trip/day/e.jpg")
    before = {Path(path).name: row for path, row in watch.rows().items()}

    def moved(*now: str, row_of: dict[str, str]) -> None:
        watch.follow(lambda: watch.paths() == {*now})
        for path, name in row_of.items():
            assert watch.row(path) == before[name]
        watch.assert_nothing_lost()

    os.rename(watch.root / "a.jpg", watch.root / "A.JPG")
    moved("A.JPG", *names[1:], row_of={"A.JPG": "a.jpg"})
    os.rename(watch.root / "A.JPG", watch.root / "trip" / "quite another name.jpeg")
    moved(*names[1:], "trip/quite another name.jpeg", row_of={"trip/quite another name.jpeg": "a.jpg"})
    os.rename(watch.root / "trip", watch.root / "journey")
    now = {"b.jpg": "b.jpg", "c.jpg": "c.jpg", "journey/quite another name.jpeg": "a.jpg", "journey/d.jpg": "d.jpg",
           "journey/day/e.jpg": "e.jpg"}  # fmt: skip
    moved(*now, row_of=now)

    for back in ("journey/d.jpg", "another place.jpg"):  # out, and back to where it was or elsewhere
        os.rename(watch.root / "journey" / "d.jpg", watch.outside / "d.jpg")
        left = set(now) - {"journey/d.jpg"}
        watch.follow(lambda left=left: watch.paths() == left)
        os.rename(watch.outside / "d.jpg", watch.root / back)
        moved(*left, back, row_of={back: "d.jpg"})
    os.rename(watch.root / "another place.jpg", watch.root / "journey" / "d.jpg")
    moved(*now, row_of=now)


def test_R21_two_photos_that_swap_their_names(watch: Watch) -> None:
    for number, name in enumerate(("a.jpg", "b.jpg")):
        draw_photo(watch.root / name, seed=number)
    watch.follow(lambda: watch.paths() == {"a.jpg", "b.jpg"})
    watch.give("a.jpg")
    a, b = watch.row("a.jpg").photo_id, watch.row("b.jpg").photo_id
    os.rename(watch.root / "a.jpg", watch.root / "x")
    os.rename(watch.root / "b.jpg", watch.root / "a.jpg")
    os.rename(watch.root / "x", watch.root / "b.jpg")
    watch.follow(lambda: (watch.row("a.jpg").photo_id, watch.row("b.jpg").photo_id) == (b, a))
    assert watch.paths() == {"a.jpg", "b.jpg"}
    watch.assert_nothing_lost()


def test_R21_moved_to_another_library_and_back(watch: Watch) -> None:
    for number in range(3):
        draw_photo(watch.root / f"{number}.jpg", seed=number)
    second = watch.root.parent / "second"
    watch.add_library(second)
    watch.follow(lambda: watch.paths() == {"0.jpg", "1.jpg", "2.jpg"})
    watch.give("1.jpg")
    before = watch.row("1.jpg")
    os.rename(watch.root / "1.jpg", second / "one.jpg")
    watch.follow(lambda: watch.paths() == {"0.jpg", "2.jpg", "../second/one.jpg"})
    assert watch.rows()[str(second / "one.jpg")] == before
    os.rename(second / "one.jpg", watch.root / "1.jpg")
    watch.follow(lambda: watch.paths() == {"0.jpg", "1.jpg", "2.jpg"})
    assert watch.row("1.jpg") == before
    watch.assert_nothing_lost()


def test_R21_copied_to_another_disk_and_back(watch: Watch) -> None:
    """Other inodes and times: only the content tells."""
    for number, name in enumerate(("a.jpg", "b.jpg")):
        draw_photo(watch.root / name, seed=number)
    watch.follow(lambda: watch.paths() == {"a.jpg", "b.jpg"})
    watch.give("a.jpg")
    before = watch.row("a.jpg")
    content = (watch.root / "a.jpg").read_bytes()
    os.unlink(watch.root / "a.jpg")
    watch.follow(lambda: watch.paths() == {"b.jpg"})
    (watch.outside / "taken").write_bytes(b"the inode")
    (watch.root / "a.jpg").write_bytes(content)
    watch.follow(lambda: watch.paths() == {"a.jpg", "b.jpg"})
    assert watch.row("a.jpg") == before
    watch.assert_nothing_lost()


@pytest.mark.parametrize("count", [100, pytest.param(5000, marks=[pytest.mark.long, pytest.mark.timeout(1200)])])
def test_R21_a_folder_is_moved(watch: Watch, count: int) -> None:
    for number in range(count):
        _scatter(watch.outside / "old" / f"{number % 10}" / f"{number}.png", number)
    second = watch.root.parent / "second"
    watch.add_library(second)
    os.rename(watch.outside / "old", watch.root / "old")
    watch.follow(lambda: watch.home.counts().indexed == count)
    watch.give(*(f"old/{number}/{number}.png" for number in range(10)))
    before = {path.replace("photos/old/", "@"): row for path, row in watch.rows().items()}
    (watch.root / "deep").mkdir()
    where = "photos/old/"
    for place in ("photos/new/", "photos/deep/new/", "second/old/", "photos/old/"):
        os.rename(watch.root.parent / where, watch.root.parent / place)
        where = place
        watch.follow(lambda now=place: all(now in path for path in watch.rows()))
        assert {path.replace(where, "@"): row for path, row in watch.rows().items()} == before
        watch.assert_nothing_lost()
    shutil.move(watch.root / "old", watch.outside / "old")
    # A few may be taken as gone before there are so many that the owner is asked.
    watch.follow(lambda: watch.held() and watch.held() + watch.home.counts().missing == count)
    watch.confirm()
    watch.follow(lambda: watch.home.counts().missing == count)
    shutil.move(watch.outside / "old", watch.root / "old")
    watch.follow(lambda: watch.home.counts().indexed == count)
    assert {path.replace(where, "@"): row for path, row in watch.rows().items()} == before
    watch.assert_nothing_lost()


def _turn(path: Path) -> None:
    with Image.open(path) as image:
        turned = image.transpose(Image.Transpose.ROTATE_90)
    turned.save(path)


def _turn_by_a_new_file(path: Path) -> None:
    _turn_copy = path.with_name(".saving.jpg")
    shutil.copy(path, _turn_copy)
    _turn(_turn_copy)
    os.replace(_turn_copy, path)


def _date(path: Path) -> None:
    exif = Image.Exif()
    exif[0x0132] = "2019:07:04 15:30:00"
    with Image.open(path) as image:
        image.save(path, exif=exif)


def _same_size_and_time(path: Path) -> None:
    stamp = path.stat()
    content = bytearray(path.read_bytes())
    content[-20] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (stamp.st_size, stamp.st_mtime_ns)


@pytest.mark.parametrize("edit", [_turn, _turn_by_a_new_file, _date, _same_size_and_time])
def test_R22_an_edited_photo_is_one_new_photo_with_what_the_old_one_was_given(
    watch: Watch, edit: Callable[[Path], None]
) -> None:
    draw_photo(watch.root / "a.jpg", size=(64, 48), seed=1)
    draw_photo(watch.root / "b.jpg", size=(64, 48), seed=2)
    watch.follow(lambda: watch.paths() == {"a.jpg", "b.jpg"})
    watch.give("a.jpg")
    old, other, encoded = watch.row("a.jpg"), watch.row("b.jpg"), watch.home.encoder.images_encoded
    time.sleep(0.05)
    edit(watch.root / "a.jpg")
    watch.follow(lambda: watch.row("a.jpg").photo_id not in (old.photo_id, None))
    new = watch.row("a.jpg")
    assert new.file_id == old.file_id
    assert watch.row("b.jpg") == other
    assert watch.home.encoder.images_encoded == encoded + 1
    photos = watch.home.photos()
    assert [(photo.id, photo.favourite) for photo in photos] == [(new.photo_id, True), (other.photo_id, False)]
    database = watch.home.open()
    with database.read() as session:
        assert [album.name for album in collections.albums_of(session, new.photo_id)] == ["Best"]
    database.close()
