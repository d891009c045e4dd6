"""Reporting: the daemon's status row, its rate, and the time left."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, replace

from photoindex import files, status
from photoindex.database import Database
from photoindex.files import Counts

STATUS_SECONDS = 1.0
"""How often the figures in the status row change while indexing."""
RATE_SECONDS = 15.0
"""The rate is that of the last so many seconds."""


@dataclass(frozen=True)
class Progress:
    """Where indexing stands. `state`: `starting`, `scanning`, `indexing`, `paused`, `idle` or `stopped`."""

    state: str
    counts: Counts
    photos_per_second: float | None = None
    seconds_left: float | None = None
    notice: str | None = None
    resting: str | None = None
    """Why it is `paused`."""


class Reporter:
    """Keeps the status row, and the rate. To be used from one thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._done: deque[tuple[float, int]] = deque()
        self._reported_at = 0.0
        self.progress = Progress("starting", Counts())

    def count(self, done: int) -> None:
        """So many files were dealt with just now."""
        now = time.monotonic()
        if done:
            self._done.append((now, done))
        while self._done and now - self._done[0][0] > RATE_SECONDS:
            self._done.popleft()

    def report(self, state: str, resting: str | None = None, **values: str | int | None) -> bool:
        """Write the row when it says something new, at most every `STATUS_SECONDS` while only figures change.

        Raises DatabaseError.
        """
        now = time.monotonic()
        moving = state in ("indexing", "scanning")
        said = (self.progress.state, self.progress.resting) == (state, resting) and not values
        if said and (not moving or now - self._reported_at < STATUS_SECONDS):
            return False
        self._reported_at = now
        with self._database.read() as session:
            counts = files.counts(session)
        rate = self._rate(now) if state == "indexing" else None
        left = counts.pending / rate if rate else None
        notice = values.get("notice", self.progress.notice)
        progress = replace(
            self.progress,
            state=state,
            counts=counts,
            photos_per_second=rate,
            seconds_left=left,
            notice=_text(notice),
            resting=resting,
        )
        with self._database.write() as session:
            status.write(session, state=state, photos_per_second=rate, seconds_left=left, resting=resting, **values)
        self.progress = progress  # not before: a row that could not be written is written the next time
        return True

    def _rate(self, now: float) -> float | None:
        if len(self._done) < 2:
            return None
        # The first entry only marks when the clock starts: its own files were done before.
        seconds = now - self._done[0][0]
        return sum(done for _, done in list(self._done)[1:]) / seconds if seconds > 0 else None


def _text(value: str | int | None) -> str | None:
    return None if value is None else str(value)
