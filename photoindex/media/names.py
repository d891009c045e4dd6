"""Dates that cameras, phones and messengers put into the names of files."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from photoindex.media.moments import possible, utc_moment

_FIRST_DIGITAL_YEAR = 1990

_DAY = r"(?<!\d)(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)"
_DASHED_DAY = r"(?<!\d)(?P<year>\d{4})(?P<dash>[-._])(?P<month>\d\d)(?P=dash)(?P<day>\d\d)"
_HALF = r"(?:[\s\u202f]?(?P<half>[AaPp])\.?[Mm]\b)?"

_WITH_TIME = (
    # IMG_20190704_153000, PXL_20210704_153000123, DJI_20190704153000_0001, Screenshot_20190704-153000
    _DAY + r"[-_ T]?(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)(?:\d{3})?(?!\d)",
    # WIN_20190704_15_30_00_Pro
    _DAY + r"[-_ ](?P<hour>\d\d)(?P<colon>[-_.])(?P<minute>\d\d)(?P=colon)(?P<second>\d\d)(?!\d)",
    # 2019-07-04 15.30.00, Screenshot 2019-07-04 at 3.30.00 PM, Capture d’écran 2019-07-04 à 15.30.00
    _DASHED_DAY
    + r"\D{1,8}(?P<hour>\d{1,2})(?P<colon>[-.:_\u2236\ua789])(?P<minute>\d\d)(?P=colon)(?P<second>\d\d)(?!\d)"
    + _HALF,
    # signal-2019-07-04-153000
    _DASHED_DAY + r"[-_ T](?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)(?:[-_.]?\d{3})?(?!\d)",
    # photo_12@04-07-2019_15-30-00, as Telegram exports
    r"@(?P<day>\d\d)-(?P<month>\d\d)-(?P<year>\d{4})_(?P<hour>\d\d)-(?P<minute>\d\d)-(?P<second>\d\d)(?!\d)",
)
_WITHOUT_TIME = (
    # IMG-20190704-WA0001
    r"(?:IMG|VID|AUD|PTT|STK|DOC)-(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)-WA\d{4}",
    # Scan_20190704, IMG_20190704; eight digits alone are rather a number
    r"(?:\b|_)(?:IMG|VID|PANO|PHOTO|SCAN|SCREENSHOT)[-_ ](?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)(?!\d)",
    # Scan 2019-07-04
    _DASHED_DAY + r"(?!\d)(?!(?P=dash)\d)",
)
# Milliseconds since 1970: FB_IMG_1562254200000
_UNIX_TIME = r"(?:FB_IMG_|FB_VID_|mmexport|wx_camera_)(?P<milliseconds>1\d{12})(?!\d)"

_UTC_NAMES = re.compile(r"PXL_\d{8}_", re.IGNORECASE)


def date_in_name(filename: str) -> tuple[datetime, int | None] | None:
    """The date and time in a file's name, and the minutes ahead of UTC if they are known; None if there is no date.

    Names tell local time, whose offset is unknown. Those of Pixel phones (`PXL_…`) and of Facebook and WeChat tell
    UTC: then the time is UTC's and the offset 0. A name that tells no more than the day, as WhatsApp's, is its
    midnight. Digits that are no date from 1990 to the next year, with its separators or a prefix in front, are none.
    """
    for pattern, moment_of in _PATTERNS:
        for match in pattern.finditer(filename):
            moment = moment_of(match)
            if moment is not None:
                return moment, _offset(filename, match)
    return None


def _local(match: re.Match[str]) -> datetime | None:
    parts = match.groupdict()
    hour = int(parts.get("hour") or 0)
    if parts.get("half"):
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if parts["half"] in "Pp" else 0)
    year, month, day, minute, second = (int(parts.get(p) or 0) for p in ("year", "month", "day", "minute", "second"))
    try:
        moment = datetime(year, month, day, hour, minute, second)
    except ValueError:
        return None
    return moment if possible(moment, _FIRST_DIGITAL_YEAR) else None


def _unix(match: re.Match[str]) -> datetime | None:
    moment = utc_moment(int(match["milliseconds"]) / 1000)
    return moment if moment and possible(moment, _FIRST_DIGITAL_YEAR) else None


def _offset(filename: str, match: re.Match[str]) -> int | None:
    return 0 if "milliseconds" in match.groupdict() or _UTC_NAMES.match(filename) else None


_PATTERNS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], datetime | None]], ...] = (
    *((re.compile(pattern, re.ASCII | re.IGNORECASE), _local) for pattern in _WITH_TIME),
    (re.compile(_UNIX_TIME, re.ASCII | re.IGNORECASE), _unix),
    *((re.compile(pattern, re.ASCII | re.IGNORECASE), _local) for pattern in _WITHOUT_TIME),
)
