"""Running a batch in smaller parts when the device has too little memory for the whole, and in larger ones again."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from photoindex.errors import EncoderError
from photoindex.messages import say

log = logging.getLogger(__name__)
Item = TypeVar("Item")
Array = NDArray[np.float32]

GROW_AFTER = 32
"""Full batches that must succeed before a larger one is tried; doubled each time that fails, up to the most."""
GROW_AFTER_MOST = 4096
PAUSES_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""How long to wait for memory when not even one item fits: another process may give some back."""

_SIGNS = ("out of memory", "can't allocate memory", "cannot allocate memory", "not enough memory", "alloc_failed")


class Batcher:
    """Splits batches to at most `size` items; halves `size` each time memory runs out, and lets it grow back.

    May be used from any number of threads.
    """

    def __init__(
        self,
        size: int,
        release: Callable[[], None] = lambda: None,
        pause: Callable[[float], object] | None = None,
    ) -> None:
        """`release` gives back what the device holds unused; `pause` waits so many seconds, if given."""
        self.size = size
        self._most = self._lowest = size
        self._release = release
        self._pause = pause or threading.Event().wait
        self._lock = threading.Lock()
        self._successes = 0
        self._grow_after = GROW_AFTER

    def run(self, items: Sequence[Item], encode: Callable[[Sequence[Item]], Array], dim: int) -> Array:
        """n items → (n, dim), by `encode` of parts. Raises EncoderError when even alone an item never fits."""
        parts: list[Array] = []
        done = pauses = 0
        while done < len(items):
            part = items[done : done + self.size]
            try:
                parts.append(encode(part))
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error):
                    raise
            else:
                done += len(part)
                self._succeeded(len(part))
                continue
            self._release()  # outside `except`: the traceback holds the tensors that are to be freed
            self._failed(len(part))
            if len(part) == 1:
                if pauses == len(PAUSES_SECONDS):
                    raise EncoderError(say("not enough memory to encode a single item; use a smaller encoder"))
                self._pause(PAUSES_SECONDS[pauses])
                pauses += 1
        return np.concatenate(parts) if parts else np.empty((0, dim), dtype=np.float32)

    def _succeeded(self, count: int) -> None:
        with self._lock:
            if self.size >= self._most or count < self.size:  # smaller batches prove nothing
                return
            self._successes += 1
            if self._successes >= self._grow_after:
                self._successes = 0
                self.size = min(self._most, self.size * 2)
                log.debug("memory sufficed for a while; trying batches of %d", self.size)

    def _failed(self, count: int) -> None:
        with self._lock:
            grown = self.size > self._lowest
            self._successes = 0
            self.size = min(self.size, max(1, count // 2))
            if grown:
                self._grow_after = min(GROW_AFTER_MOST, self._grow_after * 2)
            if self.size < self._lowest:  # a new low is told, so that there are only a few lines ever
                self._lowest = self.size
                log.warning("memory ran out on a batch of %d; going on in batches of %d", count, self.size)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the error says that memory ran out: Python's own, CUDA's, MPS's or the CPU allocator's."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    text = str(error).lower()
    return any(sign in text for sign in _SIGNS)
