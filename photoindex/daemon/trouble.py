"""Trouble: when the disk is full or the database can't be used for now, it is said once, and tried again later."""

from __future__ import annotations

import logging
import threading

TROUBLE_SECONDS = 5.0
"""How long to wait before the second try; twice as long before each further one, up to the longest."""
LONGEST_SECONDS = 40.0
"""Short enough to go on within a minute of room on the disk."""

log = logging.getLogger(__name__)


class Trouble:
    """Of one thread. What could not be done is done again: nothing is lost but time."""

    def __init__(self, what: str, stop: threading.Event) -> None:
        """`what` waits while there is trouble; `stop` ends the waiting."""
        self._what = what
        self._stop = stop
        self._said: str | None = None
        self._tries = 0

    def met(self, error: Exception) -> None:
        """Say it, unless it is what was said last, and wait: longer each time."""
        self.say(error)
        self._stop.wait(min(TROUBLE_SECONDS * 2**self._tries, LONGEST_SECONDS))
        self._tries = min(self._tries + 1, 10)

    def say(self, error: Exception) -> None:
        """Say it, unless it is what was said last."""
        if str(error) != self._said:
            self._said = str(error)
            log.error("%s waits: %s", self._what, error)

    def over(self) -> bool:
        """It was done: whatever comes next is new. Whether there was trouble."""
        self._tries = 0
        if self._said is None:
            return False
        self._said = None
        log.info("%s goes on", self._what)
        return True
