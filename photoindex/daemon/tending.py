"""Tending: keeps the rows of one library like its disk, in a thread of its own: a disk that hangs stops no other."""

from __future__ import annotations

import logging
import random
import threading
import time
from dataclasses import dataclass, replace

from photoindex import libraries
from photoindex.daemon.changes import Changes, Due
from photoindex.daemon.health import identity
from photoindex.daemon.noticing import Watching, notices
from photoindex.daemon.retention import Retention
from photoindex.daemon.scanner import Outcome, Scanner
from photoindex.daemon.trouble import TROUBLE_SECONDS, Trouble
from photoindex.daemon.watcher import Watcher
from photoindex.database import Database
from photoindex.errors import DatabaseError, NotFoundError
from photoindex.ignoring import Ignored
from photoindex.libraries import LibraryInfo
from photoindex.models import LibraryState
from photoindex.mounts import mount_of

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""How often it is looked whether a root is still the folder it was, and the list of libraries read."""
OFFLINE_LOOK_SECONDS = 10.0
"""How soon a library that is offline is looked at again: then after twice, four times as long …"""
OFFLINE_LOOK_MOST_SECONDS = 300.0
REST = 9
"""A library that is scanned because events don't tell all is left alone for so many times as long as the scan took."""


@dataclass(frozen=True)
class Care:
    """How all libraries are tended."""

    ignored: Ignored
    settle_seconds: float
    scan_interval_seconds: float
    """Where events tell all."""
    poll_interval_seconds: float
    """Where they don't."""
    watch: bool
    retention: Retention | None = None


class Tender:
    """One library, from when it is added until it is removed or the daemon ends."""

    def __init__(
        self,
        database: Database,
        library: LibraryInfo,
        care: Care,
        changes: Changes,
        *,
        stop: threading.Event,
        work: threading.Event,
        trouble: Trouble,
    ) -> None:
        """`work` is set whenever there may be files to read, or a scan is over."""
        self.library = library
        """As it was in the list when that was last read."""
        self._database = database
        self._care = care
        self._changes = changes
        self._stop = stop
        self._work = work
        self._trouble = trouble
        self._over = threading.Event()
        self._new_ignored: Ignored | None = None
        self._scanner = Scanner(database, care.ignored, care.settle_seconds, stop)
        self._watcher = Watcher(changes, care.settle_seconds, care.ignored) if care.watch else None
        self._watching: Watching | None = None
        self._scan_at = 0.0
        self._scan_seconds = 0.0
        self._offline_seconds = OFFLINE_LOOK_SECONDS
        self._recount_at = float("inf")
        self._poll_seconds = library.poll_seconds
        self._root: tuple[int, int] | None = None
        """Which folder the root was when it was last scanned: a disk that comes or goes shows without any event."""
        self.scans_done = 0
        self.busy = True
        """Whether a scan or check is under way or due; true from the start, as there is always a first one."""
        self.hangs = False
        """Whether the disk was found not to answer, and has not been scanned since."""
        self._thread = threading.Thread(target=self._run, name=f"library {library.id}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def end(self) -> None:
        """Ask the thread to end."""
        self._over.set()

    def join(self, seconds: float) -> bool:
        """Wait for the end at most so long; whether it has come. A disk that hangs keeps its thread, and no other."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def ignore(self, ignored: Ignored) -> None:
        """Leave these out from now on: the library is scanned for what that changes. From any thread."""
        self._new_ignored = ignored

    @property
    def is_stuck(self) -> bool:
        """Whether the disk does not answer."""
        return self._scanner.pulse.is_stuck()

    def _run(self) -> None:
        try:
            self._tend()
        finally:
            if self._watcher is not None:
                self._watcher.unwatch()

    def _tend(self) -> None:
        while not self._is_over():
            try:
                self._turn()
                self._trouble.over()
            except NotFoundError:
                return  # removed just now
            except (DatabaseError, OSError) as error:
                self._trouble.met(error)
                continue  # still busy: what was due still is
            except Exception:
                log.exception("watching %s met an unexpected error; it is scanned again", self.library.path)
                self._scan_at = 0.0
                self._stop.wait(TROUBLE_SECONDS)
            self.busy = False
            self._work.set()
            self._changes.wait(self.library.id, LOOK_SECONDS)

    def _is_over(self) -> bool:
        return self._stop.is_set() or self._over.is_set()

    def _turn(self) -> None:
        self._take_ignored()
        self._see_whether_a_scan_is_due()
        due = self._changes.take(self.library.id)
        if not due or self._is_over():
            return
        self.busy = True
        try:
            self._follow(due)
        except (DatabaseError, OSError):
            self._changes.request_scan(self.library.id)
            raise

    def _take_ignored(self) -> None:
        ignored, self._new_ignored = self._new_ignored, None
        if ignored is None:
            return
        self._scanner.ignore(ignored)
        if self._watcher is not None:
            self._watcher.unwatch()  # other folders are to be watched now
            self._watcher.ignore(ignored)
        self._scan_at = 0.0

    def _see_whether_a_scan_is_due(self) -> None:
        library, now = self.library, time.monotonic()
        if self.scans_done and self._now_at() != self._root:
            if self._watcher is not None:
                self._watcher.unwatch()  # it follows the folder that was here, wherever that is now
            self._scan_at = 0.0
        if self._watcher is not None:
            self._look_at_watcher(self._watcher, now)
        if library.poll_seconds != self._poll_seconds:
            self._poll_seconds = library.poll_seconds
            self._scan_at = min(self._scan_at, now + self._seconds_to_scan())
        asked = library.confirmed is not None or self.hangs
        if asked or now >= self._scan_at:
            self._changes.request_scan(library.id)

    def _now_at(self) -> tuple[int, int] | None:
        with self._scanner.pulse.asking():
            return identity(self.library.root)

    def _look_at_watcher(self, watcher: Watcher, now: float) -> None:
        overflows = watcher.take_overflows()
        if overflows:
            with self._database.write() as session:
                libraries.count_overflows(session, self.library.id, overflows)
        if watcher.take_refused():  # folders have come that are not watched
            self._scan_at = min(self._scan_at, now + self._poll())
            self._recount_at = min(self._recount_at, self._scan_at)
        if self._watching is not None and now >= self._recount_at:
            self._recount_at = float("inf")
            self._tell(self._watching.folders, self._watching.unreadable)

    def _follow(self, due: Due) -> None:
        with self._database.read() as session:
            library = libraries.get(session, self.library.id)
        if due.scan:
            self._scan(library)
        else:
            outcome = self._scanner.check(library, due.paths)
            if outcome.problem is not None:
                self._scan_at = time.monotonic() + self._offline_seconds
            self._work.set()

    def _scan(self, library: LibraryInfo) -> None:
        self._root = self._now_at()
        error = self._start_watching(library)  # first, so that what happens during the scan is noted
        self.hangs = False
        started = time.monotonic()
        outcome = self._scanner.scan(library, found=self._work.set)
        self._scan_seconds = time.monotonic() - started
        if self._stop.is_set():
            return
        if outcome.folders is not None and self._care.watch:
            self._watching = Watching(outcome.folders, 0, mount_of(library.root), error, outcome.unreadable)
            self._tell(outcome.folders, outcome.unreadable)
        offline = outcome.folders is None
        self._scan_at = time.monotonic() + (self._seconds_offline() if offline else self._seconds_to_scan())
        if not offline:
            self._offline_seconds = OFFLINE_LOOK_SECONDS
        if outcome.is_healthy and self._care.retention is not None:
            self._care.retention.after_scan(library, self._is_over)
        self.scans_done += 1
        self._work.set()
        self._say(library, outcome, offline)

    def _say(self, library: LibraryInfo, outcome: Outcome, offline: bool) -> None:
        if outcome.work or outcome.missing or (library.state == LibraryState.OFFLINE) != offline:
            log.info(
                "scanned %s in %.1f s: %d files to read, %d gone",
                library.path,
                self._scan_seconds,
                outcome.work,
                outcome.missing,
            )

    def _start_watching(self, library: LibraryInfo) -> OSError | None:
        """Watch, unless that is done or of no use. Returns why it can't be."""
        if self._watcher is None or self._watcher.is_watching:
            return None
        self._watcher.unwatch()
        mount = mount_of(library.root)
        if mount is not None and not mount.tells_changes:
            return None
        try:
            with self._scanner.pulse.asking():
                self._watcher.watch(library)
        except OSError as error:
            return error
        return None

    def _tell(self, folders: int, unreadable: int) -> None:
        """Count what is watched, and say it when it is less than there is."""
        if self._watching is None or self._watcher is None:
            return
        counted = self._watcher.watched() if self._watcher.is_watching else 0
        watched = folders if counted is None else min(counted, folders)
        watching = replace(self._watching, folders=folders, watched=watched, unreadable=unreadable)
        if watching.tells_all != self._watching.tells_all and not watching.tells_all and watching.error is None:
            self._recount_at = time.monotonic() + LOOK_SECONDS  # the watch of a folder just made may be on its way
        self._watching = watching
        notice = "\n".join(notices(watching, self._poll())) or None
        now = self.library
        if (now.folders, now.watched, now.notice) != (folders, watched, notice):
            if notice and notice != now.notice:
                log.warning("%s: %s", now.path, notice.replace("\n", "; "))
            with self._database.write() as session:
                libraries.set_watched(session, now.id, folders, watched, notice)

    def _poll(self) -> float:
        chosen = self.library.poll_seconds
        return self._care.poll_interval_seconds if chosen is None else chosen

    def _seconds_to_scan(self) -> float:
        """Until the next scan: 3/4 to 5/4 of the interval, so that not all libraries are scanned at once."""
        if self._watching is not None and not self._watching.tells_all:
            seconds = max(self._poll(), REST * self._scan_seconds)
        elif self.library.poll_seconds is not None:
            seconds = self.library.poll_seconds
        else:
            seconds = self._care.scan_interval_seconds
        return seconds * random.uniform(0.75, 1.25)

    def _seconds_offline(self) -> float:
        seconds = self._offline_seconds
        self._offline_seconds = min(2 * seconds, OFFLINE_LOOK_MOST_SECONDS)
        return seconds
