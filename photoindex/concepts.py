"""Concepts as stored: what was found in the library, from which photos, and whether it is time to look again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from photoindex import embeddings
from photoindex.companions import chunks
from photoindex.embeddings import StoredEncoder
from photoindex.models import Concept, ConceptLabels, ConceptRun, Embedding, Photo, Place, utc_now

CHANGED_SHARE = 0.05
CHANGED_PHOTOS = 500
"""Concepts are found anew when this share of the library changed, or so many photos, whichever is less."""
LABELS_RETRY = timedelta(days=1)
"""How long to wait with a text encoder that could not be had, or for another list of labels, before trying again."""

# Multiplying by it spreads consecutive ids evenly (Knuth's golden ratio): a sample is the same from run to run, and
# that of a grown library lies within that of before.
_SPREAD, _RANGE, _LOW_BITS = 2_654_435_761, 1 << 32, 1 << 20


@dataclass(frozen=True)
class ConceptInfo:
    """A concept as people see it."""

    id: int
    kind: str
    """`label`, `place` or `group`."""
    name_en: str
    name_fr: str
    query: str
    photos: int
    """About how many photos show it."""
    cover_photo_id: int
    examples: tuple[int, ...]
    """A few of its photos that are shown, the clearest first; the first is the cover."""


@dataclass(frozen=True)
class NewConcept:
    """A concept as found. One with the same `key` as before stays the same concept, with the same id."""

    key: str
    kind: str
    name_en: str
    name_fr: str
    query: str
    photos: int
    examples: tuple[int, ...]
    centroid: NDArray[np.float32]
    """(dim,), norm 1."""


@dataclass(frozen=True)
class Sample:
    """Some photos of the library, evenly chosen: ids (n,), ascending, and embeddings (n, dim), norm 1."""

    photo_ids: NDArray[np.int64]
    vectors: NDArray[np.float32]
    searchable: int
    """How many photos it stands for."""


@dataclass(frozen=True)
class Circumstance:
    """Where and when a photo was taken, as far as that is known."""

    city: str | None
    city_fr: str | None
    taken_at: datetime | None


def list_all(session: Session) -> list[ConceptInfo]:
    """The concepts found with the encoder in use that still have a photo to show, in their order."""
    encoder = embeddings.active_encoder(session)
    if encoder is None:
        return []
    rows = session.scalars(select(Concept).where(Concept.encoder_id == encoder.id).order_by(Concept.position)).all()
    shown = _visible(session, {photo_id for row in rows for photo_id in row.examples})
    found = []
    for row in rows:
        examples = tuple(photo_id for photo_id in row.examples if photo_id in shown)
        if examples:
            names = (row.id, row.kind, row.name_en, row.name_fr, row.query)
            found.append(ConceptInfo(*names, row.photos, examples[0], examples))
    return found


def is_due(session: Session, encoder: StoredEncoder, labels_digest: str) -> bool:
    """Whether concepts were never found with this encoder, or the library or the labels have changed since."""
    searchable = embeddings.count_searchable(session, encoder.id)
    run = session.get(ConceptRun, encoder.id)
    if run is None:
        return searchable > 0
    added = _newest_photo_id(session) - run.newest_photo_id
    changed = max(abs(searchable - run.photos), added)
    if changed >= max(1, min(CHANGED_PHOTOS, round(CHANGED_SHARE * run.photos))):
        return True
    return run.labels_digest != labels_digest and utc_now() - run.made_at > LABELS_RETRY


def known_centroids(session: Session, encoder_id: int) -> dict[str, NDArray[np.float32]]:
    """The concepts of the last time: key → centroid (dim,), in their order."""
    rows = session.execute(
        select(Concept.key, Concept.centroid).where(Concept.encoder_id == encoder_id).order_by(Concept.position)
    )
    return {key: np.frombuffer(centroid, dtype="<f2").astype(np.float32) for key, centroid in rows}


def replace_all(
    session: Session, encoder_id: int, found: Sequence[NewConcept], searchable: int, labels_digest: str
) -> None:
    """Store what was found, in its order, instead of what was found before; and that this was done now."""
    keys = [each.key for each in found]
    session.execute(delete(Concept).where(Concept.encoder_id == encoder_id, Concept.key.not_in(keys)))
    for position, each in enumerate(found):
        values: dict[str, Any] = {
            "kind": each.kind,
            "name_en": each.name_en,
            "name_fr": each.name_fr,
            "query": each.query,
            "photos": each.photos,
            "examples": list(each.examples),
            "centroid": each.centroid.astype("<f2").tobytes(),
            "position": position,
        }
        row = insert(Concept).values(encoder_id=encoder_id, key=each.key, **values)
        session.execute(row.on_conflict_do_update(index_elements=["encoder_id", "key"], set_=values))
    run = ConceptRun(
        encoder_id=encoder_id,
        photos=searchable,
        newest_photo_id=_newest_photo_id(session),
        labels_digest=labels_digest,
        made_at=utc_now(),
    )
    session.merge(run)


def label_vectors(session: Session, encoder: StoredEncoder, digest: str) -> NDArray[np.float32] | None:
    """The embeddings (texts, dim) of the texts with this digest, None when they are not stored."""
    row = session.get(ConceptLabels, encoder.id)
    if row is None or row.digest != digest:
        return None
    return np.frombuffer(row.vectors, dtype="<f2").astype(np.float32).reshape(-1, encoder.dim)


def put_label_vectors(session: Session, encoder_id: int, digest: str, vectors: NDArray[np.float32]) -> None:
    """Keep the embeddings (texts, dim) of texts, instead of those of any other list."""
    session.merge(ConceptLabels(encoder_id=encoder_id, digest=digest, vectors=vectors.astype("<f2").tobytes()))


def sample(session: Session, encoder: StoredEncoder, limit: int, check: Callable[[], None] = lambda: None) -> Sample:
    """About `limit` visible photos of all parts of the library, or all when there are no more; a video by one frame.

    Reads the keys of all embeddings and the vectors of those chosen. `check` is called often and may raise, to stop.
    """
    searchable = embeddings.count_searchable(session, encoder.id)
    chosen = select(Embedding.photo_id).where(Embedding.encoder_id == encoder.id, Embedding.frame == 0)
    if searchable > limit:
        place = (Embedding.photo_id % _LOW_BITS) * _SPREAD % _RANGE
        chosen = chosen.where(place < round(limit / searchable * _RANGE))
    photo_ids: list[int] = []
    parts: list[NDArray[np.float32]] = []
    for chunk in chunks(session.scalars(chosen.order_by(Embedding.photo_id)).all()):
        check()
        rows = session.execute(
            select(Embedding.photo_id, Embedding.vector)
            .join(Photo, Photo.id == Embedding.photo_id)
            .where(Embedding.encoder_id == encoder.id, Embedding.photo_id.in_(chunk), Embedding.frame == 0)
            .where(Photo.visible)
            .order_by(Embedding.photo_id)
        ).all()
        photo_ids += [row.photo_id for row in rows]
        joined = np.frombuffer(b"".join(row.vector for row in rows), dtype="<f2")
        parts.append(joined.astype(np.float32).reshape(-1, encoder.dim))
    vectors = np.concatenate(parts) if parts else np.empty((0, encoder.dim), dtype=np.float32)
    return Sample(np.array(photo_ids, dtype=np.int64), vectors, searchable)


def circumstances(session: Session, photo_ids: Sequence[int]) -> dict[int, Circumstance]:
    """Where and when photos were taken, by their ids."""
    found: dict[int, Circumstance] = {}
    for chunk in chunks(photo_ids):
        rows = session.execute(
            select(Photo.id, Place.city, Place.city_fr, Photo.taken_at)
            .outerjoin(Place, Place.id == Photo.place_id)
            .where(Photo.id.in_(chunk))
        )
        found.update({row.id: Circumstance(row.city, row.city_fr, row.taken_at) for row in rows})
    return found


def _visible(session: Session, photo_ids: set[int]) -> set[int]:
    found: set[int] = set()
    for chunk in chunks(sorted(photo_ids)):
        found.update(session.scalars(select(Photo.id).where(Photo.id.in_(chunk), Photo.visible)))
    return found


def _newest_photo_id(session: Session) -> int:
    return session.scalar(select(func.max(Photo.id))) or 0
