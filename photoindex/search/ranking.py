"""Scores: from a cosine distance to the 0–1 that people see."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from photoindex.search.cutoff import Bounds

STRONG, WEAK = 0.5, 0.25
"""The scores at the bounds of strong and of weak matches, whatever the encoder and the query."""


def scores(distances: NDArray[np.float64], bounds: Bounds) -> NDArray[np.float64]:
    """Cosine distances from `bounds.vector`, of any shape, as scores of 0 to 1.

    Encoders differ in the cosines they give, and queries do: a CLIP's best match has .35, the starter's .9. So a score
    says where a photo stands between what an unrelated one has (0), the bounds of weak and strong matches, and the
    best that is plausible (1); linear in between.
    """
    anchors = np.array(
        [bounds.full_distance, bounds.strong_distance, bounds.weak_distance, bounds.empty_distance], dtype=np.float64
    )
    # Bounds may fall together; interpolation needs them apart, in order.
    anchors = np.maximum.accumulate(anchors + np.arange(4) * 1e-9)
    return np.interp(distances, anchors, [1.0, STRONG, WEAK, 0.0])


def score(distance: float, shown_range: tuple[float, float]) -> float:
    """A cosine distance as a score of 0 to 1, linear between the cosines of `shown_range`: for who has no bounds."""
    low, high = shown_range
    return min(1.0, max(0.0, (1.0 - distance - low) / (high - low)))


def percent(value: float) -> int:
    """A score as whole percents."""
    return round(100 * value)
