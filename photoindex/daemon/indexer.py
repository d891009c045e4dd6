"""The indexer: decode ahead → encode in batches → store, one transaction a batch."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from photoindex import embeddings, encoders, files, fingerprints, gazetteer, photos
from photoindex.daemon.places import Places
from photoindex.daemon.reading import Fresh, Gone, Known, Outcome, Prepared, Reader, Unreadable
from photoindex.database import Database
from photoindex.encoders.base import Encoder
from photoindex.errors import DatabaseError, EncoderError
from photoindex.files import FileStat, Work
from photoindex.libraries import display_path
from photoindex.media import Metadata, Reason
from photoindex.messages import say
from photoindex.models import EncoderState

log = logging.getLogger(__name__)

RETRY_SECONDS = 2.0
"""How long a file that changed while it was read is left alone, doubled with each try up to the longest."""
RETRY_LONGEST_SECONDS = 300.0

_SMALL_BATCH = 4
"""Smaller ones make encoding a photo cost more."""
_EPOCH = datetime(1970, 1, 1)

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
    ) -> None:
        """`gone` is told library and path of files that turn out not to be there."""
        self._database = database
        self._encoder = encoder
        self._encoder_id = encoder_id
        self._reader = reader
        self._batch_size = batch_size
        self._gone = gone
        self._workers = workers
        # More threads than places: one that only waits for a decoder that takes long gives its place to another.
        self._pool = ThreadPoolExecutor(2 * workers + 1, "index", initializer=encoders.set_threads, initargs=(1,))
        self._places = Places(workers)
        reader.when_slow(self._places.lent)
        self._at_work: dict[Future[Batch], list[Work]] = {}
        self._begun: set[int] = set()
        self._lacking_after = 0
        self._unreadable: int | None = None
        self._unread: set[int] = set()

    def step(self, patience_seconds: float = 1.0) -> int:
        """Hand out pending files and store a batch that has come back, waiting for one at most so long.

        Returns how many files were dealt with.
        """
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
        return self._store_finished(patience_seconds)

    @property
    def is_busy(self) -> bool:
        """Whether files are being read."""
        return bool(self._at_work)

    def reconsider(self) -> None:
        """Try photos again that could not be read for a new encoder: the disk has been looked at since."""
        self._lacking_after, self._unreadable = 0, None
        self._unread.clear()

    def close(self) -> None:
        """End the threads when each is through with its batch, and store those. May be called twice.

        Nothing is lost of what is given up: the rows are still pending.
        """
        self._reader.stop()
        self._pool.shutdown(wait=True, cancel_futures=True)
        for future in list(self._at_work):
            if not future.cancelled() and future.exception() is None:
                with suppress(DatabaseError):  # it is read again at the next start
                    self._store(future)
        self._at_work.clear()
        try:
            with self._database.write() as session:
                files.put_back(session, self._begun)
        except DatabaseError as error:  # then they are read last the next time
            log.warning("that reading some files was given up could not be written down: %s", error)
        self._begun.clear()

    def _hand_out(self) -> None:
        """Give every worker a batch, and have one more wait, so that nobody is idle while another's is stored."""
        free = self._workers + 1 + self._places.given_away - len(self._at_work)
        if free <= 0:
            return
        batches = self._next_batches(free)
        begun = {work.file_id for works in batches for work in works} - self._begun
        if begun:
            with self._database.write() as session:
                files.begin(session, begun)
            self._begun |= begun
        for works in batches:
            self._at_work[self._pool.submit(self._read, works)] = works

    def _next_batches(self, most: int) -> list[list[Work]]:
        """Up to `most` batches of files that may be read now; those under suspicion last, and each alone."""
        now = time.time()
        with self._database.read() as session:
            taken = [work.file_id for works in self._at_work.values() for work in works]
            found = files.next_batch(session, 2 * self._workers * self._batch_size, now, taken)
            if not found:
                return [[work] for work in files.next_batch(session, most, now, taken, suspects=True)]
        # The last files are shared out in ever smaller batches, so that all workers are done at about the same time.
        share = -(-len(found) // (2 * self._workers))
        size = min(self._batch_size, max(share, min(_SMALL_BATCH, -(-len(found) // self._workers))))
        return [found[start : start + size] for start in range(0, min(len(found), most * size), size)]

    def _read(self, works: Sequence[Work]) -> Batch:
        """Read and encode a batch. Runs in a worker; raises OSError, DatabaseError, EncoderError or Stopped."""
        with self._places.taken():
            return self._read_here(works)

    def _read_here(self, works: Sequence[Work]) -> Batch:
        outcomes: list[Pair] = []
        try:
            outcomes.extend((work, self._reader.read(work)) for work in works)
            fresh = [(work, outcome) for work, outcome in outcomes if isinstance(outcome, Fresh)]
            vectors, failed = self._encode({outcome.content_hash: outcome.prepared.images for _, outcome in fresh})
        except BaseException:
            self._release(outcomes)
            raise
        for index, (work, outcome) in enumerate(outcomes):
            if isinstance(outcome, Fresh) and outcome.content_hash in failed:
                self._reader.release(outcome.content_hash)
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
        works = self._at_work.pop(future)
        batch = future.result()
        gone: list[Work] = []
        try:
            with self._database.write() as session:
                self._record(session, batch, gone)
        finally:
            self._release(batch.outcomes)
        self._begun.difference_update(work.file_id for work in works)
        for work in gone:
            self._gone(work.library_id, work.path)
        return len(works)

    def _record(self, session: Session, batch: Batch, gone: list[Work]) -> None:
        fresh = {o.content_hash: o for _, o in batch.outcomes if isinstance(o, Fresh)}
        known = {o.content_hash: o for _, o in batch.outcomes if isinstance(o, Known)}
        stored = photos.ids_of(session, [*fresh, *known])
        ids = stored | {content: photos.store(session, _new_photo(session, each)) for content, each in fresh.items()}
        embeddings.put(
            session,
            self._encoder_id,
            {ids[content]: vectors for content, vectors in batch.vectors.items()},
            {ids[content]: each.prepared.moments for content, each in fresh.items()},
        )
        fingerprints.put(session, {ids[content]: each.fingerprint for content, each in fresh.items()})
        for content, each in known.items():
            if each.metadata is not None and content in ids:
                photos.describe(session, ids[content], each.metadata.taken_at, _details(session, each.metadata))
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

    def _release(self, outcomes: Sequence[Pair]) -> None:
        for _, outcome in outcomes:
            if isinstance(outcome, Fresh):
                self._reader.release(outcome.content_hash)

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
        prepared = dict(zip(found, self._pool.map(self._reread, infos), strict=True))
        usable = {photo_id: each for photo_id, each in prepared.items() if each is not None}
        vectors, _ = self._encode({photo_id: each.images for photo_id, each in usable.items()})
        with self._database.write() as session:
            moments = {photo_id: each.moments for photo_id, each in usable.items()}
            embeddings.put(session, self._encoder_id, vectors, moments)
        self._unread.update(set(found) - set(vectors))
        return len(found)

    def _reread(self, photo: photos.PhotoInfo) -> Prepared | None:
        with self._places.taken():
            for file in (each for each in photo.files if not each.is_away):
                prepared = self._reader.reread(file.absolute_path, photo.content_hash)
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


def _new_photo(session: Session, fresh: Fresh) -> photos.NewPhoto:
    taken_at = fresh.metadata.taken_at
    return photos.NewPhoto(
        content_hash=fresh.content_hash,
        format=fresh.format.name,
        width=fresh.width,
        height=fresh.height,
        size_bytes=fresh.stat.size_bytes,
        taken_at=taken_at,
        timeline_at=taken_at or _local_time(fresh.stat),
        details=_details(session, fresh.metadata),
        kind=fresh.format.kind,
        duration_seconds=fresh.duration_seconds,
        colour=fresh.colour,
    )


def _details(session: Session, metadata: Metadata) -> photos.Details:
    """What the metadata say, as columns of the photo; the place is kept with its names."""
    place_id = None
    if metadata.latitude is not None and metadata.longitude is not None:
        place = gazetteer.place_at(metadata.latitude, metadata.longitude)
        if place is not None:
            names = photos.PlaceNames(**{f.name: getattr(place, f.name) for f in fields(photos.PlaceNames)})
            place_id = photos.remember_place(session, place.geoname_id, names)
    motion = metadata.motion
    return photos.Details(
        taken_at_offset_minutes=metadata.taken_at_offset_minutes,
        taken_at_source=metadata.taken_at_source,
        camera=metadata.camera,
        lens=metadata.lens,
        focal_length_mm=metadata.focal_length_mm,
        f_number=metadata.f_number,
        exposure_seconds=metadata.exposure_seconds,
        iso=metadata.iso,
        latitude=metadata.latitude,
        longitude=metadata.longitude,
        altitude_m=metadata.altitude_m,
        place_id=place_id,
        title=metadata.title,
        caption=metadata.caption,
        keywords=metadata.keywords,
        people=metadata.people,
        rating=metadata.rating,
        motion_offset=motion.offset if motion else None,
        motion_bytes=motion.size_bytes if motion else None,
        pairing_id=metadata.pairing_id,
    )


def _local_time(stat: FileStat) -> datetime:
    """The file's time as people here would write it; the epoch for times that no calendar holds."""
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=stat.mtime_ns // 1000)
        return moment.astimezone().replace(tzinfo=None, microsecond=0)
    except (OverflowError, ValueError, OSError):
        return _EPOCH
