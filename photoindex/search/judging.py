"""TEMPORARY."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from photoindex.embeddings import StoredEncoder
from photoindex.search.asking import Asker
from photoindex.search.cutoff import Bounds
from photoindex.search.query import Query


class Judging:
    def __init__(self, asker: Asker) -> None:
        self._asker = asker

    def bounds(self, session: Session, encoder: StoredEncoder, query: Query, vector: NDArray[np.float32]) -> Bounds:
        low, high = encoder.image_range if query.likes else encoder.text_range
        mid = low + (high - low) * 0.5
        return Bounds(1 - mid, 1 - low - (high - low) * 0.25)
