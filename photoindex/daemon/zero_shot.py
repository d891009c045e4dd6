"""Which labels a library's photos show, told from embeddings alone: zero-shot classification for any encoder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FULL_BOUND, LEAST_BOUND = 5.0, 4.0
"""Standard deviations by which a label must stand out among all labels for a photo. An encoder for which not even the
clearest quarter of photos reaches the full bound gets a lower one."""
NEAR_BEST = 0.75
"""A photo shows what stands out this much of what stands out most."""
LONELY = 0.8
"""By how much of the bound more the clearest photo must stand out if it is alone; by half of that if it is one of two,
and so on: what few photos show must be clear."""
SAME = 0.5
"""Two labels whose photos have this share in common are the same to people: one is left out."""
EXPLAINED = 0.35
"""What a photo still counts towards a further label when one explains it already."""
FAMILIAR = 1.25
"""How much more a label counts that was shown the last time, so that a page does not change for nothing."""
_STEADYING = 10
"""How many photos' worth of doubt there is in what a small library says about a label."""
_SIGNAL = 2.0
"""A label that stands out by more than this many bounds counts no more for it."""


@dataclass(frozen=True)
class Shown:
    """A label, and the rows of the photos that show it, the clearest first."""

    label: int
    rows: NDArray[np.intp]


def clarity(
    photos: NDArray[np.float32], labels: NDArray[np.float32], neutral: NDArray[np.float32]
) -> NDArray[np.float32]:
    """How much each label stands out for each photo, (photos, labels), in standard deviations over the labels.

    `photos` (n, dim), `labels` (m, dim) and `neutral` (k, dim) are embeddings. Some labels are near to every photo
    ("hubs"): what they share with neutral texts is projected out, and what is left of a label's nearness to the
    far quarter of photos is subtracted. So the figures of one photo hardly depend on the others, but what nearly all
    photos show counts as no news.
    """
    base, _ = np.linalg.qr(neutral.T)
    scores = _unit(photos - (photos @ base) @ base.T) @ _unit(labels - (labels @ base) @ base.T).T
    scores -= scores.mean(axis=1, keepdims=True)
    trust = len(photos) / (len(photos) + _STEADYING)
    scores -= trust * np.quantile(scores, 0.25, axis=0).astype(np.float32)
    scores -= scores.mean(axis=1, keepdims=True)
    scores /= np.maximum(scores.std(axis=1, keepdims=True), 1e-9)
    return np.asarray(scores, dtype=np.float32)


def bound_of(clear: NDArray[np.float32]) -> float:
    """From where on a label stands out, for what `clarity` gave."""
    return float(np.clip(np.quantile(clear.max(axis=1), 0.75), LEAST_BOUND, FULL_BOUND))


def fewest(photos: int) -> int:
    """How many of so many photos make a concept."""
    return max(1, round(float(np.sqrt(photos)) / 5))


def choose(
    clear: NDArray[np.float32], parents: Sequence[int], limit: int, familiar: frozenset[int] = frozenset()
) -> list[Shown]:
    """The labels that explain most photos, at most `limit`, none of them nearly the same as another.

    `clear` is what `clarity` gave, (n, m); `parents` the label that each lies within, -1 for none. Greedy: each next
    label is the one whose photos are explained least so far.
    """
    if not len(clear):
        return []
    bound, least = bound_of(clear), fewest(len(clear))
    shows = (clear >= bound) & (clear >= NEAR_BEST * clear.max(axis=1, keepdims=True))
    weights = np.where(shows, np.minimum(clear / bound, _SIGNAL), 0.0).astype(np.float32)
    rank = _gather(clear, shows, weights, parents)
    bonus = np.ones(clear.shape[1])
    bonus[list(familiar)] = FAMILIAR
    counts, tops = shows.sum(axis=0), bound * weights.max(axis=0)
    wanted = (counts * bonus >= least) & (tops * bonus >= bound * (1 + LONELY / np.maximum(counts, 1)))
    chosen = _cover(np.flatnonzero(wanted), shows, weights * bonus.astype(np.float32), limit, least / 2)
    return [Shown(label, _clearest(rank[:, label], shows[:, label])) for label in chosen]


def _gather(
    clear: NDArray[np.float32], shows: NDArray[np.bool_], weights: NDArray[np.float32], parents: Sequence[int]
) -> NDArray[np.float32]:
    """Let photos of a label also show the one it lies within, in place; returns by what photos of a label are ranked.

    A robin that shows as a bird, too, is a better picture for birds than what looks like one from afar.
    """
    rank = 3 * clear
    for parent in {each for each in parents if each >= 0}:
        family = [parent, *(label for label, its in enumerate(parents) if its == parent)]
        rank[:, parent] = 2 * clear[:, parent] + clear[:, family].max(axis=1)
        shows[:, parent] = shows[:, family].any(axis=1)
        weights[:, parent] = weights[:, family].max(axis=1)
    return rank


def _cover(
    candidates: NDArray[np.intp], shows: NDArray[np.bool_], weights: NDArray[np.float32], limit: int, least: float
) -> list[int]:
    unexplained = np.ones(len(shows), dtype=np.float32)
    chosen: list[int] = []
    while len(candidates) and len(chosen) < limit:
        gains = unexplained @ weights[:, candidates]
        best = int(candidates[int(np.argmax(gains))])
        if gains.max() < least:
            break
        candidates = candidates[candidates != best]
        if not any(_share(shows[:, best], shows[:, other]) >= SAME for other in chosen):
            chosen.append(best)
            unexplained[shows[:, best]] *= EXPLAINED
    return chosen


def _share(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    return float((one & other).sum() / max(1, (one | other).sum()))


def _clearest(rank: NDArray[np.float32], shows: NDArray[np.bool_]) -> NDArray[np.intp]:
    rows = np.flatnonzero(shows)
    return rows[np.argsort(-rank[rows], kind="stable")]


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), dtype=np.float32)
