"""Dates and offsets as metadata write them; one that can't be true is none."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

FIRST_PHOTOGRAPH = 1826
_WRITTEN_IN = 2026

# EXIF writes 2019:07:04 10:20:30; ISO 8601 and what some programs make of both occur too.
_MOMENT = re.compile(
    r"(\d{4})[:./-](\d\d)[:./-](\d\d)[ T]+(\d\d):(\d\d):(\d\d)(?:[.,]\d+)? ?(Z|[+-]\d\d:?\d\d)?", re.ASCII
)
# ISO 8601 as XMP allows it: a year, a month, a day, a time without seconds.
_PARTIAL = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?)?)?", re.ASCII
)
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)", re.ASCII)

# What clocks say that nobody set: the epochs of QuickTime, Unix and FAT, and the constant of an Android camera.
_UNSET_CLOCKS = frozenset(
    {datetime(1904, 1, 1), datetime(1970, 1, 1), datetime(1980, 1, 1), datetime(2002, 12, 8, 12, 0, 0)}
)


def possible(moment: datetime, earliest_year: int = FIRST_PHOTOGRAPH) -> bool:
    """Whether a photo can be from then: not before photography, not after next year.

    A computer whose own clock stands in the past doesn't make dates impossible.
    """
    return earliest_year <= moment.year <= max(datetime.now(UTC).year, _WRITTEN_IN) + 1


def set_by_nobody(moment: datetime) -> bool:
    """Whether a clock that was never set says this. Not to be asked of a mere day, which a person wrote."""
    return moment in _UNSET_CLOCKS


def exif_moment(text: str) -> tuple[datetime | None, int | None]:
    """Date and time, and the minutes ahead of UTC if the text says so."""
    return _read(_MOMENT.fullmatch(text))


def iso_moment(text: str) -> tuple[datetime | None, int | None]:
    """The same of XMP's dates, which may be a day, month or year: then it is its beginning."""
    match = _MOMENT.fullmatch(text)
    return _read(match) if match else _read(_PARTIAL.fullmatch(text))


def utc_moment(seconds: float) -> datetime | None:
    """The UTC time of a Unix time stamp."""
    try:
        moment = datetime(1970, 1, 1) + timedelta(seconds=int(seconds))
    except (OverflowError, ValueError):
        return None
    return moment if possible(moment) and not set_by_nobody(moment) else None


def offset_minutes(text: str) -> int | None:
    """Minutes of `+02:00` or `Z`; inhabited offsets go from -12 to +14 hours."""
    if text == "Z":
        return 0
    match = _OFFSET.fullmatch(text)
    if match is None or int(match[3]) >= 60:
        return None
    minutes = int(match[1] + "1") * (int(match[2]) * 60 + int(match[3]))
    return minutes if -12 * 60 <= minutes <= 14 * 60 else None


def _read(match: re.Match[str] | None) -> tuple[datetime | None, int | None]:
    if match is None:
        return None, None
    year, month, day, hour, minute, second = (
        int(part) if part else default for part, default in zip(match.groups()[:6], (0, 1, 1, 0, 0, 0), strict=True)
    )
    try:
        moment = datetime(year, month, day, hour, minute, second)
    except ValueError:
        return None, None
    if not possible(moment) or (match[4] and set_by_nobody(moment)):
        return None, None
    return moment, offset_minutes(match[7] or "")
