"""Tells a query that a good part of the library answers: its scores fall into two clean groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from photoindex.background import Array

_SMALLEST_SHARE, _LARGEST_SHARE = 0.15, 0.7
"""Smaller groups look like this for a query, too, that only their neighbourhood answers."""
_HEIGHT = 3.0
"""Mean of the upper group, in units of noise."""
_SEPARATION = 4.6
"""Distance of the two means in pooled standard deviations (Ashman, Bird and Zepf, AJ 108, 1994): 2 is two
groups at all, and the neighbourhood of a specific query, of which the library has none, reaches 4.4."""
_VALLEY = 0.7
"""At most so many photos between the groups, for each in the upper one."""
_VALLEY_FROM, _VALLEY_TO = 0.35, 0.65
_CUT = 0.6
_FEWEST = 20
"""Photos in a library of which a plateau can be told."""


@dataclass(frozen=True)
class Plateau:
    """The upper of two groups of photos."""

    threshold: float
    """The score above which they are."""
    photos: NDArray[np.intp]
    """Which they are, by their place in `scores`."""


def find_plateau(scores: Array) -> Plateau | None:
    """The cleanest split of scores (n,), in units of noise, if it is clean enough."""
    total = len(scores)
    if total < _FEWEST:
        return None
    ranked = np.sort(scores)[::-1]
    sizes = np.arange(int(np.ceil(total * _SMALLEST_SHARE)), int(total * _LARGEST_SHARE) + 1)
    sums, squares = np.cumsum(ranked), np.cumsum(ranked * ranked)
    upper, lower = sums[sizes - 1] / sizes, (sums[-1] - sums[sizes - 1]) / (total - sizes)
    upper_variance = squares[sizes - 1] / sizes - upper**2
    lower_variance = (squares[-1] - squares[sizes - 1]) / (total - sizes) - lower**2
    apart = upper - lower
    separation = apart / np.sqrt(np.maximum((upper_variance + lower_variance) / 2, 1e-12))
    valley_start = np.searchsorted(-ranked, -(lower + _VALLEY_FROM * apart))
    valley = (valley_start - np.searchsorted(-ranked, -(lower + _VALLEY_TO * apart))) / sizes
    clean = (upper >= _HEIGHT) & (separation >= _SEPARATION) & (valley <= _VALLEY)
    if not clean.any():
        return None
    best = int(np.where(clean, separation - valley, -np.inf).argmax())
    between = (ranked[sizes[best] - 1] + ranked[sizes[best]]) / 2
    threshold = float(max(between, lower[best] + _CUT * apart[best]))
    photos = np.flatnonzero(scores >= threshold)
    return Plateau(threshold, photos) if len(photos) >= _SMALLEST_SHARE * total else None
