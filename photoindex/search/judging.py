"""Who judges a query: by texts or by photos, against the library as it is now."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from photoindex.embeddings import StoredEncoder, count_searchable
from photoindex.search import reference
from photoindex.search.cutoff import Bounds
from photoindex.search.picture_cutoff import PictureJudge
from photoindex.search.query import Query
from photoindex.search.reference import Embed, Judges
from photoindex.threads import one_blas_thread


class Judging:
    """Keeps the judges of the library as it is. Safe to use from any thread."""

    def __init__(self, embed_prompts: Callable[[StoredEncoder], Embed]) -> None:
        """`embed_prompts` gives what embeds the fixed prompts with an encoder, and keeps what it gave."""
        self._embed_prompts = embed_prompts
        self._judges = Judges()
        self._lock = threading.Lock()
        self._state: tuple[str, int] | None = None
        self._of_pictures: PictureJudge | None = None

    def bounds(self, session: Session, encoder: StoredEncoder, query: Query, vector: NDArray[np.float32]) -> Bounds:
        """Where the matches of a query end, whose embedding is `vector`, (dim,).

        Photos need no prompts, and so no encoder. Raises NotReadyError or EncoderError when prompts have to be embedded
        first and can't be.
        """
        with one_blas_thread():
            return self._bounds(session, encoder, query, vector)

    def _bounds(self, session: Session, encoder: StoredEncoder, query: Query, vector: NDArray[np.float32]) -> Bounds:
        if not query.likes:
            judge = self._judges.judge(session, encoder, lambda: reference.embed_prompts(self._embed_prompts(encoder)))
            if judge is not None:
                return judge.bounds(vector)
        return self._picture_judge(session, encoder).bounds(vector)

    def prepare(self, encoder: StoredEncoder) -> None:
        """Embed the prompts, which takes a second or two, unless they are kept. Raises as `bounds`."""
        reference.embed_prompts(self._embed_prompts(encoder))

    def _picture_judge(self, session: Session, encoder: StoredEncoder) -> PictureJudge:
        state = (encoder.fingerprint, count_searchable(session, encoder.id))
        with self._lock:
            if state != self._state or self._of_pictures is None:
                ids = reference.sample_ids(session, encoder.id)
                empty = np.empty((0, encoder.dim), dtype=np.float32)
                photos = reference.sample_vectors(session, encoder.id, ids) if ids else empty
                self._of_pictures, self._state = PictureJudge(photos, encoder.image_range), state
            return self._of_pictures
