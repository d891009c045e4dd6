"""Decoding: every format to an upright RGB image that is no larger than needed."""

import io
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from drawing import draw_image
from media.hostile_files import png, png_chunk
from media.samples import WRITTEN, write
from PIL import Image, ImageFile

from photoindex.errors import UnreadableFileError
from photoindex.media import Reason, decode, decoding
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


@pytest.mark.parametrize("format", WRITTEN, ids=lambda format: format.name)
def test_each_format_decodes_to_what_was_drawn(format):
    decoded = decode_small(write(draw_image(colour="#3060c0", size=(200, 100)), format))
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
        ((8192, 4160), (260, 512), (1024, 520)),
        ((4096, 3072), (260, 512), (1024, 768)),  # 1/8 would leave the encoder's filter less than twice what it needs
        ((4000, 3000), (700, 512), (2000, 1500)),
        ((4000, 1100), (260, 512), (2000, 550)),
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


def _animated_png() -> bytes:
    """An APNG whose default picture, which is not of the animation, is green: viewers without animation show it."""
    rows = b"".join(b"\0" + bytes(GREEN) * 64 for _ in range(48))
    control = png_chunk(b"acTL", bytes([0, 0, 0, 1, 0, 0, 0, 0]))
    return png(64, 48, control, rows=rows)


def test_a_png_with_an_animation_beside_it_is_its_default_picture():
    assert corners(decode_small(_animated_png()).image) == [GREEN] * 4


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


def test_threads_decode_at_the_same_time():
    contents = [write(draw_image(seed=seed, size=(300, 200)), format) for seed in range(3) for format in WRITTEN]
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


@pytest.mark.parametrize("options", [{"progressive": True}, {"subsampling": 0}, {"optimize": True}], ids=str)
def test_jpegs_of_every_kind(options):
    decoded = decode_small(encode(quarters((640, 480)), "JPEG", **options))
    assert corners(decoded.image) == [RED, GREEN, BLUE, WHITE]
    assert decoded.image.size == (40, 30) or min(decoded.image.size) >= 32


@pytest.mark.parametrize("options", [{"big_tiff": True}, {"compression": "tiff_lzw"}, {"compression": "jpeg"}], ids=str)
def test_tiffs_of_every_kind(options):
    assert corners(decode_small(encode(quarters(), "TIFF", **options)).image) == [RED, GREEN, BLUE, WHITE]


def test_nothing_is_written_to_the_standard_error_about_odd_tiffs(capfd):
    content = bytearray(encode(quarters(), "TIFF", compression="tiff_lzw"))
    at = content.index(b"\x1c\x01\x03\0")  # planar configuration becomes a tag that nobody knows
    content[at : at + 2] = b"\x1d\xff"
    decode_small(bytes(content))
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("extension", ["jp2", "j2k"])
def test_jpeg_2000_with_and_without_boxes_is_decoded_no_larger_than_needed(extension):
    content = encode(quarters((640, 480)), "JPEG2000", no_jp2=extension == "j2k")
    decoded = decode(content, shortest_edge=100, longest_edge=150)
    assert corners(decoded.image) == [RED, GREEN, BLUE, WHITE]
    assert (decoded.width, decoded.height, decoded.image.size) == (640, 480, (160, 120))
    assert decode(content, shortest_edge=400, longest_edge=500).image.size == (640, 480)


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "I;16"])
def test_jpeg_2000_of_other_modes(mode):
    image = Image.new("I;16", (64, 48), 65_535) if mode == "I;16" else Image.new("RGBA", (64, 48), WHITE).convert(mode)
    assert corners(decode_small(encode(image, "JPEG2000")).image) == [WHITE] * 4


def _pnm(magic: str, *fields: object, body: bytes) -> bytes:
    return f"{magic}\n# drawn by a test\n{' '.join(map(str, fields))}\n".encode() + body


def _text(values) -> bytes:
    return " ".join(map(str, np.asarray(values).ravel().tolist())).encode() + b"\n"


_PIXELS = np.asarray(quarters())
_GREY = np.asarray(quarters().convert("L"))
_BITS = np.asarray(quarters().convert("L")) < 100  # 1 is black
_PAM = b"P7\nWIDTH 64\nHEIGHT 48\nDEPTH %d\nMAXVAL %d\nTUPLTYPE %s\nENDHDR\n"


@pytest.mark.parametrize(
    "content",
    [
        _pnm("P3", 64, 48, 255, body=_text(_PIXELS)),
        _pnm("P3", 64, 48, 7, body=_text(_PIXELS // 36)),
        _pnm("P3", 64, 48, 1000, body=b"# more\n" + _text(_PIXELS.astype(int) * 1000 // 255) + b"# and more"),
        _pnm("P6", 64, 48, 255, body=_PIXELS.tobytes()),
        _pnm("P6", 64, 48, 100, body=(_PIXELS.astype(int) * 100 // 255).astype("u1").tobytes()),
        _pnm("P6", 64, 48, 65535, body=(_PIXELS.astype(int) * 257).astype(">u2").tobytes()),
        _PAM % (3, 255, b"RGB") + _PIXELS.tobytes(),
        _PAM % (4, 255, b"RGB_ALPHA") + np.dstack([_PIXELS, np.full((48, 64), 255, "u1")]).tobytes(),
        b"PF\n64 48\n-1.0\n" + (_PIXELS[::-1] / 255).astype("<f4").tobytes(),
        b"PF\n64 48\n1.0\n" + (_PIXELS[::-1] / 255).astype(">f4").tobytes(),
    ],
    ids=["P3", "P3 of 3 bits", "P3 with remarks", "P6", "P6 to 100", "P6 of 16 bits", "P7", "P7 alpha", "PF", "PF big"],
)
def test_each_kind_of_coloured_pnm(content):
    decoded = decode_small(content)
    assert corners(decoded.image) == [RED, GREEN, BLUE, WHITE]
    assert (decoded.width, decoded.height, decoded.format.name) == (64, 48, "pnm")


@pytest.mark.parametrize(
    ("content", "tolerance"),
    [
        (_pnm("P2", 64, 48, 255, body=_text(_GREY)), 1),
        (_pnm("P5", 64, 48, 255, body=_GREY.tobytes()), 1),
        (_pnm("P5", 64, 48, 4095, body=(_GREY.astype(int) * 16).astype(">u2").tobytes()), 2),
        (_PAM % (1, 255, b"GRAYSCALE") + _GREY.tobytes(), 1),
        (_PAM % (2, 255, b"GRAYSCALE_ALPHA") + np.dstack([_GREY, np.full((48, 64), 255, "u1")]).tobytes(), 1),
        (b"Pf\n64 48\n-1.0\n" + (_GREY[::-1] / 255).astype("<f4").tobytes(), 1),
    ],
    ids=["P2", "P5", "P5 of 12 bits", "P7", "P7 alpha", "Pf"],
)
def test_each_kind_of_grey_pnm(content, tolerance):
    found = np.asarray(decode_small(content).image.convert("L")).astype(int)
    assert abs(found - _GREY).max() <= tolerance


@pytest.mark.parametrize(
    "body",
    [
        b"P4\n64 48\n" + np.packbits(_BITS, axis=1).tobytes(),
        _pnm("P1", 64, 48, body=_text(_BITS.astype(int))),
        _pnm("P1", 64, 48, body=_text(_BITS.astype(int)).replace(b" ", b"")),  # digits may stand without a space
    ],
    ids=["P4", "P1", "P1 without spaces"],
)
def test_each_kind_of_bitmap(body):
    found = np.asarray(decode_small(body).image)[..., 0]
    assert ((found == 0) == _BITS).all()


@pytest.mark.parametrize("kind", [b"tEXt", b"zTXt", b"iTXt", b"iCCP"])
def test_a_png_with_texts_of_many_megabytes_is_shown_without_them(kind):
    large = {
        b"tEXt": b"note\0" + b"x" * 70_000_000,
        b"zTXt": b"note\0\0" + zlib.compress(bytes(5_000_000)),
        b"iTXt": b"note\0\1\0\0\0" + zlib.compress(bytes(5_000_000)),
        b"iCCP": b"note\0\0" + zlib.compress(bytes(5_000_000)),
    }[kind]
    rows = b"".join(b"\0" + bytes(GREEN) * 64 for _ in range(48))
    content = png(64, 48, png_chunk(kind, large), rows=rows)
    assert corners(decode_small(content).image) == [GREEN] * 4
    after = content[:-12] + png_chunk(kind, large) + content[-12:]
    assert corners(decode_small(after).image) == [GREEN] * 4
