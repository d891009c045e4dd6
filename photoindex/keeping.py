"""Which of several photos, or of several files, to keep, and why. PhotoIndex only suggests it: it never deletes."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from photoindex.messages import number, say
from photoindex.photos import PhotoFile, PhotoInfo

_EXPORTED = ("webp", "avif", "png", "gif", "bmp")
"""Formats that cameras don't write."""
_COPY = re.compile(r"copy|copie|kopie|backup|duplicat|trash|\(\d+\)|[-_ ]edit|~", re.IGNORECASE)


@dataclass(frozen=True)
class Suggestion:
    """What to keep, and why in words that end the sentence "Keep this one: …"."""

    kept: int
    """The id of the photo or file."""
    reason: str


@dataclass(frozen=True)
class _Criterion:
    value: Callable[[Any], Any]
    """The larger, the better."""
    reason: Callable[[Any], str]


def suggest_photo(photos: Sequence[PhotoInfo], albums: Mapping[int, int], changed_ns: Mapping[int, int]) -> Suggestion:
    """Of one or more photos that are alike. `albums`: in how many each is; `changed_ns`: the times of their files.

    What the user did with a photo comes first, then what is most of the original: pixels, format, metadata.
    """
    return _best(
        photos,
        (
            _Criterion(lambda photo: photo.favourite, lambda _: say("it is a favourite")),
            _Criterion(lambda photo: albums.get(photo.id, 0), lambda _: say("it is in an album")),
            _Criterion(
                lambda photo: photo.rating or 0,
                lambda photo: say("it is rated best, %(rating)s of 5", rating=photo.rating),
            ),
            _Criterion(
                lambda photo: photo.width * photo.height,
                lambda photo: say(
                    "it has the most pixels, %(width)s × %(height)s",
                    width=number(photo.width),
                    height=number(photo.height),
                ),
            ),
            _Criterion(lambda photo: photo.kind == "raw", lambda _: say("it is the raw file")),
            _Criterion(
                lambda photo: photo.format not in _EXPORTED,
                lambda photo: say("cameras write %(format)s", format=photo.format.upper()),
            ),
            _Criterion(_facts, lambda _: say("it says most about when, where and by what it was taken")),
            _Criterion(_is_named_as_original, lambda _: say("its name is not that of a copy")),
            _Criterion(lambda photo: photo.size_bytes, lambda _: say("it is the largest file, with the most detail")),
            _Criterion(lambda photo: -changed_ns.get(photo.id, 0), lambda _: say("it is the oldest file")),
            _Criterion(
                lambda photo: max(_nice(file) for file in photo.files), lambda _: say("its path is the plainest")
            ),
            _Criterion(lambda photo: -photo.id, lambda _: say("it was indexed first")),
        ),
    )


def suggest_file(files: Sequence[PhotoFile], changed_ns: Mapping[int, int]) -> Suggestion:
    """Of one or more files with the very same content."""
    return _best(
        files,
        (
            _Criterion(lambda file: not _COPY.search(file.filename), lambda _: say("its name is not that of a copy")),
            _Criterion(lambda file: -changed_ns.get(file.id, 0), lambda _: say("it is the oldest")),
            _Criterion(_nice, lambda _: say("its path is the plainest")),
            _Criterion(lambda file: -file.id, lambda _: say("it was found first")),
        ),
    )


def _best(candidates: Sequence[Any], criteria: Sequence[_Criterion]) -> Suggestion:
    """Criterion by criterion those that are best remain; the reason is the one that left the last alone."""
    left = list(candidates)
    reason = criteria[-1].reason
    for criterion in criteria:
        best = max(criterion.value(each) for each in left)
        remaining = [each for each in left if criterion.value(each) == best]
        if len(remaining) < len(left):
            reason = criterion.reason
        left = remaining
        if len(left) == 1:
            break
    return Suggestion(left[0].id, reason(left[0]))


def _facts(photo: PhotoInfo) -> int:
    known = (photo.taken_at, photo.latitude, photo.camera, photo.title or photo.caption, photo.keywords or photo.people)
    return sum(bool(each) for each in known[:1] + known[2:]) + (photo.latitude is not None)


def _is_named_as_original(photo: PhotoInfo) -> bool:
    return any(not _COPY.search(file.filename) for file in photo.files)


def _nice(file: PhotoFile) -> tuple[bool, int, int]:
    """Not in a folder of copies, not deep, not long."""
    folder = os.path.dirname(file.display_path)
    return not _COPY.search(folder), -folder.count(os.sep), -len(file.display_path)
