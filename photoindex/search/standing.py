"""How far each photo of a sample stands out for a query, in units of what unrelated prompts get from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from photoindex.background import Array, Background

_LOCATION_PHOTOS, _SCALE_PHOTOS = 5.0, 10.0
"""At so many photos, a query's own level and spread count as much as those of the prompts."""
_USUAL_SPREAD = 0.7
"""The spread of one prompt over photos, as a share of that of all prompts over one photo."""
_LEAST_SPREAD = 0.01
"""As a share of the photos' distance from their mean: below it, no difference between scores means anything."""
_OWN_SPREAD = 0.4
"""Weight of the query's own spread against the usual one: half-related photos widen it."""
_CHANCE, _GROUP_CHANCE = 0.9, 0.95
"""How many of the neutral prompts must stay below what is called chance."""
_REACHING = 3
"""So many of the prompts for things are taken to have a match in the library: even a small one shows something."""
_GROUP_SHARE, _GROUP_MIN = 1 / 30, 5


@dataclass(frozen=True)
class Standings:
    """Queries against the sample."""

    scores: Array
    """(m, n): 0 is what an unrelated photo has, 1 a unit of noise."""
    locations: Array
    units: Array
    """(m,) each: the inner products that are 0, and how much of one is a unit."""


class View:
    """A background, and what is noise before it."""

    def __init__(self, background: Background, things: NDArray[np.float32], neutral: NDArray[np.float32]) -> None:
        self.background = background
        answers = background.scores(background.turn(things))
        self.level = float(np.average(answers.mean(axis=0), weights=background.weights))
        """The mean score of the prompts."""
        variance = float(np.average(answers.var(axis=0), weights=background.weights))
        lengths = float(np.sqrt((background.photos**2).sum(axis=1).mean()))
        self.spread = max(variance**0.5, _LEAST_SPREAD * lengths, 1e-6)
        """The standard deviation of the prompts' scores for one photo, from which all units come."""
        ranked = -np.sort(-self.standings(background.turn(neutral)).scores, axis=1)
        self.chance = max(float(np.quantile(ranked[:, 0], _CHANCE)), 0.0)
        """What the best photo gets for a query that has no match."""
        best = np.sort(self.standings(background.turn(things)).scores.max(axis=1))
        self.reach = float(best[-_REACHING:].mean())
        """What the best photo gets for a thing that the library shows."""
        self.group = _group_size(ranked.shape[1])
        """How many photos a subject has that the library is about, among other things; 0 when it is too small."""
        last = ranked[:, max(self.group - 1, 0)]
        self.group_chance = float(np.quantile(last, _GROUP_CHANCE))
        """What the last of so many gets by chance."""

    def standings(self, turned: Array) -> Standings:
        """For turned queries, (m, dim)."""
        scores = self.background.scores(turned)
        weights, effective = self.background.weights, self.background.effective
        middles = np.array([weighted_quantile(row, weights, 0.5) for row in scores])
        means = scores @ weights / effective
        variances = ((scores - means[:, None]) ** 2) @ weights / effective
        usual = (_USUAL_SPREAD * self.spread) ** 2
        spreads = np.sqrt((effective * variances + _SCALE_PHOTOS * usual) / (effective + _SCALE_PHOTOS))
        units = spreads**_OWN_SPREAD * self.spread ** (1 - _OWN_SPREAD)
        locations = (effective * middles + _LOCATION_PHOTOS * self.level) / (effective + _LOCATION_PHOTOS)
        return Standings((scores - locations[:, None]) / units[:, None], locations, units)


def weighted_quantile(values: Array, weights: Array, share: float) -> float:
    """The value (n,) below which `share` of the weight is."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    return float(values[order[int(np.searchsorted(reached, share * reached[-1]))]])


def _group_size(photos: int) -> int:
    size = round(_GROUP_SHARE * photos)
    return size if size >= _GROUP_MIN else 0
