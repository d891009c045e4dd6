"""The text encoder of a process that searches: loaded once, for the encoder the library uses, kept warm."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from photoindex.embeddings import StoredEncoder
from photoindex.errors import EncoderError, NotReadyError
from photoindex.messages import say

CACHED_QUERIES = 1024


class TextEncoder(Protocol):
    """The half of `photoindex.encoders.base.Encoder` that searching needs."""

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]: ...


class TextTower:
    """Holds the text encoder and the embeddings of recent queries. Safe to use from any thread."""

    def __init__(self, load: Callable[[StoredEncoder], TextEncoder]) -> None:
        """`load` loads the text half of an encoder; it may take seconds, or raise an EncoderError."""
        self._load = load
        self._lock = threading.Lock()
        self._loaded = threading.Condition()
        self._fingerprint: str | None = None
        self._encoder: TextEncoder | None = None
        self._problem: EncoderError | None = None
        self._cache: OrderedDict[tuple[str, str], NDArray[np.float32]] = OrderedDict()

    def is_warm(self, stored: StoredEncoder) -> bool:
        """Whether a query for that encoder is answered without loading anything."""
        return self._fingerprint == stored.fingerprint and self._encoder is not None

    def warm(self, stored: StoredEncoder) -> None:
        """Load the encoder now unless it is loaded already, and run it once. Raises EncoderError."""
        with self._lock:
            if self.is_warm(stored):
                return
            try:
                encoder = self._load(stored)
                encoder.encode_texts(["a photo"])
            except EncoderError as error:
                with self._loaded:
                    self._fingerprint, self._encoder, self._problem = stored.fingerprint, None, error
                    self._loaded.notify_all()
                raise
            with self._loaded:
                self._fingerprint, self._encoder, self._problem = stored.fingerprint, encoder, None
                self._loaded.notify_all()

    def cached(self, stored: StoredEncoder, query: str) -> NDArray[np.float32] | None:
        """The embedding of a query that was asked for recently, (dim,), or None."""
        with self._loaded:
            return self._cache.get((stored.fingerprint, query))

    def remember(self, stored: StoredEncoder, query: str, vector: NDArray[np.float32]) -> None:
        """Keep the embedding of a query, (dim,), for `cached`; those asked for longest ago go."""
        with self._loaded:
            self._cache[stored.fingerprint, query] = vector
            self._cache.move_to_end((stored.fingerprint, query))
            while len(self._cache) > CACHED_QUERIES:
                self._cache.popitem(last=False)

    def embed(self, stored: StoredEncoder, query: str, patience_seconds: float | None) -> NDArray[np.float32]:
        """The embedding of a query, (dim,).

        `patience_seconds` is how long to wait for someone else's `warm`; None loads the encoder here and now.
        Raises NotReadyError when it did not come in time, EncoderError when it can't be loaded.
        """
        return np.asarray(self.embed_all(stored, [query], patience_seconds)[0], dtype=np.float32)

    def embed_all(
        self, stored: StoredEncoder, texts: Sequence[str], patience_seconds: float | None
    ) -> NDArray[np.float32]:
        """The embeddings of several texts, (n, dim). Raises as `embed`."""
        if patience_seconds is None:
            self.warm(stored)
        encoder = self._wait(stored, patience_seconds or 0.0)
        return np.asarray(encoder.encode_texts(texts), dtype=np.float32)

    def _wait(self, stored: StoredEncoder, patience_seconds: float) -> TextEncoder:
        with self._loaded:
            self._loaded.wait_for(lambda: self._fingerprint == stored.fingerprint, timeout=patience_seconds)
            if self._fingerprint != stored.fingerprint:
                raise NotReadyError(
                    say("search is getting ready (loading the encoder %(name)s); try again shortly", name=stored.name)
                )
            if self._encoder is None:
                assert self._problem is not None
                raise self._problem
            return self._encoder
