"""Trouble: when the disk is full or the database can't be used for now, it is said once, and tried again later."""

from __future__ import annotations

import logging
import threading

TROUBLE_SECONDS = 5.0
"""How long to wait before the next try."""

log = logging.getLogger(__name__)


class Trouble:
    """Of one thread. What could not be done is done again: nothing is lost but time."""

    def __init__(self, what: str, stop: threading.Event) -> None:
        """`what` waits while there is trouble; `stop` ends the waiting."""
        self._what = what
        self._stop = stop
        self._said: str | None = None

    def met(self, error: Exception) -> None:
        """Say it, unless it is what was said last, and wait."""
        self.say(error)
        self._stop.wait(TROUBLE_SECONDS)

    def say(self, error: Exception) -> None:
        """Say it, unless it is what was said last."""
        if str(error) != self._said:
            self._said = str(error)
            log.error("%s waits: %s", self._what, error)

    def over(self) -> None:
        """It was done: whatever comes next is new."""
        if self._said is not None:
            self._said = None
            log.info("%s goes on", self._what)
