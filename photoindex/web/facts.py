"""What the page of a photo tells about it, line by line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from photoindex.collections import AlbumInfo
from photoindex.photos import PhotoInfo
from photoindex.web import wording

_SOURCES = {
    "xmp": "from its XMP metadata",
    "iptc": "from its IPTC metadata",
    "video": "from the video",
    "sidecar": "from its sidecar",
    "gps": "from GPS",
    "name": "from the file name",
}
"""Where the time comes from, in words; what a camera writes into its file needs none."""


@dataclass(frozen=True)
class Fact:
    """One line: what it is about, and what is known, in one part or several."""

    label: str
    parts: tuple[str, ...]


def of(photo: PhotoInfo, albums: Sequence[AlbumInfo]) -> tuple[Fact, ...]:
    """The facts that are known, in reading order."""
    known: tuple[tuple[str, str | Sequence[str] | None], ...] = (
        ("Title", photo.title),
        ("Caption", photo.caption),
        ("Taken", _taken(photo)),
        ("People", photo.people),
        ("Place", photo.place.english if photo.place else None),
        ("Position", _position(photo)),
        ("Keywords", photo.keywords),
        ("Rating", _rating(photo.rating)),
        ("Albums", [each.name for each in albums]),
        ("Length", None if photo.duration_seconds is None else wording.timecode(photo.duration_seconds)),
        ("Camera", photo.camera),
        ("Lens", photo.lens),
        ("Exposure", _exposure(photo)),
        ("Size", _size(photo)),
        ("File", f"{photo.format.upper()}, {wording.size(photo.size_bytes)}"),
    )
    return tuple(Fact(label, (value,) if isinstance(value, str) else tuple(value)) for label, value in known if value)


def _taken(photo: PhotoInfo) -> str:
    if photo.taken_at is None:
        return f"not known; the file is of {wording.moment(photo.timeline_at)}"
    source = _SOURCES.get(photo.taken_at_source or "")
    return f"{wording.moment(photo.taken_at)}{_zone(photo.taken_at_offset_minutes)}{f', {source}' if source else ''}"


def _zone(offset_minutes: int | None) -> str:
    if offset_minutes is None:
        return ""
    if offset_minutes == 0:
        return " (UTC)"
    sign = "−" if offset_minutes < 0 else "+"
    hours, minutes = divmod(abs(offset_minutes), 60)
    return f" (UTC{sign}{hours}:{minutes:02})"


def _rating(rating: int | None) -> str | None:
    if rating is None or rating == 0:  # 0 says that nobody rated it
        return None
    return "Rejected" if rating < 0 else f"{'★' * rating}{'☆' * (5 - rating)} ({rating} of 5)"


def _size(photo: PhotoInfo) -> str:
    megapixels = photo.width * photo.height / 1e6
    text = f"{photo.width:,} × {photo.height:,}"
    if photo.kind == "video" or megapixels < 0.1:
        return f"{text} {'pixel' if photo.width == photo.height == 1 else 'pixels'}"
    return f"{text} ({megapixels:.1f}\u00a0megapixels)"


def _exposure(photo: PhotoInfo) -> str:
    parts = (
        wording.exposure(photo.exposure_seconds) if photo.exposure_seconds else None,
        f"f/{photo.f_number:g}" if photo.f_number else None,
        f"{photo.focal_length_mm:g}\u00a0mm" if photo.focal_length_mm else None,
        f"ISO\u00a0{photo.iso}" if photo.iso else None,
    )
    return " · ".join(part for part in parts if part)


def _position(photo: PhotoInfo) -> str | None:
    height = None if photo.altitude_m is None else _height(photo.altitude_m)
    if photo.latitude is None or photo.longitude is None:
        return height
    text = wording.coordinates(photo.latitude, photo.longitude)
    return text if height is None else f"{text}, {height}"


def _height(altitude_m: float) -> str:
    return f"{abs(altitude_m):,.0f}\u00a0m {'below' if round(altitude_m) < 0 else 'above'} the sea"
