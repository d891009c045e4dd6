"""Reads the tags that PhotoIndex wants out of an EXIF block (EXIF 3.0, TIFF 6.0), in bounded time and memory.

Pillow's reader keeps every value it finds: a block of a megabyte may point 40,000 times at half of itself. This one
looks at three directories, keeps wanted tags only, and cuts values.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from enum import IntEnum

Value = bytes | tuple[float, ...]
"""Text and raw bytes as they stand; numbers as a tuple, a rational with denominator 0 as NaN."""

_MAX_NUMBERS = 8
_MAX_RAW_BYTES = 1024


class Tag(IntEnum):
    """Tags of the main directory and of EXIF's own."""

    IMAGE_DESCRIPTION = 0x010E
    MAKE = 0x010F
    MODEL = 0x0110
    ORIENTATION = 0x0112
    DATE_TIME = 0x0132
    XMP = 0x02BC
    RATING = 0x4746
    RATING_PERCENT = 0x4749
    EXPOSURE_TIME = 0x829A
    F_NUMBER = 0x829D
    IPTC = 0x83BB
    PHOTOSHOP = 0x8649
    EXIF_DIRECTORY = 0x8769
    GPS_DIRECTORY = 0x8825
    ISO = 0x8827
    RECOMMENDED_EXPOSURE_INDEX = 0x8832
    DATE_TIME_ORIGINAL = 0x9003
    DATE_TIME_DIGITIZED = 0x9004
    OFFSET_TIME = 0x9010
    OFFSET_TIME_ORIGINAL = 0x9011
    OFFSET_TIME_DIGITIZED = 0x9012
    SUB_SECONDS_ORIGINAL = 0x9291
    SUB_SECONDS_DIGITIZED = 0x9292
    FOCAL_LENGTH = 0x920A
    MAKER_NOTE = 0x927C
    USER_COMMENT = 0x9286
    XP_TITLE = 0x9C9B
    XP_COMMENT = 0x9C9C
    XP_KEYWORDS = 0x9C9E
    LENS_MODEL = 0xA434


class GpsTag(IntEnum):
    """Tags of the GPS directory."""

    LATITUDE_REF = 1
    LATITUDE = 2
    LONGITUDE_REF = 3
    LONGITUDE = 4
    ALTITUDE_REF = 5
    ALTITUDE = 6
    TIME_STAMP = 7
    DATE_STAMP = 29


_MAIN_TAGS = frozenset(int(tag) for tag in Tag)
_GPS_TAGS = frozenset(int(tag) for tag in GpsTag)

# How much of a value is kept; of XMP, which is useless when cut, one byte more than is ever read.
_MAX_RAW_BYTES_OF: dict[int, int] = {
    Tag.IMAGE_DESCRIPTION: 4096,
    Tag.USER_COMMENT: 8192,
    Tag.XP_TITLE: 2048,
    Tag.XP_COMMENT: 8192,
    Tag.XP_KEYWORDS: 65_536,
    Tag.MAKER_NOTE: 65_536,
    Tag.XMP: 256_001,
    Tag.IPTC: 256_000,
    Tag.PHOTOSHOP: 256_000,
}
# Raw bytes whatever type they are said to be of: IPTC often stands there as numbers of 32 bits.
_ALWAYS_RAW = frozenset({Tag.XMP, Tag.IPTC, Tag.PHOTOSHOP})

# Type number → struct code and size in bytes; text, bytes and unknown types are kept raw.
_NUMBER_TYPES = {
    3: ("H", 2),
    4: ("I", 4),
    5: ("II", 8),
    6: ("b", 1),
    8: ("h", 2),
    9: ("i", 4),
    10: ("ii", 8),
    11: ("f", 4),
    12: ("d", 8),
    13: ("I", 4),
}
_RAW_TYPES = frozenset({1, 2, 7, 129})


@dataclass(frozen=True)
class Exif:
    """The wanted tags that were found."""

    main: dict[int, Value] = field(default_factory=dict)
    """Of the main directory and of EXIF's own, which wins where both have a tag."""
    gps: dict[int, Value] = field(default_factory=dict)


def read_exif(block: bytes) -> Exif:
    """The tags in `block`, which is a TIFF file or a block like one, with or without `Exif\\0\\0` before it.

    Never raises: what is damaged, out of range or in BigTIFF's structure is left out.
    """
    for _ in range(2):  # some programs write the prefix twice
        block = block.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    if order is None or len(block) < 8:
        return Exif()
    main = _entries(block, order, struct.unpack_from(order + "I", block, 4)[0], _MAIN_TAGS)
    own = _entries(block, order, _offset(main.get(Tag.EXIF_DIRECTORY)), _MAIN_TAGS)
    gps = _entries(block, order, _offset(main.get(Tag.GPS_DIRECTORY)), _GPS_TAGS)
    return Exif(main | own, gps)


def _offset(value: Value | None) -> int:
    return value[0] if isinstance(value, tuple) and isinstance(value[0], int) else 0


def _entries(block: bytes, order: str, offset: int, wanted: frozenset[int]) -> dict[int, Value]:
    """The wanted entries of the directory at `offset`; directories never follow each other, so none can loop.

    A tag's first good value counts: a directory of 65,535 times the same tag is not copied 65,535 times.
    """
    found: dict[int, Value] = {}
    if not 8 <= offset <= len(block) - 2:
        return found
    (count,) = struct.unpack_from(order + "H", block, offset)
    for at in range(offset + 2, min(offset + 2 + 12 * count, len(block) - 11), 12):
        tag, kind, length = struct.unpack_from(order + "HHI", block, at)
        if tag in wanted and tag not in found and (value := _value(block, order, at + 8, tag, kind, length)):
            found[tag] = value
    return found


def _value(block: bytes, order: str, at: int, tag: int, kind: int, length: int) -> Value | None:
    """The value of the entry whose four value bytes are at `at`: itself if it fits there, else where they point."""
    code, size = _NUMBER_TYPES.get(kind, ("", 1))
    if kind not in _NUMBER_TYPES and kind not in _RAW_TYPES:
        return None
    if length * size > 4:
        (at,) = struct.unpack_from(order + "I", block, at)
    if not code or tag in _ALWAYS_RAW:
        return block[at : at + min(length * size, _MAX_RAW_BYTES_OF.get(tag, _MAX_RAW_BYTES))]
    kept = min(length, _MAX_NUMBERS)
    raw = block[at : at + kept * size]
    if len(raw) < kept * size:
        return None
    numbers = struct.unpack(order + code * kept, raw)
    return numbers if len(code) == 1 else _rationals(numbers)


def _rationals(numbers: tuple[int, ...]) -> tuple[float, ...]:
    pairs = zip(numbers[::2], numbers[1::2], strict=True)
    return tuple(above / below if below else float("nan") for above, below in pairs)
