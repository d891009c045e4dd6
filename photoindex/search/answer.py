"""An answer: everything that a query finds, in order, as arrays; totals and pages are cut from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from photoindex import likeness
from photoindex.search.cursor import Place

STRONG, WEAK, OTHER = 0, 1, 2
TIERS = ("strong", "weak", "other")
"""What people read for the numbers of the tiers."""


@dataclass(frozen=True)
class Answer:
    """Photos found, (n,) each: strong matches first, within a tier by `keys` and then by id."""

    photo_ids: NDArray[np.int64]
    tiers: NDArray[np.int8]
    keys: NDArray[np.float64]
    scores: NDArray[np.float64]
    """0 to 1, what is shown."""
    folded: NDArray[np.int64] | None = None
    """How many near-duplicates are folded behind each; None unless that was asked for."""

    def __len__(self) -> int:
        return len(self.photo_ids)

    @property
    def strong(self) -> int:
        """How many match strongly."""
        return int(np.searchsorted(self.tiers, STRONG, side="right"))

    def place(self, position: int) -> Place:
        """Where the result at a position stands, for a cursor."""
        return Place(int(self.tiers[position]), float(self.keys[position]), int(self.photo_ids[position]))

    def behind(self, place: Place) -> int:
        """The position of the first result behind a place, whether or not that one is still found."""
        start, end = np.searchsorted(self.tiers, [place.tier, place.tier + 1])
        first = start + np.searchsorted(self.keys[start:end], place.key, side="left")
        last = start + np.searchsorted(self.keys[start:end], place.key, side="right")
        return int(first + np.searchsorted(self.photo_ids[first:last], place.photo_id, side="right"))

    def page(self, limit: int, after: Place | None) -> range:
        """The positions of the next results."""
        start = 0 if after is None else self.behind(after)
        return range(start, min(start + limit, len(self)))


def arranged(
    photo_ids: NDArray[np.int64],
    tiers: NDArray[np.int8],
    keys: NDArray[np.float64],
    scores: NDArray[np.float64],
) -> Answer:
    """An answer from photos in any order; of what has the smallest key the first comes first."""
    order = np.lexsort((photo_ids, keys, tiers))
    return Answer(photo_ids[order], tiers[order], keys[order], scores[order])


def fold(answer: Answer, groups: NDArray[np.int64]) -> Answer:
    """Keep the first photo of each group; `groups` is (n,), the same number for near-duplicates."""
    folded = likeness.fold(groups)
    kept = folded.kept
    return Answer(answer.photo_ids[kept], answer.tiers[kept], answer.keys[kept], answer.scores[kept], folded.behind)
