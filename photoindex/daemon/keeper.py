"""The keeper: keeps the rows like the disk. Libraries come and go, are watched, scanned and checked."""

from __future__ import annotations

import logging
import os
import random
import threading
import time
from collections.abc import Callable

from photoindex import libraries
from photoindex.daemon.changes import Changes, Due
from photoindex.daemon.scanner import Scanner
from photoindex.daemon.trouble import TROUBLE_SECONDS, Board, Trouble
from photoindex.daemon.watcher import Watcher
from photoindex.database import Database
from photoindex.errors import DatabaseError
from photoindex.ignoring import Ignored
from photoindex.libraries import LibraryInfo
from photoindex.models import LibraryState

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""How often the list of libraries is read: one that was added is scanned within this time."""
OFFLINE_LOOK_SECONDS = 10.0
"""How often a library that is offline is looked at again."""


class Keeper:
    """Runs in a thread of its own."""

    def __init__(
        self,
        database: Database,
        scanner: Scanner,
        watcher: Watcher | None,
        changes: Changes,
        *,
        scan_interval_seconds: float,
        stop: threading.Event,
        work: threading.Event,
        ignoring: Callable[[], Ignored | None] = lambda: None,
        board: Board | None = None,
    ) -> None:
        """Without a `watcher` only scans tell. `work` is set whenever there may be files to read, or a scan is over.

        `ignoring` is asked again and again, and gives what is to be left out when that has changed.
        """
        self._database = database
        self._stop = stop
        self._scanner = scanner
        self._watcher = watcher
        self._changes = changes
        self._interval = scan_interval_seconds
        self._work = work
        self._ignoring = ignoring
        self._trouble = Trouble("watching", stop, board)
        self._scan_at: dict[int, float] = {}
        self._roots: dict[int, tuple[int, int] | None] = {}
        """Which folder each root was when it was last scanned: a disk that comes or goes shows without any event."""
        self.scans_done = 0
        self.busy = True
        """Whether a scan or check is under way or due; true from the start, as there is always a first one."""

    def run(self) -> None:
        """Until `stop` is set."""
        while not self._stop.is_set():
            try:
                self._look_at_libraries()
                self._follow_changes()
                self._trouble.over()
            except (DatabaseError, OSError) as error:
                self._trouble.met(error)
                continue  # still busy: what was due still is
            except Exception:
                log.exception("watching met an unexpected error; it goes on with a full scan")
                self._scan_at.clear()
                self._stop.wait(TROUBLE_SECONDS)
            self.busy = False
            self._work.set()
            self._changes.wait(LOOK_SECONDS)
        if self._watcher is not None:
            self._watcher.stop()

    def _look_at_libraries(self) -> None:
        """Begin with libraries that are new, end with those removed, and scan those whose time has come."""
        if (ignored := self._ignoring()) is not None:
            self._scanner.ignore(ignored)
            self._scan_at = dict.fromkeys(self._scan_at, 0.0)
        with self._database.read() as session:
            known = {library.id: library for library in libraries.list_all(session)}
        for library_id in set(self._scan_at) - set(known):
            del self._scan_at[library_id]
            self._roots.pop(library_id, None)
            self._changes.forget(library_id)
            if self._watcher is not None:
                self._watcher.unwatch(library_id)
        now = time.monotonic()
        for library in known.values():
            moved = library.id in self._roots and self._roots[library.id] != _identity(library.root)
            if moved and self._watcher is not None:
                self._watcher.unwatch(library.id)  # it follows the folder that was here, wherever that is now
            if moved or now >= self._scan_at.get(library.id, 0.0):
                self._changes.request_scan(library.id)

    def _follow_changes(self) -> None:
        due = self._changes.take()
        if not due:
            return
        self.busy = True
        try:
            self._follow(due)
        except (DatabaseError, OSError):
            for library_id in {*due.scans, *due.paths}:
                self._changes.request_scan(library_id)
            raise

    def _follow(self, due: Due) -> None:
        with self._database.read() as session:
            known = {library.id: library for library in libraries.list_all(session)}
        for library_id in due.scans & set(known):
            if not self._stop.is_set():
                self._scan(known[library_id])
        for library_id, paths in due.paths.items():
            if library_id in known and not self._stop.is_set():
                self._scanner.check(known[library_id], paths)
                self._work.set()

    def _scan(self, library: LibraryInfo) -> None:
        self._roots[library.id] = _identity(library.root)
        self._start_watching(library)  # first, so that what happens during the scan is noted
        started = time.monotonic()
        outcome = self._scanner.scan(library, found=self._work.set)
        offline = outcome.problem is not None
        # Spread over 3/4 to 5/4 of the interval, so that libraries are not scanned all at once.
        wait_seconds = OFFLINE_LOOK_SECONDS if offline else self._interval * random.uniform(0.75, 1.25)
        self._scan_at[library.id] = time.monotonic() + wait_seconds
        self.scans_done += 1
        self._work.set()
        if outcome.work or outcome.missing or (library.state == LibraryState.OFFLINE) != offline:
            log.info(
                "scanned %s in %.1f s: %d files to read, %d gone",
                library.path,
                time.monotonic() - started,
                outcome.work,
                outcome.missing,
            )

    def _start_watching(self, library: LibraryInfo) -> None:
        if self._watcher is None or self._watcher.is_watching(library.id):
            return
        self._watcher.unwatch(library.id)
        problem = self._watcher.watch(library)
        if problem and library.state == LibraryState.ONLINE:
            log.warning("%s", problem)


def _identity(root: bytes) -> tuple[int, int] | None:
    try:
        result = os.stat(root)
    except OSError:
        return None
    return result.st_dev, result.st_ino
