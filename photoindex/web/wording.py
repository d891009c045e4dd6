"""How figures are written for people: sizes, times, exposure, places."""

from __future__ import annotations

from datetime import datetime

from flask import Flask

from photoindex.photos import PhotoInfo
from photoindex.web import moments, rows
from photoindex.web.names import plain


def register(app: Flask) -> None:
    """Give templates these as filters."""
    for function in (moment, size, number, duration, timecode, speed, described, shape, moments.parameter):
        app.add_template_filter(function)


def moment(at: datetime) -> str:
    """`Tuesday, 5 March 2024, 14:03`"""
    return f"{at:%A}, {at.day} {at:%B} {at.year}, {at:%H:%M}"


def number(value: int) -> str:
    """`1,234`"""
    return f"{value:,}"


def size(size_bytes: int) -> str:
    """`3.2 MB`, in powers of 1000 as file managers count."""
    if size_bytes < 1000:
        return f"{size_bytes} bytes"
    value, unit = size_bytes / 1000, "kB"
    for larger in ("MB", "GB", "TB"):
        if value >= 999.5:
            value, unit = value / 1000, larger
    return f"{value:.1f} {unit}" if value < 10 else f"{value:.0f} {unit}"


def duration(seconds: float) -> str:
    """`about 4 s`, `about 12 min`, `about 3 h`"""
    if seconds < 90:
        return f"about {max(1, round(seconds))} s"
    if seconds < 90 * 60:
        return f"about {round(seconds / 60)} min"
    return f"about {round(seconds / 3600)} h"


def timecode(seconds: float) -> str:
    """A length or a moment of a video: `0:09`, `2:31`, `1:02:03`."""
    minutes, rest = divmod(int(max(0.0, seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def rate(photos_per_second: float) -> str:
    """`45/s`, `12/min` or `less than 1/min`."""
    if photos_per_second >= 0.95:
        return f"{photos_per_second:.0f}/s"
    per_minute = round(60 * photos_per_second)
    return f"{per_minute}/min" if per_minute >= 1 else "less than 1/min"


def speed(photos_per_second: float) -> str:
    """`44.8 photos a second`, `12 photos a minute` or `less than one photo a minute`."""
    if photos_per_second >= 0.95:
        return f"{photos_per_second:.1f} photos a second"
    per_minute = round(60 * photos_per_second)
    if per_minute < 1:
        return "less than one photo a minute"
    return f"{per_minute} {'photo' if per_minute == 1 else 'photos'} a minute"


def exposure(seconds: float) -> str:
    """`1/250 s`, or `2.5 s`"""
    if seconds < 0.3:
        return f"1/{round(1 / seconds)}\u00a0s"
    return f"{seconds:.1f}".removesuffix(".0") + "\u00a0s"


def coordinates(latitude: float, longitude: float) -> str:
    """`48.85837° N, 2.29448° E`, each with a space that does not break."""
    north = "N" if latitude >= 0 else "S"
    east = "E" if longitude >= 0 else "W"
    return f"{abs(latitude):.5f}°\u00a0{north}, {abs(longitude):.5f}°\u00a0{east}"


def described(photo: PhotoInfo) -> str:
    """What stands in for the picture where it can't be seen: its name and date."""
    return f"{plain(photo.filename)}, {photo.timeline_at.day} {photo.timeline_at:%B} {photo.timeline_at.year}"


def shape(photo: PhotoInfo) -> str:
    """The class of the shape of its picture, width over height: `q44` is 3:2."""
    return rows.ratio_class(rows.ratio_step(photo.width, photo.height))
