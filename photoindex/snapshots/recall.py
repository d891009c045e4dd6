"""Measuring on the real library what a snapshot misses, and what it saves: against sqlite-vec, which misses nothing."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from photoindex.neighbours import VecSpace
from photoindex.snapshots import queries
from photoindex.snapshots.space import SnapshotSpace
from photoindex.spaces import Space

LIMITS = (10, 50)


@dataclass(frozen=True)
class Measured:
    """What was found with queries of one kind. Times are medians of the nearest 50, in milliseconds."""

    kind: str
    queries: int
    recall_at_10: float
    recall_at_50: float
    snapshot_ms: float
    exact_ms: float


def measure(session: Session, space: SnapshotSpace, kind: str, asked: NDArray[np.float32]) -> Measured:
    """Ask for the nearest photos with each query (q, dim), both ways in turn."""
    exact = VecSpace(space.encoder)
    hits: dict[int, list[float]] = {limit: [] for limit in LIMITS}
    took: dict[str, list[float]] = {"snapshot": [], "exact": []}
    for query in asked:
        truth, seconds = _timed(exact, session, query, LIMITS[-1])
        took["exact"].append(seconds)
        for limit in LIMITS:
            found, seconds = _timed(space, session, query, limit)
            wanted = truth[:limit]
            hits[limit].append(len(np.intersect1d(found, wanted)) / max(1, len(wanted)))
        took["snapshot"].append(seconds)
    return Measured(
        kind=kind,
        queries=len(asked),
        recall_at_10=statistics.fmean(hits[10]),
        recall_at_50=statistics.fmean(hits[50]),
        snapshot_ms=1000 * statistics.median(took["snapshot"]),
        exact_ms=1000 * statistics.median(took["exact"]),
    )


def image_queries(space: SnapshotSpace, count: int) -> NDArray[np.float32]:
    """Queries like photos of the library, others each time."""
    return queries.like_images(space.snapshot.vectors, np.random.default_rng(), count)


def text_queries(
    space: SnapshotSpace, count: int, encode: Callable[[list[str]], NDArray[np.float32]] | None
) -> NDArray[np.float32]:
    """Queries like texts: encoded captions, or made up when there is nothing to encode them with."""
    if encode is None:
        return queries.like_texts(space.snapshot.vectors, np.random.default_rng(), count)
    from photoindex.snapshots.captions import CAPTIONS

    chosen = np.random.default_rng().choice(len(CAPTIONS), min(count, len(CAPTIONS)), replace=False)
    return encode([CAPTIONS[int(index)] for index in chosen])


def _timed(space: Space, session: Session, query: NDArray[np.float32], limit: int) -> tuple[NDArray[np.int64], float]:
    started = time.perf_counter()
    found = space.nearest(session, query, limit).photo_ids
    return found, time.perf_counter() - started
