"""Turns: the threads of a process that want one thing get it in the order in which they asked for it.

SQLite's own waiting is no queue: who waits looks again now and then, and one that writes again at once is quicker.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from weakref import WeakValueDictionary


class Turns:
    """A lock that is handed to whoever has waited longest."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held = False
        self._waiting: deque[threading.Event] = deque()

    @contextmanager
    def turn(self, timeout_seconds: float) -> Iterator[None]:
        """Have a turn for the block. Raises TimeoutError when it doesn't come in time. A thread has one at a time."""
        self._take(timeout_seconds)
        try:
            yield
        finally:
            self._hand_on()

    def _take(self, timeout_seconds: float) -> None:
        with self._lock:
            if not self._held:
                self._held = True
                return
            mine = threading.Event()
            self._waiting.append(mine)
        try:
            if mine.wait(timeout_seconds):
                return
        except BaseException:  # an interrupt
            if not self._give_up(mine):
                self._hand_on()
            raise
        if not self._give_up(mine):
            return  # it came just now
        raise TimeoutError(f"no turn within {timeout_seconds} s")

    def _give_up(self, mine: threading.Event) -> bool:
        """Leave the queue; False when the turn was handed over before that could be done."""
        with self._lock:
            if mine in self._waiting:
                self._waiting.remove(mine)
                return True
            return False

    def _hand_on(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._held = False


_LOCK = threading.Lock()
_OF_FILES: WeakValueDictionary[Path, Turns] = WeakValueDictionary()


def turns_of(path: Path) -> Turns:
    """Those of all who use a file in this process, however often it has been opened."""
    with _LOCK:
        return _OF_FILES.setdefault(path.resolve(), Turns())
