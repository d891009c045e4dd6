"""Dominant colours of pictures."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from photoindex.media import make_thumbnail, write_thumbnail
from photoindex.media.dominant import NO_COLOUR, dominant_colour, read_dominant_colour


def test_the_colour_of_the_largest_part_is_found_and_not_the_mean() -> None:
    image = Image.new("RGB", (640, 480), (20, 90, 200))
    ImageDraw.Draw(image).rectangle((0, 0, 200, 480), fill=(240, 230, 40))
    assert dominant_colour(image) == 20 << 16 | 90 << 8 | 200


@pytest.mark.parametrize("size", [(1, 1), (1, 4000), (4000, 1), (16, 16)])
def test_pictures_of_any_size_have_one(size: tuple[int, int]) -> None:
    assert dominant_colour(Image.new("RGB", size, (255, 0, 7))) == 0xFF0007


def test_it_is_read_from_a_thumbnail(tmp_path: Path) -> None:
    write_thumbnail(tmp_path / "a" / "b.jpg", make_thumbnail(Image.new("RGB", (900, 600), (10, 200, 30))))
    found = read_dominant_colour(tmp_path / "a" / "b.jpg")
    near = (found >> 16, found >> 8 & 255, found & 255)
    assert all(abs(one - other) <= 4 for one, other in zip(near, (10, 200, 30), strict=True))


@pytest.mark.parametrize("content", [None, b"", b"\xff\xd8\xff\xe0 broken"])
def test_a_missing_or_broken_thumbnail_has_none(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "x.jpg").write_bytes(content)
    assert read_dominant_colour(tmp_path / "x.jpg") == NO_COLOUR
