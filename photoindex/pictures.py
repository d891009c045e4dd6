"""Searching by a picture that is no photo of the library: from the bytes of a file to an embedding."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np
from blake3 import blake3
from numpy.typing import NDArray

from photoindex import embeddings, media, query_cache
from photoindex.database import Database
from photoindex.embeddings import StoredEncoder
from photoindex.encoders.base import Encoder
from photoindex.errors import NotReadyError, QueryError, UnreadableFileError
from photoindex.isolation import Decoder
from photoindex.messages import say

KEY_BYTES = 16
IDLE_SECONDS = 600.0
"""The image encoder is let go when no picture came for so long: it takes several hundred megabytes."""


class Pictures:
    """Embeds pictures, one at a time. Safe to use from any thread."""

    def __init__(
        self, database: Database, load: Callable[[StoredEncoder], Encoder], max_pixels: int, decoder: Decoder
    ) -> None:
        """`load` loads the image half of an encoder; it may take seconds, or raise an EncoderError.

        `decoder` is closed by `close`.
        """
        self._database = database
        self._load = load
        self._max_pixels = max_pixels
        self._decoder = decoder
        self._lock = threading.Lock()
        self._encoder: Encoder | None = None
        self._fingerprint: str | None = None
        self._used_at = 0.0
        self._idle: threading.Timer | None = None

    def remember(self, content: bytes, name: bytes = b"") -> str:
        """Embed a picture file and keep its embedding; returns the key by which a query names it (`like:KEY`).

        Raises QueryError when the file can't be read as a picture, NotReadyError when nothing is indexed yet, or
        EncoderError or IsolationError. The file itself is not kept.
        """
        key = blake3(content).hexdigest(length=KEY_BYTES)
        with self._database.read() as session:
            stored = embeddings.active_encoder(session)
            if stored is None:
                raise NotReadyError(say("nothing is indexed yet; index photos with: photoindex up DIR"))
            known = query_cache.get(session, stored, query_cache.picture_key(key)) is not None
        if not known:
            vector = self._embed(stored, content, name)
            with self._database.write(durable=False) as session:
                query_cache.put(session, stored.id, {query_cache.picture_key(key): vector})
        return key

    def close(self) -> None:
        """Let the encoder go, and give up what is being decoded. May be called twice."""
        self._decoder.close()
        with self._lock:
            self._release()

    def _embed(self, stored: StoredEncoder, content: bytes, name: bytes) -> NDArray[np.float32]:
        with self._lock:
            if self._encoder is None or self._fingerprint != stored.fingerprint:
                self._encoder, self._fingerprint = self._load(stored), stored.fingerprint
            edge = self._encoder.input_size
            try:
                decoded = self._decoder.decode(
                    content, name=name, shortest_edge=edge, longest_edge=edge, max_pixels=self._max_pixels
                )
            except UnreadableFileError as error:
                reason = say(media.REASONS[error.reason]) if error.reason in media.REASONS else str(error)
                raise QueryError(say("the picture can't be read: %(reason)s", reason=reason)) from error
            vector = self._encoder.encode_images([self._encoder.prepare(decoded.image)])[0]
            self._used_at = time.monotonic()
            self._watch(IDLE_SECONDS)
        return np.asarray(vector, dtype=np.float32)

    def _watch(self, seconds: float) -> None:
        if self._idle is None:
            self._idle = threading.Timer(seconds, self._look)
            self._idle.daemon = True
            self._idle.start()

    def _look(self) -> None:
        with self._lock:
            self._idle = None
            left = self._used_at + IDLE_SECONDS - time.monotonic()
            if self._encoder is None:
                return
            if left <= 0:
                self._release()
            else:
                self._watch(left)

    def _release(self) -> None:
        self._encoder = self._fingerprint = None
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
