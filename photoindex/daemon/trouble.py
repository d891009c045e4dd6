"""Trouble: when the disk is full or the database can't be used for now, it is said once, and tried again later."""

from __future__ import annotations

import logging
import threading

TROUBLE_SECONDS = 5.0
"""How long to wait before the next try."""

log = logging.getLogger(__name__)


class Trouble:
    """What could not be done is done again: nothing is lost but time. Threads that do the same may share one."""

    def __init__(self, what: str, stop: threading.Event) -> None:
        """`what` waits while there is trouble; `stop` ends the waiting."""
        self._what = what
        self._stop = stop
        self._said: str | None = None
        self._lock = threading.Lock()
        self._troubled: set[int] = set()

    def met(self, error: Exception) -> None:
        """Say it, unless it is what was said last, and wait."""
        self.say(error)
        self._stop.wait(TROUBLE_SECONDS)

    def say(self, error: Exception) -> None:
        """Say it, unless it is what was said last."""
        with self._lock:
            self._troubled.add(threading.get_ident())
            if str(error) != self._said:
                self._said = str(error)
                log.error("%s waits: %s", self._what, error)

    def over(self) -> None:
        """It was done: once all threads have, whatever comes next is new."""
        with self._lock:
            self._troubled.discard(threading.get_ident())
            if self._said is not None and not self._troubled:
                self._said = None
                log.info("%s goes on", self._what)
