"""Where matches end: for one query, the distances up to which photos match strongly and weakly, if any do.

No flat threshold can say it: cosines move with the encoder, the phrasing, and how much of the library is about the
same subject. So every query is judged against noise: how it scores a fixed sample of the library, and how prompts that
have nothing to do with it score the same sample. All parameters are in units of that noise, none is a cosine.
`docs/performance.md` tells how they were measured.

A query is looked at twice. Before the whitened background single photos stand out best, but what a good part of the
library shows is background itself there; so a subject of many photos is looked for with the query as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from photoindex import background as backgrounds
from photoindex.background import Array
from photoindex.search.plateau import find_plateau
from photoindex.search.standing import View
from photoindex.spaces import DECIMALS

_STRONG_BASE, _STRONG_SLOPE = 1.55, 1.38
"""The strong bound over chance, where an encoder tells subjects apart well: linear from one photo to hundreds."""
_REACH_SHARE, _REACH_SHARE_SMALL, _REACH_PHOTOS = 0.7, 0.2, 20.0
"""And where it does not, and matches reach less high: at such a share of the way from chance to what they reach. In
small libraries the share is larger by the second figure; by half of it at so many photos."""
_RELATIVE = 0.2
"""How much the strong bound rises with the best score: what is clear puts what is less so in the shade."""
_LEAST = 0.6
"""The strong bound is at least so far above chance."""
_WEAK_MARGIN = 0.1
_WEAK_SHARE = 0.5
"""Where something matches, the weak bound is at such a share of the best score."""
_SINGLED_OUT = 1.2
"""A photo that is so far above the strong bound is what was meant, and not the group it belongs to."""
_MEANT = 1.5
"""A subject of many photos is what was meant if half of them stand out from the library at least so far. They do not
when only their kind was meant, as when a breed is asked for in a library full of other dogs."""
_GROUP_MARGIN = 1.25
"""How far above chance the score of a group must be."""
_FULL = 1.5
"""100 % is at so many times the strong bound."""


@dataclass(frozen=True)
class Bounds:
    """What to look up, and where matches end. Distances are cosine distances (0 to 2) from `vector`."""

    vector: NDArray[np.float32]
    """(dim,), of norm 1: to be looked up instead of the query's own."""
    strong_distance: float
    """Photos up to here match."""
    weak_distance: float
    """Photos up to here may match; never less than `strong_distance`. When none is, there is nothing to be found."""
    full_distance: float
    """Shown as 100 %."""
    empty_distance: float
    """Shown as 0 %: what an unrelated photo has."""


@dataclass(frozen=True)
class Thresholds:
    """The same as scores, in units of noise."""

    strong: float
    weak: float
    full: float


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
        self._sharp = View(backgrounds.build(photos, things, image_range), things, neutral)
        self._plain = View(backgrounds.plain(photos, things, image_range), things, neutral)

    def bounds(self, query: NDArray[np.float32]) -> Bounds:
        """For a description, or a weighted sum of descriptions: (dim,), of norm 1."""
        plain = self._look(self._plain, query)
        sharp = self._look(self._sharp, query)
        top = float(sharp.ranked[0])
        strong = _strong(self._sharp)
        plateau = find_plateau(plain.scores) if top < _SINGLED_OUT * strong else None
        if plateau is not None and np.median(sharp.scores[plateau.photos]) >= _MEANT:
            full = max(_FULL * plateau.threshold, float(plain.ranked[0]))
            return plain.bounds(Thresholds(plateau.threshold, 0.7 * plateau.threshold, full))
        exists = self._sharp.chance + _WEAK_MARGIN
        if top < strong and plain.group_score >= _GROUP_MARGIN * self._plain.group_chance:
            both = _both(plain, sharp)
            many = max(_strong(self._plain), 1.1 * float(both.ranked[0]))
            return both.bounds(Thresholds(many, min(_WEAK_SHARE * both.group_score, many), _FULL * many))
        weak = exists if top < exists else float(np.clip(_WEAK_SHARE * top, _WEAK_SHARE * exists, exists))
        strong = (strong + _RELATIVE * max(top, strong)) / (1 + _RELATIVE)
        return sharp.bounds(Thresholds(strong, weak, _FULL * strong))

    def _look(self, view: View, query: NDArray[np.float32]) -> _Look:
        turned = view.background.turn(query[None])
        standings = view.standings(turned)
        return _Look(
            turned[0],
            start=float(turned[0] @ view.background.mean + standings.locations[0]),
            unit=float(standings.units[0]),
            scores=standings.scores[0],
            ranked=np.sort(standings.scores[0])[::-1],
            group=view.group,
        )


@dataclass(frozen=True)
class _Look:
    """A query before a background."""

    turned: Array
    start: float
    unit: float
    scores: Array
    ranked: Array
    """Scores of the sample, as it is and highest first."""
    group: int

    @property
    def group_score(self) -> float:
        return float(self.ranked[self.group - 1]) if self.group else -np.inf

    def bounds(self, thresholds: Thresholds) -> Bounds:
        length = float(np.linalg.norm(self.turned))
        strong, weak, full, empty = (
            _distance((self.start + threshold * self.unit) / length)
            for threshold in (thresholds.strong, thresholds.weak, thresholds.full, 0.0)
        )
        return Bounds(np.asarray(self.turned / length, dtype=np.float32), strong, weak, full, empty)


def _both(one: _Look, other: _Look) -> _Look:
    """The mean of two looks, each in its own units."""
    scores = (one.scores + other.scores) / 2
    return _Look(
        (one.turned / one.unit + other.turned / other.unit) / 2,
        start=(one.start / one.unit + other.start / other.unit) / 2,
        unit=1.0,
        scores=scores,
        ranked=np.sort(scores)[::-1],
        group=one.group,
    )


def _strong(view: View) -> float:
    few = _REACH_PHOTOS / (_REACH_PHOTOS + view.background.effective)
    share = _REACH_SHARE + _REACH_SHARE_SMALL * few
    usual = _STRONG_BASE + _STRONG_SLOPE * view.chance
    return max(min(usual, view.chance + share * (view.reach - view.chance)), view.chance + _LEAST)


def _distance(cosine: float) -> float:
    return round(1.0 - cosine, DECIMALS)
