"""Who judges a query: the sample of the library and the embedded prompts, kept for each encoder while they are right.

The sample is chosen by a hash of the photo's id, so that it is the same for all processes that look at one state of the
library, and changes little while that grows.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text
from sqlalchemy.orm import Session

from photoindex import embeddings
from photoindex.embeddings import StoredEncoder
from photoindex.search.asking import Asker
from photoindex.search.cutoff import Bounds, Judge
from photoindex.search.picture_cutoff import PictureJudge
from photoindex.search.prompts import NEUTRAL, THINGS
from photoindex.search.query import Query

SAMPLE = 2048
"""Photos; of a library that has no more, all."""
SETTLE_SECONDS = 3.0
"""While photos are being indexed the sample is looked at again after this at the earliest, ..."""
SETTLE_SHARE = 20.0
"""... and after so many times as long as it took."""
FRESH_SECONDS = 300.0
"""Photos that are hidden while as many are shown change no count."""

_CHOSEN = text(
    # Knuth's multiplicative hash. Hidden photos are left out afterwards, of which there are few.
    "SELECT photo_id FROM embedding WHERE encoder_id = :encoder AND frame = 0 "
    "ORDER BY (photo_id * 2654435761) & 4294967295, photo_id LIMIT :limit"
)
_ROWS = text(
    "SELECT e.vector FROM embedding e JOIN photo p ON p.id = e.photo_id WHERE e.encoder_id = :encoder AND e.frame = 0 "
    "AND p.visible AND e.photo_id IN (SELECT value FROM json_each(:ids)) ORDER BY e.photo_id"
)


@dataclass
class _Known:
    """What is kept of one encoder."""

    count: int
    at: float
    took: float
    photos: NDArray[np.float32]
    of_pictures: PictureJudge
    of_texts: Judge | None = None


class Judging:
    """Safe to use from any thread."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker
        self._lock = threading.Lock()
        self._known: dict[int, _Known] = {}

    def bounds(self, session: Session, encoder: StoredEncoder, query: Query, vector: NDArray[np.float32]) -> Bounds:
        """Where the matches of a query end, whose embedding is `vector`, (dim,).

        Raises NotReadyError or EncoderError when the prompts have to be embedded first and can't be.
        """
        known = self._current(session, encoder)
        if query.likes or not len(known.photos):
            return known.of_pictures.bounds(vector)
        if known.of_texts is None:
            prompts = self._asker.prompts(encoder, (*THINGS, *NEUTRAL))
            with self._lock:
                if known.of_texts is None:
                    things, neutral = prompts[: len(THINGS)], prompts[len(THINGS) :]
                    known.of_texts = Judge(known.photos, things, neutral, encoder.image_range)
        return known.of_texts.bounds(vector)

    def _current(self, session: Session, encoder: StoredEncoder) -> _Known:
        count = embeddings.count_searchable(session, encoder.id)
        known = self._known.get(encoder.id)
        if known is not None and not _is_stale(known, count):
            return known
        if not self._lock.acquire(blocking=known is None):
            assert known is not None
            return known  # another thread is at it
        try:
            known = self._known.get(encoder.id)
            if known is None or _is_stale(known, count):
                known = self._known[encoder.id] = _read(session, encoder, count, known)
            return known
        finally:
            self._lock.release()


def _is_stale(known: _Known, count: int) -> bool:
    age = time.monotonic() - known.at
    if known.count != count:
        return age >= max(SETTLE_SECONDS, SETTLE_SHARE * known.took)
    return age >= FRESH_SECONDS


def _read(session: Session, encoder: StoredEncoder, count: int, before: _Known | None) -> _Known:
    started = time.monotonic()
    photos = sample(session, encoder)
    if before is not None and np.array_equal(before.photos, photos):
        before.count, before.at, before.took = count, time.monotonic(), time.monotonic() - started
        return before
    judge = PictureJudge(photos, encoder.image_range)
    return _Known(count, time.monotonic(), time.monotonic() - started, photos, judge)


def sample(session: Session, encoder: StoredEncoder) -> NDArray[np.float32]:
    """Embeddings of a fixed sample of the visible photos, (n, dim) unit rows; of videos the first frame."""
    chosen = session.scalars(_CHOSEN, {"encoder": encoder.id, "limit": SAMPLE + SAMPLE // 8}).all()
    ids = "[" + ",".join(map(str, chosen)) + "]"
    rows = session.scalars(_ROWS, {"encoder": encoder.id, "ids": ids}).all()
    stacked = np.frombuffer(b"".join(rows), dtype="<f2").reshape(-1, encoder.dim).astype(np.float32)
    norms = np.linalg.norm(stacked, axis=1, keepdims=True)
    return np.asarray(stacked / np.maximum(norms, 1e-6), dtype=np.float32)
