"""What a library looks like in general: the background against which a query stands out.

Photos of one library have much in common, and what is common says nothing about a match. So what varies little is
given more weight and what varies much less (partial whitening with shrinkage, after Hariharan, Malik and Ramanan,
"Discriminative decorrelation for clustering and classification", ECCV 2012), and photos near the common mean, whose
cosines are all moderate, are not held back by it ("hubness"; Suzuki et al., EMNLP 2013). And what all texts share says
nothing either; in a CLIP it is most of an embedding ("modality gap"; Liang et al., NeurIPS 2022). All three together
are one affine map of the query: the nearest photos are looked up with the mapped query, as with any other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_POWER = 0.6
"""How much is whitened: with 0 the embeddings would stay as they are, with 1 all directions would become equal."""
_SHRINKAGE = 0.5
_SHRINKAGE_PHOTOS = 150.0
"""The spread is trusted as much as the assumption of none at so many photos, and never more than `_SHRINKAGE`."""
_MEAN_PHOTOS = 3.0
_LIFT = 16.0
"""What a photo near the mean is lifted by, in units of noise: about as much as the threshold it is held against."""
_RIDGE = 0.05
_ALIKE_FROM, _ALIKE_TO = 0.75, 0.95
"""From where to where in the encoder's image range photos count as copies of each other."""


@dataclass(frozen=True)
class Background:
    """The map of queries, and the photos it was made from."""

    photos: Array
    """(n, dim), less their mean."""
    mean: Array
    """(dim,)"""
    weights: Array
    """(n,) 1 for a photo that is like no other, less for each of those that are alike; never 0."""
    map: Array
    """(dim, dim), symmetric."""
    shift: Array
    """(dim,) what is taken off a mapped query."""

    @property
    def effective(self) -> float:
        """How many different photos there are."""
        return float(self.weights.sum())

    def turn(self, queries: NDArray[np.float32] | Array) -> Array:
        """(m, dim) unit queries → (m, dim) vectors to look up with, not of norm 1."""
        return np.asarray(np.asarray(queries, dtype=np.float64) @ self.map - self.shift)

    def scores(self, turned: Array) -> Array:
        """(m, dim) → (m, n): inner products with the photos, of which the mean has been taken."""
        return np.asarray(turned @ self.photos.T)


def plain(photos: NDArray[np.float32], prompts: NDArray[np.float32], image_range: tuple[float, float]) -> Background:
    """The background before which queries stay as they are, but for what all texts share. As for `build`."""
    centred, mean, weights = _centre(photos, image_range)
    return Background(centred, mean, weights, np.eye(len(mean)), prompts.astype(np.float64).mean(axis=0))


def build(photos: NDArray[np.float32], prompts: NDArray[np.float32], image_range: tuple[float, float]) -> Background:
    """From a sample of a library (n ≥ 1, dim) and prompts (p ≥ 1, dim), all unit rows.

    `image_range`: the cosines of two photos that the encoder has for unrelated and for equal ones.
    """
    centred, mean, weights = _centre(photos, image_range)
    effective = float(weights.sum())
    weighted = centred * np.sqrt(weights)[:, None]
    spread = weighted.T @ weighted
    level = max(float(np.trace(spread)) / len(mean) / effective, 1e-9)
    mapping = _whitening(spread / effective, level, effective)
    lengths = np.sqrt(np.maximum(np.einsum("nd,nd->n", centred @ mapping, centred), 1e-12))
    usual = float(np.average(lengths, weights=weights))
    # What a photo is short of for lying near the mean, as a linear function of it.
    slope = np.linalg.solve(
        spread + (_RIDGE + 5 * level) * np.eye(len(mean)), weighted.T @ ((lengths - usual) * np.sqrt(weights))
    )
    answers = (prompts.astype(np.float64) @ mapping) @ centred.T
    noise = float(np.sqrt(np.average(answers.var(axis=0), weights=weights)))
    shift = prompts.astype(np.float64).mean(axis=0) @ mapping + slope * (_LIFT * noise / usual)
    return Background(centred, mean, weights, mapping, shift)


def _centre(photos: NDArray[np.float32], image_range: tuple[float, float]) -> tuple[Array, Array, Array]:
    rows = photos.astype(np.float64)
    weights = alike_weights(photos, image_range)
    # A mean of few photos is mostly those photos themselves.
    mean = (weights @ rows) / (weights.sum() + _MEAN_PHOTOS)
    return rows - mean, mean, weights


def alike_weights(photos: NDArray[np.float32], image_range: tuple[float, float]) -> Array:
    """For each photo of a sample, unit rows (n, dim): 1 when it is like no other, less for each that it is like."""
    low, high = image_range
    start, end = (low + share * (high - low) for share in (_ALIKE_FROM, _ALIKE_TO))
    alike = photos @ photos.T
    np.fill_diagonal(alike, max(end, 1.0))
    return np.asarray(1.0 / np.clip((alike - start) / (end - start), 0, 1).sum(axis=1, dtype=np.float64))


def _whitening(spread: Array, level: float, effective: float) -> Array:
    values, vectors = np.linalg.eigh(spread)
    shrinkage = max(_SHRINKAGE, _SHRINKAGE_PHOTOS / effective)
    gains = ((values.clip(0) + shrinkage * level) / ((1 + shrinkage) * level)) ** -_POWER
    return np.asarray((vectors * gains) @ vectors.T)
