"""Tells a query that a good part of the library answers: its scores fall into two clean groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from photoindex.search.background import Array

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

    photos: int
    threshold: float
    """The score above which they are."""


def find_plateau(ranked: Array) -> Plateau | None:
    """The cleanest split of scores (n,), highest first and in units of noise, if it is clean enough."""
    total = len(ranked)
    if total < _FEWEST:
        return None
    sizes = np.arange(int(np.ceil(total * _SMALLEST_SHARE)), int(total * _LARGEST_SHARE) + 1)
    sums, squares = np.cumsum(ranked), np.cumsum(ranked * ranked)
    upper = sums[sizes - 1] / sizes
    lower = (sums[-1] - sums[sizes - 1]) / (total - sizes)
    upper_variance = squares[sizes - 1] / sizes - upper**2
    lower_variance = (squares[-1] - squares[sizes - 1]) / (total - sizes) - lower**2
    apart = upper - lower
    separation = apart / np.sqrt(np.maximum((upper_variance + lower_variance) / 2, 1e-12))
    above_start = np.searchsorted(-ranked, -(lower + _VALLEY_FROM * apart))
    above_end = np.searchsorted(-ranked, -(lower + _VALLEY_TO * apart))
    valley = (above_start - above_end) / sizes
    clean = (upper >= _HEIGHT) & (separation >= _SEPARATION) & (valley <= _VALLEY)
    if not clean.any():
        return None
    best = int(np.where(clean, separation - valley, -np.inf).argmax())
    size = int(sizes[best])
    threshold = float(max((ranked[size - 1] + ranked[size]) / 2, lower[best] + _CUT * apart[best]))
    photos = int(np.searchsorted(-ranked, -threshold, side="right"))
    return Plateau(photos, threshold) if photos >= _SMALLEST_SHARE * total else None
