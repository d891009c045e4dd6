"""Metadata: what EXIF says, and nothing where it says nonsense."""

import io
import random
import struct
import time
import tracemalloc
from datetime import datetime
from fractions import Fraction

import pytest
from drawing import draw_image, draw_photo
from hypothesis import given
from hypothesis import strategies as st
from media.exif_blocks import (
    ASCII,
    DOUBLE,
    FLOAT,
    LONG,
    RATIONAL,
    SHORT,
    SIGNED_RATIONAL,
    UNDEFINED,
    exif_block,
)
from PIL import Image, PngImagePlugin

from photoindex.media import Metadata, decode
from photoindex.media.metadata import TakenAtSource, read_metadata

FULL = {
    "main": [
        (0x010F, ASCII, b"Canon\0"),
        (0x0110, ASCII, b"Canon EOS 40D\0"),
        (0x0112, SHORT, [1]),
        (0x0132, ASCII, b"2020:01:01 00:00:00\0"),
    ],
    "own": [
        (0x829A, RATIONAL, [1, 160]),
        (0x829D, RATIONAL, [71, 10]),
        (0x8827, SHORT, [100]),
        (0x9003, ASCII, b"2008:05:30 15:56:01\0"),
        (0x9011, ASCII, b"+05:30\0"),
        (0x920A, RATIONAL, [135, 1]),
        (0xA434, ASCII, b"EF 70-200mm\0"),
    ],
    "gps": [
        (1, ASCII, b"S\0"),
        (2, RATIONAL, [33, 1, 51, 1, 3540, 100]),
        (3, ASCII, b"W\0"),
        (4, RATIONAL, [151, 1, 12, 1, 4000, 100]),
        (5, 1, b"\1"),
        (6, RATIONAL, [125, 10]),
    ],
}


def _metadata_of(image_format: str, block: bytes) -> Metadata:
    buffer = io.BytesIO()
    draw_image(seed=1).save(buffer, image_format, exif=block)
    return decode(buffer.getvalue(), shortest_edge=32, longest_edge=32).metadata


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("prefix", [b"", b"Exif\0\0", b"Exif\0\0Exif\0\0"])
def test_every_field_is_read(order, prefix):
    assert read_metadata(prefix + exif_block(**FULL, order=order)) == Metadata(
        taken_at=datetime(2008, 5, 30, 15, 56, 1),
        taken_at_source=TakenAtSource.EXIF,
        taken_at_offset_minutes=330,
        camera_make="Canon",
        camera_model="Canon EOS 40D",
        lens="EF 70-200mm",
        focal_length_mm=135,
        f_number=7.1,
        exposure_seconds=1 / 160,
        iso=100,
        latitude=pytest.approx(-(33 + 51 / 60 + 35.4 / 3600)),
        longitude=pytest.approx(-(151 + 12 / 60 + 40 / 3600)),
        altitude_m=-12.5,
        orientation=1,
    )


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF"])
def test_every_format_carries_it(format):
    assert _metadata_of(format, b"Exif\0\0" + exif_block(**FULL)) == read_metadata(exif_block(**FULL))


def test_a_tiff_has_it_in_its_own_directories(tmp_path):
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Canon", "Canon EOS 40D"
    exif.get_ifd(0x8769)[0x9003] = "2008:05:30 15:56:01"
    exif.get_ifd(0x8825).update({1: "N", 2: (10.0, 30.0, 0.0), 3: "E", 4: (20.0, 0.0, 0.0)})
    path = draw_photo(tmp_path / "a.tif", exif=exif)
    metadata = decode(path.read_bytes(), shortest_edge=32, longest_edge=32).metadata
    assert (metadata.taken_at, metadata.camera) == (datetime(2008, 5, 30, 15, 56, 1), "Canon EOS 40D")
    assert (metadata.latitude, metadata.longitude) == (10.5, 20)


def test_a_png_may_have_it_behind_its_pixels_or_as_hex_text():
    block, text = exif_block(**FULL), PngImagePlugin.PngInfo()
    text.add_text("Raw profile type exif", f"\nexif\n{len(block):8d}\n{(b'Exif' + bytes(2) + block).hex()}\n")
    buffer = io.BytesIO()
    draw_image().save(buffer, "PNG", pnginfo=text)
    assert decode(buffer.getvalue(), shortest_edge=32, longest_edge=32).metadata.iso == 100
    buffer = io.BytesIO()
    draw_image().save(buffer, "PNG", exif=block)
    content = buffer.getvalue()
    start = content.index(b"eXIf") - 4
    end = start + 12 + len(block)
    behind = content[:start] + content[end:-12] + content[start:end] + content[-12:]
    assert decode(behind, shortest_edge=32, longest_edge=32).metadata.iso == 100


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"2019:07:04 10:20:30\0", datetime(2019, 7, 4, 10, 20, 30)),
        (b"2019-07-04 10:20:30", datetime(2019, 7, 4, 10, 20, 30)),
        (b"2019-07-04T10:20:30", datetime(2019, 7, 4, 10, 20, 30)),
        (b"2019:07:04 10:20:30.123", datetime(2019, 7, 4, 10, 20, 30)),
        (b"2019-07-04T10:20:30Z", datetime(2019, 7, 4, 10, 20, 30)),
        (b"0000:00:00 00:00:00\0", None),
        (b"    :  :     :  :  \0", None),
        (b"2019:02:29 10:20:30", None),
        (b"2019:13:01 10:20:30", None),
        (b"2019:07:04 24:00:00", None),
        (b"2019:07:04", None),
        (b"0019:07:04 10:20:30", None),
        (b"\xd9\xa2\xd9\xa0\xd9\xa1\xd9\xa9:07:04 10:20:30", None),
        (b"yesterday", None),
        (b"", None),
    ],
)
def test_dates_are_read_strictly(text, expected):
    assert read_metadata(exif_block(own=[(0x9003, ASCII, text)])).taken_at == expected


def test_the_first_true_date_counts_with_its_own_offset():
    bad, good = b"0000:00:00 00:00:00\0", b"2019:07:04 10:20:30\0"
    offsets = [(0x9011, ASCII, b"+01:00\0"), (0x9012, ASCII, b"+02:00\0"), (0x9010, ASCII, b"-03:00\0")]
    metadata = read_metadata(exif_block(own=[(0x9003, ASCII, bad), (0x9004, ASCII, good), *offsets]))
    assert (metadata.taken_at.year, metadata.taken_at_offset_minutes) == (2019, 120)
    metadata = read_metadata(exif_block(main=[(0x0132, ASCII, good)], own=[(0x9003, ASCII, bad), *offsets]))
    assert (metadata.taken_at.year, metadata.taken_at_offset_minutes) == (2019, -180)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [(b"Z", 0), (b"+00:00", 0), (b"-09:30", -570), (b"+14:00", 840), (b"+15:00", None), (b"+0:", None)],
)
def test_offsets_are_those_of_inhabited_places(text, minutes):
    block = exif_block(own=[(0x9003, ASCII, b"2019:07:04 10:20:30"), (0x9011, ASCII, text)])
    assert read_metadata(block).taken_at_offset_minutes == minutes


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"  Canon  \0\0", "Canon"),
        (b"Canon\0leftover", "Canon"),
        (b"\0\0Canon", "Canon"),
        (b"a\x1b[31m\r\nb\x7f\x01", "a [31m b"),
        ("Größe".encode(), "Größe"),
        (b"Gr\xf6\xdfe", "Größe"),
        ("a\u202eb".encode(), "a b"),
        (b"x" * 5000, "x" * 1024),
        (b"\0\0\0\0\0", None),
        (b"   ", None),
    ],
)
def test_texts_are_clean_and_short(raw, expected):
    assert read_metadata(exif_block(main=[(0x010F, ASCII, raw)])).camera_make == expected


@pytest.mark.parametrize(
    ("make", "model", "camera"),
    [
        ("Canon", "Canon EOS 40D", "Canon EOS 40D"),
        ("NIKON CORPORATION", "NIKON D70", "NIKON D70"),
        ("EASTMAN KODAK COMPANY", "KODAK CX7530", "KODAK CX7530"),
        ("OLYMPUS IMAGING CORP.", "E-P3", "OLYMPUS E-P3"),
        ("CASIO COMPUTER CO.,LTD.", "EX-Z750", "CASIO EX-Z750"),
        ("Apple", "iPhone 13", "Apple iPhone 13"),
        ("FUJIFILM", None, "FUJIFILM"),
        (None, "X100", "X100"),
        (None, None, None),
    ],
)
def test_a_camera_is_named_as_people_name_it(make, model, camera):
    assert Metadata(camera_make=make, camera_model=model).camera == camera


def _position(latitude, longitude=(4, RATIONAL, [20, 1]), refs=(b"N\0", b"E\0")):
    entries = [(1, ASCII, refs[0]), (2, *latitude[1:]), (3, ASCII, refs[1]), (4, *longitude[1:])]
    metadata = read_metadata(exif_block(gps=entries))
    return metadata.latitude, metadata.longitude


@pytest.mark.parametrize(
    ("kind", "numbers", "expected"),
    [
        (RATIONAL, [10, 1, 30, 1, 0, 1], 10.5),
        (RATIONAL, [105, 10], 10.5),
        (RATIONAL, [10, 1, 30, 1, 0, 0], 10.5),  # 0/0 seconds
        (RATIONAL, [10, 1, 30, 1], 10.5),
        (DOUBLE, [10.5], 10.5),
        (RATIONAL, [0, 0, 0, 0, 0, 0], None),
        (RATIONAL, [1_000_000_000, 1, 0, 1, 0, 1], None),
        (RATIONAL, [91, 1, 0, 1, 0, 1], None),
        (RATIONAL, [10, 1, 61, 1, 0, 1], None),
        (SIGNED_RATIONAL, [-10, 1, 0, 1, 0, 1], None),
        (DOUBLE, [float("nan")], None),
        (FLOAT, [float("inf")], None),
        (DOUBLE, [10.0, float("inf"), 0.0], None),
        (ASCII, b"10.5", None),
        (SHORT, [], None),
    ],
)
def test_a_latitude_that_cannot_be_is_none(kind, numbers, expected):
    latitude, longitude = _position((2, kind, numbers))
    assert latitude == expected
    assert longitude == (None if expected is None else 20)


@pytest.mark.parametrize(
    ("refs", "expected"),
    [
        ((b"N\0", b"E\0"), (10, 20)),
        ((b"S\0", b"W\0"), (-10, -20)),
        ((b"s", b"w"), (-10, -20)),
        ((b"South", b"West"), (-10, -20)),
        ((b"\0\0", b"E\0"), (None, None)),
        ((b"X\0", b"E\0"), (None, None)),
        ((b"E\0", b"N\0"), (None, None)),
    ],
)
def test_hemispheres_must_be_known(refs, expected):
    assert _position((2, RATIONAL, [10, 1]), refs=refs) == expected


def test_zero_zero_is_a_camera_without_a_fix():
    assert _position((2, RATIONAL, [0, 1]), (4, RATIONAL, [0, 1])) == (None, None)


@pytest.mark.parametrize(
    ("tag", "field", "kind", "numbers", "expected"),
    [
        (0x8827, "iso", SHORT, [400, 0], 400),
        (0x8827, "iso", LONG, [102400], None),
        (0x8827, "iso", SHORT, [0], None),
        (0x829A, "exposure_seconds", RATIONAL, [1, 0], None),
        (0x829A, "exposure_seconds", RATIONAL, [30, 1], 30),
        (0x829D, "f_number", RATIONAL, [0, 1], None),
        (0x829D, "f_number", FLOAT, [float("nan")], None),
        (0x920A, "focal_length_mm", SIGNED_RATIONAL, [-50, 1], None),
        (0x920A, "focal_length_mm", ASCII, b"50 mm", None),
        (0x920A, "focal_length_mm", 99, b"50 mm", None),
        (0xA434, "lens", UNDEFINED, b"EF-S\0", "EF-S"),
        (0xA434, "lens", SHORT, [1, 2, 3], None),
    ],
)
def test_fields_of_odd_types_and_values(tag, field, kind, numbers, expected):
    assert getattr(read_metadata(exif_block(own=[(tag, kind, numbers)])), field) == expected


def test_an_iso_above_16_bits_stands_elsewhere():
    block = exif_block(own=[(0x8827, SHORT, [65535]), (0x8832, LONG, [102400])])
    assert read_metadata(block).iso == 102400


@pytest.mark.parametrize("value", [b"6\0", [9], [0]])
def test_an_orientation_that_is_none_is_1(value):
    kind = ASCII if isinstance(value, bytes) else SHORT
    assert read_metadata(exif_block(main=[(0x0112, kind, value)])).orientation == 1


def test_a_block_that_points_everywhere_costs_neither_memory_nor_time():
    entries = 65_535
    table = b"".join(struct.pack("<HHII", tag, UNDEFINED, 1_000_000, 8) for tag in range(entries))
    block = b"II*\0" + struct.pack("<IH", 8, entries) + table + b"\0" * 1_000_000
    tracemalloc.start()
    started = time.perf_counter()
    read_metadata(block)
    assert tracemalloc.get_traced_memory()[1] < 4_000_000
    tracemalloc.stop()
    assert time.perf_counter() - started < 5


@given(st.binary(max_size=300))
def test_noise_is_read_without_an_error(noise):
    for prefix in (b"", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"):
        read_metadata(prefix + noise)


@pytest.mark.parametrize("order", ["<", ">"])
def test_damaged_blocks_are_read_without_an_error(order):
    block, chooser = exif_block(**FULL, order=order), random.Random(0)
    for end in range(len(block)):
        read_metadata(block[:end])
    for _ in range(3000):
        damaged = bytearray(block)
        for _ in range(chooser.randrange(1, 6)):
            damaged[chooser.randrange(len(damaged))] = chooser.choice((0, 1, 127, 255, chooser.randrange(256)))
        metadata = read_metadata(bytes(damaged))
        assert metadata.latitude is None or abs(metadata.latitude) <= 90
        assert metadata.camera is None or metadata.camera.isprintable()
        assert metadata.exposure_seconds is None or Fraction(metadata.exposure_seconds) > 0
