"""What a photo's EXIF says: when, with what and where it was taken. Damaged or senseless fields are left empty."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

from photoindex.media.exif import Exif, Tag, Value, read_exif
from photoindex.media.fields import Metadata, Motion, TakenAtSource, merge
from photoindex.media.moments import exif_moment, offset_minutes
from photoindex.media.names import date_in_name
from photoindex.media.places import read_position
from photoindex.media.sidecars import read_sidecar
from photoindex.media.texts import decode_text

__all__ = ["Metadata", "Motion", "TakenAtSource", "complete", "merge", "read_metadata"]


def read_metadata(block: bytes) -> Metadata:
    """The metadata in an EXIF block (see `read_exif`). Never raises; empty when there is nothing to read."""
    exif = read_exif(block)
    main = exif.main
    taken_at, offset = _taken_at(exif)
    position = read_position(exif.gps)
    return Metadata(
        taken_at=taken_at,
        taken_at_offset_minutes=offset,
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
    return decode_text(value) if isinstance(value, bytes) else None


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
        moment, offset = exif_moment(_text(exif.main.get(date_tag)) or "")
        if moment is not None:
            return moment, _offset(exif, offset_tag, offset)
    return None, None


def _offset(exif: Exif, tag: Tag, written: int | None) -> int | None:
    """Minutes ahead of UTC by the date's own tag, else as written behind the date."""
    own = offset_minutes(_text(exif.main.get(tag)) or "")
    return written if own is None else own


def complete(embedded: Metadata, filename: str, sidecars: Sequence[tuple[bytes, bytes]] = ()) -> Metadata:
    """What is known about a photo: `embedded` in its file, its sidecars (name and content each), its file's name.

    For everything but the date, `.xmp` sidecars are trusted most, for people's programs write there what they
    changed; then the file, then a Takeout's JSON. The date: see `TakenAtSource`, `merge`. Never raises.
    """
    read = [(name.lower().endswith(b".xmp"), read_sidecar(name, content)) for name, content in sidecars]
    named = Metadata()
    if (found := date_in_name(filename)) is not None:
        named = Metadata(taken_at=found[0], taken_at_offset_minutes=found[1], taken_at_source=TakenAtSource.NAME)
    return merge(
        *(metadata for is_xmp, metadata in read if is_xmp),
        embedded,
        *(metadata for is_xmp, metadata in read if not is_xmp),
        named,
    )
