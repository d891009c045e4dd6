"""The service: takes the lock, starts and ends scanner, watcher, indexer and what is derived, keeps the status row."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from typing import TypeVar

from photoindex import embeddings, files, rebuilding
from photoindex.config import Settings
from photoindex.daemon import priority
from photoindex.daemon.changes import Changes
from photoindex.daemon.choosing import EncoderLoader, choose_encoder, load_or_go_on
from photoindex.daemon.chores import Chores
from photoindex.daemon.following import Followed
from photoindex.daemon.hours import parse
from photoindex.daemon.indexer import Indexer
from photoindex.daemon.keeper import Keeper
from photoindex.daemon.manners import Manners, Rules
from photoindex.daemon.reading import Limits, Reader
from photoindex.daemon.reporting import Progress, Reporter
from photoindex.daemon.retention import Retention
from photoindex.daemon.sizing import choose_size
from photoindex.daemon.tending import LOOK_SECONDS, Care
from photoindex.daemon.trouble import Board, Trouble
from photoindex.database import Database, open_database
from photoindex.embeddings import StoredEncoder
from photoindex.encoders.base import Encoder, EncoderInfo
from photoindex.errors import DatabaseBusyError, DatabaseError, DatabaseFullError, IsolationError
from photoindex.files import Counts
from photoindex.forgetting import forget_library
from photoindex.ignoring import Ignored
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
    with DaemonLock(settings.daemon_lock) as lock:
        board = Board(lock.tell)
        trouble = Trouble("the start", stop, board)
        try:
            database = _patiently(lambda: open_database(settings.database, checkpoints=True), trouble, stop)
        except _StoppedError:
            return Progress("stopped", Counts())
        with closing(database):
            told = on_progress or (lambda _: None)
            return _Service(settings, database, stop, watch, told, load_encoder or choose_encoder, board).run()


class _Service:
    def __init__(
        self,
        settings: Settings,
        database: Database,
        stop: threading.Event,
        watch: bool,
        on_progress: Callable[[Progress], None],
        load_encoder: EncoderLoader,
        board: Board,
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
        rules = Rules(parse(settings.index_hours), settings.min_battery_percent, settings.max_celsius)
        self._manners = Manners(database, rules) if watch else None  # who asks for one run wants it now
        self._board = board
        self._trouble = Trouble("indexing", stop, board)
        self._end = threading.Event()
        """Set when indexing is over, whether `stop` was set or all is done."""
        self._encoder = Followed(database, settings, "encoder")
        self._ignore = Followed(database, settings, "ignore")
        self._chores = Chores(database, settings.thumbnails, settings.snapshots, stop, board)
        care = Care(
            self._ignored(settings),
            settings.settle_seconds,
            settings.scan_interval_seconds,
            settings.poll_interval_seconds,
            watch,
            Retention(database, settings.thumbnails, settings.missing_days),
        )
        self._keeper = Keeper(
            database,
            care,
            self._changes,
            stop=self._end,
            work=self._work,
            ignoring=lambda: self._ignored(self._ignore.take()) if self._ignore.has_changed() else None,
            forget=lambda library_id, is_stopped: forget_library(database, settings.thumbnails, library_id, is_stopped),
            board=board,
        )

    def _ignored(self, settings: Settings) -> Ignored:
        return Ignored(settings.ignore, os.fsencode(settings.data.resolve()))

    def run(self) -> Progress:
        with suppress(_StoppedError):
            self._patiently(self._prepare)
            self._work_to_the_end()
        return self._reporter.progress

    def _prepare(self) -> None:
        self._reporter.report(
            "starting",
            pid=os.getpid(),
            encoder=None,
            device=None,
            notice=None,
            problem=None,
            priority=priority.describe(),
        )
        rebuilding.repair(self._database, self._stop.is_set)
        with suppress(OSError):  # its folder may not be ours: that shows when a thumbnail is to be kept
            remove_leftovers(self._settings.thumbnails)

    def _work_to_the_end(self) -> None:
        keeper = threading.Thread(target=self._keeper.run, name="keeper", daemon=True)
        keeper.start()  # scanning needs no encoder, and goes on while that is loaded
        try:
            self._patiently(self._chores.start)
            while self._index_until_another_is_chosen():
                log.info("another encoder was chosen")
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

    def _index_until_another_is_chosen(self) -> bool:
        """Index with the encoder that is chosen now, until the end (False) or until it is another (True)."""
        try:
            with closing(self._decoder()) as decoder, closing(self._indexer(decoder)) as indexer:
                self._loop(indexer)
        except _ChosenAnewError:
            return True
        return False

    def _sign_off(self) -> None:
        """The last words, without which the end is an end too: whether the daemon runs is told by its lock."""
        try:
            self._reporter.report("stopped")
            self._database.checkpoint()
        except DatabaseError as error:
            log.error("the end was not written down: %s", error)

    def _patiently(self, do: Callable[[], T]) -> T:
        return _patiently(do, self._trouble, self._stop)

    def _indexer(self, decoder: Decoder) -> Indexer:
        decoder.begin()  # so that it is ready when the encoder is loaded
        encoder, notice = self._load()
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
            silent=lambda line: self._board.put("disks", line),
            stop=self._stop,
        )

    def _load(self) -> tuple[Encoder, str | None]:
        settings = self._patiently(self._encoder.take)
        stored = self._patiently(self._stored_encoders)
        self._complain(None)
        return load_or_go_on(self._load_encoder, settings, stored, self._tell, self._complain)

    def _complain(self, problem: str | None) -> None:
        self._patiently(lambda: self._reporter.report("starting", problem=problem))

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
        """Show what the loading of the encoder is at. Raises _StoppedError or _ChosenAnewError to end it."""
        if self._stop.is_set():
            raise _StoppedError
        if time.monotonic() - self._told_at >= TELL_SECONDS:
            self._told_at = time.monotonic()
            try:
                if self._encoder.has_changed():
                    raise _ChosenAnewError
                self._reporter.report("starting", notice=line)
            except (DatabaseBusyError, DatabaseFullError) as error:
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

    def _rest(self, indexer: Indexer, why: str) -> None:
        """Encode nothing but what the workers hold, and wait."""
        self._reporter.count(indexer.finish())
        self._chores.keep_words()
        self._chores.busy()
        if not indexer.is_busy:
            if self._reporter.progress.state != "paused":
                log.info("indexing rests: %s", why)
            self._progress("paused", why)
            self._work.wait(LOOK_SECONDS)

    def _round(self, indexer: Indexer) -> bool:
        """Do what comes next, or wait for it; True when nothing is left and nothing watched."""
        self._work.clear()
        if self._encoder.has_changed():
            raise _ChosenAnewError
        why = self._manners.why_rest() if self._manners else None
        if why is not None:
            self._rest(indexer, why)
            return False
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
        waiting = self._seconds_to_next_file(indexer)
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
            self._database.tend()
        self._work.wait(min(LOOK_SECONDS, LOOK_SECONDS if waiting is None else waiting))
        return False

    def _seconds_to_next_file(self, indexer: Indexer) -> float | None:
        """How long until a file that is left alone for now may be read; None when there is none to wait for."""
        with self._database.read() as session:
            retry_at = files.next_retry_at(session, indexer.silent_libraries)
        return None if retry_at is None else max(0.05, retry_at - time.time())

    def _progress(self, state: str, resting: str | None = None) -> None:
        if self._reporter.report(state, resting):
            self._on_progress(self._reporter.progress)


def _patiently(do: Callable[[], T], trouble: Trouble, stop: threading.Event) -> T:
    """Do what must be done before anything else, as soon as others leave the database and there is room on the disk.

    Raises _StoppedError.
    """
    while True:
        try:
            done = do()
        except (DatabaseBusyError, DatabaseFullError) as error:
            trouble.met(error)
            if stop.is_set():
                raise _StoppedError from error
        else:
            trouble.over()
            return done


class _DiskError(Exception):
    """What was read or encoded could not be kept, as the disk is full, say; or there is no room for a process."""


class _StoppedError(Exception):
    """The daemon is to end while it loads the encoder."""


class _ChosenAnewError(Exception):
    """Another encoder was chosen on the pages than the one that is used or loaded."""
