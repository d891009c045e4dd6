"""Recording: what was seen on disk goes into the rows, in short transactions within which no disk is asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy.orm import Session

from photoindex import sightings
from photoindex.daemon.pulse import Pulse
from photoindex.database import Database
from photoindex.pacing import Pace
from photoindex.sightings import FileStat, KnownFile, Seen

CHUNK = 500
"""Changes written at most at a time."""
FIRST_CHUNK = 100
"""Changes written in the first transaction. How long that takes tells how many fit into the next: they stay short."""


class Recorder:
    """To be used from one thread. A root that hangs is never asked while the database is held."""

    def __init__(self, database: Database, settle_seconds: float, stop: threading.Event) -> None:
        self._database = database
        self.settle_seconds = settle_seconds
        self.stop = stop
        self.pulse = Pulse()
        self.pace = Pace(FIRST_CHUNK, CHUNK)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session to read with, while which no disk is asked."""
        with self.pulse.resting(), self._database.read() as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session to write with, while which no disk is asked."""
        with self.pulse.resting(), self._database.write() as session:
            yield session

    def record(self, library_id: int, seen: Sequence[Seen], found: Callable[[], None] = lambda: None) -> int:
        """Record what some paths look like; `found` is called after each part that makes work. Returns how many do."""
        work = 0
        for part in self.pace.portions(seen):
            with self.reading() as session:
                sources = sightings.sources(session, library_id, part)
            left = []
            for source in sources:
                self.pulse.beat()
                if source.has_left():
                    left.append(source)
            with self.writing() as session, self.pace.timed(len(part)):
                # This looks the rows up again: an event may have been followed since they were read.
                done = sightings.record(session, library_id, part, left)
            work += done
            if done:
                found()
        return work

    def still_known(self, library_id: int, gone: Sequence[KnownFile]) -> list[KnownFile]:
        """Those of the rows that are still where they were: others have moved with their files meanwhile."""
        there = []
        for start in range(0, len(gone), CHUNK):
            part = gone[start : start + CHUNK]
            with self.reading() as session:
                known = sightings.known_in(session, library_id, [each.path for each in part])
            there += [each for each in part if each.path in known and known[each.path].id == each.id]
        return there

    def mark_missing(self, library_id: int, gone: Sequence[KnownFile], is_gone: Callable[[KnownFile], bool]) -> int:
        """Record what is gone, after one more look at each: it may have come meanwhile. Returns how many are."""
        missing = 0
        for part in self.pace.portions(gone):
            really = [each for each in part if is_gone(each)]
            if not really or self.stop.is_set():
                continue
            with self.writing() as session, self.pace.timed(len(part)):
                there = sightings.known_in(session, library_id, [each.path for each in really])
                ids = [each.id for each in really if each.path in there and there[each.path].id == each.id]
                missing += sightings.mark_missing(session, ids)
        return missing

    def retry_at(self, now: FileStat) -> float | None:
        """When a file of that age may be read: one written to this moment may not be whole yet."""
        age_seconds = time.time() - now.mtime_ns / 1e9
        if 0 <= age_seconds < self.settle_seconds:  # a time in the future says nothing
            return time.time() + self.settle_seconds - age_seconds
        return None
