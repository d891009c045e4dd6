"""Bounded log: of each kind of line a few a minute, then how many more there were. A full disk must not fill itself."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

MOST = 10
"""Lines of a kind in a period."""
PERIOD_SECONDS = 60.0


@dataclass
class _Kind:
    """Lines that say the same of different things."""

    began_at: float
    shown: int = 0
    more: int = 0
    held_back: logging.LogRecord | None = None
    """The last that was not shown: it stands for all of them."""


class BoundedHandler(logging.Handler):
    """In front of another handler. Lines are of one kind when they come from the same template of the same logger."""

    def __init__(
        self,
        behind: logging.Handler,
        most: int = MOST,
        period_seconds: float = PERIOD_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._behind = behind
        self._most = most
        self._period = period_seconds
        self._clock = clock
        self._kinds: dict[tuple[str, str], _Kind] = {}
        self._timer: threading.Timer | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Show the line, or count it. Called with this handler's lock held."""
        self._end_periods(self._clock())
        kind = self._kinds.setdefault((record.name, str(record.msg)), _Kind(self._clock()))
        if kind.shown < self._most:
            kind.shown += 1
            self._behind.handle(record)
            return
        kind.more += 1
        kind.held_back = record
        if self._timer is None:
            self._start_timer()

    def close(self) -> None:
        """Tell what was held back, and end. May be called twice."""
        with self.lock or threading.RLock():
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            self._end_periods(float("inf"))
        super().close()

    def _start_timer(self) -> None:
        self._timer = threading.Timer(self._period, self._time_is_over)
        self._timer.daemon = True
        self._timer.start()

    def _time_is_over(self) -> None:
        with self.lock or threading.RLock():
            self._timer = None
            self._end_periods(self._clock())
            if any(kind.more for kind in self._kinds.values()):
                self._start_timer()

    def _end_periods(self, now: float) -> None:
        over = [key for key, kind in self._kinds.items() if now - kind.began_at >= self._period]
        for key in over:
            kind = self._kinds.pop(key)
            if kind.held_back is not None:
                self._behind.handle(_summary(kind.held_back, kind.more))


def _summary(last: logging.LogRecord, more: int) -> logging.LogRecord:
    """`… and 40 more like this: a.jpg: broken`"""
    text = "… and %d more like this: %s"
    return logging.LogRecord(last.name, last.levelno, last.pathname, last.lineno, text, (more, last.getMessage()), None)
