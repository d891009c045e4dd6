"""Indexing: from files on disk to photos that a search finds, exactly once, whatever is broken."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from colour_encoder import ColourEncoder
from daemon.conftest import Home, assert_invariants
from drawing import draw_photo
from numpy.typing import NDArray
from PIL import Image

from photoindex.errors import DaemonRunningError, EncoderError
from photoindex.files import Counts
from photoindex.lock import DaemonLock
from photoindex.media import thumbnail_path


def test_photos_are_indexed_and_found_by_describing_them(home: Home) -> None:
    for number, colour in enumerate(("red", "green", "blue")):
        home.draw(f"{colour}.jpg", colour, seed=number)
    progress = home.index()
    assert (progress.state, progress.counts) == ("stopped", Counts(indexed=3))
    assert home.search("something green")[0] == "green.jpg"
    for photo in home.photos():
        assert thumbnail_path(home.settings.thumbnails, photo.content_hash).exists()
    assert_invariants(home)


def test_metadata_goes_into_the_photo(home: Home) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0112] = "NIKON CORPORATION", "NIKON D70", 6
    exif.get_ifd(0x8769)[0x9003] = "2019:07:04 15:30:00"
    draw_photo(home.root / "a.jpg", size=(60, 40), exif=exif)
    os.utime(draw_photo(home.root / "b.png", colour="blue"), (86400 * 365, 86400 * 365))
    home.index()
    dated, undated = home.photos()
    assert (dated.width, dated.height, dated.format) == (40, 60, "jpeg")
    assert dated.camera == "NIKON D70"
    assert dated.taken_at == dated.timeline_at == datetime(2019, 7, 4, 15, 30)
    assert undated.taken_at is None
    assert undated.timeline_at.year in (1970, 1971)


def test_broken_files_fail_with_a_reason_and_the_rest_goes_on(home: Home) -> None:
    photo = home.draw("good.jpg", seed=1)
    (home.root / "truncated.jpg").write_bytes(photo.read_bytes()[:-200])
    (home.root / "text.jpg").write_text("hello")
    (home.root / "empty.png").touch()
    assert home.index().counts == Counts(indexed=1, failed=3)
    assert home.failures() == {"truncated.jpg": "truncated", "text.jpg": "not-a-photo", "empty.png": "empty"}
    assert home.encoder.images_encoded == 1


def test_a_broken_file_that_is_mended_is_indexed(home: Home) -> None:
    (home.root / "a.jpg").write_text("not yet")
    home.index()
    home.draw("a.jpg")
    assert home.index().counts == Counts(indexed=1)


def test_copies_are_files_of_one_photo_and_encoded_once(home: Home) -> None:
    for number in range(30):
        home.draw(f"{number}.png", "red")
    home.draw("other.png", "blue")
    assert home.index().counts == Counts(indexed=31)
    assert [len(photo.files) for photo in home.photos()] == [30, 1]
    assert home.encoder.images_encoded == 2
    os.unlink(home.root / "0.png")
    home.index()
    assert [len(photo.files) for photo in home.photos()] == [29, 1]


def test_moves_copies_and_returns_encode_nothing(home: Home, tmp_path: Path) -> None:
    for number in range(4):
        home.draw(f"{number}.png", seed=number)
    home.index()
    before = {photo.id for photo in home.photos()}
    os.rename(home.root / "0.png", home.root / "renamed.png")
    shutil.copy(home.root / "1.png", home.root / "copy.png")
    shutil.move(home.root / "2.png", tmp_path / "away.png")
    home.index()
    assert home.counts() == Counts(indexed=4, missing=1)
    assert len(home.photos()) == 3
    shutil.move(tmp_path / "away.png", home.root / "back-under-another-name.png")
    home.index()
    assert {photo.id for photo in home.photos()} == before
    assert home.encoder.images_encoded == 4


def test_a_file_edited_in_place_is_a_new_photo(home: Home) -> None:
    home.draw("a.png", "red")
    home.index()
    (before,) = home.photos()
    home.draw("a.png", "blue")
    home.index()
    (after,) = home.photos()
    assert after.id != before.id
    assert home.search("blue") == ["a.png"]


def test_a_lost_thumbnail_is_made_again_when_its_file_is_read(home: Home) -> None:
    home.draw("a.png")
    home.index()
    path = thumbnail_path(home.settings.thumbnails, home.photos()[0].content_hash)
    path.unlink()
    shutil.copy(home.root / "a.png", home.root / "b.png")
    home.index()
    assert path.exists()


def test_two_daemons_never_index_one_data_folder(home: Home) -> None:
    with DaemonLock(home.settings.daemon_lock), pytest.raises(DaemonRunningError):
        home.index()


def test_originals_are_never_touched(home: Home) -> None:
    for number in range(5):
        home.draw(f"{number}.jpg", seed=number)
    (home.root / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing")
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in home.root.iterdir()}
    home.index()
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in home.root.iterdir()} == before


class Choosy(ColourEncoder):
    """Fails on batches that hold a mostly blue photo."""

    def encode_images(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        if any(image[..., 2].mean() > 200 and image[..., 0].mean() < 50 for image in images):
            raise RuntimeError("no blue today")
        return super().encode_images(images)


def test_one_photo_that_cannot_be_encoded_does_not_hide_the_others(home: Home) -> None:
    home.encoder = Choosy()
    for number in range(6):
        home.draw(f"{number}.png", "red", seed=number)
    home.draw("blue.png", "blue")
    assert home.index().counts == Counts(indexed=6, failed=1)
    assert home.failures() == {"blue.png": "broken"}


class Dead(ColourEncoder):
    def encode_images(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        raise RuntimeError("the device fell off")


def test_an_encoder_that_stops_working_is_not_held_against_the_photos(home: Home) -> None:
    home.draw("a.png")
    home.encoder = Dead()
    with pytest.raises(EncoderError, match=r"has stopped working: the device fell off"):
        home.index()
    assert home.counts() == Counts(pending=1)
    home.encoder = ColourEncoder()
    assert home.index().counts == Counts(indexed=1)


def test_another_encoder_takes_over_only_when_it_has_seen_every_photo(home: Home) -> None:
    for number in range(20):
        home.draw(f"{number:02}.png", "red" if number else "green", seed=number)
    home.index()
    assert home.status().encoder.name == "colour"
    hidden = home.root.parent / "unplugged"
    os.rename(home.root, hidden)
    home.encoder = ColourEncoder("second", "another")
    home.index()
    assert home.encoder.images_encoded == 0
    assert home.status().encoder.name == "colour"  # the photos can't be read now: the old one goes on answering
    assert home.search("green")[0] == "00.png"
    os.rename(hidden, home.root)
    home.index()
    assert home.encoder.images_encoded == 20
    assert home.status().encoder.name == "second"
    assert home.search("green")[0] == "00.png"


def test_files_above_the_limits_are_refused_with_the_limit(home: Home) -> None:
    from dataclasses import replace

    home.settings = replace(home.settings, max_megapixels=1, max_file_mb=1)
    draw_photo(home.root / "wide.png", size=(2000, 600))
    draw_photo(home.root / "good.png", size=(999, 999))
    (home.root / "heavy.png").write_bytes((home.root / "good.png").read_bytes() + bytes(1_000_001))
    home.index()
    assert home.failures() == {"wide.png": "too-many-pixels", "heavy.png": "too-large"}
