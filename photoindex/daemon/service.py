"""The service: takes the lock, starts and ends scanner, watcher, indexer and what is derived, keeps the status row."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from typing import TypeVar

from photoindex import embeddings, files
from photoindex.config import Settings
from photoindex.daemon.changes import Changes
from photoindex.daemon.choosing import EncoderLoader, choose_encoder
from photoindex.daemon.chores import Chores
from photoindex.daemon.indexer import Indexer
from photoindex.daemon.keeper import LOOK_SECONDS, Keeper
from photoindex.daemon.reading import Limits, Reader
from photoindex.daemon.reporting import Progress, Reporter
from photoindex.daemon.scanner import Scanner
from photoindex.daemon.sizing import choose_size
from photoindex.daemon.trouble import Trouble
from photoindex.daemon.walking import Ignored
from photoindex.daemon.watcher import Watcher
from photoindex.database import Database, open_database
from photoindex.embeddings import StoredEncoder
from photoindex.encoders.base import EncoderInfo
from photoindex.errors import DatabaseBusyError, DatabaseError, IsolationError
from photoindex.isolation import Decoder, make_decoder
from photoindex.lock import DaemonLock
from photoindex.machine import keep_memory, this_machine
from photoindex.media import remove_leftovers

log = logging.getLogger(__name__)

TELL_SECONDS = 10.0
"""How often a line about a download is shown: `up` prints each."""
PATIENCE_SECONDS = 10.0
"""A run that ends by itself waits so long for a file that is still being written, and leaves it to the next."""

T = TypeVar("T")


def run(
    settings: Settings,
    *,
    stop: threading.Event,
    watch: bool,
    on_progress: Callable[[Progress], None] | None = None,
    load_encoder: EncoderLoader | None = None,
) -> Progress:
    """Index: with `watch` until `stop` is set, else until nothing is left to do.

    Raises DaemonRunningError, DatabaseError or EncoderError. What is done is committed batch by batch; a kill at any
    moment loses at most the batch in hand, which is done again at the next start. A database that others hold, or a
    full disk, is waited for; what is damaged or can't be written is an error at the start.
    """
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (
        DaemonLock(settings.daemon_lock),
        closing(open_database(settings.database, checkpoints=True)) as database,
    ):
        return _Service(
            settings, database, stop, watch, on_progress or (lambda _: None), load_encoder or choose_encoder
        ).run()


class _Service:
    def __init__(
        self,
        settings: Settings,
        database: Database,
        stop: threading.Event,
        watch: bool,
        on_progress: Callable[[Progress], None],
        load_encoder: EncoderLoader,
    ) -> None:
        self._settings = settings
        self._database = database
        self._stop = stop
        self._watch = watch
        self._on_progress = on_progress
        self._load_encoder = load_encoder
        self._told_at = float("-inf")
        self._scans = 0
        self._work = threading.Event()
        self._changes = Changes()
        self._reporter = Reporter(database)
        self._trouble = Trouble("indexing", stop)
        self._end = threading.Event()
        """Set when indexing is over, whether `stop` was set or all is done."""
        self._chores = Chores(database, settings.thumbnails, settings.snapshots, stop)
        ignored = Ignored(settings.ignore, os.fsencode(settings.data.resolve()))
        self._keeper = Keeper(
            database,
            Scanner(database, ignored, settings.settle_seconds, self._end),
            Watcher(self._changes, settings.settle_seconds) if watch else None,
            self._changes,
            scan_interval_seconds=settings.scan_interval_seconds,
            stop=self._end,
            work=self._work,
        )

    def run(self) -> Progress:
        with suppress(_StoppedError):
            self._patiently(self._prepare)
            self._work_to_the_end()
        return self._reporter.progress

    def _prepare(self) -> None:
        self._reporter.report("starting", pid=os.getpid(), encoder=None, device=None, notice=None, problem=None)
        with self._database.write() as session:
            embeddings.repair(session)
        remove_leftovers(self._settings.thumbnails)

    def _work_to_the_end(self) -> None:
        keeper = threading.Thread(target=self._keeper.run, name="keeper", daemon=True)
        keeper.start()  # scanning needs no encoder, and goes on while that is loaded
        try:
            self._patiently(self._chores.start)
            with closing(self._decoder()) as decoder, closing(self._indexer(decoder)) as indexer:
                self._loop(indexer)
            if not self._stop.is_set():
                self._chores.finish()
        except _StoppedError:
            log.info("ended before the encoder was there")
        finally:
            self._end.set()
            self._changes.end()
            self._chores.close()
            keeper.join()
            self._sign_off()

    def _sign_off(self) -> None:
        """The last words, without which the end is an end too: whether the daemon runs is told by its lock."""
        try:
            self._reporter.report("stopped")
            self._database.checkpoint()
        except DatabaseError as error:
            log.error("the end was not written down: %s", error)

    def _patiently(self, do: Callable[[], T]) -> T:
        """Do what must be done before anything else, as soon as others leave the database. Raises _StoppedError."""
        while True:
            try:
                done = do()
            except DatabaseBusyError as error:
                self._trouble.met(error)
                if self._stop.is_set():
                    raise _StoppedError from error
            else:
                self._trouble.over()
                return done

    def _indexer(self, decoder: Decoder) -> Indexer:
        decoder.begin()  # so that it is ready when the encoder is loaded
        stored = self._patiently(self._stored_encoders)
        encoder, notice = self._load_encoder(self._settings, stored, self._tell)
        info = encoder.info
        log.info("encoder %s on %s (%s)", info.name, info.device, info.precision)
        registered = self._patiently(lambda: self._register(info))
        self._patiently(lambda: self._reporter.report("starting", encoder=info.name, device=info.device, notice=notice))
        keep_memory()
        size = choose_size(
            encoder,
            this_machine(),
            self._settings.data / "machine.json",
            workers=self._settings.workers,
            batch_size=self._settings.batch_size,
        )
        self._patiently(lambda: self._reporter.report("starting", isolation=decoder.start()))
        limits = Limits(self._settings.max_file_mb * 1_000_000, self._settings.max_megapixels * 1_000_000)
        return Indexer(
            self._database,
            encoder,
            registered.id,
            Reader(self._database, encoder, registered.id, self._settings.thumbnails, limits, decoder),
            batch_size=size.batch_size,
            workers=size.workers,
            gone=lambda library_id, path: self._changes.note(library_id, path, 0),
        )

    def _decoder(self) -> Decoder:
        return make_decoder(
            self._settings.isolation,
            max_bytes=self._settings.max_file_mb * 1_000_000,
            max_pixels=self._settings.max_megapixels * 1_000_000,
        )

    def _stored_encoders(self) -> list[StoredEncoder]:
        with self._database.read() as session:
            return embeddings.stored_encoders(session)

    def _register(self, info: EncoderInfo) -> StoredEncoder:
        with self._database.write() as session:
            return embeddings.register_encoder(
                session,
                name=info.name,
                fingerprint=info.fingerprint,
                dim=info.dim,
                multilingual=info.multilingual,
                text_range=info.text_range,
                image_range=info.image_range,
            )

    def _tell(self, line: str) -> None:
        """Show what the loading of the encoder is at. Raises _StoppedError to end it when the daemon is to end."""
        if self._stop.is_set():
            raise _StoppedError
        if time.monotonic() - self._told_at >= TELL_SECONDS:
            self._told_at = time.monotonic()
            try:
                self._reporter.report("starting", notice=line)
            except DatabaseBusyError as error:
                self._trouble.say(error)

    def _loop(self, indexer: Indexer) -> None:
        """Until the end; when the disk is full or the database can't be used, later. Every row is still pending."""
        while not self._stop.is_set():
            try:
                if self._round(indexer):
                    return
                self._trouble.over()
            except (DatabaseError, _DiskError) as error:
                self._trouble.met(error)

    def _round(self, indexer: Indexer) -> bool:
        """Do what comes next, or wait for it; True when nothing is left and nothing watched."""
        self._work.clear()
        if self._keeper.scans_done != self._scans:
            self._scans = self._keeper.scans_done
            indexer.reconsider()
        scanning = self._keeper.busy
        try:
            done = indexer.step()
        except (OSError, IsolationError) as error:
            raise _DiskError(str(error)) from error
        self._reporter.count(done)
        written = self._chores.keep_words()
        if done:
            self._progress("indexing")
        if done or indexer.is_busy:
            self._chores.busy()
            return False
        waiting = self._seconds_to_next_file()
        settled = waiting is None or waiting > PATIENCE_SECONDS
        state = "scanning" if scanning else "idle" if waiting is None else "indexing"
        if written or self._chores.colour() or self._chores.group():
            self._progress(state)
            return False
        if not self._watch and not scanning and not self._work.is_set() and settled:
            self._progress("idle")
            return True
        self._progress(state)
        if self._watch and state == "idle":
            self._chores.idle()
        self._work.wait(min(LOOK_SECONDS, LOOK_SECONDS if waiting is None else waiting))
        return False

    def _seconds_to_next_file(self) -> float | None:
        """How long until a file that is left alone for now may be read; None when there is none to wait for."""
        with self._database.read() as session:
            retry_at = files.next_retry_at(session)
        return None if retry_at is None else max(0.05, retry_at - time.time())

    def _progress(self, state: str) -> None:
        if self._reporter.report(state):
            self._on_progress(self._reporter.progress)


class _DiskError(Exception):
    """What was read or encoded could not be kept, as the disk is full, say; or there is no room for a process."""


class _StoppedError(Exception):
    """The daemon is to end while it loads the encoder."""
