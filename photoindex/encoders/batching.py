"""Running a batch in smaller parts when the device has too little memory for the whole."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from photoindex.errors import EncoderError

log = logging.getLogger(__name__)
Item = TypeVar("Item")
Array = NDArray[np.float32]

_SIGNS = ("out of memory", "can't allocate memory", "cannot allocate memory", "not enough memory", "alloc_failed")


class Batcher:
    """Splits batches to at most `size` items and halves `size` for good each time memory runs out."""

    def __init__(self, size: int, release: Callable[[], None] = lambda: None) -> None:
        self.size = size
        self._release = release

    def run(self, items: Sequence[Item], encode: Callable[[Sequence[Item]], Array], dim: int) -> Array:
        """n items → (n, dim), by `encode` of parts. Raises EncoderError when not even one item fits."""
        parts: list[Array] = []
        done = 0
        while done < len(items):
            part = items[done : done + self.size]
            try:
                parts.append(encode(part))
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error):
                    raise
                if len(part) == 1:
                    raise EncoderError("not enough memory to encode a single item; use a smaller encoder") from None
                self.size = min(self.size, max(1, len(part) // 2))
                log.warning("memory ran out on a batch of %d; going on in batches of %d", len(part), self.size)
            else:
                done += len(part)
                continue
            self._release()  # outside `except`: the traceback holds the tensors that are to be freed
        return np.concatenate(parts) if parts else np.empty((0, dim), dtype=np.float32)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the error says that memory ran out: Python's own, CUDA's, MPS's or the CPU allocator's."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    text = str(error).lower()
    return any(sign in text for sign in _SIGNS)
