"""What the page of a photo tells about it, line by line."""

from __future__ import annotations

from dataclasses import dataclass

from photoindex.photos import PhotoInfo
from photoindex.web import wording


@dataclass(frozen=True)
class Fact:
    """One line: what it is about, and what is known."""

    label: str
    text: str


def of(photo: PhotoInfo) -> tuple[Fact, ...]:
    """The facts that are known, in reading order."""
    known = (
        ("Taken", _taken(photo)),
        ("Camera", photo.camera),
        ("Lens", photo.lens),
        ("Exposure", _exposure(photo)),
        ("Size", _size(photo)),
        ("File", f"{photo.format.upper()}, {wording.size(photo.size_bytes)}"),
        ("Place", _place(photo)),
    )
    return tuple(Fact(label, text) for label, text in known if text)


def _taken(photo: PhotoInfo) -> str:
    if photo.taken_at is None:
        return f"not known; the file is of {wording.moment(photo.timeline_at)}"
    text = wording.moment(photo.taken_at)
    offset = photo.taken_at_offset_minutes
    if offset is None:
        return text
    sign = "−" if offset < 0 else "+"
    hours, minutes = divmod(abs(offset), 60)
    return f"{text} (UTC{sign}{hours}:{minutes:02})"


def _size(photo: PhotoInfo) -> str:
    megapixels = photo.width * photo.height / 1e6
    text = f"{photo.width:,} × {photo.height:,}"
    return f"{text} ({megapixels:.1f}\u00a0megapixels)" if megapixels >= 0.1 else f"{text} pixels"


def _exposure(photo: PhotoInfo) -> str:
    parts = (
        wording.exposure(photo.exposure_seconds) if photo.exposure_seconds else None,
        f"f/{photo.f_number:g}" if photo.f_number else None,
        f"{photo.focal_length_mm:g}\u00a0mm" if photo.focal_length_mm else None,
        f"ISO\u00a0{photo.iso}" if photo.iso else None,
    )
    return " · ".join(part for part in parts if part)


def _place(photo: PhotoInfo) -> str | None:
    if photo.latitude is None or photo.longitude is None:
        return None
    text = wording.coordinates(photo.latitude, photo.longitude)
    return text if photo.altitude_m is None else f"{text}, {photo.altitude_m:.0f}\u00a0m above the sea"
