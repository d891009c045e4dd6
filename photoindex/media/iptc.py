"""What IPTC's Information Interchange Model (IIM 4.2) says, as Photoshop puts it into JPEG and TIFF files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from photoindex.media.fields import Metadata, TakenAtSource
from photoindex.media.moments import offset_minutes, possible
from photoindex.media.texts import MAX_CAPTION_BYTES, MAX_TEXT_BYTES, clean, clean_caption, decode_text, unique

MAX_IPTC_BYTES = 256_000

_PHOTOSHOP = b"Photoshop 3.0\0"
_IPTC_RESOURCE = 0x0404
_MAX_RESOURCES = 1_000
_MAX_DATA_SETS = 5_000

# Record and data set: what is read.
_CHARACTER_SET = (1, 90)
_TITLE = (2, 5)
_KEYWORD = (2, 25)
_DATE = (2, 55)
_TIME = (2, 60)
_CAPTION = (2, 120)
_WANTED = frozenset({_CHARACTER_SET, _TITLE, _KEYWORD, _DATE, _TIME, _CAPTION})
_UTF_8 = b"\x1b%G"

_DATE_TEXT = re.compile(rb"(\d{4})-?(\d\d)-?(\d\d)")
_TIME_TEXT = re.compile(rb"(\d\d):?(\d\d):?(\d\d)([+-]\d\d:?\d\d)?")


def read_iptc(block: bytes) -> Metadata:
    """Date, title, caption and keywords of IIM data sets, or of Photoshop's image resources that hold them.

    Never raises: what is damaged is left out, and of a long block only the first `MAX_IPTC_BYTES` are read.
    """
    block = block[:MAX_IPTC_BYTES]
    if block.startswith((_PHOTOSHOP, b"8BIM")):
        block = _iptc_resource(block.removeprefix(_PHOTOSHOP))
    found: dict[tuple[int, int], list[bytes]] = {}
    for key, value in _data_sets(block):
        found.setdefault(key, []).append(value)
    is_utf8 = _UTF_8 in found.get(_CHARACTER_SET, [])
    taken_at, offset = _taken_at(*(found.get(key, [b""])[0] for key in (_DATE, _TIME)))
    return Metadata(
        taken_at=taken_at,
        taken_at_offset_minutes=offset,
        taken_at_source=TakenAtSource.IPTC if taken_at else None,
        title=_first(found.get(_TITLE, []), is_utf8, MAX_TEXT_BYTES),
        caption=_first(found.get(_CAPTION, []), is_utf8, MAX_CAPTION_BYTES),
        keywords=unique(_text(value, is_utf8, MAX_TEXT_BYTES) for value in found.get(_KEYWORD, [])),
    )


def _iptc_resource(block: bytes) -> bytes:
    """The IIM data in Photoshop's image resources: signature, number, a padded name, a padded content."""
    at = 0
    for _ in range(_MAX_RESOURCES):
        if block[at : at + 4] != b"8BIM" or at + 12 > len(block):
            break
        number = int.from_bytes(block[at + 4 : at + 6], "big")
        at += 6 + (block[at + 6] // 2 + 1) * 2
        size = int.from_bytes(block[at : at + 4], "big")
        if number == _IPTC_RESOURCE:
            return block[at + 4 : at + 4 + size]
        at += 4 + size + size % 2
    return b""


def _data_sets(block: bytes) -> Iterator[tuple[tuple[int, int], bytes]]:
    at = 0
    for _ in range(_MAX_DATA_SETS):
        if block[at : at + 1] != b"\x1c" or at + 5 > len(block):
            return
        size = int.from_bytes(block[at + 3 : at + 5], "big")
        if size & 0x8000:  # an extended data set, whose size takes more bytes: nothing that is wanted is so large
            return
        key = (block[at + 1], block[at + 2])
        if key in _WANTED:
            yield key, block[at + 5 : at + 5 + size]
        at += 5 + size


def _first(values: list[bytes], is_utf8: bool, max_bytes: int) -> str | None:
    text = clean_caption(next((text for value in values if (text := _text(value, is_utf8, max_bytes))), None))
    return clean(text, max_bytes) if text else None


def _text(value: bytes, is_utf8: bool, max_bytes: int) -> str | None:
    """Without a declared character set it is UTF-8 where it can be, for many don't declare it, else Latin-1."""
    if is_utf8:
        return clean(value[:max_bytes].decode("utf-8", "ignore"), max_bytes)
    return decode_text(value, max_bytes)


def _taken_at(date: bytes, time: bytes) -> tuple[datetime | None, int | None]:
    """Year, month and day, of which the last may be 00 where they are unknown, and the time if there is one."""
    day = _DATE_TEXT.fullmatch(date.strip(b"\0 "))
    if day is None:
        return None, None
    clock = _TIME_TEXT.fullmatch(time.strip(b"\0 "))
    year, month, day_of_month = (int(part) for part in day.groups())
    hour, minute, second = (int(part) for part in clock.groups()[:3]) if clock else (0, 0, 0)
    try:
        moment = datetime(year, month or 1, day_of_month or 1, hour, minute, second)
    except ValueError:
        return None, None
    if not possible(moment):
        return None, None
    return moment, offset_minutes(clock[4].decode()) if clock and clock[4] else None
