"""Places at work: as many threads work at once as there are, but for those that only wait for something slow."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager


class Places:
    """So many places, each of which one thread takes; safe to use from any thread."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._free = threading.Semaphore(count)
        self._lock = threading.Lock()
        self._given_away = 0
        self._holders: set[Hashable] = set()

    @property
    def given_away(self) -> int:
        """How many places others have because their holders wait."""
        return self._given_away

    @contextmanager
    def taken(self, by: Hashable) -> Iterator[None]:
        """Have a place, as soon as one is free."""
        self._free.acquire()
        with self._lock:
            self._holders.add(by)
        try:
            yield
        finally:
            self.leave(by)

    def leave(self, by: Hashable) -> None:
        """Free the place that somebody has, if it is not free by now."""
        with self._lock:
            if by not in self._holders:
                return
            self._holders.remove(by)
        self._free.release()

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Let another thread have this one's place until this block ends; no more of them than there are places."""
        with self._lock:
            is_lent = self._given_away < self._count
            self._given_away += is_lent
        if not is_lent:
            yield
            return
        self._free.release()
        try:
            yield
        finally:
            with self._lock:
                self._given_away -= 1
            self._free.acquire()
