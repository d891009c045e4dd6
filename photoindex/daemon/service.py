"""The service: takes the lock, starts scanner, watcher and indexer, keeps the status row, and ends them all."""

from __future__ import annotations

import logging
import os
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace

from photoindex import embeddings, encoders, files, libraries, status
from photoindex.config import Settings
from photoindex.daemon.changes import Changes
from photoindex.daemon.indexer import Indexer
from photoindex.daemon.reading import Limits, Reader
from photoindex.daemon.scanner import Scanner
from photoindex.daemon.walking import Ignored
from photoindex.daemon.watcher import Watcher
from photoindex.database import Database, open_database
from photoindex.errors import DatabaseError
from photoindex.files import Counts
from photoindex.libraries import LibraryInfo
from photoindex.lock import DaemonLock
from photoindex.media import remove_leftovers
from photoindex.models import LibraryState

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""How often the list of libraries is read: one that was added is scanned within this time."""
OFFLINE_LOOK_SECONDS = 10.0
"""How often a library that is offline is looked at again."""
STATUS_SECONDS = 1.0
"""How often the figures in the status row change while indexing."""
RATE_SECONDS = 15.0
"""The rate is that of the last so many seconds."""
PATIENCE_SECONDS = 10.0
"""A run that ends by itself waits so long for a file that is still being written, and leaves it to the next."""
TROUBLE_SECONDS = 5.0
"""How long to wait when the disk is full or the database can't be written."""


@dataclass(frozen=True)
class Progress:
    """Where indexing stands. `state`: `starting`, `scanning`, `indexing`, `idle` or `stopped`."""

    state: str
    counts: Counts
    photos_per_second: float | None = None
    seconds_left: float | None = None
    notice: str | None = None


def run(
    settings: Settings,
    *,
    stop: threading.Event,
    watch: bool,
    on_progress: Callable[[Progress], None] | None = None,
) -> Progress:
    """Index: with `watch` until `stop` is set, else until nothing is left to do.

    Raises DaemonRunningError, DatabaseError or EncoderError. What is done is committed batch by batch; a kill at any
    moment loses at most the batch in hand, which is done again at the next start.
    """
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (
        DaemonLock(settings.daemon_lock),
        closing(open_database(settings.database, checkpoints=True)) as database,
    ):
        return _Service(settings, database, stop, watch, on_progress or (lambda _: None)).run()


class _Service:
    def __init__(
        self,
        settings: Settings,
        database: Database,
        stop: threading.Event,
        watch: bool,
        on_progress: Callable[[Progress], None],
    ) -> None:
        self._settings = settings
        self._database = database
        self._stop = stop
        self._on_progress = on_progress
        self._changes = Changes()
        self._work = threading.Event()
        self._reporter = _Reporter(database)
        self._keeper = _Keeper(settings, database, stop, watch, self._changes, self._work)
        self._watch = watch

    def run(self) -> Progress:
        self._reporter.report("starting", pid=os.getpid(), encoder=None, device=None, notice=None, problem=None)
        with self._database.write() as session:
            embeddings.repair(session)
        remove_leftovers(self._settings.thumbnails)
        keeper = threading.Thread(target=self._keeper.run, name="keeper", daemon=True)
        keeper.start()
        try:
            with closing(self._indexer()) as indexer:
                self._loop(indexer)
        finally:
            self._keeper.end()
            keeper.join()
            self._reporter.report("stopped")
            self._database.checkpoint()
        return self._reporter.progress

    def _indexer(self) -> Indexer:
        """Find and load the encoder. Scanning goes on meanwhile."""
        with self._database.read() as session:
            active = embeddings.active_encoder(session)
        choice = encoders.resolve(self._settings.encoder, in_use=active.name if active else None)
        if choice.notice:
            log.warning("%s", choice.notice)
        device = None if self._settings.device == "auto" else self._settings.device
        encoder = encoders.load(choice, parts="image", device=device)
        info = encoder.info
        log.info("encoder %s on %s (%s)", info.name, info.device, info.precision)
        with self._database.write() as session:
            stored = embeddings.register_encoder(
                session,
                name=info.name,
                fingerprint=info.fingerprint,
                dim=info.dim,
                multilingual=info.multilingual,
                text_range=info.text_range,
                image_range=info.image_range,
            )
        self._reporter.report("starting", encoder=info.name, device=info.device, notice=choice.notice)
        limits = Limits(self._settings.max_file_mb * 1_000_000, self._settings.max_megapixels * 1_000_000)
        return Indexer(
            self._database,
            encoder,
            stored.id,
            Reader(self._database, encoder, stored.id, self._settings.thumbnails, limits),
            batch_size=self._settings.batch_size,
            workers=self._settings.workers or len(os.sched_getaffinity(0)),
            gone=lambda library_id, path: self._changes.note(library_id, path, 0),
        )

    def _loop(self, indexer: Indexer) -> None:
        scans = self._keeper.scans_done
        while not self._stop.is_set():
            self._work.clear()
            if self._keeper.scans_done != scans:
                scans = self._keeper.scans_done
                indexer.reconsider()
            scanning = self._keeper.busy
            try:
                done = indexer.step()
            except (DatabaseError, OSError) as error:
                self._trouble(error)
                continue
            self._reporter.count(done)
            if done:
                self._progress("indexing")
                continue
            if indexer.is_busy:
                continue
            waiting = self._seconds_to_next_file()
            settled = waiting is None or waiting > PATIENCE_SECONDS
            if not self._watch and not scanning and not self._work.is_set() and settled:
                self._progress("idle")
                return
            self._progress("scanning" if scanning else "idle" if waiting is None else "indexing")
            self._work.wait(min(LOOK_SECONDS, LOOK_SECONDS if waiting is None else waiting))

    def _seconds_to_next_file(self) -> float | None:
        """How long until a file that is left alone for now may be read; None when there is none to wait for."""
        with self._database.read() as session:
            retry_at = files.next_retry_at(session)
        return None if retry_at is None else max(0.05, retry_at - time.time())

    def _progress(self, state: str) -> None:
        if self._reporter.report(state):
            self._on_progress(self._reporter.progress)

    def _trouble(self, error: Exception) -> None:
        """The disk is full, or the database held or not writable: say so, wait, go on. Every row is still pending."""
        log.error("indexing waits: %s", error)
        self._stop.wait(TROUBLE_SECONDS)


class _Reporter:
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

    def report(self, state: str, **values: str | int | None) -> bool:
        """Write the row when it says something new, at most every `STATUS_SECONDS` while only figures change."""
        now = time.monotonic()
        moving = state in ("indexing", "scanning")
        if state == self.progress.state and not values and (not moving or now - self._reported_at < STATUS_SECONDS):
            return False
        self._reported_at = now
        with self._database.read() as session:
            counts = files.counts(session)
        rate = self._rate(now) if state == "indexing" else None
        left = counts.pending / rate if rate else None
        notice = values.get("notice", self.progress.notice)
        self.progress = replace(
            self.progress, state=state, counts=counts, photos_per_second=rate, seconds_left=left, notice=_text(notice)
        )
        with self._database.write() as session:
            status.write(session, state=state, photos_per_second=rate, seconds_left=left, **values)
        return True

    def _rate(self, now: float) -> float | None:
        if len(self._done) < 2:
            return None
        # The first entry only marks when the clock starts: its own files were done before.
        seconds = now - self._done[0][0]
        return sum(done for _, done in list(self._done)[1:]) / seconds if seconds > 0 else None


def _text(value: str | int | None) -> str | None:
    return None if value is None else str(value)


class _Keeper:
    """Keeps the rows like the disk, in a thread of its own: libraries come and go, are scanned, watched, checked."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        stop: threading.Event,
        watch: bool,
        changes: Changes,
        work: threading.Event,
    ) -> None:
        self._database = database
        self._stop = stop
        self._ended = threading.Event()
        self._changes = changes
        self._work = work
        self._interval = settings.scan_interval_seconds
        ignored = Ignored(settings.ignore, os.fsencode(settings.data.resolve()))
        self._scanner = Scanner(database, ignored, settings.settle_seconds, self._ended)
        self._watcher = Watcher(changes, settings.settle_seconds) if watch else None
        self._scan_at: dict[int, float] = {}
        self.scans_done = 0
        self.busy = True
        """Whether a scan or check is under way or due; true from the start, as there is always a first one."""

    def run(self) -> None:
        """Until `end`."""
        while not self._is_over():
            try:
                self._look_at_libraries()
                self._follow_changes()
            except (DatabaseError, OSError) as error:
                log.error("watching waits: %s", error)
                self._ended.wait(TROUBLE_SECONDS)
            except Exception:
                log.exception("watching met an unexpected error; it goes on with a full scan")
                self._scan_at.clear()
                self._ended.wait(TROUBLE_SECONDS)
            self.busy = False
            self._work.set()
            self._changes.wait(LOOK_SECONDS)
        if self._watcher is not None:
            self._watcher.stop()

    def end(self) -> None:
        """Make `run` return soon, in the middle of a scan too."""
        self._ended.set()

    def _is_over(self) -> bool:
        return self._ended.is_set() or self._stop.is_set()

    def _look_at_libraries(self) -> None:
        """Begin with libraries that are new, end with those removed, and scan those whose time has come."""
        with self._database.read() as session:
            known = {library.id: library for library in libraries.list_all(session)}
        for library_id in set(self._scan_at) - set(known):
            del self._scan_at[library_id]
            self._changes.forget(library_id)
            if self._watcher is not None:
                self._watcher.unwatch(library_id)
        now = time.monotonic()
        for library in known.values():
            if now >= self._scan_at.get(library.id, 0.0):
                self._changes.request_scan(library.id)

    def _follow_changes(self) -> None:
        due = self._changes.take()
        if not due:
            return
        self.busy = True
        with self._database.read() as session:
            known = {library.id: library for library in libraries.list_all(session)}
        for library_id in due.scans & set(known):
            if not self._is_over():
                self._scan(known[library_id])
        for library_id, paths in due.paths.items():
            if library_id in known and not self._is_over():
                self._scanner.check(known[library_id], paths)
                self._work.set()

    def _scan(self, library: LibraryInfo) -> None:
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
