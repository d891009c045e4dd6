"""The seam between ranking and storage: what any lookup of nearest photos can do, whoever does it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

DECIMALS = 6
"""Distances are rounded to so many, so that two ways of reckoning them give the same order and the same cursor."""


@dataclass(frozen=True)
class Neighbour:
    """A photo and its cosine distance (0 to 2) from what was asked: of a video, that of its nearest frame."""

    photo_id: int
    distance: float
    at_seconds: float | None = None
    """When in a video that frame is."""


@dataclass(frozen=True)
class Found:
    """Photos and their cosine distances (0 to 2), both (n,): nearest first, and at the same distance by id."""

    photo_ids: NDArray[np.int64]
    distances: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.photo_ids)


class Space(Protocol):
    """Looks up the embeddings of one encoder.

    Only visible photos are found. A video is found once, where the nearest of its frames is. `vector` is (dim,) and of
    norm 1. Distances are of the float16 rows of the table `embedding`, reckoned in float32 by `reckoning` and rounded
    to DECIMALS: whoever finds a photo, it has the same distance.
    """

    def nearest(
        self, session: Session, vector: NDArray[np.float32], limit: int, after: Neighbour | None = None
    ) -> Found:
        """The `limit` nearest photos; `after` continues behind the last one of the page before."""
        ...

    def within(
        self, session: Session, vector: NDArray[np.float32], max_distance: float, *, thorough: bool = False
    ) -> Found:
        """Every photo that is not farther than `max_distance`.

        A space may miss one in thousands, unless it is to be `thorough`.
        """
        ...

    def distances(
        self, session: Session, vector: NDArray[np.float32], photo_ids: Sequence[int] | NDArray[np.int64]
    ) -> Found:
        """Those of the given photos that are visible and have an embedding."""
        ...

    def moments(
        self, session: Session, vector: NDArray[np.float32], photo_ids: Sequence[int]
    ) -> dict[int, float | None]:
        """When in each of the given photos that is a video its nearest frame is, in seconds."""
        ...


NOTHING = Found(np.empty(0, np.int64), np.empty(0, np.float64))


def behind(found: Found, after: Neighbour | None) -> Found:
    """What comes after a photo, in the order of `found`."""
    if after is None:
        return found
    same = (found.distances == after.distance) & (found.photo_ids > after.photo_id)
    return chosen(found, (found.distances > after.distance) | same)


def chosen(found: Found, which: NDArray[np.bool_] | slice) -> Found:
    """A part of what was found."""
    return Found(found.photo_ids[which], found.distances[which])


def ordered(photo_ids: NDArray[np.int64], distances: NDArray[np.float32] | NDArray[np.float64]) -> Found:
    """Round distances, and bring photos into order."""
    rounded = np.asarray(distances, dtype=np.float64).round(DECIMALS)
    order = np.lexsort((photo_ids, rounded))
    return Found(np.asarray(photo_ids[order], dtype=np.int64), rounded[order])
