"""From what is asked to the one embedding that photos are compared with: terms and photos, weighted and summed."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Sequence

import numpy as np
from blake3 import blake3
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from photoindex import embeddings, photos, query_cache
from photoindex.database import Database
from photoindex.embeddings import StoredEncoder
from photoindex.errors import DatabaseError, NotReadyError, QueryError
from photoindex.messages import say
from photoindex.search.phrasing import content
from photoindex.search.query import Like, Query, Term
from photoindex.search.text_tower import TextTower

log = logging.getLogger(__name__)

SMALLEST_NORM = 1e-3
WAITING_TO_BE_KEPT = 256


class Asker:
    """Embeds queries. Safe to use from any thread."""

    def __init__(self, database: Database, text_tower: TextTower, patience_seconds: float | None) -> None:
        """`patience_seconds`: how long to wait for a text encoder being warmed elsewhere; None loads it."""
        self._database = database
        self._text_tower = text_tower
        self._patience_seconds = patience_seconds
        self._keeper = _Keeper(database)

    def vector(self, encoder: StoredEncoder, query: Query) -> NDArray[np.float32] | None:
        """The embedding of a query, (dim,) and of norm 1; None for one that only filters.

        Texts and photos lie in different parts of an encoder's space: two photos have cosines of .5 to 1 where a text
        and its photo have .25, say. Each part is therefore divided by the width of its kind's range, so that a weight
        means the same for both. Raises QueryError, NotFoundError, NotReadyError or EncoderError.
        """
        parts = [(term.weight, self._term(encoder, term), encoder.text_range) for term in query.terms]
        with self._database.read() as session:
            parts += [(like.weight, _like(session, encoder, like), encoder.image_range) for like in query.likes]
        if not parts:
            return None
        total = np.sum([weight * vector / (high - low) for weight, vector, (low, high) in parts], axis=0)
        largest = max(abs(weight) / (high - low) for weight, _, (low, high) in parts)
        norm = float(np.linalg.norm(total))
        if norm <= SMALLEST_NORM * largest or norm == 0:
            raise QueryError(say("what is looked for and what is left out are the same; take one of them away"))
        return np.asarray(total / norm, dtype=np.float32)

    def prompts(self, encoder: StoredEncoder, texts: Sequence[str]) -> NDArray[np.float32]:
        """The embeddings of fixed texts, (n, dim): those kept in the database, or made now and kept.

        Raises NotReadyError or EncoderError.
        """
        key = f"prompts:{blake3(chr(10).join(texts).encode()).hexdigest(length=16)}"
        with self._database.read() as session:
            kept = query_cache.get_rows(session, encoder, key)
        if kept is None or len(kept) != len(texts):
            kept = self._text_tower.embed_all(encoder, texts, self._patience_seconds)
            self._keeper.keep(encoder.id, key, kept)
        return kept

    def close(self) -> None:
        """Store what is still to be kept, and end. May be called twice."""
        self._keeper.close()

    def _term(self, encoder: StoredEncoder, term: Term) -> NDArray[np.float32]:
        text = content(term.text)
        vector = self._text_tower.cached(encoder, text)
        if vector is not None:
            return vector
        with self._database.read() as session:
            vector = query_cache.get(session, encoder, text)
        if vector is None:
            vector = self._text_tower.embed(encoder, text, self._patience_seconds)
            self._keeper.keep(encoder.id, text, vector)
        self._text_tower.remember(encoder, text, vector)
        return vector


def _like(session: Session, encoder: StoredEncoder, like: Like) -> NDArray[np.float32]:
    if like.picture is not None:
        vector = query_cache.get(session, encoder, query_cache.picture_key(like.picture))
        if vector is None:
            raise QueryError(say("that picture is not known any more; choose it again"))
        return vector
    vector = embeddings.get(session, encoder.id, like.photo_id)
    if vector is None:
        name = photos.get(session, like.photo_id).filename  # raises NotFoundError
        raise NotReadyError(say("%(name)s has no embedding yet; try again when it is indexed", name=name))
    return vector


class _Keeper:
    """Writes embeddings to the query cache behind the searches' back, which must not wait for the daemon's writes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: queue.Queue[tuple[int, str, NDArray[np.float32]] | None] = queue.Queue(WAITING_TO_BE_KEPT)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False

    def keep(self, encoder_id: int, key: str, vector: NDArray[np.float32]) -> None:
        with self._lock:
            if self._closed:
                return
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="query-cache", daemon=True)
                self._thread.start()
        try:
            self._waiting.put_nowait((encoder_id, key, vector))
        except queue.Full:
            log.debug("an embedding is not kept: too many are waiting")

    def close(self) -> None:
        with self._lock:
            self._closed = True
            thread = self._thread
        if thread is not None and thread.is_alive():
            self._waiting.put(None)
            thread.join()

    def _run(self) -> None:
        while True:
            taken = [self._waiting.get()]
            while not self._waiting.empty():
                taken.append(self._waiting.get())
            rows = [each for each in taken if each is not None]
            try:
                self._write(rows)
            except DatabaseError as error:  # it is only a cache
                log.info("the embeddings of %d searches are not kept: %s", len(rows), error)
            if None in taken:
                return

    def _write(self, rows: Sequence[tuple[int, str, NDArray[np.float32]]]) -> None:
        if not rows:
            return
        with self._database.write(durable=False) as session:
            known = {each.id for each in embeddings.stored_encoders(session)}
            for encoder_id in {row[0] for row in rows} & known:
                query_cache.put(session, encoder_id, {key: vector for id, key, vector in rows if id == encoder_id})
