"""Where matches end: for one query, the distances up to which photos match strongly and weakly, if any do.

No flat threshold can say it: cosines move with the encoder, the phrasing, and how much of the library is about the
same subject. So every query is judged against noise: how it scores a fixed sample of the library, and how prompts that
have nothing to do with it score the same sample. All parameters are in units of that noise, none is a cosine.
`docs/performance.md` tells how they were measured.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from photoindex.search import background as backgrounds
from photoindex.search.background import Array, Background
from photoindex.search.plateau import Plateau, find_plateau
from photoindex.spaces import DECIMALS

_LOCATION_PHOTOS, _SCALE_PHOTOS = 5.0, 10.0
"""At so many photos, a query's own level and spread count as much as those of the prompts."""
_USUAL_SPREAD = 0.7
"""The spread of one prompt over photos, as a share of that of all prompts over one photo."""
_OWN_SPREAD = 0.4
"""Weight of the query's own spread against the usual one: half-related photos widen it."""
_CHANCE = 0.9
"""How many of the neutral prompts must stay below what is called chance."""
_STRONG_BASE, _STRONG_SLOPE = 1.8, 1.45
"""The strong bound over chance: linear from one photo to hundreds, as measured."""
_WEAK_MARGIN = 0.3
_WEAK_SHARE = 0.5
_GROUP_SHARE, _GROUP_MIN = 1 / 30, 5
"""A subject is also there when so many photos together score higher than chance would have so many do."""
_FULL = 1.5
"""100 % is at so many times the strong bound."""


@dataclass(frozen=True)
class Bounds:
    """What to look up, and where matches end. Distances are cosine distances (0 to 2) from `vector`."""

    vector: NDArray[np.float32]
    """(dim,), of norm 1: the query as it stands out from the library. To be looked up instead of the query's own."""
    strong_distance: float
    """Photos up to here match."""
    weak_distance: float
    """Photos up to here may match; never less than `strong_distance`. When none is, there is nothing to be found."""
    full_distance: float
    """Shown as 100 %."""
    empty_distance: float
    """Shown as 0 %: what an unrelated photo has."""


@dataclass(frozen=True)
class Noise:
    """What prompts that no photo can show get from the sample."""

    level: float
    """The mean score of all prompts."""
    spread: float
    """The standard deviation of the prompts' scores for one photo: the unit of everything."""
    chance: float
    """What the best photo for a query without a match gets, in units."""
    group_chance: float
    """The same for the last of a group of `_GROUP_SHARE` of the photos."""


class Judge:
    """Says where matches end, for one encoder and one state of the library. Safe to use from any thread."""

    def __init__(
        self,
        photos: NDArray[np.float32],
        things: NDArray[np.float32],
        neutral: NDArray[np.float32],
        image_range: tuple[float, float],
    ) -> None:
        """`photos` is a sample of the library (n ≥ 1, dim), `things` and `neutral` are the embedded prompts of
        `photoindex.search.prompts`; unit rows all. `image_range` is the encoder's."""
        self._image_range = image_range
        self._photos = photos
        self._background: Background = backgrounds.build(photos, things, image_range)
        answers = self._background.scores(self._background.turn(things))
        weights = self._background.weights
        self._noise = Noise(
            level=float(np.average(answers.mean(axis=0), weights=weights)),
            spread=max(float(np.sqrt(np.average(answers.var(axis=0), weights=weights))), 1e-6),
            chance=0.0,
            group_chance=0.0,
        )
        self._noise = self._measure_chance(neutral)

    @property
    def noise(self) -> Noise:
        return self._noise

    def bounds(self, query: NDArray[np.float32]) -> Bounds:
        """For a description, or a weighted sum of descriptions: (dim,), of norm 1."""
        turned = self._background.turn(query[None])
        scores, (location,), (unit,) = self._standardise(turned)
        ranked = np.sort(scores[0])[::-1]
        strong, weak, full = self._thresholds(ranked)
        length = float(np.linalg.norm(turned[0]))
        start = float(turned[0] @ self._background.mean) + location

        def distance(threshold: float) -> float:
            return round(float(1.0 - (start + threshold * unit) / length), DECIMALS)

        vector = np.asarray(turned[0] / length, dtype=np.float32)
        return Bounds(vector, distance(strong), distance(weak), distance(full), distance(0.0))

    def bounds_of_picture(self, query: NDArray[np.float32]) -> Bounds:
        """For a photo, or a sum in which photos take part: (dim,), of norm 1. It is looked up as it is.

        Two photos have much in common always; how much, the encoder knows, and this photo's own cosines to the rest.
        """
        low, high = self._image_range
        span = high - low
        cosines = (self._photos @ query).astype(np.float64)
        order = np.argsort(cosines, kind="stable")
        middle = _quantile(cosines, order, self._background.weights, 0.5)
        spread = middle - _quantile(cosines, order, self._background.weights, 0.16)
        strong = float(np.clip(middle + 3 * spread, low + 0.5 * span, low + 0.8 * span))
        weak = float(np.clip(middle + 1.5 * spread, low + 0.25 * span, low + 0.6 * span))
        weak = min(weak, strong)
        empty = min(middle, weak - 0.1 * span)
        strong_distance, weak_distance, full_distance, empty_distance = (
            round(1.0 - cosine, DECIMALS) for cosine in (strong, weak, max(high, strong + 0.1 * span), empty)
        )
        return Bounds(query.astype(np.float32), strong_distance, weak_distance, full_distance, empty_distance)

    def _thresholds(self, ranked: Array) -> tuple[float, float, float]:
        """Strong, weak and full scores, in units."""
        strong = _STRONG_BASE + _STRONG_SLOPE * self._noise.chance
        strong = max(strong, self._noise.chance + 1.0)
        full = _FULL * strong
        exists = min(self._noise.chance + _WEAK_MARGIN, strong)
        plateau: Plateau | None = find_plateau(ranked)
        if plateau is not None and plateau.threshold < strong:
            strong = plateau.threshold
            full = max(_FULL * strong, float(ranked[0]))
            return strong, min(exists, 0.7 * strong), full
        top = float(ranked[0])
        if top >= exists or self._is_group(ranked):
            return strong, float(np.clip(_WEAK_SHARE * top, _WEAK_SHARE * exists, exists)), full
        return strong, exists, full

    def _is_group(self, ranked: Array) -> bool:
        size = _group_size(len(ranked))
        return size > 0 and float(ranked[size - 1]) >= self._noise.group_chance

    def _measure_chance(self, neutral: NDArray[np.float32]) -> Noise:
        scores, _, _ = self._standardise(self._background.turn(neutral))
        ranked = -np.sort(-scores, axis=1)
        size = _group_size(ranked.shape[1])
        return Noise(
            self._noise.level,
            self._noise.spread,
            chance=max(float(np.quantile(ranked[:, 0], _CHANCE)), 0.0),
            group_chance=1.1 * float(np.quantile(ranked[:, size - 1], 0.95)) if size else np.inf,
        )

    def _standardise(self, turned: Array) -> tuple[Array, Array, Array]:
        """(m, dim) turned queries → scores in units (m, n), and what 0 and a unit are before that, (m,) each."""
        scores = self._background.scores(turned)
        weights, effective = self._background.weights, self._background.effective
        orders = np.argsort(scores, axis=1, kind="stable")
        middles = np.array([_quantile(row, order, weights, 0.5) for row, order in zip(scores, orders, strict=True)])
        means = scores @ weights / effective
        variances = ((scores - means[:, None]) ** 2) @ weights / effective
        usual = (_USUAL_SPREAD * self._noise.spread) ** 2
        spreads = np.sqrt((effective * variances + _SCALE_PHOTOS * usual) / (effective + _SCALE_PHOTOS))
        units = spreads**_OWN_SPREAD * self._noise.spread ** (1 - _OWN_SPREAD)
        locations = (effective * middles + _LOCATION_PHOTOS * self._noise.level) / (effective + _LOCATION_PHOTOS)
        return (scores - locations[:, None]) / units[:, None], locations, units


def _group_size(photos: int) -> int:
    """How many photos make a group, or 0 in a library that is too small to speak of groups."""
    size = round(_GROUP_SHARE * photos)
    return size if size >= _GROUP_MIN else 0


def _quantile(values: Array, order: NDArray[np.intp], weights: Array, share: float) -> float:
    """The weighted quantile of (n,), sorted by `order`."""
    reached = np.cumsum(weights[order])
    return float(values[order[int(np.searchsorted(reached, share * reached[-1]))]])
