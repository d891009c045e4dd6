"""What may have changed on disk: paths to look at and libraries to scan, gathered until they are due."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

MAX_PATHS = 10_000
"""With more paths waiting in one library, scanning it whole is cheaper and bounds the memory."""


@dataclass(frozen=True)
class Due:
    """What to do now in a library: scan it whole, or check some paths (relative to its root)."""

    scan: bool = False
    paths: tuple[bytes, ...] = ()

    def __bool__(self) -> bool:
        return self.scan or bool(self.paths)


class Changes:
    """Collapses bursts: a path noted again is looked at once, when it has been quiet for its delay."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._due_at: dict[int, dict[bytes, float]] = {}
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
            paths[path] = due_at = time.monotonic() + delay_seconds
            if len(paths) > MAX_PATHS:
                del self._due_at[library_id]
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
            self._due_at.pop(library_id, None)
            self._scans.discard(library_id)

    def take(self, library_id: int) -> Due:
        """Hand out, and forget, all that is due now in a library. One to scan whole needs none of its paths checked."""
        now = time.monotonic()
        with self._condition:
            waiting = self._due_at.get(library_id, {})
            due = tuple(path for path, due_at in waiting.items() if due_at <= now)
            for path in due:
                del waiting[path]
            if library_id in self._scans:
                self._scans.discard(library_id)
                return Due(scan=True)
            return Due(paths=due)

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
        waiting = self._due_at.get(library_id)
        return min(waiting.values()) - time.monotonic() if waiting else float("inf")
