"""The nearest photos by sqlite-vec: exact, for libraries that are not large, and where there is no snapshot.

sqlite-vec says which photos may be meant; their distances are then reckoned from the rows of the table `embedding`, as
everywhere, since sqlite-vec's own sums differ in the sixth decimal.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import bindparam, exists, select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from photoindex import reckoning
from photoindex.companions import chunks
from photoindex.embeddings import StoredEncoder
from photoindex.models import Embedding, Photo
from photoindex.spaces import NOTHING, Found, Neighbour, behind, chosen, ordered
from photoindex.vector_tables import FRAME_SHIFT, row_key

__all__ = ["KNN_LIMIT", "Neighbour", "VecSpace", "moments", "nearest"]

KNN_LIMIT = 4096  # sqlite-vec 0.1.9 answers no larger k
PHOTO_MASK = (1 << FRAME_SHIFT) - 1
TOLERANCE = 2e-5
"""sqlite-vec's distances are never further from ours."""


_SAID: set[int] = set()
"""Encoders of whose damaged table it was told."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class VecSpace:
    """A `photoindex.spaces.Space` over the sqlite-vec table of one encoder."""

    encoder: StoredEncoder

    def nearest(
        self, session: Session, vector: NDArray[np.float32], limit: int, after: Neighbour | None = None
    ) -> Found:
        """The `limit` nearest photos, exactly: over several pages no photo is repeated or left out."""
        floor = -1.0 if after is None else after.distance - TOLERANCE
        k = min(limit + 8, KNN_LIMIT)
        while True:
            keys, apart = self._knn(session, vector, k, "distance >= :floor", floor=floor)
            found = self.distances(session, vector, keys & PHOTO_MASK)
            whole = len(keys) < k
            if not whole:  # at the last distance and beyond it there may be others
                found = chosen(found, found.distances < apart.max() - TOLERANCE)
            found = behind(found, after)
            if whole or len(found) >= limit:
                return chosen(found, slice(limit))
            if k == KNN_LIMIT:
                return self._nearest_by_full_scan(session, vector, limit, floor, after)
            k = min(4 * k, KNN_LIMIT)

    def within(
        self, session: Session, vector: NDArray[np.float32], max_distance: float, *, thorough: bool = False
    ) -> Found:
        """Every photo that is not farther than `max_distance`, however many they are, thorough or not."""
        bound = max_distance + TOLERANCE
        keys, _ = self._knn(session, vector, KNN_LIMIT, "distance <= :bound", bound=bound)
        if len(keys) == KNN_LIMIT:
            keys, _ = self._scan(session, vector, "apart <= :bound", bound=bound)
        found = self.distances(session, vector, keys & PHOTO_MASK)
        return chosen(found, found.distances <= max_distance)

    def distances(
        self, session: Session, vector: NDArray[np.float32], photo_ids: Sequence[int] | NDArray[np.int64]
    ) -> Found:
        """Those of the given photos that are visible and have an embedding."""
        ids, apart = [], []
        for rows in reckoning.stored(session, self.encoder.id, self.encoder.dim, np.asarray(photo_ids).tolist()):
            some, nearest_of_some = reckoning.nearest_frames(rows.photo_ids, reckoning.distances(rows.vectors, vector))
            ids.append(some)
            apart.append(nearest_of_some)
        return ordered(np.concatenate(ids), np.concatenate(apart)) if ids else NOTHING

    def moments(
        self, session: Session, vector: NDArray[np.float32], photo_ids: Sequence[int]
    ) -> dict[int, float | None]:
        """When in each of the given photos that is a video its nearest frame is, in seconds."""
        return moments(session, self.encoder, vector, photo_ids)

    def _knn(
        self, session: Session, vector: NDArray[np.float32], k: int, condition: str, **values: float
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Keys and distances, by sqlite-vec, of the k nearest rows that meet a condition on their `distance`."""
        statement = (
            f"SELECT photo_id, distance FROM vec_{self.encoder.id} "
            f"WHERE embedding MATCH :vector AND k = :k AND {condition}{self._visible(session)}"
        )
        try:
            return _pairs(session, statement, {"vector": vector.astype(np.float32).tobytes(), "k": k, **values})
        except DatabaseError as error:
            keys, apart = self._by_rows(session, vector, error, **values)
            nearest = np.argsort(apart, kind="stable")[:k]
            return keys[nearest], apart[nearest]

    def _scan(
        self, session: Session, vector: NDArray[np.float32], condition: str, **values: float
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The same of all rows, however many: each is read."""
        statement = (
            # Not named `distance`: that would be the table's own column, which only a KNN query fills.
            "SELECT photo_id, apart FROM (SELECT photo_id, vec_distance_cosine(embedding, :vector) AS apart "
            f"FROM vec_{self.encoder.id} WHERE TRUE{self._visible(session)}) WHERE {condition}"
        )
        try:
            return _pairs(session, statement, {"vector": vector.astype(np.float32).tobytes(), **values})
        except DatabaseError as error:
            return self._by_rows(session, vector, error, **values)

    def _by_rows(
        self,
        session: Session,
        vector: NDArray[np.float32],
        error: DatabaseError,
        floor: float = -np.inf,
        bound: float = np.inf,
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The same without the table, which is damaged: half a second for 100,000 photos. Raises what is no damage."""
        if not _is_damage(error):
            raise error
        if self.encoder.id not in _SAID:
            _SAID.add(self.encoder.id)
            log.warning("the search table of %s is damaged; the daemon rebuilds it when it starts", self.encoder.name)
        query = text(
            "SELECT e.photo_id, e.frame, e.vector FROM embedding e JOIN photo p ON p.id = e.photo_id "
            "WHERE e.encoder_id = :encoder AND p.visible AND length(e.vector) = :bytes"
        )
        found = session.execute(query, {"encoder": self.encoder.id, "bytes": 2 * self.encoder.dim})
        keys, apart = [np.empty(0, np.int64)], [np.empty(0, np.float64)]
        for part in found.partitions(reckoning.READ_AT_ONCE):
            rows = reckoning.rows_of(
                [row_key(row[0], row[1]) for row in part], [row[2] for row in part], self.encoder.dim
            )
            distances = reckoning.distances(rows.vectors, vector).astype(np.float64)
            wanted = (distances >= floor) & (distances <= bound)
            keys.append(rows.photo_ids[wanted])
            apart.append(distances[wanted])
        return np.concatenate(keys), np.concatenate(apart)

    def _nearest_by_full_scan(
        self,
        session: Session,
        vector: NDArray[np.float32],
        limit: int,
        floor: float,
        after: Neighbour | None,
    ) -> Found:
        """For the rare page in which thousands of photos are equally near."""
        keys, apart = self._scan(session, vector, "apart >= :floor", floor=floor)
        wanted = limit
        while True:
            whole = wanted >= len(apart)
            last = np.inf if whole else np.partition(apart, wanted)[wanted]
            near = keys[apart <= last + 2 * TOLERANCE]
            found = self.distances(session, vector, near & PHOTO_MASK)
            if not whole:
                found = chosen(found, found.distances <= last)
            found = behind(found, after)
            if whole or len(found) >= limit:
                return chosen(found, slice(limit))
            wanted *= 4

    def _visible(self, session: Session) -> str:
        """A condition that leaves out hidden photos, nothing when there are none."""
        if not session.scalar(select(exists().where(~Photo.visible))):
            return ""
        return (
            f" AND photo_id IN (SELECT e.frame << {FRAME_SHIFT} | e.photo_id FROM embedding e "
            f"JOIN photo p ON p.id = e.photo_id WHERE e.encoder_id = {self.encoder.id} AND p.visible)"
        )


def nearest(
    session: Session,
    encoder: StoredEncoder,
    vector: NDArray[np.float32],
    limit: int,
    after: Neighbour | None = None,
) -> list[Neighbour]:
    """The `limit` visible photos nearest to `vector` (dim,), by distance and then by id, with the moments of videos."""
    space = VecSpace(encoder)
    found = space.nearest(session, vector, limit, after)
    ids: list[int] = found.photo_ids.tolist()
    at = space.moments(session, vector, ids)
    pairs = zip(ids, found.distances.tolist(), strict=True)
    return [Neighbour(photo_id, distance, at.get(photo_id)) for photo_id, distance in pairs]


_FRAMES = (
    select(Embedding.photo_id, Embedding.at_seconds, Embedding.vector)
    .where(
        Embedding.encoder_id == bindparam("encoder"),
        Embedding.photo_id.in_(
            select(Embedding.photo_id).where(
                Embedding.encoder_id == bindparam("encoder"),
                Embedding.photo_id.in_(bindparam("photo_ids", expanding=True)),
                Embedding.frame == 1,
            )
        ),
    )
    .order_by(Embedding.photo_id, Embedding.frame)
)
"""The frames of those photos that have several."""


def moments(
    session: Session, encoder: StoredEncoder, vector: NDArray[np.float32], photo_ids: Sequence[int]
) -> dict[int, float | None]:
    """When in each of the given photos that has several frames the nearest one is, in seconds; None if unknown."""
    found: dict[int, float | None] = {}
    for chunk in chunks(photo_ids):
        part = [int(each) for each in chunk]
        frames = session.execute(_FRAMES, {"encoder": encoder.id, "photo_ids": part}).all()
        if not frames:
            continue
        rows = reckoning.rows_of([row[0] for row in frames], [row[2] for row in frames], encoder.dim)
        apart = reckoning.distances(rows.vectors, vector)
        for index in np.lexsort((np.arange(len(apart)), apart)):  # the earliest of equally near ones
            found.setdefault(frames[index][0], frames[index][1])
    return found


def _is_damage(error: DatabaseError) -> bool:
    """Whether the table is what is wrong; not that the database is locked, say, or a query was ended."""
    return not any(sign in str(error.orig) for sign in ("locked", "interrupted", "I/O", "full", "no such table: photo"))


def _pairs(
    session: Session, statement: str, values: dict[str, object]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    rows = session.execute(text(statement), values).all()
    return np.array([row[0] for row in rows], np.int64), np.array([row[1] for row in rows], np.float64)
