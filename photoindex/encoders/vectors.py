"""The one place where embeddings get their length of 1, and where broken ones are refused."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from photoindex.errors import EncoderError
from photoindex.messages import say


def unit_rows(rows: NDArray[np.floating]) -> NDArray[np.float32]:
    """(n, dim) of any float type → (n, dim) float32, each row of norm 1.

    Raises EncoderError for a row of zeros, NaN or infinity: in an index it would match everything or nothing.
    """
    rows = np.asarray(rows, dtype=np.float32)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    if not (np.isfinite(norms).all() and (norms > 0).all()):
        raise EncoderError(
            say(
                "the encoder gave an embedding of zeros or not-a-number; "
                "its weights are damaged or its precision does not suit the device"
            )
        )
    unit: NDArray[np.float32] = rows / norms
    return unit
