"""Nearest photos by a snapshot and its overlay.

FAISS's codes give candidates; these are reckoned exactly, so that every distance is right, and only a photo that the
codes have put far behind where it belongs can be missed. How many candidates that takes was measured when the snapshot
was built. Where it would be most of the library, every row is reckoned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from photoindex import neighbours, reckoning
from photoindex.embeddings import StoredEncoder
from photoindex.snapshots.format import Depth, Snapshot
from photoindex.snapshots.overlay import Overlay
from photoindex.spaces import Found, Neighbour, behind, chosen, ordered

SCAN_SHARE = 0.4
"""Of the rows: for more candidates than this, reckoning all rows is as quick."""
DEEPER = ((500, 4.0), (2000, 2.0), (5000, 1.5))
"""Photos expected, and how many times as many candidates and lists as were measured to be enough `within` looks at."""
THOROUGH = 2.0
"""How many times as many candidates again, of all lists, where nothing may be missed."""
LEAST_WITHIN = 200
"""How many photos at least `within` is prepared for: it starts from an estimate."""

Pairs = tuple[NDArray[np.int64], NDArray[np.float32]]
"""Photo ids, not falling, and distances."""


@dataclass(frozen=True)
class SnapshotSpace:
    """A `photoindex.spaces.Space` over a snapshot, at one moment. Made by `Spaces.of` for each request.

    `distances` is exact. `nearest` finds what `Depth.recall_…` says, `within` all but one in thousands, and thoroughly
    next to all of those; both find what is in the tail for certain.
    """

    encoder: StoredEncoder
    snapshot: Snapshot
    overlay: Overlay

    def nearest(
        self, session: Session, vector: NDArray[np.float32], limit: int, after: Neighbour | None = None
    ) -> Found:
        """The `limit` nearest photos; `after` continues behind the last one of the page before."""
        wanted = limit
        while True:
            found, whole = self._best(vector, wanted)
            rest = behind(found, after)
            if whole or len(rest) >= limit:
                return chosen(rest, slice(limit))
            wanted = 4 * wanted

    def within(
        self, session: Session, vector: NDArray[np.float32], max_distance: float, *, thorough: bool = False
    ) -> Found:
        """Every photo that is not farther than `max_distance`."""
        snapshot = self.snapshot
        share = np.count_nonzero(snapshot.sample @ vector >= 1 - max_distance) / len(snapshot.sample)
        expected = max(LEAST_WITHIN, int(1.3 * share * snapshot.header.rows))
        while True:
            depth = self._deeper(expected, thorough)
            ids, apart = self._candidates(vector, depth)
            near = apart <= max_distance + 10.0**-6
            if depth is None or self._is_enough(depth, int(np.count_nonzero(near)), thorough):
                break
            expected = max(2 * expected, int(1.2 * np.count_nonzero(near)))
        found = _together(self._of_all_frames(vector, ids, apart, near), self.overlay.within(vector, max_distance))
        return chosen(found, found.distances <= max_distance)

    def distances(
        self, session: Session, vector: NDArray[np.float32], photo_ids: Sequence[int] | NDArray[np.int64]
    ) -> Found:
        """Those of the given photos that are visible and have an embedding."""
        wanted = np.unique(np.asarray(photo_ids, dtype=np.int64))
        return _together(self._exactly(vector, self._rows_of(wanted)), self.overlay.of(vector, wanted))

    def moments(
        self, session: Session, vector: NDArray[np.float32], photo_ids: Sequence[int]
    ) -> dict[int, float | None]:
        """When in each of the given photos that is a video its nearest frame is, in seconds."""
        return neighbours.moments(session, self.encoder, vector, photo_ids)

    def _best(self, vector: NDArray[np.float32], wanted: int) -> tuple[Found, bool]:
        """The `wanted` nearest photos, and whether these are all there are."""
        expected = wanted
        while True:
            depth = self._depth(expected)
            ids, apart = self._candidates(vector, depth)
            if depth is None or len(ids) >= wanted:
                break
            expected *= 2  # frames of a few videos, or what counts no longer
        near = apart <= (np.partition(apart, wanted - 1)[wanted - 1] if len(apart) > wanted else np.inf)
        found = _together(self._of_all_frames(vector, ids, apart, near), self.overlay.near(vector, wanted))
        return chosen(found, slice(wanted)), depth is None and len(found) <= wanted

    def _depth(self, limit: int) -> Depth | None:
        """How to look for so many, between and beyond what was measured; None for looking at every row."""
        depths = self.snapshot.header.depths
        limits = [each.limit for each in depths]
        if limit > limits[-1]:
            last = depths[-1]
            candidates = -(-last.candidates * limit // last.limit)
            # The lists that were enough for the last depth hold few more than its candidates in a bad case.
            probes = min(self.snapshot.header.lists, -(-last.probes * limit // last.limit))
        else:
            candidates = int(np.ceil(np.interp(limit, limits, [each.candidates for each in depths])))
            probes = int(np.ceil(np.interp(limit, limits, [each.probes for each in depths])))
        if candidates > SCAN_SHARE * self.snapshot.header.rows:
            return None
        return Depth(limit, probes, candidates, 0.0, 0.0)

    def _deeper(self, limit: int, thorough: bool) -> Depth | None:
        """The same, so deep that next to nothing is missed."""
        depth = self._depth(limit)
        if depth is None:
            return None
        factor = float(np.interp(limit, [at for at, _ in DEEPER], [factor for _, factor in DEEPER]))
        header, candidates = self.snapshot.header, int(np.ceil(factor * depth.candidates))
        scanned = int(SCAN_SHARE * header.rows)
        if thorough:
            candidates = int(THOROUGH * candidates)
            return Depth(limit, header.lists, candidates, 0.0, 0.0) if candidates <= scanned else None
        probes = min(header.lists, int(np.ceil(factor * depth.probes)))
        return Depth(limit, probes, min(candidates, scanned), 0.0, 0.0)

    def _is_enough(self, depth: Depth, found: int, thorough: bool) -> bool:
        """Whether a look of this depth was deep enough for as many as it has found."""
        needed = self._deeper(found, thorough)
        return needed is not None and needed.candidates <= depth.candidates and needed.probes <= depth.probes

    def _candidates(self, vector: NDArray[np.float32], depth: Depth | None) -> Pairs:
        """Photos of the snapshot that count, as deep as told, each with the exact distance of its frames found."""
        snapshot, alive = self.snapshot, self.overlay.alive
        if depth is None:
            apart = reckoning.distances(snapshot.vectors, vector, snapshot.inverse)
            if alive is None:
                return reckoning.nearest_frames(snapshot.photo_ids, apart)
            return reckoning.nearest_frames(snapshot.photo_ids[alive], apart[alive])
        return self._exactly(vector, np.sort(snapshot.codes.search(vector, depth.candidates, depth.probes)))

    def _of_all_frames(
        self, vector: NDArray[np.float32], ids: NDArray[np.int64], apart: NDArray[np.float32], which: NDArray[np.bool_]
    ) -> Pairs:
        """Some of the candidates with their distances: of a video, another frame may be nearer than those found."""
        if self.snapshot.header.rows == self.snapshot.header.photos:
            return ids[which], apart[which]
        return self._exactly(vector, self._rows_of(ids[which]))

    def _rows_of(self, photo_ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Positions of all rows of photos, rising. The ids must rise."""
        first = np.searchsorted(self.snapshot.photo_ids, photo_ids, "left")
        counts = np.searchsorted(self.snapshot.photo_ids, photo_ids, "right") - first
        if self.snapshot.header.rows == self.snapshot.header.photos:
            return first[counts > 0]
        ends = np.cumsum(counts)
        within = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - counts, counts)
        return np.asarray(np.repeat(first, counts) + within, dtype=np.int64)

    def _exactly(self, vector: NDArray[np.float32], positions: NDArray[np.int64]) -> Pairs:
        """The photos at these positions, which must rise, without those that count no longer."""
        snapshot, alive = self.snapshot, self.overlay.alive
        if alive is not None:
            positions = positions[alive[positions]]
        ids, apart = [], []
        for start in range(0, len(positions), reckoning.ROWS_AT_ONCE):
            part = positions[start : start + reckoning.ROWS_AT_ONCE]
            ids.append(snapshot.photo_ids[part])
            apart.append(reckoning.distances(snapshot.vectors[part], vector, snapshot.inverse[part]))
        if not ids:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        if snapshot.header.rows == snapshot.header.photos:
            return np.concatenate(ids), np.concatenate(apart)
        return reckoning.nearest_frames(np.concatenate(ids), np.concatenate(apart))


def _together(these: Pairs, those: Pairs) -> Found:
    """No photo is in both: what is in the tail counts no longer in the snapshot."""
    return ordered(np.concatenate((these[0], those[0])), np.concatenate((these[1], those[1])))
