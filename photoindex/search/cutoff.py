"""TEMPORARY."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Bounds:
    strong_distance: float
    weak_distance: float
    nothing: bool = False
    STRONG_SCORE = 0.5
    WEAK_SCORE = 0.25

    def scores(self, distances: NDArray[np.float64]) -> NDArray[np.float64]:
        span = self.weak_distance - self.strong_distance
        return 0.5 + (self.strong_distance - distances) / span * 0.25
