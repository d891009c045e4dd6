"""Chooses, among frames of a video, the few that show what is in it, and the one that stands for it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_SIGNATURE_EDGE = 16
_SAME = 0.02  # mean difference of two frames, of the whole range: one is enough
_OTHER_SCENE = 0.08  # with these there is something new to see, however short the video
_TIME_WEIGHT = 0.1  # so much difference to look at is worth as much as a frame where there was none

_DARK, _BRIGHT = 16, 250  # mean luma of nothing but black, nothing but white
_FLAT = 6  # contrast of a frame with nothing on it
_POSTER_CANDIDATES = 6
_GOOD_ENOUGH = 0.7


@dataclass(frozen=True)
class Candidate:
    """A frame that may be taken."""

    at_seconds: float
    image: Image.Image

    @cached_property
    def signature(self) -> NDArray[np.float32]:
        """The picture in a few pixels, 0 to 1, to measure how far apart two are."""
        small = self.image.resize((_SIGNATURE_EDGE, _SIGNATURE_EDGE), Image.Resampling.BOX, reducing_gap=2)
        return np.asarray(small, np.float32).reshape(-1) / np.float32(255)

    @cached_property
    def tells(self) -> float:
        """How much is to be seen: contrast times sharpness, and next to nothing on black, white and plain frames."""
        luma = np.asarray(self.image.convert("L").resize((128, 128), Image.Resampling.BILINEAR), np.float32)
        mean, contrast = float(luma.mean()), float(luma.std())
        edges = float(np.abs(np.diff(luma, axis=0)).mean() + np.abs(np.diff(luma, axis=1)).mean())
        told = math.sqrt((contrast + 1) * (edges + 1))
        return told / 100 if self.is_empty or not _DARK < mean < _BRIGHT else told

    @property
    def is_empty(self) -> bool:
        """Whether it is black, white or of one colour all over."""
        luma = np.asarray(self.image.convert("L").reduce(4), np.float32)
        return float(luma.std()) < _FLAT

    def difference(self, other: Candidate) -> float:
        """0 for the same picture, 1 for black and white."""
        return float(np.abs(self.signature - other.signature).mean())


def frames_for(duration_seconds: float, max_frames: int) -> int:
    """How many frames a video of that length gets where little happens: 2 for 3 s, 8 for a minute, 24 for ten."""
    return max(1, min(max_frames, math.ceil(math.sqrt(max(0.0, duration_seconds)))))


def choose_poster(candidates: Sequence[Candidate]) -> Candidate:
    """The first one of the beginning that is nearly as telling as the most telling there, or anywhere if none is."""
    first = candidates[:_POSTER_CANDIDATES]
    if all(candidate.is_empty for candidate in first):
        first = candidates
    best = max(candidate.tells for candidate in first)
    return next(candidate for candidate in first if candidate.tells >= _GOOD_ENOUGH * best)


def choose_frames(
    candidates: Sequence[Candidate], poster: Candidate, duration_seconds: float, max_frames: int
) -> list[Candidate]:
    """The poster and those that differ the most from what is chosen, in order of time; spread over the whole length.

    No two look the same, and none is empty but a poster that is. There are more than `frames_for` only where other
    scenes are to be seen, and never more than `max_frames`.
    """
    enough = frames_for(duration_seconds, max_frames)
    step = duration_seconds / enough or 1.0
    chosen = [poster]
    left = [candidate for candidate in candidates if candidate is not poster and not candidate.is_empty]
    differences = np.array([poster.difference(candidate) for candidate in left])
    gaps = np.array([abs(poster.at_seconds - candidate.at_seconds) for candidate in left])
    while left and len(chosen) < max_frames:
        wanted = _SAME if len(chosen) < enough else _OTHER_SCENE
        worth = np.where(differences >= wanted, differences + _TIME_WEIGHT * np.minimum(gaps / step, 2), -1)
        best = int(worth.argmax())
        if worth[best] < 0:
            break
        taken = left[best]
        chosen.append(taken)
        differences = np.minimum(differences, [taken.difference(candidate) for candidate in left])
        gaps = np.minimum(gaps, [abs(taken.at_seconds - candidate.at_seconds) for candidate in left])
    return sorted(chosen, key=lambda candidate: candidate.at_seconds)
