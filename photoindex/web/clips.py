"""What moves in a photo: the clip inside a motion photo's file, or the video that makes it a Live Photo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from photoindex.companions import CompanionFile
from photoindex.glances import Pictured


@dataclass(frozen=True)
class InnerClip:
    """Bytes of the photo's own file."""

    start: int
    length: int


@dataclass(frozen=True)
class CompanionClip:
    """Another file, known as a photo of its own."""

    photo_id: int


def of(photo: Pictured, companions: Sequence[CompanionFile]) -> InnerClip | CompanionClip | None:
    """The clip of a photo; None where nothing moves, and for one that would not lie within its file."""
    start, length = photo.motion_offset, photo.motion_bytes
    if start is not None and length is not None and start >= 0 and 0 < length <= photo.size_bytes - start:
        return InnerClip(start, length)
    if photo.kind == "photo":
        for each in companions:
            if each.kind == "video":
                return CompanionClip(each.photo_id)
    return None
