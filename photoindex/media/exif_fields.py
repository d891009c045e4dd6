"""What EXIF's tags say: when, with what and where a photo was taken. Damaged or senseless ones say nothing."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime

from photoindex.media.apple import content_identifier
from photoindex.media.exif import Exif, GpsTag, Tag, Value
from photoindex.media.fields import Metadata, TakenAtSource
from photoindex.media.moments import exif_moment, offset_minutes, possible
from photoindex.media.places import read_position
from photoindex.media.texts import MAX_CAPTION_BYTES, clean, clean_caption, decode_text, unique
from photoindex.media.xmp import stars_of_percent

_FIRST_GPS_YEAR = 1990

_GPS_DAY = re.compile(r"(\d{4})[:/-](\d\d)[:/-](\d\d)", re.ASCII)

# The offsets of UTC that are in use besides whole hours, in minutes: others mean that one of two clocks is wrong.
_ODD_OFFSETS = frozenset({-570, -210, -150, 210, 270, 330, 345, 390, 525, 570, 630, 765, 825})

_COMMENT_ENCODINGS = {b"ASCII\0\0\0": "", b"UNICODE\0": "utf-16", b"JIS\0\0\0\0\0": "iso2022_jp", bytes(8): ""}


def taken_fields(exif: Exif) -> Metadata:
    """When (by the camera's clock, or else by GPS), with what and where the photo was taken, and its orientation."""
    main = exif.main
    position = read_position(exif.gps)
    maker_note = main.get(Tag.MAKER_NOTE)
    taken_at, offset, source = _taken_at(exif)
    return Metadata(
        taken_at=taken_at,
        taken_at_offset_minutes=offset,
        taken_at_source=source,
        camera_make=_text(main.get(Tag.MAKE)),
        camera_model=_text(main.get(Tag.MODEL)),
        lens=_text(main.get(Tag.LENS_MODEL)),
        focal_length_mm=_positive(main.get(Tag.FOCAL_LENGTH), 50_000),
        f_number=_positive(main.get(Tag.F_NUMBER), 1_000),
        exposure_seconds=_positive(main.get(Tag.EXPOSURE_TIME), 1_000_000),
        iso=_iso(main),
        latitude=position.latitude,
        longitude=position.longitude,
        altitude_m=position.altitude_m,
        pairing_id=content_identifier(maker_note) if isinstance(maker_note, bytes) else None,
        orientation=_orientation(main.get(Tag.ORIENTATION)),
    )


def changed_at_fields(exif: Exif) -> Metadata:
    """The date of the last change, which is that of taking unless a program has written the file since."""
    moment, offset = _moment(exif, Tag.DATE_TIME, Tag.OFFSET_TIME)
    return Metadata(
        taken_at=moment, taken_at_offset_minutes=offset, taken_at_source=TakenAtSource.EXIF if moment else None
    )


def written_fields(exif: Exif) -> Metadata:
    """What people wrote: title, caption, keywords and rating, in EXIF's own tags and in those of Windows."""
    main = exif.main
    captions = (
        _text(main.get(Tag.IMAGE_DESCRIPTION), MAX_CAPTION_BYTES),
        _comment(main.get(Tag.USER_COMMENT)),
        _windows_text(main.get(Tag.XP_COMMENT)),
    )
    names = (None, _text(main.get(Tag.MAKE)), _text(main.get(Tag.MODEL)))
    title = clean_caption(_windows_text(main.get(Tag.XP_TITLE)))
    return Metadata(
        title=clean(title) if title else None,
        caption=next((caption for text in captions if (caption := clean_caption(text)) not in names), None),
        keywords=unique(clean(word) for word in _windows_text(main.get(Tag.XP_KEYWORDS)).split(";")),
        rating=_rating(main),
    )


def _text(value: Value | None, max_bytes: int = 1024) -> str | None:
    return decode_text(value, max_bytes) if isinstance(value, bytes) else None


def _windows_text(value: Value | None) -> str:
    """UTF-16, little-endian whatever the block is, up to the first NUL."""
    return value.decode("utf-16-le", "ignore").partition("\0")[0] if isinstance(value, bytes) else ""


def _comment(value: Value | None) -> str | None:
    """The user's comment: eight bytes that name its encoding, then the text."""
    if not isinstance(value, bytes):
        return None
    encoding, text = _COMMENT_ENCODINGS.get(value[:8]), value[8:]
    if encoding is None:
        return None
    if encoding == "utf-16":
        # The standard leaves the byte order open: in most scripts the high bytes are those that are often 0.
        little = text[:2] == b"\xff\xfe" or (text[:2] != b"\xfe\xff" and text[1::2].count(0) >= text[::2].count(0))
        return text.decode("utf-16-le" if little else "utf-16-be", "ignore").lstrip("\ufeff").partition("\0")[0]
    if encoding:
        return text.decode(encoding, "ignore")
    try:
        return text.rstrip(b"\0").decode("utf-8")
    except UnicodeDecodeError:
        return None


def _positive(value: Value | None, at_most: float) -> float | None:
    if not isinstance(value, tuple) or not math.isfinite(value[0]) or not 0 < value[0] <= at_most:
        return None
    return float(value[0])


def _iso(main: Mapping[int, Value]) -> int | None:
    iso = _positive(main.get(Tag.ISO), 65_535)
    if iso is None or iso == 65_535:  # a 16-bit field that says: it is more, look there
        iso = _positive(main.get(Tag.RECOMMENDED_EXPOSURE_INDEX), 100_000_000) or iso
    return int(iso) if iso is not None and iso >= 1 else None


def _orientation(value: Value | None) -> int:
    return int(value[0]) if isinstance(value, tuple) and value[0] in range(1, 9) else 1


def _rating(main: Mapping[int, Value]) -> int | None:
    stars, percent = main.get(Tag.RATING), main.get(Tag.RATING_PERCENT)
    if isinstance(stars, tuple) and stars[0] in range(6):
        return int(stars[0])
    return stars_of_percent(percent[0]) if isinstance(percent, tuple) else None


def _taken_at(exif: Exif) -> tuple[datetime | None, int | None, TakenAtSource | None]:
    """The camera's date with its offset, if need be of what GPS says at the same time; else the date of GPS, in UTC."""
    utc = _gps_moment(exif.gps)
    for date_tag, offset_tag, fraction_tag in (
        (Tag.DATE_TIME_ORIGINAL, Tag.OFFSET_TIME_ORIGINAL, Tag.SUB_SECONDS_ORIGINAL),
        (Tag.DATE_TIME_DIGITIZED, Tag.OFFSET_TIME_DIGITIZED, Tag.SUB_SECONDS_DIGITIZED),
    ):
        moment, offset = _moment(exif, date_tag, offset_tag)
        if moment is not None:
            moment = moment.replace(microsecond=_microseconds(_text(exif.main.get(fraction_tag)) or ""))
            return moment, _offset_between(moment, utc) if offset is None else offset, TakenAtSource.EXIF
    return (utc, 0, TakenAtSource.GPS) if utc else (None, None, None)


def _moment(exif: Exif, date_tag: Tag, offset_tag: Tag) -> tuple[datetime | None, int | None]:
    """A date, and its offset by the tag that belongs to it, else as written behind the date."""
    moment, written = exif_moment(_text(exif.main.get(date_tag)) or "")
    own = offset_minutes(_text(exif.main.get(offset_tag)) or "")
    return moment, None if moment is None else written if own is None else own


def _microseconds(fraction: str) -> int:
    """Of the digits behind the decimal point of a second; 0 for anything else."""
    digits = fraction.strip()
    return int(f"{digits:0<6}"[:6]) if digits.isascii() and digits.isdigit() else 0


def _gps_moment(gps: Mapping[int, Value]) -> datetime | None:
    """The time of the satellites, which is UTC."""
    match = _GPS_DAY.fullmatch(_text(gps.get(GpsTag.DATE_STAMP)) or "")
    time = gps.get(GpsTag.TIME_STAMP)
    if match is None or not isinstance(time, tuple) or len(time) != 3 or not all(map(math.isfinite, time)):
        return None
    try:
        hour, minute, second = (int(part) for part in time)
        moment = datetime(int(match[1]), int(match[2]), int(match[3]), hour, minute, second)
    except (ValueError, OverflowError):
        return None
    return moment if possible(moment, _FIRST_GPS_YEAR) else None


def _offset_between(local: datetime, utc: datetime | None) -> int | None:
    """Minutes from UTC to local, to the quarter of an hour: the last fix may be old and the camera's clock wrong."""
    if utc is None:
        return None
    minutes = round((local - utc).total_seconds() / 60 / 15) * 15
    in_use = minutes in _ODD_OFFSETS or (minutes % 60 == 0 and -12 * 60 <= minutes <= 14 * 60)
    return minutes if in_use else None
