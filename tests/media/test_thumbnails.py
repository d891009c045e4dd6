"""Thumbnails: small, clean, written whole or not at all."""

import io
import os

import pytest
from drawing import draw_image
from PIL import Image

from photoindex.media import make_thumbnail, remove_leftovers, thumbnail_path, write_thumbnail


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((1200, 900), (512, 384)),
        ((300, 1200), (128, 512)),
        ((1000, 750), (500, 375)),  # close enough, by a whole number
        ((1024, 1), (512, 1)),
        ((1025, 1025), (512, 512)),
        ((512, 400), (512, 400)),
        ((64, 48), (64, 48)),
        ((4000, 1), (500, 1)),
    ],
)
def test_the_longer_edge_is_about_512_and_small_images_stay_small(size, expected):
    with Image.open(io.BytesIO(make_thumbnail(draw_image(size=size)))) as thumbnail:
        assert (thumbnail.format, thumbnail.mode, thumbnail.size) == ("JPEG", "RGB", expected)
        assert "progressive" not in thumbnail.info


def test_nothing_but_pixels_is_in_a_thumbnail():
    image = draw_image(size=(100, 100))
    exif = Image.Exif()
    exif[0x010F] = "secret maker"
    image.info.update(exif=exif.tobytes(), comment=b"secret comment", icc_profile=b"secret profile", xmp=b"secret")
    for edge in (50, 512):
        assert b"secret" not in make_thumbnail(image, longest_edge=edge)
    assert image.info["comment"]  # the caller's image is untouched


def test_the_same_image_gives_the_same_thumbnail():
    assert make_thumbnail(draw_image(seed=1)) == make_thumbnail(draw_image(seed=1))


def test_a_thumbnail_lies_in_a_folder_of_its_first_two_digits(tmp_path):
    path = thumbnail_path(tmp_path, bytes(range(0xAB, 0xAB + 32)))
    assert path.relative_to(tmp_path).parts[0] == "ab"
    assert path.name == "acad" + bytes(range(0xAE, 0xAB + 32)).hex() + ".jpg"


def test_writing_makes_folders_and_replaces(tmp_path):
    path = thumbnail_path(tmp_path / "thumbnails", b"\x01" * 32)
    write_thumbnail(path, b"old")
    write_thumbnail(path, b"new")
    assert path.read_bytes() == b"new"
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_failed_write_leaves_the_old_thumbnail_and_nothing_else(tmp_path, monkeypatch):
    path = thumbnail_path(tmp_path, b"\x01" * 32)
    write_thumbnail(path, b"old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="No space"):
        write_thumbnail(path, b"new")
    assert path.read_bytes() == b"old"
    assert len(list(tmp_path.rglob("*"))) == 2  # its folder and itself


def test_leftovers_of_a_killed_process_are_removed_and_thumbnails_are_not(tmp_path, monkeypatch):
    path = thumbnail_path(tmp_path, b"\x01" * 32)
    write_thumbnail(path, b"whole")
    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", lambda *_: None)  # killed just before
        write_thumbnail(path, b"half")
    assert len(list(tmp_path.iterdir())) == 2
    assert remove_leftovers(tmp_path) == 1
    assert [entry.read_bytes() for entry in path.parent.iterdir()] == [b"whole"]
    assert remove_leftovers(tmp_path / "not there") == 0
