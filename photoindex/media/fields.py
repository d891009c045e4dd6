"""What is known about a photo besides its pixels, and how what several sources say becomes one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from photoindex.media.texts import unique

_T = TypeVar("_T")

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


_TRUST = tuple(TakenAtSource)
# The others tell UTC: Google takes a camera's local time for it where it knows no offset.
_LOCAL = (TakenAtSource.EXIF, TakenAtSource.XMP, TakenAtSource.IPTC, TakenAtSource.VIDEO)


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


def merge(first: Metadata, *others: Metadata) -> Metadata:
    """One metadata of several, given in the order of trust: field by field the first that is known.

    - The time taken comes from the most trusted `TakenAtSource` instead, with its offset; if that one has no offset,
      another part of the file that tells the same time may.
    - Latitude, longitude and altitude come together, from the first that has a position.
    - Keywords and people are united, in order.
    """
    all_ = (first, *others)
    dated = _most_trusted_date(all_)
    placed = next((one for one in all_ if one.latitude is not None and one.longitude is not None), None)
    return Metadata(
        taken_at=dated.taken_at,
        taken_at_offset_minutes=_offset(dated, all_),
        taken_at_source=dated.taken_at_source,
        camera_make=_first(one.camera_make for one in all_),
        camera_model=_first(one.camera_model for one in all_),
        lens=_first(one.lens for one in all_),
        focal_length_mm=_first(one.focal_length_mm for one in all_),
        f_number=_first(one.f_number for one in all_),
        exposure_seconds=_first(one.exposure_seconds for one in all_),
        iso=_first(one.iso for one in all_),
        latitude=placed.latitude if placed else None,
        longitude=placed.longitude if placed else None,
        altitude_m=placed.altitude_m if placed else _first(one.altitude_m for one in all_),
        title=_first(one.title for one in all_),
        caption=_first(one.caption for one in all_),
        keywords=unique(keyword for one in all_ for keyword in one.keywords),
        rating=_first(one.rating for one in all_),
        people=unique(name for one in all_ for name in one.people),
        motion=_first(one.motion for one in all_),
        pairing_id=_first(one.pairing_id for one in all_),
        orientation=next((one.orientation for one in all_ if one.orientation != 1), 1),
    )


def _first(values: Iterable[_T | None]) -> _T | None:
    return next((value for value in values if value is not None), None)


def _most_trusted_date(all_: tuple[Metadata, ...]) -> Metadata:
    dated = [one for one in all_ if one.taken_at and one.taken_at_source]
    return min(dated, key=lambda one: _TRUST.index(one.taken_at_source or TakenAtSource.FILE), default=Metadata())


def _offset(dated: Metadata, all_: tuple[Metadata, ...]) -> int | None:
    if dated.taken_at_offset_minutes is not None:
        return dated.taken_at_offset_minutes
    same = (one for one in all_ if one.taken_at and one.taken_at == dated.taken_at)
    return _first(one.taken_at_offset_minutes for one in same if one.taken_at_source in _LOCAL)
