"""What may have changed on disk: paths to look at and libraries to scan, gathered until they are due."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

MAX_PATHS = 10_000
"""With more paths waiting in one library, scanning it whole is cheaper and bounds the memory."""


@dataclass(frozen=True)
class Due:
    """What to do now: libraries to scan whole, and paths (relative to their library's root) to check."""

    scans: frozenset[int] = frozenset()
    paths: dict[int, list[bytes]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.scans or self.paths)


class Changes:
    """Collapses bursts: a path noted again is looked at once, when it has been quiet for its delay."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._due_at: dict[int, dict[bytes, float]] = {}
        self._scans: set[int] = set()
        self._ended = False

    def note(self, library_id: int, path: bytes, delay_seconds: float) -> None:
        """Something happened at `path`; look when nothing more has for `delay_seconds`."""
        with self._condition:
            paths = self._due_at.setdefault(library_id, {})
            paths[path] = time.monotonic() + delay_seconds
            if len(paths) > MAX_PATHS:
                del self._due_at[library_id]
                self._scans.add(library_id)
            self._condition.notify()

    def request_scan(self, library_id: int) -> None:
        """Scan that library whole, soon."""
        with self._condition:
            self._scans.add(library_id)
            self._condition.notify()

    def forget(self, library_id: int) -> None:
        """The library is no longer watched."""
        with self._condition:
            self._due_at.pop(library_id, None)
            self._scans.discard(library_id)

    def take(self) -> Due:
        """Hand out, and forget, all that is due now. A library to scan whole needs none of its paths checked."""
        now = time.monotonic()
        with self._condition:
            scans, self._scans = frozenset(self._scans), set()
            paths: dict[int, list[bytes]] = {}
            for library_id, waiting in self._due_at.items():
                due = [path for path, due_at in waiting.items() if due_at <= now]
                for path in due:
                    del waiting[path]
                if due and library_id not in scans:
                    paths[library_id] = due
            return Due(scans, paths)

    def wait(self, timeout_seconds: float) -> None:
        """Until something is due or `end` is called, at most that long."""
        with self._condition:
            if not self._ended:
                self._condition.wait(min(timeout_seconds, self._seconds_to_next()))

    def end(self) -> None:
        """Nobody has to wait any more, now or later."""
        with self._condition:
            self._ended = True
            self._condition.notify_all()

    def _seconds_to_next(self) -> float:
        if self._scans:
            return 0.0
        times = [due_at for waiting in self._due_at.values() for due_at in waiting.values()]
        return max(0.0, min(times) - time.monotonic()) if times else float("inf")
