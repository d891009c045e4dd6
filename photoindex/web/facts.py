"""What the page of a photo tells about it, line by line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import format_decimal, lazy_gettext, ngettext
from flask_babel import gettext as _

from photoindex.collections import AlbumInfo
from photoindex.photos import PhotoInfo
from photoindex.web import wording

_SOURCES = {
    "xmp": lazy_gettext("from its XMP metadata"),
    "iptc": lazy_gettext("from its IPTC metadata"),
    "video": lazy_gettext("from the video"),
    "sidecar": lazy_gettext("from its sidecar"),
    "gps": lazy_gettext("from GPS"),
    "name": lazy_gettext("from the file name"),
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
        (_("Title"), photo.title),
        (_("Caption"), photo.caption),
        (_("Taken"), _taken(photo)),
        (_("People"), photo.people),
        (_("Place"), wording.place(photo.place) if photo.place else None),
        (_("Position"), _position(photo)),
        (_("Keywords"), photo.keywords),
        (_("Rating"), _rating(photo.rating)),
        (_("Albums"), [each.name for each in albums]),
        (_("Length"), None if photo.duration_seconds is None else wording.timecode(photo.duration_seconds)),
        (_("Camera"), photo.camera),
        (_("Lens"), photo.lens),
        (_("Exposure"), _exposure(photo)),
        (_("Size"), _size(photo)),
        (_("File"), f"{photo.format.upper()}, {wording.size(photo.size_bytes)}"),
    )
    return tuple(Fact(label, (value,) if isinstance(value, str) else tuple(value)) for label, value in known if value)


def _taken(photo: PhotoInfo) -> str:
    if photo.taken_at is None:
        return str(_("not known; the file is of %(moment)s", moment=wording.moment(photo.timeline_at)))
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
    if rating < 0:
        return str(_("Rejected"))
    in_words = _("%(rating)s of 5", rating=rating)
    return f"{'★' * rating}{'☆' * (5 - rating)} ({in_words})"


def _size(photo: PhotoInfo) -> str:
    megapixels = photo.width * photo.height / 1e6
    text = f"{wording.number(photo.width)} × {wording.number(photo.height)}"
    if photo.kind == "video" or megapixels < 0.1:
        one = photo.width == photo.height == 1
        return str(ngettext("%(size)s pixel", "%(size)s pixels", 1 if one else 2, size=text))
    in_words = _("%(number)s megapixels", number=wording.decimal(megapixels))
    return f"{text} ({in_words})"


def _exposure(photo: PhotoInfo) -> str:
    parts = (
        wording.exposure(photo.exposure_seconds) if photo.exposure_seconds else None,
        f"f/{format_decimal(photo.f_number)}" if photo.f_number else None,
        f"{format_decimal(photo.focal_length_mm)}\u00a0mm" if photo.focal_length_mm else None,
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
    metres = wording.decimal(abs(altitude_m), 0)
    if round(altitude_m) < 0:
        return str(_("%(metres)s\u00a0m below the sea", metres=metres))
    return str(_("%(metres)s\u00a0m above the sea", metres=metres))
