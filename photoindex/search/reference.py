"""What queries are judged against: a sample of the library and a few prompts, the same for whoever asks.

The web server, a command and a Python program must draw the line at the same photo. So the sample is a function of
what the database holds, and the judge made of it is a function of the sample: it is kept in a cache when there is one,
and made again when there is none.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from photoindex.companions import chunks
from photoindex.embeddings import StoredEncoder, count_searchable
from photoindex.models import Embedding, Photo
from photoindex.search import prompts
from photoindex.search.cutoff import Judge

SAMPLE_PHOTOS = 2048
_CHUNK = 500
_GROWTH = 1.2

Embed = Callable[[Sequence[str]], NDArray[np.float32]]
"""n texts → (n, dim), unit rows."""


@dataclass(frozen=True)
class PromptEmbeddings:
    """The prompts of `photoindex.search.prompts`, embedded by one encoder: unit rows."""

    things: NDArray[np.float32]
    neutral: NDArray[np.float32]


def embed_prompts(embed: Embed) -> PromptEmbeddings:
    """About a hundred texts, at once: a second or two, so it is done while the encoder is warmed."""
    rows = embed((*prompts.THINGS, *prompts.NEUTRAL))
    # As they would come back from a cache: who embeds and who reads must not differ in the last digit.
    rows = rows.astype("<f2").astype(np.float32)
    return PromptEmbeddings(rows[: len(prompts.THINGS)], rows[len(prompts.THINGS) :])


def sample_ids(session: Session, encoder_id: int) -> list[int]:
    """Ids of up to `SAMPLE_PHOTOS` visible photos with an embedding, chosen by a hash of the id.

    Photos that came since the library last grew by a fifth are not asked: while photos are being indexed, pages of one
    search must not be judged differently from minute to minute.
    """
    newest = _newest(session, encoder_id)
    ids = np.arange(1, _step_below(newest) + 1, dtype=np.uint64)
    chosen: list[int] = []
    for chunk in _by_chance(ids):
        found = set(session.scalars(_searchable(encoder_id).where(Embedding.photo_id.in_(chunk))))
        chosen += [photo_id for photo_id in chunk if photo_id in found]
        if len(chosen) >= SAMPLE_PHOTOS:
            return sorted(chosen[:SAMPLE_PHOTOS])
    if not chosen:  # of those that were there at the last step, none is left
        chosen = list(session.scalars(_searchable(encoder_id).order_by(Embedding.photo_id).limit(SAMPLE_PHOTOS)))
    return sorted(chosen)


def sample_vectors(session: Session, encoder_id: int, photo_ids: Sequence[int]) -> NDArray[np.float32]:
    """(n, dim), unit rows, in the order of `photo_ids`: of a video its first frame."""
    vectors: dict[int, bytes] = {}
    for chunk in chunks(photo_ids):
        rows = session.execute(
            select(Embedding.photo_id, Embedding.vector).where(
                Embedding.encoder_id == encoder_id,
                Embedding.frame == 0,
                Embedding.photo_id.in_(chunk),
            )
        )
        vectors.update((photo_id, vector) for photo_id, vector in rows)
    rows_ = np.stack([np.frombuffer(vectors[photo_id], dtype="<f2") for photo_id in photo_ids]).astype(np.float32)
    lengths = np.linalg.norm(rows_, axis=1, keepdims=True)
    return np.asarray(rows_ / np.maximum(lengths, 1e-6), dtype=np.float32)


class Judges:
    """Keeps the judge of the library as it is now, and makes another when the sample has changed.

    Safe to use from any thread. Making one takes some hundred milliseconds at most.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._key: str | None = None
        self._state: tuple[str, int, int] | None = None
        self._judge: Judge | None = None

    def judge(self, session: Session, encoder: StoredEncoder, embedded: Callable[[], PromptEmbeddings]) -> Judge | None:
        """None while no photo can be found. `embedded` gives the prompts' embeddings; it is asked only when needed."""
        with self._lock:
            state = (encoder.fingerprint, count_searchable(session, encoder.id), _newest(session, encoder.id))
            if state == self._state and self._judge is not None:
                return self._judge
            photo_ids = sample_ids(session, encoder.id)
            if not photo_ids:
                return None
            key = _key(encoder, photo_ids)
            if key != self._key or self._judge is None:
                prompts_ = embedded()
                photos = sample_vectors(session, encoder.id, photo_ids)
                self._judge = Judge(photos, prompts_.things, prompts_.neutral, encoder.image_range)
                self._key = key
            self._state = state
            return self._judge


def _key(encoder: StoredEncoder, photo_ids: Sequence[int]) -> str:
    digest = hashlib.blake2b(f"{encoder.fingerprint} {encoder.image_range} {prompts.VERSION}".encode(), digest_size=16)
    digest.update(np.asarray(photo_ids, dtype="<i8").tobytes())
    return digest.hexdigest()


def _newest(session: Session, encoder_id: int) -> int:
    """The highest id of a photo with an embedding, or 0."""
    newest = select(Embedding.photo_id).where(Embedding.encoder_id == encoder_id).order_by(Embedding.photo_id.desc())
    return session.scalar(newest.limit(1)) or 0


def _searchable(encoder_id: int) -> Select[Any]:
    return (
        select(Embedding.photo_id)
        .join(Photo, Photo.id == Embedding.photo_id)
        .where(Embedding.encoder_id == encoder_id, Embedding.frame == 0, Photo.visible)
    )


def _by_chance(ids: NDArray[np.uint64]) -> Iterator[list[int]]:
    """All ids in chunks, in an order as good as drawn by chance."""
    keys = _scrambled(ids)
    first = min(4 * SAMPLE_PHOTOS, len(ids))  # mostly enough, and a million need not be sorted
    start = 0
    for end in (first, len(ids)):
        order = np.argsort(keys, kind="stable") if end == len(ids) else _smallest(keys, end)
        while start < end:
            stop = min(start + _CHUNK, end)
            yield ids[order[start:stop]].tolist()
            start = stop


def _smallest(keys: NDArray[np.uint64], count: int) -> NDArray[np.intp]:
    smallest = np.argpartition(keys, count)[:count]
    return np.asarray(smallest[np.argsort(keys[smallest], kind="stable")])


def _step_below(newest: int) -> int:
    """The largest of 0, 1, 2, … 5, 6, 7, … 12, 14, …, each a fifth above the one before, that is not above."""
    step = 0
    while (following := max(step + 1, int(step * _GROWTH))) <= newest:
        step = following
    return step


def _scrambled(ids: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """A fixed order in which any ids are as good as drawn by chance (the finaliser of SplitMix64)."""
    mixed = ids * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
