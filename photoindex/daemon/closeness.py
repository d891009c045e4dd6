"""How close embeddings of photos that show the same thing are, measured on the library itself for each encoder."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from photoindex import embeddings
from photoindex.companions import chunks
from photoindex.embeddings import StoredEncoder
from photoindex.models import Embedding, EncoderState, Photo

log = logging.getLogger(__name__)

SAMPLE = 500
FEWEST_SAMPLED = 60
FEWEST_NEIGHBOURS = 30
SPREADS = 4.0
"""How far above the usual cosine of two photos those are that one in a hundred reaches, in steps from the median to the
upper quartile. Not that hundredth itself: where every photo has many copies, it would be that of copies."""
NEARBY = timedelta(seconds=30), timedelta(minutes=15)
"""Photos so far apart are of one event, and mostly not of one burst."""
_SHARE_OF_RANGE = 0.8
_MOST = 0.95


@dataclass(frozen=True)
class Closeness:
    """Cosines by one encoder, -1 to 1."""

    alike: float
    """What about one of a hundred pairs of different photos reaches."""
    burst: float
    """What photos of a burst reach: as much as that, and more than half of the pairs taken minutes apart."""


def measure(session: Session, encoder: StoredEncoder, seed: int = 0) -> Closeness:
    """Of a sample of the library; in one of a few photos, a share of the range that the encoder gives for itself."""
    chosen = _sample(session, encoder.id, random.Random(seed))
    vectors = np.stack(list(chosen.values())) if chosen else np.empty((0, encoder.dim), dtype=np.float32)
    if len(vectors) < FEWEST_SAMPLED:
        low, high = encoder.image_range
        usual = low + _SHARE_OF_RANGE * (high - low)
        return Closeness(usual, usual)
    cosines = (vectors @ vectors.T)[np.triu_indices(len(vectors), 1)]
    median, quartile = np.quantile(cosines, (0.5, 0.75))
    alike = min(float(median + SPREADS * (quartile - median)), _MOST)
    nearby = _nearby(session, encoder.id, chosen)
    usual_nearby = float(np.median(nearby)) if len(nearby) >= FEWEST_NEIGHBOURS else alike
    # Where everything nearby is alike, as in a time lapse, half of a burst must not be less so.
    burst = min(max(alike, usual_nearby), (1 + alike) / 2)
    log.debug("%s: photos are alike from %.3f, bursts from %.3f", encoder.name, alike, burst)
    return Closeness(alike, burst)


class Vectors:
    """Embeddings of some photos by all encoders: of two photos, those by an encoder that has seen both are compared."""

    def __init__(self, session: Session, photo_ids: Iterable[int], closeness: Mapping[int, Closeness]) -> None:
        """`closeness` is by encoder, the one that is preferred first."""
        ids = sorted(set(photo_ids))
        self._closeness = closeness
        self._by_encoder = {encoder_id: _first_frames(session, encoder_id, ids) for encoder_id in closeness}

    def cosine(self, one: int, other: int) -> tuple[float, Closeness] | None:
        """How close two photos are, and what to make of it; None when no encoder has seen both."""
        for encoder_id, vectors in self._by_encoder.items():
            if one in vectors and other in vectors:
                return float(vectors[one] @ vectors[other]), self._closeness[encoder_id]
        return None


def in_use(session: Session) -> list[StoredEncoder]:
    """The encoders whose embeddings are kept up, the active one first."""
    stored = [each for each in embeddings.stored_encoders(session) if each.state != EncoderState.RETIRED]
    return sorted(stored, key=lambda each: each.state != EncoderState.ACTIVE)


def _sample(session: Session, encoder_id: int, chooser: random.Random) -> dict[int, NDArray[np.float32]]:
    last = session.scalar(select(func.max(Photo.id))) or 0
    chosen = chooser.sample(range(1, last + 1), min(last, 2 * SAMPLE))
    found = _first_frames(session, encoder_id, chosen)
    return {photo_id: found[photo_id] for photo_id in list(found)[:SAMPLE]}


def _nearby(session: Session, encoder_id: int, chosen: Mapping[int, NDArray[np.float32]]) -> list[float]:
    """Cosines of sampled photos and the next one that the same camera took minutes later."""
    later: dict[int, int] = {}
    for chunk in chunks(list(chosen)):
        dated = select(Photo.id, Photo.camera, Photo.taken_at).where(Photo.id.in_(chunk), Photo.camera.is_not(None))
        for photo_id, camera, taken_at in session.execute(dated):
            next_id = None if taken_at is None else _next(session, camera, taken_at)
            if next_id is not None:
                later[photo_id] = next_id
    vectors = _first_frames(session, encoder_id, later.values())
    return [float(chosen[one] @ vectors[other]) for one, other in later.items() if other in vectors]


def _next(session: Session, camera: str | None, taken_at: datetime) -> int | None:
    """The first photo that a camera took some minutes later."""
    query = select(Photo.id).where(
        Photo.visible,
        Photo.timeline_at.between(taken_at + NEARBY[0], taken_at + NEARBY[1]),
        Photo.camera == camera,
        Photo.taken_at.is_not(None),
    )
    return session.scalars(query.order_by(Photo.timeline_at).limit(1)).first()


def _first_frames(session: Session, encoder_id: int, photo_ids: Iterable[int]) -> dict[int, NDArray[np.float32]]:
    """Unit vectors, (dim,): of a photo its embedding, of a video that of its first frame."""
    found: dict[int, NDArray[np.float32]] = {}
    for chunk in chunks(sorted(set(photo_ids))):
        query = select(Embedding.photo_id, Embedding.vector).where(
            Embedding.encoder_id == encoder_id, Embedding.photo_id.in_(chunk), Embedding.frame == 0
        )
        for photo_id, value in session.execute(query):
            found[photo_id] = np.frombuffer(value, dtype="<f2").astype(np.float32)
    return found
