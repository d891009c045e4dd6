"""What a video's container says about it: when, with what and where it was taken, its title. Never raises."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo

from photoindex.media.metadata import Metadata, TakenAtSource
from photoindex.media.texts import clean, clean_caption

_QUICKTIME = "com.apple.quicktime."
_ANDROID = "com.android."

_FIRST_YEAR = 1971  # empty fields count from 1904 or 1970
_MIN_OFFSET, _MAX_OFFSET = timedelta(hours=-12), timedelta(hours=14)
_LOWEST_M, _HIGHEST_M = -12_000, 1_000_000
_MAX_TAG_CHARACTERS = 4096

# ISO 6709: degrees, degrees and minutes, or degrees, minutes and seconds, without anything between them.
_LOCATION = re.compile(
    r"([+-])(\d\d)(\d\d)?(\d\d)?(\.\d{1,12})?([+-])(\d{3})(\d\d)?(\d\d)?(\.\d{1,12})?([+-]\d{1,7}(?:\.\d{1,12})?)?",
    re.A,
)


def read_tags(tags: Mapping[str, str], zone: tzinfo | None = None) -> Metadata:
    """Metadata of a container's tags as FFmpeg names them.

    QuickTime's own date has the local time and its offset, and wins. Others are in UTC: they are told in the time of
    `zone`, of this machine if that is None, for most people index the videos where they took them.
    """
    tags = {key.lower(): value[:_MAX_TAG_CHARACTERS] for key, value in tags.items()}
    taken_at, offset_minutes = _taken_at(tags, zone)
    latitude, longitude, altitude_m = _position(_first(tags, _QUICKTIME + "location.iso6709", "location") or "")
    return Metadata(
        taken_at=taken_at,
        taken_at_offset_minutes=offset_minutes,
        taken_at_source=TakenAtSource.VIDEO if taken_at else None,
        camera_make=_text(tags, _QUICKTIME + "make", _ANDROID + "manufacturer", "make", "manufacturer"),
        camera_model=_text(tags, _QUICKTIME + "model", _ANDROID + "model", "model"),
        latitude=latitude,
        longitude=longitude,
        altitude_m=altitude_m,
        title=clean_caption(_first(tags, _QUICKTIME + "title", _QUICKTIME + "displayname", "title")),
        caption=clean_caption(_first(tags, _QUICKTIME + "description", "description", "comment")),
        keywords=_keywords(_first(tags, _QUICKTIME + "keywords", "keywords") or ""),
        pairing_id=_text(tags, _QUICKTIME + "content.identifier"),
    )


def _first(tags: Mapping[str, str], *names: str) -> str | None:
    return next((tags[name] for name in names if tags.get(name, "").strip()), None)


def _text(tags: Mapping[str, str], *names: str) -> str | None:
    return clean(_first(tags, *names) or "")


def _keywords(text: str) -> tuple[str, ...]:
    words = (clean(word) for word in re.split(r"[,;]", text)[:200])
    return tuple(dict.fromkeys(word for word in words if word))


def _taken_at(tags: Mapping[str, str], zone: tzinfo | None) -> tuple[datetime | None, int | None]:
    """Local time without a zone, and how many minutes it is ahead of UTC."""
    for name in (_QUICKTIME + "creationdate", "date", "creation_time"):
        moment = _moment(tags.get(name, ""))
        if moment is None:
            continue
        try:
            if moment.utcoffset() is None:
                if name == "date":  # a year or a day, or of a program's own making
                    continue
                moment = moment.replace(tzinfo=UTC)
            if name == "creation_time":
                moment = moment.astimezone(zone)
        except (OverflowError, OSError, ValueError):
            continue
        offset = moment.utcoffset() or timedelta()
        if moment.year >= _FIRST_YEAR and _MIN_OFFSET <= offset <= _MAX_OFFSET:
            return moment.replace(tzinfo=None, microsecond=0), int(offset.total_seconds() // 60)
    return None, None


def _moment(text: str) -> datetime | None:
    text = text.strip()
    if len(text) < len("2019-07-04T15:30:00"):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _position(text: str) -> tuple[float | None, float | None, float | None]:
    """Latitude, longitude, altitude; none of them where the position can't be."""
    match = _LOCATION.match(text.strip())
    if match is None:
        return None, None, None
    latitude, longitude = _degrees(*match.groups()[:5]), _degrees(*match.groups()[5:10])
    altitude = float(match[11]) if match[11] else None
    if abs(latitude) > 90 or abs(longitude) > 180 or latitude == longitude == 0:
        return None, None, None
    return latitude, longitude, altitude if altitude is not None and _LOWEST_M <= altitude <= _HIGHEST_M else None


def _degrees(sign: str, degrees: str, minutes: str | None, seconds: str | None, fraction: str | None) -> float:
    parts = [degrees, *(part for part in (minutes, seconds) if part)]
    parts[-1] += fraction or ""
    total = sum(float(part) / (1, 60, 3600)[power] for power, part in enumerate(parts))
    return -total if sign == "-" else total
