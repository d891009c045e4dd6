"""What the page of a photo tells about it, line by line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import format_decimal, lazy_gettext, ngettext
from flask_babel import gettext as _

from photoindex.collections import AlbumInfo
from photoindex.photos import PhotoFile, PhotoInfo, PlaceNames
from photoindex.web import links, wording

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
class Part:
    """Something that is known, and the search for photos of which it is so, too."""

    text: str
    query: str | None = None


@dataclass(frozen=True)
class Fact:
    """One line: what it is about, and what is known, in one part or several."""

    label: str
    parts: tuple[Part, ...]
    between: str = ", "


def of(photo: PhotoInfo, albums: Sequence[AlbumInfo]) -> tuple[Fact, ...]:
    """The facts that are known, in reading order."""
    known: tuple[tuple[str, Sequence[Part]], ...] = (
        (_("Title"), _plain(photo.title)),
        (_("Caption"), _plain(photo.caption)),
        (_("Taken"), _taken(photo)),
        (_("People"), _linked("person", photo.people)),
        (_("Place"), _place(photo.place) if photo.place else ()),
        (_("Position"), _position(photo)),
        (_("Keywords"), _linked("keyword", photo.keywords)),
        (_("Albums"), [Part(each.name, _album(each)) for each in albums]),
        (_("Length"), _plain(None if photo.duration_seconds is None else wording.timecode(photo.duration_seconds))),
        (_("Camera"), _linked("camera", [photo.camera])),
        (_("Lens"), _linked("lens", [photo.lens])),
        (_("Exposure"), _exposure(photo)),
        (_("Size"), _plain(_size(photo))),
        (_("File"), (*_linked("format", [photo.format], photo.format.upper()), Part(wording.size(photo.size_bytes)))),
        (_("Folder"), _folders(photo.files)),
    )
    exposure = _("Exposure")
    return tuple(Fact(label, tuple(parts), " · " if label == exposure else ", ") for label, parts in known if parts)


def _plain(text: str | None) -> tuple[Part, ...]:
    return (Part(text),) if text else ()


def _linked(name: str, values: Sequence[str | None], text: str | None = None) -> tuple[Part, ...]:
    """A part for each value, with the search by the filter `name`."""
    return tuple(Part(text or value, links.query(name, value)) for value in values if value)


def _taken(photo: PhotoInfo) -> tuple[Part, ...]:
    day = links.query("date", photo.timeline_at.date().isoformat())
    if photo.taken_at is None:
        return (Part(_("not known; the file is of %(moment)s", moment=wording.moment(photo.timeline_at)), day),)
    moment = Part(f"{wording.moment(photo.taken_at)}{_zone(photo.taken_at_offset_minutes)}", day)
    source = _SOURCES.get(photo.taken_at_source or "")
    return (moment, Part(str(source))) if source else (moment,)


def _place(names: PlaceNames) -> tuple[Part, ...]:
    """Town, region and country: each with the search for it and what it lies in."""
    known = wording.place_parts(names)
    return tuple(Part(name, links.query("place", ", ".join(known[at:]))) for at, name in enumerate(known))


def _album(album: AlbumInfo) -> str | None:
    """By name; by number where the name would be taken for one."""
    return links.query("album", str(album.id) if album.name.isdigit() else album.name)


def _folders(files: Sequence[PhotoFile]) -> tuple[Part, ...]:
    """The folders of its files, in the library they belong to; a library's own folder goes by the library's name."""
    found = {(file.library_id, file.folder): file for file in files}
    return tuple(
        Part(file.folder, links.query("folder", f"/{file.folder}"))
        if file.folder
        else Part(file.library, links.query("library", str(file.library_id)))
        for file in found.values()
    )


def _zone(offset_minutes: int | None) -> str:
    if offset_minutes is None:
        return ""
    if offset_minutes == 0:
        return " (UTC)"
    sign = "−" if offset_minutes < 0 else "+"
    hours, minutes = divmod(abs(offset_minutes), 60)
    return f" (UTC{sign}{hours}:{minutes:02})"


def _size(photo: PhotoInfo) -> str:
    megapixels = photo.width * photo.height / 1e6
    text = f"{wording.number(photo.width)} × {wording.number(photo.height)}"
    if photo.kind == "video" or megapixels < 0.1:
        one = photo.width == photo.height == 1
        return str(ngettext("%(size)s pixel", "%(size)s pixels", 1 if one else 2, size=text))
    in_words = _("%(number)s megapixels", number=wording.decimal(megapixels))
    return f"{text} ({in_words})"


def _exposure(photo: PhotoInfo) -> tuple[Part, ...]:
    parts = (
        Part(wording.exposure(photo.exposure_seconds)) if photo.exposure_seconds else None,
        _measured("aperture", photo.f_number, "f/{}"),
        _measured("focal", photo.focal_length_mm, "{}\u00a0mm"),
        _measured("iso", photo.iso, "ISO\u00a0{}"),
    )
    return tuple(part for part in parts if part)


def _measured(name: str, value: float | None, form: str) -> Part | None:
    if not value:
        return None
    text = str(value) if isinstance(value, int) else format_decimal(value)
    return Part(form.format(text), links.query(name, links.number(value)))


def _position(photo: PhotoInfo) -> tuple[Part, ...]:
    height = _plain(None if photo.altitude_m is None else _height(photo.altitude_m))
    if photo.latitude is None or photo.longitude is None:
        return height
    near = links.query("near", f"{wording.position(photo)},1km")
    return (Part(wording.coordinates(photo.latitude, photo.longitude), near), *height)


def _height(altitude_m: float) -> str:
    metres = wording.decimal(abs(altitude_m), 0)
    if round(altitude_m) < 0:
        return str(_("%(metres)s\u00a0m below the sea", metres=metres))
    return str(_("%(metres)s\u00a0m above the sea", metres=metres))
