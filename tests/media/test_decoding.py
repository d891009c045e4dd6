"""Decoding: every format to an upright RGB image that is no larger than needed."""

import io
from concurrent.futures import ThreadPoolExecutor

import pytest
from drawing import draw_image, draw_photo
from PIL import Image, ImageFile

from photoindex.errors import UnreadableFileError
from photoindex.media import FORMATS, Reason, decode, decoding
from photoindex.media.formats import JPEG

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def quarters(size=(64, 48)) -> Image.Image:
    """Red and green above, blue and white below: tells every turn and flip apart."""
    image, (width, height) = Image.new("RGB", size, WHITE), size
    image.paste(RED, (0, 0, width // 2, height // 2))
    image.paste(GREEN, (width // 2, 0, width, height // 2))
    image.paste(BLUE, (0, height // 2, width // 2, height))
    return image


def corners(image: Image.Image) -> list[tuple[int, ...]]:
    """The colours in the middle of the four quarters, rounded to pure ones."""
    width, height = image.size
    spots = [(x, y) for y in (height // 4, 3 * height // 4) for x in (width // 4, 3 * width // 4)]
    return [tuple(255 if band > 127 else 0 for band in image.getpixel(spot)) for spot in spots]


def encode(image: Image.Image, format: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def decode_small(content: bytes, **options):
    return decode(content, shortest_edge=32, longest_edge=32, **options)


@pytest.mark.parametrize("format", FORMATS, ids=lambda format: format.name)
def test_each_format_decodes_to_what_was_drawn(tmp_path, format):
    path = draw_photo(tmp_path / "a", format=format.pillow, colour="#3060c0", size=(200, 100))
    decoded = decode_small(path.read_bytes())
    assert (decoded.width, decoded.height, decoded.format, decoded.image.mode) == (200, 100, format, "RGB")
    assert all(abs(a - b) < 6 for a, b in zip(decoded.image.getpixel((50, 20)), (0x30, 0x60, 0xC0), strict=True))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_each_orientation_comes_out_upright(tmp_path, format, orientation):
    turn = Image.Transpose
    undo = {
        2: turn.FLIP_LEFT_RIGHT,
        3: turn.ROTATE_180,
        4: turn.FLIP_TOP_BOTTOM,
        5: turn.TRANSPOSE,
        6: turn.ROTATE_90,
        7: turn.TRANSVERSE,
        8: turn.ROTATE_270,
    }
    stored = quarters((160, 96))
    stored = stored.transpose(undo[orientation]) if orientation in undo else stored
    exif = Image.Exif()
    exif[0x0112] = orientation
    decoded = decode_small(encode(stored, format, exif=exif.tobytes()))
    assert corners(decoded.image) == [RED, GREEN, BLUE, WHITE]
    assert (decoded.width, decoded.height) == (160, 96)
    assert decoded.image.width > decoded.image.height


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_a_senseless_orientation_is_no_orientation(value):
    exif = Image.Exif()
    exif[0x0112] = value
    decoded = decode_small(encode(quarters(), "PNG", exif=exif.tobytes()))
    assert corners(decoded.image) == [RED, GREEN, BLUE, WHITE]
    assert decoded.metadata.orientation == 1


@pytest.mark.parametrize(
    ("size", "edges", "expected"),
    [
        ((4000, 3000), (260, 512), (1000, 750)),  # 1/8 would be 500 pixels: too few for the thumbnail
        ((4096, 3072), (260, 512), (512, 384)),
        ((4000, 3000), (800, 512), (2000, 1500)),
        ((4000, 600), (260, 512), (2000, 300)),
        ((400, 300), (260, 512), (400, 300)),
    ],
)
def test_a_jpeg_is_decoded_no_smaller_than_both_users_need(size, edges, expected):
    content = encode(draw_image(size=size), "JPEG")
    decoded = decode(content, shortest_edge=edges[0], longest_edge=edges[1])
    assert decoded.image.size == expected
    assert (decoded.width, decoded.height) == size


def test_other_formats_are_reduced_with_headroom():
    decoded = decode(encode(draw_image(size=(3000, 2400)), "PNG"), shortest_edge=224, longest_edge=512)
    assert decoded.image.size == (1500, 1200)
    assert (decoded.width, decoded.height) == (3000, 2400)


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "TIFF", "AVIF", "HEIF"])
def test_the_first_frame_is_decoded_and_the_others_are_not(format):
    frames = [draw_image(colour=colour, size=(64, 64)) for colour in ("red", "lime", "blue")]
    content = encode(frames[0], format, save_all=True, append_images=frames[1:])
    assert corners(decode_small(content).image) == [RED] * 4


@pytest.mark.parametrize("tail", [0, 1])
def test_a_jpeg_of_several_pictures_is_its_first(tail):
    content = encode(quarters(), "MPO", save_all=True, append_images=[draw_image(colour="black")])
    decoded = decode_small(content[: len(content) - 500 * tail])  # the second one may even be cut
    assert corners(decoded.image) == [RED, GREEN, BLUE, WHITE]
    assert decoded.format is JPEG


def test_the_pixel_limit_is_exact_and_of_the_original_size():
    content = encode(draw_image(size=(400, 300)), "JPEG")
    assert decode_small(content, max_pixels=120_000).width == 400
    with pytest.raises(UnreadableFileError) as caught:
        decode_small(content, max_pixels=119_999)
    assert caught.value.reason == "too-many-pixels"


@pytest.mark.parametrize("error", [MemoryError(), OSError("decoder error -9")], ids=str)
def test_a_lack_of_memory_is_not_the_files_fault(monkeypatch, error):
    def fail(*_):
        raise error

    monkeypatch.setattr(ImageFile.ImageFile, "load", fail)
    with pytest.raises(UnreadableFileError) as caught:
        decode_small(encode(quarters(), "PNG"))
    assert caught.value.reason == "out-of-memory"


OTHER_ERRORS = [
    OSError, ValueError, TypeError, EOFError, SyntaxError, RuntimeError, IndexError, KeyError, ZeroDivisionError,
    AttributeError, OverflowError, RecursionError, UnicodeDecodeError, NotImplementedError, AssertionError,
]  # fmt: skip


@pytest.mark.parametrize("kind", OTHER_ERRORS)
def test_whatever_a_decoder_raises_becomes_a_reason_and_one_clean_line(monkeypatch, kind):
    def fail(*_):
        if kind is UnicodeDecodeError:
            raise UnicodeDecodeError("utf-8", b"x", 0, 1, "bad")
        raise kind("a\x1b[31m\r\nb\0" + "c" * 1000)

    monkeypatch.setattr(ImageFile.ImageFile, "load", fail)
    with pytest.raises(UnreadableFileError) as caught:
        decode_small(encode(quarters(), "PNG"))
    assert caught.value.reason in set(Reason)
    assert caught.value.detail.isprintable()
    assert len(caught.value.detail) <= 200


def test_threads_decode_at_the_same_time(tmp_path):
    contents = [
        draw_photo(tmp_path / f"{seed}", format=format.pillow, seed=seed, size=(300, 200)).read_bytes()
        for seed in range(3)
        for format in FORMATS
    ]
    alone = [decode_small(content).image.tobytes() for content in contents]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            together = [decoded.image.tobytes() for decoded in pool.map(decode_small, contents)]
            assert together == alone


def test_the_scale_never_undercuts_an_edge():
    for width in range(1, 200, 7):
        for height in range(1, 200, 11):
            scale = decoding._scale((width, height), (20, 40), headroom=1)
            assert scale == 1 or (min(width, height) / scale >= 20 and max(width, height) / scale >= 40)
