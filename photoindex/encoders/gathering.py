"""One batcher in front of the devices: what many threads want encoded goes there in large batches.

There are no threads of its own. Whoever wants something encoded puts it in a queue; whoever finds a device free takes
all that waits, up to a batch, runs it and hands the others their rows. So the busier a device is the larger its batches
become, a quiet one answers at once, and there is nothing to shut down. Each device has two places: while one batch is
computed, the next is copied there, on a stream of its own.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Item = TypeVar("Item")
Array = NDArray[np.float32]
Encode = Callable[[Sequence[Item]], Array]


def gathers(device: str) -> bool:
    """Whether a device of this type wants large batches from all threads together; on a CPU each does its own."""
    return device != "cpu"


class _Request(Generic[Item]):
    def __init__(self, items: Sequence[Item]) -> None:
        self.items = items
        self.rows: Array | None = None
        self.error: Exception | None = None

    @property
    def is_done(self) -> bool:
        return self.rows is not None or self.error is not None


class Gatherer(Generic[Item]):
    """Encodes what several threads ask for, together. May be used from any number of threads."""

    def __init__(self, places: Sequence[Encode[Item]], batch_size: int) -> None:
        """`places` encode n items → (n, dim), each used by one thread at a time: two of each device, say."""
        self._free = deque(places)
        self._batch_size = batch_size
        self._waiting: deque[_Request[Item]] = deque()
        self._changed = threading.Condition()

    def run(self, items: Sequence[Item]) -> Array:
        """n items → (n, dim), n at least 1. Raises what the place raised on these very items."""
        request = _Request(items)
        with self._changed:
            self._waiting.append(request)
        while True:
            with self._changed:
                self._changed.wait_for(lambda: request.is_done or (self._free and self._waiting))
                if request.is_done:
                    break
                place, taken = self._free.popleft(), self._take()
            try:
                _encode(place, taken)
            finally:  # an interrupt leaves requests undone: another thread takes them
                with self._changed:
                    self._free.append(place)
                    self._waiting.extendleft(reversed([each for each in taken if not each.is_done]))
                    self._changed.notify_all()
        if request.error is not None:
            raise request.error
        assert request.rows is not None
        return request.rows

    def _take(self) -> list[_Request[Item]]:
        taken = [self._waiting.popleft()]
        count = len(taken[0].items)
        while self._waiting and count + len(self._waiting[0].items) <= self._batch_size:
            taken.append(self._waiting.popleft())
            count += len(taken[-1].items)
        return taken


def _encode(place: Encode[Item], taken: Sequence[_Request[Item]]) -> None:
    """Fill in the rows or the error of each request; one that fails together with others is tried alone."""
    try:
        rows = place([item for request in taken for item in request.items])
    except Exception as error:
        if len(taken) == 1:
            taken[0].error = error
            return
        for request in taken:
            _encode(place, [request])
        return
    ends = np.cumsum([len(request.items) for request in taken])
    for request, part in zip(taken, np.split(rows, ends[:-1]), strict=True):
        request.rows = part
