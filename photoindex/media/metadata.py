"""What a photo's EXIF says: when, with what and where it was taken. Damaged or senseless fields are left empty."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from photoindex.media.exif import Exif, Tag, Value, read_exif
from photoindex.media.places import read_position

_FIRST_PHOTOGRAPH = 1826
_MAX_TEXT_BYTES = 1024

# EXIF writes 2019:07:04 10:20:30; ISO 8601 and what some programs make of both occur too.
_MOMENT = re.compile(
    r"(\d{4})[:./-](\d\d)[:./-](\d\d)[ T]+(\d\d):(\d\d):(\d\d)(?:[.,]\d+)? ?(Z|[+-]\d\d:?\d\d)?", re.ASCII
)
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)", re.ASCII)
_COMPANY_WORDS = frozenset(
    {"camera", "co", "co.", "company", "computer", "corp", "corp.", "corporation", "electric", "electronics"}
    | {"imaging", "inc", "inc.", "international", "limited", "ltd", "ltd.", "optical"}
)


class TakenAtSource(StrEnum):
    """Where the time a photo was taken comes from, the most trusted first. Stored: never rename one."""

    EXIF = "exif"
    XMP = "xmp"
    IPTC = "iptc"
    VIDEO = "video"
    SIDECAR = "sidecar"
    GPS = "gps"
    NAME = "name"
    FILE = "file"
    """The file's own time: what the timeline falls back on; never `Metadata.taken_at`'s."""


@dataclass(frozen=True)
class Motion:
    """An MP4 inside a photo's file: where it begins and how long it is, in bytes."""

    offset: int
    size_bytes: int


@dataclass(frozen=True)
class Metadata:
    """What is known about a photo besides its pixels; what is not known is None."""

    taken_at: datetime | None = None
    """By the camera's clock: local time, without a time zone."""
    taken_at_offset_minutes: int | None = None
    """How far that clock was ahead of UTC, where the camera says so."""
    camera_make: str | None = None
    camera_model: str | None = None
    lens: str | None = None
    focal_length_mm: float | None = None
    f_number: float | None = None
    exposure_seconds: float | None = None
    iso: int | None = None
    latitude: float | None = None
    """Degrees, north is positive. There is a latitude exactly if there is a longitude."""
    longitude: float | None = None
    """Degrees, east is positive."""
    altitude_m: float | None = None
    """Above sea level."""
    taken_at_source: TakenAtSource | None = None
    """What `taken_at` comes from; None exactly if there is no `taken_at`."""
    title: str | None = None
    caption: str | None = None
    keywords: tuple[str, ...] = ()
    rating: int | None = None
    """0 to 5, or -1 for rejected."""
    people: tuple[str, ...] = ()
    """Names of faces, where a program wrote them into the file or its sidecar."""
    motion: Motion | None = None
    """The clip that a phone put into the photo's file."""
    pairing_id: str | None = None
    """What Apple writes into both the photo and the clip of a Live Photo."""
    orientation: int = 1
    """1 to 8, as EXIF counts; `decode` has applied it already. 1 for HEIF, which turns pictures its own way."""

    @property
    def camera(self) -> str | None:
        """Make and model for people: `Canon EOS 40D`, `NIKON D70`, the make once and without the company's form."""
        if not self.camera_model:
            return self.camera_make
        make = (self.camera_make or "").replace(",", " ").split()
        if self.camera_model.split()[0].casefold() in {word.casefold() for word in make}:
            return self.camera_model
        brand = [word for word in make if word.casefold() not in _COMPANY_WORDS]
        return " ".join([*brand, self.camera_model])


def read_metadata(block: bytes) -> Metadata:
    """The metadata in an EXIF block (see `read_exif`). Never raises; empty when there is nothing to read."""
    exif = read_exif(block)
    main = exif.main
    taken_at, offset_minutes = _taken_at(exif)
    position = read_position(exif.gps)
    return Metadata(
        taken_at=taken_at,
        taken_at_offset_minutes=offset_minutes,
        taken_at_source=TakenAtSource.EXIF if taken_at else None,
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
        orientation=_orientation(main.get(Tag.ORIENTATION)),
    )


def _text(value: Value | None) -> str | None:
    """Printable text of at most 1 kB, up to the first NUL: what is behind it is a leftover of the camera's buffer."""
    if not isinstance(value, bytes):
        return None
    raw = value[:_MAX_TEXT_BYTES].lstrip(b"\0 ").partition(b"\0")[0]
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return " ".join("".join(c if c.isprintable() else " " for c in text).split()) or None


def _positive(value: Value | None, at_most: float) -> float | None:
    if not isinstance(value, tuple) or not math.isfinite(value[0]) or not 0 < value[0] <= at_most:
        return None
    return float(value[0])


def _iso(main: dict[int, Value]) -> int | None:
    iso = _positive(main.get(Tag.ISO), 65_535)
    if iso is None or iso == 65_535:  # a 16-bit field that says: it is more, look there
        iso = _positive(main.get(Tag.RECOMMENDED_EXPOSURE_INDEX), 100_000_000) or iso
    return int(iso) if iso is not None and iso >= 1 else None


def _orientation(value: Value | None) -> int:
    return int(value[0]) if isinstance(value, tuple) and value[0] in range(1, 9) else 1


def _taken_at(exif: Exif) -> tuple[datetime | None, int | None]:
    """The first of the three dates that is one, and the offset that belongs to it."""
    for date_tag, offset_tag in (
        (Tag.DATE_TIME_ORIGINAL, Tag.OFFSET_TIME_ORIGINAL),
        (Tag.DATE_TIME_DIGITIZED, Tag.OFFSET_TIME_DIGITIZED),
        (Tag.DATE_TIME, Tag.OFFSET_TIME),
    ):
        moment, written_offset = _moment(_text(exif.main.get(date_tag)) or "")
        if moment is not None:
            offset = _offset_minutes(_text(exif.main.get(offset_tag)) or written_offset)
            return moment, offset
    return None, None


def _moment(text: str) -> tuple[datetime | None, str]:
    match = _MOMENT.fullmatch(text)
    if match is None:
        return None, ""
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    if year < _FIRST_PHOTOGRAPH:
        return None, ""
    try:
        return datetime(year, month, day, hour, minute, second), match[7] or ""
    except ValueError:
        return None, ""


def _offset_minutes(text: str) -> int | None:
    """Minutes of `+02:00` or `Z`; inhabited offsets go from -12 to +14 hours."""
    if text == "Z":
        return 0
    match = _OFFSET.fullmatch(text)
    if match is None or int(match[3]) >= 60:
        return None
    minutes = int(match[1] + "1") * (int(match[2]) * 60 + int(match[3]))
    return minutes if -12 * 60 <= minutes <= 14 * 60 else None
