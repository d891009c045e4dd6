"""Where matches end when photos are looked for by a photo: no text, and so no encoder, takes part."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from photoindex.background import alike_weights
from photoindex.search.cutoff import Bounds
from photoindex.search.standing import weighted_quantile
from photoindex.spaces import DECIMALS


class PictureJudge:
    """Says where matches end for a photo, or for a sum in which photos take part, which is looked up as it is.

    Two photos have much in common always; how much, the encoder knows, and this photo's own cosines to the rest.
    """

    def __init__(self, photos: NDArray[np.float32], image_range: tuple[float, float]) -> None:
        """`photos` is a sample of the library (n, dim), unit rows; `image_range` is the encoder's."""
        self._photos = photos
        self._range = image_range
        self._weights = alike_weights(photos, image_range)

    def bounds(self, query: NDArray[np.float32]) -> Bounds:
        """For an embedding, (dim,), of norm 1."""
        low, high = self._range
        span = high - low
        middle, spread = self._usual(query)
        strong = float(np.clip(middle + 3 * spread, low + 0.5 * span, low + 0.8 * span))
        weak = min(float(np.clip(middle + 1.5 * spread, low + 0.25 * span, low + 0.6 * span)), strong)
        return Bounds(
            vector=query.astype(np.float32),
            strong_distance=round(1 - strong, DECIMALS),
            weak_distance=round(1 - weak, DECIMALS),
            full_distance=round(1 - max(high, strong + 0.1 * span), DECIMALS),
            empty_distance=round(1 - min(middle, weak - 0.1 * span), DECIMALS),
        )

    def _usual(self, query: NDArray[np.float32]) -> tuple[float, float]:
        """The median cosine of the sample, and how far it spreads below: what is above may be matches."""
        if not len(self._photos):
            return self._range[0], 0.0
        cosines = (self._photos @ query).astype(np.float64)
        middle = weighted_quantile(cosines, self._weights, 0.5)
        return middle, middle - weighted_quantile(cosines, self._weights, 0.16)
