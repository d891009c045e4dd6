"""What stands on the picture of a photo in a grid: whether it is a video, a raw file, a favourite."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from photoindex.companions import CompanionFile, companions_of
from photoindex.photos import PhotoInfo
from photoindex.web import clips, wording


@dataclass(frozen=True)
class Badge:
    """A short text on a picture, and what it means for those who hear the page."""

    text: str
    meaning: str


def badges(session: Session, shown: Iterable[PhotoInfo]) -> dict[int, tuple[Badge, ...]]:
    """The badges of photos, by their ids."""
    shown = tuple(shown)
    companions = companions_of(session, [photo.id for photo in shown])
    return {photo.id: badges_of(photo, companions.get(photo.id, ())) for photo in shown}


def badges_of(photo: PhotoInfo, companions: Sequence[CompanionFile]) -> tuple[Badge, ...]:
    """The badges of one photo with the files that go with it."""
    found = []
    if photo.kind == "video":
        length = wording.timecode(photo.duration_seconds) if photo.duration_seconds is not None else "Video"
        found.append(Badge(f"▶ {length}", f"Video, {length}" if photo.duration_seconds is not None else length))
    elif photo.kind == "raw":
        found.append(Badge("RAW", "Raw file"))
    elif any(each.kind == "raw" for each in companions):
        found.append(Badge(f"RAW+{photo.format.upper()}", f"{photo.format.upper()} with its raw file"))
    clip = clips.of(photo, companions)
    if isinstance(clip, clips.CompanionClip):
        found.append(Badge("Live", "Live Photo"))
    elif clip is not None:
        found.append(Badge("Motion", "Motion photo"))
    return tuple(found)
