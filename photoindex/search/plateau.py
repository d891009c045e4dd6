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
"""Different photos in a library of which a plateau can be told."""


@dataclass(frozen=True)
class Plateau:
    """The upper of two groups of photos."""

    share: float
    """How much of the library it is."""
    threshold: float
    """The score above which it is."""
    different: float
    """How much of the library it is when copies are counted once."""


def find_plateau(scores: Array, weights: Array) -> Plateau | None:
    """The cleanest split of scores (n,), in units of noise, if it is clean enough.

    `weights` (n,) says how much each photo counts when copies are counted once.
    """
    if len(scores) < _FEWEST:
        return None
    order = np.argsort(-scores, kind="stable")
    ranked, shares = scores[order], np.full(len(scores), 1 / len(scores))
    above = np.cumsum(shares)
    splits = np.flatnonzero((above >= _SMALLEST_SHARE) & (above <= _LARGEST_SHARE))
    if not len(splits):
        return None
    part = above[splits]
    sums, squares = np.cumsum(shares * ranked), np.cumsum(shares * ranked * ranked)
    upper, lower = sums[splits] / part, (sums[-1] - sums[splits]) / (1 - part)
    upper_variance = squares[splits] / part - upper**2
    lower_variance = (squares[-1] - squares[splits]) / (1 - part) - lower**2
    apart = upper - lower
    separation = apart / np.sqrt(np.maximum((upper_variance + lower_variance) / 2, 1e-12))
    valley = _share_above(lower + _VALLEY_FROM * apart, ranked, above)
    valley = (valley - _share_above(lower + _VALLEY_TO * apart, ranked, above)) / part
    clean = (upper >= _HEIGHT) & (separation >= _SEPARATION) & (valley <= _VALLEY)
    if not clean.any():
        return None
    best = int(np.where(clean, separation - valley, -np.inf).argmax())
    between = (ranked[splits[best]] + ranked[splits[best] + 1]) / 2
    threshold = float(max(between, lower[best] + _CUT * apart[best]))
    share = float(_share_above(np.array([threshold]), ranked, above)[0])
    if share < _SMALLEST_SHARE:
        return None
    return Plateau(share, threshold, float(weights[scores >= threshold].sum() / weights.sum()))


def _share_above(thresholds: Array, ranked: Array, above: Array) -> Array:
    """How much of the library scores higher than each threshold."""
    count = np.searchsorted(-ranked, -thresholds)
    return np.where(count > 0, above[np.maximum(count - 1, 0)], 0.0)
