"""Every mode that a decoder gives becomes the RGB that a viewer would show."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from photoindex.media import decode
from photoindex.media.colours import to_srgb


def _near(pixel, expected, tolerance=3) -> bool:
    return all(abs(a - b) <= tolerance for a, b in zip(pixel, expected, strict=True))


def _stored(image: Image.Image, format: str, **options) -> Image.Image:
    """`image` after a round trip through a file and `decode`."""
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return decode(buffer.getvalue(), shortest_edge=8, longest_edge=8).image


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("1", 1, (255, 255, 255)),
        ("L", 100, (100, 100, 100)),
        ("LA", (100, 255), (100, 100, 100)),
        ("La", (100, 255), (100, 100, 100)),
        ("P", 5, None),
        ("PA", (5, 255), None),
        ("I", 255, (255, 255, 255)),
        ("I;16", 65535, (255, 255, 255)),
        ("F", 1.0, (255, 255, 255)),
        ("RGB", (10, 20, 30), (10, 20, 30)),
        ("RGBX", (10, 20, 30, 0), (10, 20, 30)),
        ("RGBA", (10, 20, 30, 255), (10, 20, 30)),
        ("RGBa", (10, 20, 30, 255), (10, 20, 30)),
        ("CMYK", (255, 0, 0, 0), (0, 255, 255)),
        ("YCbCr", (128, 128, 128), (128, 128, 128)),
        ("HSV", (0, 255, 255), (255, 0, 0)),
        ("LAB", (255, 128, 128), (255, 255, 255)),
    ],
)
@pytest.mark.parametrize("reduction", [1, 3])
def test_each_mode_becomes_rgb(mode, colour, expected, reduction):
    image = to_srgb(Image.new(mode, (9, 6), colour), reduction)
    assert (image.mode, image.size) == ("RGB", (9 // reduction, 6 // reduction))
    if expected:
        assert _near(image.getpixel((1, 1)), expected)


@pytest.mark.parametrize(
    "image",
    [
        Image.new("RGBA", (8, 8), (255, 0, 0, 0)),
        Image.new("LA", (8, 8), (0, 0)),
        Image.new("RGBA", (8, 8), (255, 0, 0, 0)).quantize(),
    ],
    ids=lambda image: image.mode,
)
def test_transparency_is_seen_on_white(image):
    assert _near(_stored(image, "PNG").getpixel((4, 4)), (255, 255, 255))


def test_half_transparency_is_half_white():
    assert _near(_stored(Image.new("RGBA", (8, 8), (255, 0, 0, 128)), "PNG").getpixel((4, 4)), (255, 127, 127))


@pytest.mark.parametrize(("mode", "key"), [("L", 7), ("RGB", (7, 7, 7))])
def test_a_transparent_colour_is_white(mode, key):
    assert _near(_stored(Image.new(mode, (8, 8), key), "PNG", transparency=key).getpixel((4, 4)), (255, 255, 255))


def test_a_transparent_gif_is_on_white():
    image = Image.new("P", (8, 8), 0)
    image.putpalette([255, 0, 0, 0, 255, 0])
    image.putpixel((7, 7), 1)
    assert _near(_stored(image, "GIF", transparency=0).getpixel((2, 2)), (255, 255, 255))


@pytest.mark.parametrize(
    ("brightest", "expected"),
    [
        (65535, 255),  # a 16-bit photo
        (4095, 255),  # 12 bits of a scientific camera in 16
        (40000, 155),  # a dark 16-bit photo stays dark
        (255, 255),
        (100, 100),
        (0, 0),
    ],
)
@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_16_bit_grey_is_scaled_and_not_clipped(format, brightest, expected):
    values = np.linspace(0, brightest, 64).astype(np.uint16).reshape(8, 8)
    image = np.asarray(_stored(Image.fromarray(values), format))
    assert abs(int(image.max()) - expected) <= 1
    assert image.min() == 0
    assert (np.diff(image[..., 0].ravel().astype(int)) >= 0).all()


@pytest.mark.parametrize(
    ("low", "high", "darkest", "brightest"),
    [(0, 1, 0, 255), (0, 255, 0, 255), (0, 0.5, 0, 128), (-5, 5, 0, 255), (0, 1e6, 0, 255), (7, 7, 7, 7)],
)
def test_floats_are_scaled_by_their_range(low, high, darkest, brightest):
    image = np.asarray(_stored(Image.fromarray(np.linspace(low, high, 64, dtype=np.float32).reshape(8, 8)), "TIFF"))
    assert (image.min(), image.max()) == (darkest, brightest)


def test_nan_and_infinity_do_no_harm():
    values = np.array([[np.nan, np.inf], [-np.inf, 0.5]], dtype=np.float32)
    assert to_srgb(Image.fromarray(values)).getpixel((1, 1)) == (128, 128, 128)
    assert to_srgb(Image.fromarray(np.full((2, 2), np.nan, dtype=np.float32))).getpixel((0, 0)) == (0, 0, 0)


def test_negative_integers_are_stretched():
    values = np.array([[-1000, 0], [0, 1000]], dtype=np.int32)
    assert [to_srgb(Image.fromarray(values)).getpixel(at)[0] for at in ((0, 0), (1, 0), (1, 1))] == [0, 128, 255]


def test_cmyk_in_jpeg_and_tiff_have_the_same_colours():
    cyan = Image.new("CMYK", (16, 16), (255, 0, 0, 0))
    for format in ("JPEG", "TIFF"):  # JPEG stores it inverted, as Adobe began to
        assert _near(_stored(cyan, format).getpixel((4, 4)), (0, 255, 255), 4)


def _swapped_profile() -> bytes:
    """An RGB profile that shows red as green: the sRGB profile with two of its colours exchanged."""
    data = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = data.replace(b"rXYZ", b"!XYZ").replace(b"gXYZ", b"rXYZ").replace(b"!XYZ", b"gXYZ")
    return data.replace(b"sRGB", b"test").replace("sRGB".encode("utf-16-be"), "test".encode("utf-16-be"))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
def test_a_colour_profile_is_applied(format):
    red = Image.new("RGB", (16, 16), (255, 0, 0))
    assert _near(_stored(red, format, icc_profile=_swapped_profile()).getpixel((4, 4)), (0, 255, 0), 8)


def test_an_srgb_profile_changes_nothing():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert _stored(Image.new("RGB", (8, 8), (1, 2, 3)), "PNG", icc_profile=profile).getpixel((4, 4)) == (1, 2, 3)


@pytest.mark.parametrize(
    "profile",
    [
        b"not a profile",
        b"\0" * 200,
        _swapped_profile()[:200],
        _swapped_profile() + b"\0" * 4_000_000,
        ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes(),
    ],
    ids=["text", "zeros", "cut", "too large", "of another mode"],
)
def test_a_profile_that_cannot_be_used_is_ignored(profile):
    image = Image.new("RGB", (8, 8), (200, 100, 50))
    image.info["icc_profile"] = profile
    assert to_srgb(image).getpixel((4, 4)) == (200, 100, 50)


def test_a_profile_is_not_carried_along():
    image = Image.new("RGB", (8, 8), (200, 100, 50))
    image.info["icc_profile"] = _swapped_profile()
    assert "icc_profile" not in to_srgb(image).info
