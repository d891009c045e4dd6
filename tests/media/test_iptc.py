"""IPTC: what Photoshop and press agencies write, and nothing of what is damaged."""

import random
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photoindex.media.iptc import read_iptc
from photoindex.media.metadata import Metadata, TakenAtSource, read_metadata

UTF_8 = (1, 90, b"\x1b%G")


def iim(*data_sets):
    """IIM data of (record, number, value)."""
    return b"".join(b"\x1c" + bytes([record, n]) + len(v).to_bytes(2, "big") + v for record, n, v in data_sets)


def resources(data, name=b""):
    """Photoshop's image resources, a foreign one first."""
    named = bytes([len(name)]) + name + b"\0" * (1 - len(name) % 2)
    return (
        b"8BIM\x03\xed\0\0\0\0\0\x03abc\0"
        + b"8BIM\x04\x04"
        + named
        + len(data).to_bytes(4, "big")
        + data
        + b"\0" * (len(data) % 2)
    )


FULL = iim(
    UTF_8,
    (2, 5, b"Harbour"),
    (2, 25, "Zürich".encode()),
    (2, 25, b"sea"),
    (2, 25, b"Sea"),
    (2, 55, b"20190704"),
    (2, 60, b"153000+0200"),
    (2, 120, "Boats\r\nat café".encode()),
    (2, 80, b"The Author"),
)
EXPECTED = Metadata(
    taken_at=datetime(2019, 7, 4, 15, 30),
    taken_at_offset_minutes=120,
    taken_at_source=TakenAtSource.IPTC,
    title="Harbour",
    caption="Boats at café",
    keywords=("Zürich", "sea"),
)


@pytest.mark.parametrize(
    "block", [FULL, resources(FULL), resources(FULL, b"name"), b"Photoshop 3.0\0" + resources(FULL, b"odd")]
)
def test_every_field_is_read(block):
    assert read_iptc(block) == EXPECTED
    assert read_metadata(b"", iptc=block) == EXPECTED


@pytest.mark.parametrize(
    ("declared", "raw", "expected"),
    [
        (True, "Été".encode(), "Été"),
        (True, b"\xc9t\xe9 2", "t 2"),
        (False, "Été".encode(), "Été"),
        (False, b"\xc9t\xe9", "Été"),
        (False, b"x" * 2000, "x" * 1024),
        (False, b"\0\x1b\0", None),
    ],
)
def test_texts_are_utf8_or_latin_1(declared, raw, expected):
    assert read_iptc(iim(*[UTF_8] * declared, (2, 5, raw))).title == expected


@pytest.mark.parametrize(
    ("date", "time", "moment", "offset"),
    [
        (b"20190704", b"153000", datetime(2019, 7, 4, 15, 30), None),
        (b"20190704", b"", datetime(2019, 7, 4), None),
        (b"20190704", b"256000", None, None),
        (b"20190704", b"nonsense", datetime(2019, 7, 4), None),
        (b"2019-07-04", b"15:30:00-05:00", datetime(2019, 7, 4, 15, 30), -300),
        (b"19870000", b"", datetime(1987, 1, 1), None),
        (b"19700101", b"", datetime(1970, 1, 1), None),
        (b"00000000", b"", None, None),
        (b"20190231", b"", None, None),
        (b"90000101", b"", None, None),
        (b"", b"153000", None, None),
    ],
)
def test_dates_are_read_strictly(date, time, moment, offset):
    metadata = read_iptc(iim((2, 55, date), (2, 60, time)))
    assert (metadata.taken_at, metadata.taken_at_offset_minutes) == (moment, offset)


def test_no_more_than_200_keywords_are_kept():
    assert len(read_iptc(iim(*[(2, 25, b"word %d" % n) for n in range(900)])).keywords) == 200


@given(st.binary(max_size=200))
def test_noise_is_read_without_an_error(noise):
    for prefix in (b"", b"\x1c\x02\x05", b"8BIM\x04\x04", b"Photoshop 3.0\x008BIM\x04\x04\0\0"):
        read_iptc(prefix + noise)


def test_damaged_blocks_are_read_without_an_error():
    block, chooser = resources(FULL), random.Random(0)
    for end in range(len(block)):
        read_iptc(block[:end])
    for _ in range(1000):
        damaged = bytearray(block)
        for _ in range(3):
            damaged[chooser.randrange(len(damaged))] = chooser.randrange(256)
        read_iptc(bytes(damaged))


@pytest.mark.parametrize("unit", [b"8BIM\x03\xed\0\0\0\0\0\0", b"\x1c\x02\x19\0\0", b"\x1c\x02\x19\0\x01a", b"\0"])
def test_endless_blocks_are_cut(unit):
    read_iptc(unit * (4_000_000 // len(unit)))
