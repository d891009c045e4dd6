"""Fusion: what looks like the query and what has its words, in one order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from photoindex.word_search import WordMatches

DECIMALS = 6
"""Keys are rounded to so many, as distances are, so that the same photo has the same key on every page."""


@dataclass(frozen=True)
class Fused:
    """Photos by key, the best first, and at the same key by id. All arrays are (n,)."""

    photo_ids: NDArray[np.int64]
    keys: NDArray[np.float64]
    """In units of the score; above 1 where looks and words agree."""
    strong: NDArray[np.bool_]
    """Whether a photo matches strongly: the first so many do."""
    by_looks: NDArray[np.bool_]
    """Whether it was found by its looks; else only words speak for it."""

    def __len__(self) -> int:
        return len(self.photo_ids)


def fuse(
    photo_ids: NDArray[np.int64],
    scores: NDArray[np.float64],
    words: WordMatches,
    *,
    strong_score: float,
    avoid: WordMatches | None = None,
) -> Fused:
    """One order of what was found by looks (ids and scores, both (n,), in any order) and of what has the words.

    `scores` are about 0 for what has nothing to do with the query and 1 for a plain match, and not cut off at either
    end, as they would then rank nothing there; from `strong_score` on they are strong. To its score a photo gets the
    weight of its words. One that has every word is strong: its score counts as `strong_score` at least, so that a name,
    which may say anything, does not go before what plainly looks so. One that has some of the words is lifted where it
    looks a little like the query; it is found by them alone only when nothing is strong. So is one that has every word
    when the last goes on, if anything looks strongly like the query: `car` is then no carnival. Of `avoid` the weights
    of what has every word are taken off.

    So the key of a photo depends on the photo, the query and `strong_score`, not on ranks, which shift between pages;
    and a query that no photo has a word of is ranked as without words. Compared with reciprocal rank fusion in
    `benchmarks/words.py`: that puts wrong names before what looks right.
    """
    by_id = np.argsort(photo_ids, kind="stable")
    ids, looks = photo_ids[by_id], scores[by_id]
    looks_so = bool((looks >= strong_score).any())
    complete = words.complete & (not (words.goes_on and looks_so))
    found_by_words = complete if looks_so or complete.any() else np.ones_like(complete)
    merged = np.union1d(ids, words.photo_ids[found_by_words])
    score = _spread(merged, ids, looks)
    floor = np.where(complete, strong_score, -np.inf)
    keys = np.maximum(score, _spread(merged, words.photo_ids, floor, -np.inf))
    keys += _spread(merged, words.photo_ids, words.weights)
    if avoid is not None:
        keys -= _spread(merged, avoid.photo_ids, np.where(avoid.complete, avoid.weights, 0.0))
    keys = keys.round(DECIMALS)
    order = np.lexsort((merged, -keys))
    strong = keys[order] >= round(strong_score, DECIMALS)
    return Fused(merged[order], keys[order], strong, np.isin(merged, ids)[order])


def _spread(
    onto: NDArray[np.int64], photo_ids: NDArray[np.int64], values: NDArray[np.float64], elsewhere: float = 0.0
) -> NDArray[np.float64]:
    """The values of photos at their places in `onto`. Both ids ascending; those not in `onto` are left out."""
    spread = np.full(len(onto), elsewhere)
    places = np.searchsorted(onto, photo_ids)
    inside = places < len(onto)
    inside[inside] = onto[places[inside]] == photo_ids[inside]
    spread[places[inside]] = values[inside]
    return spread
