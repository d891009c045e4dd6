"""Pacing: how much is done in one transaction or step, so that each takes about as long on any machine."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

STEP_SECONDS = 0.3
"""How long one may take: so long do others wait for their turn."""

T = TypeVar("T")


class Pace:
    """Knows how many of a kind of things can be dealt with in `seconds`, from how long the last ones took."""

    def __init__(self, first: int, most: int, seconds: float = STEP_SECONDS) -> None:
        self.size = first
        """How many to deal with next, from 1 to `most`."""
        self._most = most
        self._seconds = seconds

    def portions(self, items: Sequence[T]) -> Iterator[Sequence[T]]:
        """Parts of a sequence, each of the size that is right by then; `timed` tells how long they take."""
        start = 0
        while start < len(items):
            part = items[start : start + self.size]
            yield part
            start += len(part)

    @contextmanager
    def timed(self, count: int) -> Iterator[None]:
        """So many are dealt with in this block. Waiting for others doesn't belong in it."""
        started = time.monotonic()
        yield
        self.took(count, time.monotonic() - started)

    def took(self, count: int, seconds: float) -> None:
        """So many took so long. The size grows slowly and shrinks at once: the next ones may be slower."""
        fitting = int(count * self._seconds / seconds) if seconds > 0 else self._most
        self.size = max(1, min(fitting, 2 * self.size, self._most))
