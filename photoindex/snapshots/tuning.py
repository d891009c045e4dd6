"""How many inverted lists and candidates it takes: chosen by measuring recall, each time a snapshot is built."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from photoindex.snapshots import queries
from photoindex.snapshots.codes import Codes
from photoindex.snapshots.format import Depth

TARGETS = {10: 0.995, 50: 0.99, 1000: 0.985}
"""Depth → recall to reach for every kind of query. A little more than is promised: it is an estimate."""
_FACTORS = {
    10: (5, 8, 12, 20, 30, 50, 80, 120, 200),
    50: (2, 3, 5, 8, 12, 20, 30, 50, 80),
    1000: (1.2, 1.5, 2, 3, 4, 6, 9, 13, 20),
}
"""Candidates for each wanted."""
_ROWS_A_CANDIDATE = 30
"""How many codes are compared in the time in which one candidate is reckoned."""
TURNED = "texts, turned"
"""Queries as searches look them up. They weigh most what varies least, where codes are coarsest."""
TURNED_SLACK = 0.015
"""How much more these may miss: it is at the far end of what is shown."""
_LISTS_SHARES = (64, 32, 16, 12, 8, 6, 4, 2, 1)


@dataclass(frozen=True)
class Kinds:
    """Queries (q, dim) of norm 1, and the positions of the rows nearest to each (q, deepest), nearest first."""

    queries: NDArray[np.float32]
    nearest: NDArray[np.int64]


def depths(
    vectors: NDArray[np.float16], inverse: NDArray[np.float32], codes: Codes, kinds: Mapping[str, NDArray[np.float32]]
) -> tuple[Depth, ...]:
    """The cheapest ways to search that reach the recall wanted, for rows (n, dim) and queries: `images` and others.

    Where none does, the one that comes closest.
    """
    limits = [limit for limit in TARGETS if limit <= max(10, len(vectors) // 20)]
    known = {}
    for kind, asked in kinds.items():
        nearest = queries.true_nearest(vectors, inverse, asked, min(limits[-1], len(vectors)))
        known[kind] = Kinds(asked, queries.nearest_first(vectors, asked, nearest))
    tried = [each for probes in _probes(codes.lists) for each in _tries(codes, known, limits, probes)]
    return tuple(_cheapest([each for each in tried if each.limit == limit], codes) for limit in limits)


def _probes(lists: int) -> list[int]:
    return sorted({max(1, lists // share) for share in _LISTS_SHARES}) if lists else [0]


def _tries(codes: Codes, known: Mapping[str, Kinds], limits: list[int], probes: int) -> Iterator[Depth]:
    """What is found in so many lists, for every depth and number of candidates.

    Candidates are reckoned exactly, so whatever of the true nearest is among them is found.
    """
    most = max(int(limit * factor) for limit in limits for factor in _FACTORS[limit])
    ranks: dict[str, list[NDArray[np.int64]]] = {}
    for kind, each in known.items():
        ranks[kind] = [
            _ranks(codes.search(query, most, probes), nearest)
            for query, nearest in zip(each.queries, each.nearest, strict=True)
        ]
    for limit in limits:
        for factor in _FACTORS[limit]:
            candidates = min(int(limit * factor), len(codes))
            recall = {
                kind: float(np.mean([np.mean(each[:limit] < candidates) for each in of_kind]))
                for kind, of_kind in ranks.items()
            }
            images, turned = recall["images"], recall.get(TURNED, 1.0)
            yield Depth(limit, probes, candidates, images, min(recall["texts"], turned + TURNED_SLACK))


def _ranks(found: NDArray[np.int64], nearest: NDArray[np.int64]) -> NDArray[np.int64]:
    """At which place of what was found each of the nearest is; a very large number for one that is not."""
    order = np.argsort(found)
    at = np.searchsorted(found, nearest, sorter=order).clip(max=len(found) - 1)
    places = order[at]
    return np.where(found[places] == nearest, places, np.iinfo(np.int64).max)


def _cheapest(tried: list[Depth], codes: Codes) -> Depth:
    def cost(depth: Depth) -> float:
        compared = len(codes) * depth.probes / codes.lists if codes.lists else len(codes)
        return compared + _ROWS_A_CANDIDATE * depth.candidates

    target = TARGETS[tried[0].limit]
    enough = [each for each in tried if min(each.recall_images, each.recall_texts) >= target]
    if enough:
        return min(enough, key=cost)
    return max(tried, key=lambda each: (round(min(each.recall_images, each.recall_texts), 4), -cost(each)))
