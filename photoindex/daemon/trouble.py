"""Trouble: when the disk is full or the database can't be used for now, it is said once, and tried again later."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

TROUBLE_SECONDS = 5.0
"""How long to wait before the second try; twice as long before each further one, up to the longest."""
LONGEST_SECONDS = 40.0
"""Short enough to go on within a minute of room on the disk."""

log = logging.getLogger(__name__)


class Board:
    """Where all troubles of a daemon stand together, for those who ask what is wrong. For any thread."""

    def __init__(self, tell: Callable[[str | None], None]) -> None:
        """`tell` is given what is wrong whenever that has changed: one line, or None."""
        self._tell = tell
        self._lock = threading.Lock()
        self._lines: dict[str, str] = {}
        self._told: str | None = None

    def put(self, what: str, line: str | None) -> None:
        """What is wrong with one thing; None for nothing any more. Of several, the first is told."""
        with self._lock:
            if line is None:
                self._lines.pop(what, None)
            else:
                self._lines[what] = line
            first = next(iter(self._lines.values()), None)
            if first != self._told:
                self._told = first
                self._tell(first)


class Trouble:
    """What could not be done is done again: nothing is lost but time. Threads that do the same may share one."""

    def __init__(self, what: str, stop: threading.Event, board: Board | None = None) -> None:
        """`what` waits while there is trouble; `stop` ends the waiting. It is shown on the `board`."""
        self._what = what
        self._stop = stop
        self._board = board
        self._said: str | None = None
        self._lock = threading.Lock()
        self._troubled: set[int] = set()
        self._tries = 0

    def met(self, error: Exception) -> None:
        """Say it, unless it is what was said last, and wait: longer each time."""
        self.say(error)
        self._stop.wait(min(TROUBLE_SECONDS * 2**self._tries, LONGEST_SECONDS))
        self._tries = min(self._tries + 1, 10)

    def say(self, error: Exception) -> None:
        """Say it, unless it is what was said last."""
        with self._lock:
            self._troubled.add(threading.get_ident())
            if str(error) != self._said:
                self._said = str(error)
                log.error("%s waits: %s", self._what, error)
                if self._board is not None:
                    self._board.put(self._what, self._said)

    def over(self) -> bool:
        """It was done: once all threads have, whatever comes next is new. Whether there was trouble until now."""
        with self._lock:
            self._troubled.discard(threading.get_ident())
            if self._said is None or self._troubled:
                return False
            self._tries = 0
            self._said = None
            log.info("%s goes on", self._what)
            if self._board is not None:
                self._board.put(self._what, None)
            return True
