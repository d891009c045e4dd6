"""What may have changed on disk: paths to look at and libraries to scan, gathered until they are due."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

QUIET_SECONDS, LONGEST_SECONDS = 1.0, 5.0
"""What goes is looked at when nothing more has gone for so long, at the latest after so long: when much goes at once,
that must be seen as one, as it is asked about."""
MAX_PATHS = 10_000
"""With more paths waiting in one library, scanning it whole is cheaper and bounds the memory."""

PATHS_AT_ONCE = 2_000
"""Handed out at most, so that a scan that is asked for has not to wait until ten thousand paths were looked at."""


@dataclass(frozen=True)
class Due:
    """What to do now in a library: scan it whole, or check some paths (relative to its root)."""

    scan: bool = False
    paths: tuple[bytes, ...] = ()

    def __bool__(self) -> bool:
        return self.scan or bool(self.paths)


@dataclass
class _Burst:
    """Paths that have gone together."""

    first_at: float
    last_at: float = 0.0
    paths: set[bytes] = field(default_factory=set)

    @property
    def due_at(self) -> float:
        return min(self.last_at + QUIET_SECONDS, self.first_at + LONGEST_SECONDS)


class Changes:
    """Collapses bursts: a path noted again is looked at once, when it has been quiet for its delay."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._due_at: dict[int, dict[bytes, float]] = {}
        self._gone: dict[int, _Burst] = {}
        self._scans: set[int] = set()
        self._wake_at: dict[int, float] = {}
        """When whoever waits for a library wakes by itself: one change of a burst need not wake it sooner."""
        self._ended = False

    def note(self, library_id: int, path: bytes, delay_seconds: float) -> None:
        """Something happened at `path`; look when nothing more has for `delay_seconds`."""
        with self._condition:
            if library_id in self._scans:
                return  # it has not begun yet, and will see this too
            paths = self._due_at.setdefault(library_id, {})
            paths[path] = time.monotonic() + delay_seconds
            self._noted(library_id, len(paths), paths[path])

    def note_gone(self, library_id: int, path: bytes) -> None:
        """What was at `path` has gone; look when nothing more has for a moment."""
        with self._condition:
            if library_id in self._scans:
                return
            burst = self._gone.setdefault(library_id, _Burst(time.monotonic()))
            burst.paths.add(path)
            burst.last_at = time.monotonic()
            self._noted(library_id, len(burst.paths), burst.due_at)

    def _noted(self, library_id: int, count: int, due_at: float) -> None:
        if count > MAX_PATHS:
            self._drop(library_id)
            self._scans.add(library_id)
            due_at = 0.0
        if due_at < self._wake_at.get(library_id, 0.0):
            self._condition.notify_all()

    def request_scan(self, library_id: int) -> None:
        """Scan that library whole, soon."""
        with self._condition:
            self._scans.add(library_id)
            self._condition.notify_all()

    def forget(self, library_id: int) -> None:
        """The library is no longer watched."""
        with self._condition:
            self._drop(library_id)
            self._scans.discard(library_id)

    def _drop(self, library_id: int) -> None:
        self._due_at.pop(library_id, None)
        self._gone.pop(library_id, None)

    def take(self, library_id: int) -> Due:
        """Hand out, and forget, all that is due now in a library. One to scan whole needs none of its paths checked."""
        now = time.monotonic()
        with self._condition:
            waiting = self._due_at.get(library_id, {})
            due = sorted(path for path, due_at in waiting.items() if due_at <= now)[:PATHS_AT_ONCE]
            for path in due:
                del waiting[path]
            burst = self._gone.get(library_id)
            if burst is not None and burst.due_at <= now:
                due += self._gone.pop(library_id).paths
            if library_id in self._scans:
                self._scans.discard(library_id)
                return Due(scan=True)
            return Due(paths=tuple(due))

    def wait(self, library_id: int, timeout_seconds: float) -> None:
        """Until something is due in a library or `end` is called, at most that long."""
        deadline = time.monotonic() + timeout_seconds
        with self._condition:
            while not self._ended:
                seconds = min(deadline - time.monotonic(), self._seconds_to_next(library_id))
                if seconds <= 0:
                    return
                self._wake_at[library_id] = time.monotonic() + seconds
                self._condition.wait(seconds)

    def end(self) -> None:
        """Nobody has to wait any more, now or later."""
        with self._condition:
            self._ended = True
            self._condition.notify_all()

    def _seconds_to_next(self, library_id: int) -> float:
        if library_id in self._scans:
            return 0.0
        waiting, burst = self._due_at.get(library_id), self._gone.get(library_id)
        due_at = min(waiting.values()) if waiting else float("inf")
        return min(due_at, burst.due_at if burst else float("inf")) - time.monotonic()
