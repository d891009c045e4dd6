"""Fingerprints of pictures, and looking at two of them closely."""

from __future__ import annotations

import io

import pytest
from picturing import picture
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from photoindex.fingerprints import VALUE_BYTES, difference
from photoindex.media import make_thumbnail
from photoindex.media.fingerprint import COLOUR_BYTES, SHAPE_BYTES, fingerprint, read_fingerprint
from photoindex.media.sameness import is_same_picture, look, look_at


def _recompressed(image: Image.Image, **options: object) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, **options)
    return Image.open(buffer).convert("RGB")


SAME = {
    "smaller": lambda image: image.resize((160, 120)),
    "half, badly compressed": lambda image: _recompressed(image.resize((320, 240)), format="JPEG", quality=30),
    "in WebP": lambda image: _recompressed(image, format="WEBP", quality=70),
    "cropped at all sides": lambda image: image.crop((9, 7, 631, 473)),
    "cropped at one side": lambda image: image.crop((19, 0, 640, 480)),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.15),
    "darker": lambda image: ImageEnhance.Brightness(image).enhance(0.75),
}


def _with_something(image: Image.Image) -> Image.Image:
    changed = image.copy()
    changed.paste(image.crop((0, 0, 128, 120)), (400, 300))
    return changed


OTHER = {
    "another": lambda _: picture(99),
    "mirrored": ImageOps.mirror,
    "upside down": lambda image: image.transpose(Image.Transpose.ROTATE_180),
    "turned": lambda image: image.transpose(Image.Transpose.ROTATE_90),
}


@pytest.mark.parametrize("name", SAME)
def test_what_programs_make_of_a_picture_has_nearly_its_fingerprint_and_is_the_same_seen_closely(name: str) -> None:
    for seed in range(5):
        image = picture(seed)
        made = SAME[name](image)
        found = difference(fingerprint(image), fingerprint(made))
        assert found.bits <= 56
        assert found.colours <= 8
        assert is_same_picture(look(image), look(made))
        assert is_same_picture(look(made), look(image))


@pytest.mark.parametrize("name", OTHER)
def test_another_picture_has_another_fingerprint_and_is_another_seen_closely(name: str) -> None:
    for seed in range(5):
        image = picture(seed)
        made = OTHER[name](image)
        assert difference(fingerprint(image), fingerprint(made)).bits >= 90
        assert not is_same_picture(look(image), look(made))


def test_something_that_moved_is_seen_closely_though_not_in_the_fingerprint() -> None:
    for seed in range(5):
        image = picture(seed)
        assert difference(fingerprint(image), fingerprint(_with_something(image))).bits <= 56
        assert not is_same_picture(look(image), look(_with_something(image)))


def test_another_colour_is_another_picture() -> None:
    red, blue = (Image.new("RGB", (300, 300), colour) for colour in ((200, 60, 60), (60, 60, 255)))
    for image in (red, blue):
        draw = ImageDraw.Draw(image)
        draw.ellipse((50, 60, 200, 250), fill=(0, 0, 0))
        draw.rectangle((180, 30, 260, 90), fill=(255, 255, 255))
    assert difference(fingerprint(red), fingerprint(blue)).colours > 8


@pytest.mark.parametrize(
    "image", [Image.new("RGB", (80, 60)), Image.new("RGB", (1, 900), "white"), picture(1).point(lambda v: v // 100)]
)
def test_a_picture_with_nothing_on_it_has_no_fingerprint(image: Image.Image) -> None:
    assert fingerprint(image) == b""


def test_a_fingerprint_has_the_size_that_the_database_expects() -> None:
    assert len(fingerprint(picture(1))) == SHAPE_BYTES + COLOUR_BYTES == VALUE_BYTES
    for size in ((1, 1), (3, 1000), (64, 64), (5000, 40)):
        assert len(fingerprint(picture(2, size))) in (0, VALUE_BYTES)


def test_a_thumbnail_has_nearly_the_fingerprint_of_its_picture(tmp_path) -> None:
    path = tmp_path / "thumbnail.jpg"
    for seed in range(5):
        image = picture(seed, (2000, 1500))
        path.write_bytes(make_thumbnail(image))
        assert difference(read_fingerprint(path) or b"", fingerprint(image)).bits <= 24
        assert is_same_picture(look_at(path), look(image))


@pytest.mark.parametrize("content", [None, b"", b"no picture", b"\xff\xd8\xff\xe0"])
def test_a_thumbnail_that_is_missing_or_broken_has_none(tmp_path, content: bytes | None) -> None:
    path = tmp_path / "thumbnail.jpg"
    if content is not None:
        path.write_bytes(content)
    assert read_fingerprint(path) is None
    assert look_at(path) is None
