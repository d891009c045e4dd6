"""Groups of photos that look alike: spherical k-means over embeddings (Dhillon and Modha, Machine Learning, 2001)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SEED = 20_240
ROUNDS = 25
TRIES = 5
"""From other first centres each; the best is taken."""


@dataclass(frozen=True)
class Cluster:
    """A group: the rows that belong to it, the most typical first, and how near they are to its middle, 0 to 1."""

    rows: NDArray[np.intp]
    tightness: float


def find(
    vectors: NDArray[np.float32], number: int, mean: NDArray[np.float32], check: Callable[[], None] = lambda: None
) -> list[Cluster]:
    """At most `number` groups of `vectors` (n, dim), the largest first; the same for the same input.

    `mean` (dim,) is the mean of the whole library's embeddings, which photos of every kind have in common and which is
    therefore taken off. `check` is called often and may raise, to stop.
    """
    if not len(vectors) or number < 1:
        return []
    points = vectors - mean
    points /= np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-9)
    chooser = np.random.default_rng(SEED)
    tries = [_gather(points, _spread(points, min(number, len(points)), chooser), check) for _ in range(TRIES)]
    owners, near = max(tries, key=lambda each: float(each[1].sum()))
    found = []
    for centre in np.unique(owners):
        rows = np.flatnonzero(owners == centre)
        found.append(Cluster(rows[np.argsort(-near[rows], kind="stable")], float(near[rows].mean())))
    return sorted(found, key=lambda each: (-len(each.rows), int(each.rows[0])))


def _gather(
    points: NDArray[np.float32], centres: NDArray[np.float32], check: Callable[[], None]
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Move centres into the middle of what is nearest to them, until nothing changes: whose each point is, how near."""
    owners = np.full(len(points), -1)
    for _ in range(ROUNDS):
        check()
        nearest = np.argmax(points @ centres.T, axis=1)
        if np.array_equal(nearest, owners):
            break
        owners = nearest
        for centre in np.unique(owners):
            middle = points[owners == centre].sum(axis=0)
            centres[centre] = middle / max(float(np.linalg.norm(middle)), 1e-9)
    return owners, np.einsum("nd,nd->n", points, centres[owners])


def _spread(points: NDArray[np.float32], number: int, chooser: np.random.Generator) -> NDArray[np.float32]:
    """First centres far from each other, by k-means++ (Arthur and Vassilvitskii, SODA 2007)."""
    chosen = [int(chooser.integers(len(points)))]
    apart = 1 - points @ points[chosen[0]]
    while len(chosen) < number:
        weights = np.maximum(apart, 0.0).astype(np.float64)
        if weights.sum() < 1e-6:
            break
        chosen.append(int(chooser.choice(len(points), p=weights / weights.sum())))
        apart = np.minimum(apart, 1 - points @ points[chosen[-1]])
    return points[chosen].copy()
