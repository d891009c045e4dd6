"""Metadata of a photo: out of the blocks in its file, its sidecars and its file's name."""

from __future__ import annotations

from collections.abc import Sequence

from photoindex.media.exif import Tag, read_exif
from photoindex.media.exif_fields import changed_at_fields, taken_fields, written_fields
from photoindex.media.fields import Metadata, Motion, TakenAtSource, merge
from photoindex.media.iptc import read_iptc
from photoindex.media.names import date_in_name
from photoindex.media.sidecars import read_sidecar
from photoindex.media.xmp import read_xmp

__all__ = ["Metadata", "Motion", "TakenAtSource", "complete", "merge", "read_metadata"]


def read_metadata(block: bytes, *, xmp: bytes = b"", iptc: bytes = b"") -> Metadata:
    """The metadata in an EXIF block (see `read_exif`), an XMP packet and an IPTC block (see `read_iptc`).

    When, with what and where: EXIF is trusted most. What people wrote: XMP, then IPTC, then EXIF. EXIF's date of the
    last change is a date of taking only if there is no other. A block that is a TIFF file may hold XMP and IPTC in
    tags of its own. Never raises; empty when there is nothing to read.
    """
    exif = read_exif(block)
    packets = (xmp, exif.main.get(Tag.XMP))
    blocks = (iptc, exif.main.get(Tag.IPTC), exif.main.get(Tag.PHOTOSHOP))
    said = merge(
        taken_fields(exif),
        *(read_xmp(packet) for packet in packets if packet and isinstance(packet, bytes)),
        *(read_iptc(block) for block in blocks if block and isinstance(block, bytes)),
        written_fields(exif),
    )
    if said.taken_at is None or said.taken_at_source is TakenAtSource.GPS:
        return merge(changed_at_fields(exif), said)
    return said


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
