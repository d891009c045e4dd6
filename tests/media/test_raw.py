"""Raw files: their preview where it serves, developed where it does not, upright, with what the camera wrote."""

import os
import struct
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from media import raw_files
from media.exif_blocks import ASCII, RATIONAL, SHORT, exif_block
from PIL import Image

from photoindex.errors import UnreadableFileError
from photoindex.media import Kind, decode
from photoindex.media.formats import CR3, MRW, ORF, RAF
from photoindex.media.metadata import read_metadata
from photoindex.media.raw import RawSize, is_cut, preview_orientation
from photoindex.media.raw import exif_block as raw_exif_block

ROOT = Path(__file__).parents[2]

RED, GREEN, BLUE, WHITE, BLACK = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0)
_TURN = Image.Transpose
_UNDO = {
    2: _TURN.FLIP_LEFT_RIGHT,
    3: _TURN.ROTATE_180,
    4: _TURN.FLIP_TOP_BOTTOM,
    5: _TURN.TRANSPOSE,
    6: _TURN.ROTATE_90,
    7: _TURN.TRANSVERSE,
    8: _TURN.ROTATE_270,
}


def quarters(size=(320, 200)) -> Image.Image:
    """Red and green above, blue and white below: tells every turn and flip apart."""
    image, (width, height) = Image.new("RGB", size, WHITE), size
    image.paste(RED, (0, 0, width // 2, height // 2))
    image.paste(GREEN, (width // 2, 0, width, height // 2))
    image.paste(BLUE, (0, height // 2, width // 2, height))
    return image


def corners(image: Image.Image) -> list[tuple[int, ...]]:
    width, height = image.size
    spots = [(x, y) for y in (height // 4, 3 * height // 4) for x in (width // 4, 3 * width // 4)]
    return [tuple(255 if band > 127 else 0 for band in image.getpixel(spot)) for spot in spots]


def stored(orientation: int, size=(320, 200)) -> Image.Image:
    """What the sensor holds of `quarters` when the camera was turned so."""
    image = quarters(size)
    return image.transpose(_UNDO[orientation]) if orientation in _UNDO else image


def dark(size) -> bytes:
    return raw_files.jpeg(Image.new("RGB", size))


def decode_raw(content: bytes, edge: int = 100, name: bytes = b""):
    return decode(content, shortest_edge=edge // 2, longest_edge=edge, name=name)


@pytest.mark.parametrize("magic", [b"II*\0", b"MM\0*"])
@pytest.mark.parametrize("edge", [100, 300])
def test_without_a_preview_the_sensor_is_developed_no_larger_than_needed(magic, edge):
    decoded = decode_raw(raw_files.dng(quarters(), magic=magic), edge)
    assert corners(decoded.image) == [RED, GREEN, BLUE, WHITE]
    assert (decoded.width, decoded.height, decoded.format.name) == (320, 200, "dng")
    assert decoded.format.kind is Kind.RAW
    assert decoded.image.size == ((160, 100) if edge == 100 else (320, 200))


def test_developed_colours_are_those_that_were_seen():
    content = raw_files.dng(Image.new("RGB", (120, 80), (48, 96, 192)))
    assert all(abs(a - b) < 4 for a, b in zip(decode_raw(content).image.getpixel((20, 20)), (48, 96, 192), strict=True))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("preview", ["none", "as the sensor lies", "small", "with an orientation of its own"])
def test_each_orientation_comes_out_upright(orientation, preview):
    image = stored(orientation)
    exif = Image.Exif()
    exif[0x0112] = orientation
    jpeg = {
        "none": b"",
        "as the sensor lies": raw_files.jpeg(image),
        "small": raw_files.jpeg(image.resize((image.width // 10, image.height // 10))),
        "with an orientation of its own": raw_files.jpeg(image, exif=exif.tobytes()),
    }[preview]
    decoded = decode_raw(raw_files.dng(image, preview=jpeg, orientation=orientation))
    assert corners(decoded.image) == [RED, GREEN, BLUE, WHITE]
    assert (decoded.width, decoded.height) == (320, 200)


def test_a_preview_that_is_upright_already_is_not_turned():
    content = raw_files.dng(stored(6), preview=raw_files.jpeg(quarters()), orientation=6)
    decoded = decode_raw(content)
    assert corners(decoded.image) == [RED, GREEN, BLUE, WHITE]
    assert (decoded.width, decoded.height) == (320, 200)


@pytest.mark.parametrize(
    ("orientation", "preview", "own", "expected"),
    [
        (1, (60, 40), 0, 1),
        (6, (60, 40), 0, 6),
        (6, (60, 40), 1, 6),
        (6, (40, 60), 0, 1),
        (6, (40, 60), 6, 1),
        (6, (40, 60), 1, 1),
        (3, (60, 40), 0, 3),
        (3, (60, 40), 1, 1),
        (1, (60, 40), 8, 1),
        (6, (50, 50), 0, 6),
    ],
)
def test_the_turn_of_a_preview_is_the_one_that_gives_the_shape(orientation, preview, own, expected):
    assert preview_orientation(RawSize(300, 200, orientation), preview, own) == expected


def test_a_preview_is_taken_where_it_serves_and_only_there():
    image = quarters((600, 400))
    for edge, size, is_preview in (
        (100, (150, 100), True),  # enough for what is asked
        (400, (150, 100), False),  # a stamp
        (400, (300, 200), True),  # half the picture
        (400, (298, 198), False),
    ):
        decoded = decode_raw(raw_files.dng(image, preview=dark(size)), edge)
        assert (corners(decoded.image) == [BLACK] * 4) is is_preview
        assert (decoded.width, decoded.height) == (600, 400)


def test_a_preview_that_cannot_be_read_is_as_good_as_none():
    preview = dark((320, 200))
    content = raw_files.dng(quarters(), preview=preview).replace(preview[20:400], bytes(380))
    assert corners(decode_raw(content).image) == [RED, GREEN, BLUE, WHITE]


def test_a_small_preview_is_better_than_a_sensor_that_cannot_be_read():
    stamp = raw_files.jpeg(quarters((40, 30)))
    decoded = decode_raw(raw_files.maker_raw(quarters((400, 300)), stamp, make="SONY", model="DSLR-A100"))
    assert corners(decoded.image) == [RED, GREEN, BLUE, WHITE]
    assert decoded.image.size == (40, 30)
    assert decoded.width > 300


MAKERS = {
    "cr2": lambda image, preview: raw_files.cr2(image, preview),
    "nef": lambda *a: raw_files.maker_raw(*a, make="NIKON CORPORATION", model="NIKON D5000"),
    "arw": lambda *a: raw_files.maker_raw(*a, make="SONY", model="ILCE-7M3"),
    "pef": lambda *a: raw_files.maker_raw(*a, make="PENTAX Corporation", model="PENTAX K10D"),
    "srw": lambda *a: raw_files.maker_raw(*a, make="SAMSUNG", model="NX300"),
    "3fr": lambda *a: raw_files.maker_raw(*a, make="Hasselblad", model="Hasselblad H3D"),
    "erf": lambda *a: raw_files.maker_raw(*a, make="SEIKO EPSON CORP.", model="R-D1"),
    "orf": lambda image, preview: raw_files.orf(image, preview),
    "raf": lambda image, preview: raw_files.raf(image, preview),
}


@pytest.mark.parametrize("name", MAKERS)
def test_files_of_makers_are_seen_through_their_preview(name):
    preview = raw_files.jpeg(quarters(), exif=_preview_exif())
    decoded = decode_raw(MAKERS[name](quarters(), preview))
    assert decoded.format.name == name
    assert corners(decoded.image) == [RED, GREEN, BLUE, WHITE]
    assert abs(decoded.width / decoded.height - 1.6) < 0.3
    assert decoded.metadata.taken_at == datetime(2021, 6, 5, 10, 20, 30)
    assert decoded.metadata.camera
    assert decoded.metadata.iso == 400


def _preview_exif() -> bytes:
    main = [(0x010F, ASCII, b"FUJIFILM\0"), (0x0110, ASCII, b"FinePix S5600\0")]
    own = [(0x8827, SHORT, [400]), (0x9003, ASCII, b"2021:06:05 10:20:30\0")]
    return b"Exif\0\0" + exif_block(main, own)


def test_what_the_camera_wrote_is_read():
    metadata = decode_raw(raw_files.dng(quarters())).metadata
    assert (metadata.camera, metadata.lens, metadata.iso) == ("Acme One", "35mm F2.8", 400)
    assert (metadata.f_number, metadata.focal_length_mm, metadata.exposure_seconds) == (2.8, 35.0, 0.004)
    assert (metadata.taken_at, metadata.taken_at_offset_minutes) == (datetime(2021, 6, 5, 10, 20, 30), 120)


def _box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I", len(body) + 8) + kind + body


def _cr3() -> bytes:
    uuid = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
    main = exif_block([(0x010F, ASCII, b"Canon\0"), (0x0110, ASCII, b"Canon EOS R5\0"), (0x0112, SHORT, [8])])
    own = exif_block([(0x8827, SHORT, [800]), (0x9003, ASCII, b"2022:03:04 05:06:07\0")])
    gps = exif_block(
        [
            (1, ASCII, b"N\0"),
            (2, RATIONAL, [48, 1, 30, 1, 0, 1]),
            (3, ASCII, b"E\0"),
            (4, RATIONAL, [2, 1, 15, 1, 0, 1]),
        ]
    )
    boxes = _box(b"uuid", uuid, _box(b"CNCV", b"Canon"), _box(b"CMT1", main), _box(b"CMT2", own), _box(b"CMT4", gps))
    return _box(b"ftyp", b"crx \0\0\0\1crx isom") + _box(b"moov", boxes) + _box(b"mdat", bytes(100))


def test_the_three_blocks_of_a_cr3_become_one():
    metadata = read_metadata(raw_exif_block(_cr3(), CR3))
    assert (metadata.camera, metadata.iso, metadata.orientation) == ("Canon EOS R5", 800, 8)
    assert metadata.taken_at == datetime(2022, 3, 4, 5, 6, 7)
    assert (metadata.latitude, metadata.longitude) == (48.5, 2.25)


def test_the_block_in_a_minolta_file_and_others_of_own_magic_numbers_is_found():
    block = exif_block([(0x0110, ASCII, b"DYNAX 5D\0")], order=">")
    parts = b"\0PRD" + struct.pack(">I", 24) + bytes(24) + b"\0TTW" + struct.pack(">I", len(block)) + block
    content = b"\0MRM" + struct.pack(">I", len(parts)) + parts
    assert read_metadata(raw_exif_block(content, MRW)).camera_model == "DYNAX 5D"
    for magic, order in ((b"IIRO", "<"), (b"IIRS", "<"), (b"MMOR", ">"), (b"IIU\0", "<")):
        content = magic + exif_block([(0x0110, ASCII, b"E-1\0")], order=order)[4:]
        assert read_metadata(raw_exif_block(content, ORF)).camera_model == "E-1"


@pytest.mark.parametrize("make", [_cr3, lambda: raw_files.orf(quarters(), b"\xff\xd8\xff\xd9" * 9 + dark((16, 16)))])
def test_finding_the_block_of_a_cut_or_spoiled_file_never_raises(make):
    content = make()
    for size in range(0, len(content), max(1, len(content) // 200)):
        for spoiled in (content[:size], content[:size] + b"\xff" * 40 + content[size + 40 :]):
            for format in (CR3, ORF, MRW, RAF):
                read_metadata(raw_exif_block(spoiled, format))
                is_cut(spoiled, format)


def test_a_dng_whose_end_is_missing_says_so():
    content = raw_files.dng(quarters())
    for size in (len(content) - 20_000, len(content) // 2):
        with pytest.raises(UnreadableFileError) as caught:
            decode_raw(content[:size], name=b"a.dng")
        assert caught.value.reason == "truncated"


def test_a_raw_file_of_an_unknown_structure_says_so():
    for content in (b"FUJIFILMCCD-RAW 0201FF129502FinePix".ljust(500, b"\0"), b"FOVb" + bytes(500)):
        with pytest.raises(UnreadableFileError) as caught:
            decode_raw(content)
        assert caught.value.reason in {"unsupported", "broken", "truncated"}
        assert caught.value.detail.startswith("LibRaw: ")


def test_the_pixel_limit_is_of_the_sensor():
    content = raw_files.dng(quarters(), preview=dark((40, 30)))
    with pytest.raises(UnreadableFileError, match="too-many-pixels"):
        decode(content, shortest_edge=10, longest_edge=10, max_pixels=63_999)
    assert decode(content, shortest_edge=10, longest_edge=10, max_pixels=64_000).width == 320


def test_a_preview_as_a_bitmap():
    image = quarters()
    content = raw_files.dng(image, bitmap=image.resize((64, 40)))
    decoded = decode_raw(content, 50)
    assert decoded.image.size == (64, 40)
    assert corners(decoded.image) == [RED, GREEN, BLUE, WHITE]


def test_developing_starts_no_threads():
    """In a process of its own, where no other test's threads come and go; with torch there, as in the daemon."""
    script = """
import os, torch
from threading import Thread
from media import raw_files
from media.test_raw import decode_raw, quarters
content, threads = raw_files.dng(quarters((640, 480))), []
def develop():  # in a thread that has developed nothing yet: each would start its own
    threads.append(len(os.listdir("/proc/self/task")))
    assert decode_raw(content).image.size == (320, 240)
    threads.append(len(os.listdir("/proc/self/task")))
thread = Thread(target=develop)
thread.start()
thread.join()
assert threads[0] == threads[1], threads
"""
    path = os.pathsep.join((str(ROOT / "tests"), str(ROOT)))
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60, env={**os.environ, "PYTHONPATH": path})
