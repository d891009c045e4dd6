"""What came and went since a snapshot was built, so that its answers are those of the database as it is.

Of a photo that has changed in any way, the snapshot's rows count no longer; if it is visible and has an embedding now,
that is in the tail, which is searched row by row. An overlay never changes: a later one is made from it by reading what
has changed since.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text
from sqlalchemy.orm import Session

from photoindex import reckoning
from photoindex.embeddings import StoredEncoder
from photoindex.snapshots import changes
from photoindex.snapshots.format import Snapshot
from photoindex.spaces import DECIMALS

TOLERANCE = 10.0**-DECIMALS * 4
"""How far a matrix product is from `reckoning`, at most."""


@dataclass(frozen=True)
class Overlay:
    """The snapshot's rows that count no longer, and the rows that came."""

    sequence: int
    """The last change it knows of."""
    alive: NDArray[np.bool_] | None
    """(n,) whether a row of the snapshot counts; None when all do."""
    photo_ids: NDArray[np.int64]
    """(m,) of the tail, not falling."""
    wide: NDArray[np.float32]
    """(m, dim)"""
    inverse: NDArray[np.float32]
    """(m,) 1 / norm."""

    def near(self, vector: NDArray[np.float32], limit: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """At least the `limit` nearest photos of the tail, or all: ids, not falling, and distances."""
        if len(self.photo_ids) == 0:
            return self.photo_ids, np.empty(0, np.float32)
        apart = 1 - (self.wide @ vector) * self.inverse
        count = limit
        while count < len(apart):
            last = np.partition(apart, count)[count]
            which = apart <= last + TOLERANCE
            if len(np.unique(self.photo_ids[which])) >= limit:
                return self._exactly(vector, which)
            count *= 2  # frames of a few videos
        return self._exactly(vector, np.ones(len(apart), np.bool_))

    def within(self, vector: NDArray[np.float32], max_distance: float) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The photos of the tail that are not farther, and perhaps a few that are by next to nothing."""
        return self._exactly(vector, 1 - (self.wide @ vector) * self.inverse <= max_distance + TOLERANCE)

    def of(
        self, vector: NDArray[np.float32], photo_ids: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Those of the given photos that are in the tail."""
        return self._exactly(vector, np.isin(self.photo_ids, photo_ids))

    def _exactly(
        self, vector: NDArray[np.float32], which: NDArray[np.bool_]
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        apart = reckoning.apart(self.wide[which], vector, self.inverse[which])
        return reckoning.nearest_frames(self.photo_ids[which], apart)


def empty(snapshot: Snapshot) -> Overlay:
    """Nothing has changed since the snapshot was built."""
    nothing = np.empty(0, np.float32)
    return Overlay(
        snapshot.header.sequence, None, np.empty(0, np.int64), nothing.reshape(0, snapshot.header.dim), nothing
    )


def caught_up(session: Session, encoder: StoredEncoder, snapshot: Snapshot, before: Overlay, last: int) -> Overlay:
    """The overlay as of the change `last`, which must be the last one the transaction sees."""
    if last <= before.sequence:
        return before
    changed = sorted(changes.changed(session, encoder.id, before.sequence))
    if not changed:
        return replace(before, sequence=last)
    alive = np.ones(snapshot.header.rows, np.bool_) if before.alive is None else before.alive.copy()
    first = np.searchsorted(snapshot.photo_ids, changed, "left")
    behind = np.searchsorted(snapshot.photo_ids, changed, "right")
    for start, end in zip(first.tolist(), behind.tolist(), strict=True):
        alive[start:end] = False
    return _merged(before, last, alive, _now(session, encoder, changed), changed)


def _merged(before: Overlay, last: int, alive: NDArray[np.bool_], new: reckoning.Rows, changed: list[int]) -> Overlay:
    """The tail without what has changed, and with what that is now; by photo id, frames in their order."""
    kept = ~np.isin(before.photo_ids, changed)
    photo_ids = np.concatenate((before.photo_ids[kept], new.photo_ids))
    wide = np.concatenate((before.wide[kept], reckoning.widened(new.vectors)))
    inverse = np.concatenate((before.inverse[kept], reckoning.inverse_norms(new.vectors)))
    if np.all(photo_ids[1:] >= photo_ids[:-1]):  # as it is when photos are new
        return Overlay(last, alive, photo_ids, wide, inverse)
    order = np.argsort(photo_ids, kind="stable")
    return Overlay(last, alive, photo_ids[order], wide[order], inverse[order])


def _now(session: Session, encoder: StoredEncoder, photo_ids: list[int]) -> reckoning.Rows:
    query = (
        "SELECT e.photo_id, e.vector FROM embedding e JOIN photo p ON p.id = e.photo_id "
        "WHERE e.encoder_id = :encoder AND p.visible AND e.photo_id IN (SELECT value FROM json_each(:ids)) "
        "ORDER BY e.photo_id, e.frame"
    )
    rows = session.execute(text(query), {"encoder": encoder.id, "ids": json.dumps(photo_ids)}).all()
    return reckoning.rows_of([row[0] for row in rows], [row[1] for row in rows], encoder.dim)
