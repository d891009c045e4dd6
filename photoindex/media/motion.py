"""Finds the clip that a phone put into a photo's file: Google's and Samsung's motion photos, in JPEG and HEIF."""

from __future__ import annotations

from photoindex.media.containers import detect_container
from photoindex.media.formats import AVIF, HEIF, JPEG, Format
from photoindex.media.metadata import Motion

_MAX_PLACES = 32
_MAX_BOXES = 1000
_MAX_FTYP_BYTES = 1024
_CLIP_BOXES = frozenset(
    {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"udta", b"uuid", b"meta"}
    | {b"moof", b"mfra", b"sidx", b"styp", b"pdin", b"prft", b"emsg"}
)


def find_motion(content: bytes, format: Format) -> Motion | None:
    """Where in a photo's file an MP4 is that can be played by itself, if there is one.

    Google writes into the XMP how far before the end it begins, Samsung a marker before it, both a box `mpvd` around
    it in HEIF. All of them put a whole MP4 there, and programs that edit the photo often leave the XMP wrong: so it is
    the MP4 that is looked for, from its first box to its last. Never raises; looks at the bytes once.
    """
    if format not in (JPEG, HEIF, AVIF):
        return None
    at = 8  # a HEIF's own brands come before
    for _ in range(_MAX_PLACES):
        at = content.find(b"ftyp", at)
        if at < 0:
            return None
        size_bytes = _clip_bytes(content, at - 4)
        if size_bytes:
            return Motion(at - 4, size_bytes)
        at += 4
    return None


def _clip_bytes(content: bytes, offset: int) -> int:
    """How long the MP4 at `offset` is, by its boxes (ISO/IEC 14496-12) up to the first of something else; 0: none."""
    if not 16 <= int.from_bytes(content[offset : offset + 4], "big") <= _MAX_FTYP_BYTES:
        return 0
    if detect_container(content[offset : offset + _MAX_FTYP_BYTES]) is None:
        return 0
    position, kinds = offset, set()
    for _ in range(_MAX_BOXES):
        kind = content[position + 4 : position + 8]
        if kind not in _CLIP_BOXES or (kind == b"ftyp" and position > offset):
            break
        size = int.from_bytes(content[position : position + 4], "big")
        if size == 1:
            size = int.from_bytes(content[position + 8 : position + 16], "big")
        elif size == 0:  # up to the end
            size = len(content) - position
        if size < 8 or position + size > len(content):
            return 0  # cut
        kinds.add(kind)
        position += size
    has_pictures = b"moov" in kinds and (b"mdat" in kinds or b"moof" in kinds)
    return position - offset if has_pictures else 0
