"""Queries to measure recall with: like photos, and like texts, of a library's own embeddings."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from photoindex import background, reckoning

COUNT = 100
"""Of each kind: a thousand right answers at depth 10, a few of which may be missed."""
_AWAY = 0.3
"""How far a query like a photo lies from that photo, as the norm of what is added."""
_SEEN = 1024
"""Photos that make a background."""
_TOWARDS = 0.35
"""How much of a made-up text points to a photo: cosines of texts and photos are small."""


def like_images(vectors: NDArray[np.float16], chooser: np.random.Generator, count: int) -> NDArray[np.float32]:
    """(count, dim): beside photos of the library (n, dim), as a photo that is similar to one of them is."""
    rows = _some(vectors, chooser, count)
    return unit(rows + _AWAY * unit(chooser.standard_normal(rows.shape).astype(np.float32)))


def like_texts(vectors: NDArray[np.float16], chooser: np.random.Generator, count: int) -> NDArray[np.float32]:
    """(count, dim): stand-ins for texts when there is no encoder to make them.

    An encoder puts texts far from all photos, in a cone of their own, and what a text is about is a small part of it:
    so what all photos have in common is taken out, and what is left of one photo is mixed with chance.
    """
    mean = _some(vectors, chooser, 4096).mean(axis=0)
    mean /= max(float(np.linalg.norm(mean)), 1e-6)
    rows = _some(vectors, chooser, count)
    meant = unit(rows - (rows @ mean)[:, None] * mean)
    chance = chooser.standard_normal(rows.shape).astype(np.float32)
    chance = unit(chance - (chance @ mean)[:, None] * mean)
    return unit(_TOWARDS * meant + np.float32(np.sqrt(1 - _TOWARDS**2)) * chance)


def turned(
    vectors: NDArray[np.float16],
    chooser: np.random.Generator,
    texts: NDArray[np.float32],
    image_range: tuple[float, float],
) -> NDArray[np.float32]:
    """The texts (q, dim) as searches look them up: turned against the background of the library."""
    seen = background.build(unit(_some(vectors, chooser, min(_SEEN, len(vectors)))), texts, image_range)
    return unit(seen.turn(texts).astype(np.float32))


def true_nearest(
    vectors: NDArray[np.float16], inverse: NDArray[np.float32], queries: NDArray[np.float32], limit: int
) -> NDArray[np.int64]:
    """(q, limit) positions of the rows that are nearest, by looking at all rows; in no order."""
    best = np.empty((len(queries), 0), np.float32)
    where = np.empty((len(queries), 0), np.int64)
    for start in range(0, len(vectors), reckoning.ROWS_AT_ONCE):
        part = slice(start, min(start + reckoning.ROWS_AT_ONCE, len(vectors)))
        cosines = queries @ (reckoning.widened(vectors[part]) * inverse[part, None]).T
        best = np.concatenate((best, cosines), axis=1)
        where = np.concatenate((where, np.broadcast_to(np.arange(part.start, part.stop), cosines.shape)), axis=1)
        if best.shape[1] > limit:
            top = np.argpartition(-best, limit - 1, axis=1)[:, :limit]
            best, where = np.take_along_axis(best, top, 1), np.take_along_axis(where, top, 1)
    return where


def nearest_first(
    vectors: NDArray[np.float16], queries: NDArray[np.float32], positions: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The same (q, limit), each row brought into order."""
    ordered = np.empty_like(positions)
    for row, (query, some) in enumerate(zip(queries, positions, strict=True)):
        ordered[row] = some[np.argsort(reckoning.distances(vectors[some], query), kind="stable")]
    return ordered


def unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """The rows, each of norm 1."""
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(norms, 1e-6), dtype=np.float32)


def _some(vectors: NDArray[np.float16], chooser: np.random.Generator, count: int) -> NDArray[np.float32]:
    chosen = np.sort(chooser.choice(len(vectors), count, replace=count > len(vectors)))
    return reckoning.widened(vectors[chosen])
