"""The indexer: decode ahead → encode in batches → store, one transaction a batch."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from photoindex import embeddings, files, fingerprints, photos
from photoindex.daemon import pulse
from photoindex.daemon.describing import details, new_photo
from photoindex.daemon.reading import Fresh, Gone, Known, Outcome, Prepared, Reader, Unreadable
from photoindex.daemon.workers import Job, Workers
from photoindex.database import Database
from photoindex.encoders.base import Encoder
from photoindex.errors import DatabaseError, EncoderError
from photoindex.files import Work
from photoindex.libraries import display_path
from photoindex.media import Reason
from photoindex.messages import say
from photoindex.models import EncoderState
from photoindex.photos import PhotoFile

log = logging.getLogger(__name__)

RETRY_SECONDS = 2.0
"""How long a file that changed while it was read is left alone, doubled with each try up to the longest."""
RETRY_LONGEST_SECONDS = 300.0
END_SECONDS = 4.0
"""How long a disk has to answer when the end has come."""

_SMALL_BATCH = 4
"""Smaller ones make encoding a photo cost more."""

T = TypeVar("T")
Pair = tuple[Work, Outcome]


@dataclass(frozen=True)
class Batch:
    """What a worker hands back: what became of each file, and the embeddings by content hash."""

    outcomes: Sequence[Pair]
    vectors: Mapping[bytes, NDArray[np.float32]]


class Indexer:
    """Works through the pending files. `step` is called again and again from one thread.

    Run-to-completion workers: each reads, decodes and encodes a batch by itself, with one thread within each operation.
    Decoding and encoding cost about the same on a CPU, so no fixed split of the cores between them is right; this way
    they balance by themselves. Only the storing is done in one place.
    """

    def __init__(
        self,
        database: Database,
        encoder: Encoder,
        encoder_id: int,
        reader: Reader,
        *,
        batch_size: int,
        workers: int,
        gone: Callable[[int, bytes], None] = lambda _library_id, _path: None,
        silent: Callable[[str | None], None] = lambda _line: None,
        stop: threading.Event | None = None,
    ) -> None:
        """`gone` is told library and path of files that turn out not to be there; `silent` which disk does not answer,
        in a line, and None when all do. `stop` ends waiting for photos that are read again.
        """
        self._database = database
        self._encoder = encoder
        self._encoder_id = encoder_id
        self._reader = reader
        self._batch_size = batch_size
        self._gone = gone
        self._count = workers
        self._workers = Workers(workers, self._release, silent)
        self._stop = stop or threading.Event()
        reader.when_slow(self._workers.places.lent)
        self._at_work: dict[Future[Batch], Job] = {}
        self._begun: set[int] = set()
        self._lacking_after = 0
        self._unreadable: int | None = None
        self._unread: set[int] = set()

    def step(self, patience_seconds: float = 1.0) -> int:
        """Hand out pending files and store a batch that has come back, waiting for one at most so long.

        Returns how many files were dealt with.
        """
        self._leave_silent_disks(pulse.HANG_SECONDS)
        self._hand_out()
        if not self._at_work:
            return self._complete_encoder()
        return self._store_finished(patience_seconds)

    def finish(self, patience_seconds: float = 1.0) -> int:
        """Hand out nothing more, and store what is being read as it comes back. Returns how many files were dealt with.

        To be called again and again, until `is_busy` is over.
        """
        for future in [future for future in self._at_work if future.cancel()]:
            del self._at_work[future]
        self._leave_silent_disks(pulse.HANG_SECONDS)
        return self._store_finished(patience_seconds)

    @property
    def is_busy(self) -> bool:
        """Whether files are being read."""
        return bool(self._at_work)

    @property
    def silent_libraries(self) -> set[int]:
        """Of which no file is read for now, as a disk does not answer."""
        return self._workers.silent_libraries

    def reconsider(self) -> None:
        """Try photos again that could not be read for a new encoder: the disk has been looked at since."""
        self._lacking_after, self._unreadable = 0, None
        self._unread.clear()

    def close(self) -> None:
        """End the threads when each is through with its batch, and store those. May be called twice.

        A disk that does not answer is not waited for. Nothing is lost of what is given up: the rows are still pending.
        """
        self._reader.stop()
        for future in [future for future in self._at_work if future.cancel()]:
            del self._at_work[future]
        while self._at_work:
            with suppress(DatabaseError):  # it is read again at the next start
                self._leave_silent_disks(END_SECONDS)
            for future in wait(self._at_work, timeout=1, return_when=FIRST_COMPLETED).done:
                with suppress(Exception):
                    self._store(future)
        self._workers.close()
        try:
            with self._database.write() as session:
                files.put_back(session, self._begun)
        except DatabaseError as error:  # then they are read last the next time
            log.warning("that reading some files was given up could not be written down: %s", error)
        self._begun.clear()

    def _hand_out(self) -> None:
        """Give every worker a batch, and have one more wait, so that nobody is idle while another's is stored."""
        free = self._count + 1 + self._workers.places.given_away - len(self._at_work)
        if free <= 0:
            return
        batches = self._next_batches(free)
        begun = {work.file_id for works in batches for work in works} - self._begun
        if begun:
            with self._database.write() as session:
                files.begin(session, begun)
            self._begun |= begun
        for works in batches:
            job = Job(works[0], works)
            self._at_work[self._workers.submit(job, self._read)] = job

    def _next_batches(self, most: int) -> list[list[Work]]:
        """Up to `most` batches of files that may be read now; those under suspicion last, and each alone."""
        now = time.time()
        with self._database.read() as session:
            taken = [work.file_id for job in self._at_work.values() for work in job.works]
            silent = self._workers.silent_libraries
            found = files.next_batch(session, 2 * self._count * self._batch_size, now, taken, silent)
            if not found:
                return [[work] for work in files.next_batch(session, most, now, taken, silent, suspects=True)]
        # The last files are shared out in ever smaller batches, so that all workers are done at about the same time.
        share = -(-len(found) // (2 * self._count))
        size = min(self._batch_size, max(share, min(_SMALL_BATCH, -(-len(found) // self._count))))
        # Each of one library: where that has a disk which hangs, no file of another waits for it.
        of_library: dict[int, list[Work]] = {}
        for work in found:
            of_library.setdefault(work.library_id, []).append(work)
        batches = [works[start : start + size] for works in of_library.values() for start in range(0, len(works), size)]
        return batches[:most]

    def _read(self, job: Job) -> Batch:
        """Read and encode a batch. Runs in a worker.

        Raises OSError, DatabaseError, EncoderError, Stopped or Left.
        """
        outcomes: list[Pair] = []
        try:
            for work in job.works:
                outcomes.append((work, self._reader.read(work, job.pulse, job.claimed)))
                job.go_on()
            fresh = [(work, outcome) for work, outcome in outcomes if isinstance(outcome, Fresh)]
            vectors, failed = self._encode({outcome.content_hash: outcome.prepared.images for _, outcome in fresh})
        except BaseException:
            self._release(job)
            raise
        for index, (work, outcome) in enumerate(outcomes):
            if isinstance(outcome, Fresh) and outcome.content_hash in failed:
                self._reader.release(outcome.content_hash, job.claimed)
                outcomes[index] = work, Unreadable(Reason.BROKEN, failed[outcome.content_hash], outcome.stat)
        return Batch(outcomes, vectors)

    def _encode(self, prepared: Mapping[T, NDArray[np.uint8]]) -> tuple[dict[T, NDArray[np.float32]], dict[T, str]]:
        """Embed what the encoder prepared: (frames, edge, edge, 3) → (frames, dim), by key; and why some can't be.

        Raises EncoderError when it is the encoder that is broken.
        """
        if not prepared:
            return {}, {}
        try:
            rows = self._encoder.encode_images([image for images in prepared.values() for image in images])
            if not embeddings.are_sound(rows).all():
                raise ValueError("the encoder gave an embedding that is not of norm 1")
            ends = np.cumsum([len(images) for images in prepared.values()])
            return dict(zip(prepared, np.split(rows, ends[:-1]), strict=True)), {}
        except Exception as error:  # whatever a network makes of hostile pixels, or a device of its driver
            if len(prepared) == 1:
                self._probe(error)
                return {}, dict.fromkeys(prepared, f"it can't be encoded: {error}")
            log.warning("a batch of %d photos could not be encoded (%s); trying one by one", len(prepared), error)
        vectors: dict[T, NDArray[np.float32]] = {}
        failed: dict[T, str] = {}
        for key, images in prepared.items():
            one, problem = self._encode({key: images})
            vectors |= one
            failed |= problem
        return vectors, failed

    def _probe(self, error: Exception) -> None:
        """Tell a broken encoder from a photo it can't take: a grey image must pass."""
        edge = self._encoder.input_size
        try:
            grey = self._encoder.encode_images([np.full((edge, edge, 3), 128, dtype=np.uint8)])
            if not embeddings.are_sound(grey).all():
                raise ValueError("its embeddings are not of norm 1")
        except Exception as still:
            name = self._encoder.info.name
            raise EncoderError(
                say("the encoder %(name)s has stopped working: %(error)s", name=name, error=still)
            ) from error

    def _store_finished(self, patience_seconds: float) -> int:
        finished, _ = wait(self._at_work, timeout=patience_seconds, return_when=FIRST_COMPLETED)
        return sum(self._store(future) for future in finished)

    def _store(self, future: Future[Batch]) -> int:
        job = self._at_work.pop(future)
        batch = future.result()
        gone: list[Work] = []
        try:
            with self._database.write() as session:
                self._record(session, batch, gone)
        finally:
            self._release(job)
        self._begun.difference_update(work.file_id for work in job.works)
        for work in gone:
            self._gone(work.library_id, work.path)
        return len(job.works)

    def _record(self, session: Session, batch: Batch, gone: list[Work]) -> None:
        fresh = {o.content_hash: o for _, o in batch.outcomes if isinstance(o, Fresh)}
        known = {o.content_hash: o for _, o in batch.outcomes if isinstance(o, Known)}
        stored = photos.ids_of(session, [*fresh, *known])
        ids = stored | {content: photos.store(session, new_photo(session, each)) for content, each in fresh.items()}
        embeddings.put(
            session,
            self._encoder_id,
            {ids[content]: vectors for content, vectors in batch.vectors.items()},
            {ids[content]: each.prepared.moments for content, each in fresh.items()},
        )
        fingerprints.put(session, {ids[content]: each.fingerprint for content, each in fresh.items()})
        for content, each in known.items():
            if each.metadata is not None and content in ids:
                photos.describe(session, ids[content], each.metadata.taken_at, details(session, each.metadata))
        for work, outcome in batch.outcomes:
            match outcome:
                case Fresh() | Known() if outcome.content_hash in ids:
                    is_new = outcome.content_hash not in stored
                    files.mark_indexed(session, work, outcome.stat, ids[outcome.content_hash], fresh=is_new)
                case Unreadable():
                    _record_unreadable(session, work, outcome)
                case Gone():
                    files.postpone(session, work, time.time() + RETRY_SECONDS)
                    gone.append(work)
                case _:  # its twin, being read when it was met, is not stored yet: it is read again
                    files.put_back(session, [work.file_id])

    def _release(self, job: Job) -> None:
        for content_hash in list(job.claimed):
            self._reader.release(content_hash, job.claimed)

    # --- disks that do not answer -------------------------------------------------------------------------------

    def _leave_silent_disks(self, seconds: float) -> None:
        """Wait no longer for a disk that has not answered for so long: its files are pending, and are read later."""
        for future, job in list(self._at_work.items()):
            if job.pulse.seconds() > seconds:
                ids = [work.file_id for work in job.works]
                with self._database.write() as session:
                    files.put_back(session, ids)
                del self._at_work[future]
                self._begun.difference_update(ids)
                self._workers.leave(future, job)
        self._workers.tell()

    # --- photos that a new encoder has not seen -----------------------------------------------------------------

    def _complete_encoder(self) -> int:
        """Embed photos that this encoder has no embedding of yet; let it answer searches once it has them all."""
        with self._database.read() as session:
            lacking = embeddings.count_lacking(session, self._encoder_id)
            found = []
            if lacking != self._unreadable:  # else every photo would be looked at each second, for those given up
                found = embeddings.lacking(session, self._encoder_id, self._batch_size, self._lacking_after)
            infos = photos.get_many(session, found)
        if not found:
            self._unreadable = lacking
            self._activate()
            return 0
        self._lacking_after = found[-1]
        usable = self._reread_all(infos)
        vectors, _ = self._encode({photo_id: each.images for photo_id, each in usable.items()})
        with self._database.write() as session:
            moments = {photo_id: each.moments for photo_id, each in usable.items()}
            embeddings.put(session, self._encoder_id, vectors, moments)
        self._unread.update(set(found) - set(vectors))
        return len(found)

    def _reread_all(self, infos: Sequence[photos.PhotoInfo]) -> dict[int, Prepared]:
        """What can be read of photos that are indexed, by their ids."""
        jobs = {}
        for photo in infos:
            files_of = [file for file in photo.files if not file.is_away]
            if files_of:
                job = Job(files_of[0])
                do = partial(self._reread, photo.content_hash, files_of)
                jobs[self._workers.submit(job, do)] = photo.id, job
        waiting = set(jobs)
        while waiting:
            waiting -= wait(waiting, timeout=1, return_when=FIRST_COMPLETED).done
            for future in list(waiting):
                job = jobs[future][1]
                if self._stop.is_set() or job.pulse.is_stuck():
                    waiting.discard(future)
                    if not future.cancel():
                        self._workers.leave(future, job)
        done = {jobs[future][0]: future.result() for future in jobs if future.done() and not future.cancelled()}
        return {photo_id: prepared for photo_id, prepared in done.items() if prepared is not None}

    def _reread(self, content_hash: bytes, files_of: Sequence[PhotoFile], job: Job) -> Prepared | None:
        for job.at in files_of:
            if job.at.library_id not in self._workers.silent_libraries:
                prepared = self._reader.reread(job.at.absolute_path, content_hash, job.pulse)
                if prepared is not None:
                    return prepared
        return None

    def _activate(self) -> None:
        """Switch, unless that would take photos of a library that is offline out of the search."""
        with self._database.read() as session:
            mine = next(each for each in embeddings.stored_encoders(session) if each.id == self._encoder_id)
            if mine.state == EncoderState.ACTIVE or files.any_offline(session, self._unread):
                return
        with self._database.write() as session:
            embeddings.activate(session, self._encoder_id)
        log.info("the encoder %s has seen every photo and answers searches from now on", mine.name)


def _record_unreadable(session: Session, work: Work, outcome: Unreadable) -> None:
    if outcome.reason == Reason.CHANGED:
        delay = min(RETRY_SECONDS * 2**work.attempts, RETRY_LONGEST_SECONDS)
        files.postpone(session, work, time.time() + delay)
        return
    if outcome.again:
        files.postpone(session, work, time.time() + RETRY_SECONDS, suspect=True)
        return
    log.info("%s: %s %s", display_path(work.absolute_path), outcome.reason, outcome.detail)
    files.mark_failed(session, work, outcome.reason, outcome.detail, outcome.stat)
