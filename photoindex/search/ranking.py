"""Scores: from distances to the 0–1 that people see, meaning the same whatever the encoder and the query."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from photoindex.search.cutoff import Bounds

STRONG, WEAK = 0.5, 0.25
"""The scores at the strong and at the weak bound."""
_LEAST_STEP = 1e-5
"""Bounds that coincide are kept apart by this, so that a smaller distance always has a larger score."""


def scores(distances: NDArray[np.float64], bounds: Bounds) -> NDArray[np.float64]:
    """Cosine distances from `bounds.vector`, (n,), as scores: 1 at the full bound, .5 at the strong one, .25 at the
    weak one, 0 where unrelated photos are.

    Linear in between and beyond both ends, and strictly falling: what is shown is cut off at 0 and 1, what is sorted
    by is not.
    """
    corners = np.array([bounds.full_distance, bounds.strong_distance, bounds.weak_distance, bounds.empty_distance])
    steps = np.arange(4) * _LEAST_STEP
    corners = np.maximum.accumulate(corners - steps) + steps
    values = np.array([1.0, STRONG, WEAK, 0.0])
    inside = np.interp(distances, corners, values)
    nearer = 1.0 + (corners[0] - distances) * (1.0 - STRONG) / (corners[1] - corners[0])
    farther = (corners[3] - distances) * WEAK / (corners[3] - corners[2])
    found = np.where(distances < corners[0], nearer, np.where(distances > corners[3], farther, inside))
    return np.asarray(found, dtype=np.float64)
