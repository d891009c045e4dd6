"""The search engine: a query, or a photo, to a page of photos with scores."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from photoindex import embeddings, neighbours, photos
from photoindex.database import Database
from photoindex.embeddings import StoredEncoder
from photoindex.errors import NotReadyError
from photoindex.neighbours import Neighbour
from photoindex.photos import PhotoInfo
from photoindex.search import cursor as cursors
from photoindex.search import ranking
from photoindex.search.query import normalise
from photoindex.search.text_tower import TextTower

MAX_LIMIT = 200


@dataclass(frozen=True)
class Result:
    """One photo found. `score` is 0 to 1; `percent` is the same, rounded for people."""

    photo: PhotoInfo
    score: float
    percent: int
    moment_seconds: float | None = None
    """When in a video that is which was looked for; None for what is no video."""


@dataclass(frozen=True)
class ResultPage:
    """A page of results, best first. `total` counts all that can be paged through; `encoder` is None with no index."""

    query: str
    encoder: str | None
    took_ms: float
    total: int
    results: tuple[Result, ...]
    next_cursor: str | None


class SearchEngine:
    """Answers searches over one database. Safe to use from any thread."""

    def __init__(self, database: Database, text_tower: TextTower, patience_seconds: float | None = None) -> None:
        """`patience_seconds`: how long a search waits for a text encoder being warmed elsewhere; None loads it."""
        self._database = database
        self._text_tower = text_tower
        self._patience_seconds = patience_seconds

    def search(self, query: str, limit: int = 50, cursor: str | None = None) -> ResultPage:
        """Photos nearest to a description.

        Raises QueryError (too long, not a cursor), NotReadyError or EncoderError.
        """
        started = time.perf_counter()
        text = normalise(query)
        after = cursors.decode(cursor) if cursor else None
        with self._database.read() as session:
            encoder = embeddings.active_encoder(session)
        if encoder is None or not text:
            return ResultPage(text, encoder.name if encoder else None, _since(started), 0, (), None)
        vector = self._text_tower.embed(encoder, text, self._patience_seconds)
        with self._database.read() as session:
            return self._page(session, encoder, text, vector, encoder.text_range, limit, after, started)

    def similar(self, photo_id: int, limit: int = 50, cursor: str | None = None) -> ResultPage:
        """Photos nearest to one of the library, without that one. Needs no encoder.

        Raises NotFoundError, QueryError, or NotReadyError when that photo has no embedding yet.
        """
        started = time.perf_counter()
        after = cursors.decode(cursor) if cursor else None
        with self._database.read() as session:
            photo = photos.get(session, photo_id)
            encoder = embeddings.active_encoder(session)
            vector = embeddings.get(session, encoder.id, photo_id) if encoder else None
            if encoder is None or vector is None:
                raise NotReadyError(f"{photo.filename} has no embedding yet; try again when it is indexed")
            return self._page(
                session, encoder, f"like:{photo_id}", vector, encoder.image_range, limit, after, started, photo_id
            )

    def _page(
        self,
        session: Session,
        encoder: StoredEncoder,
        query: str,
        vector: NDArray[np.float32],
        shown_range: tuple[float, float],
        limit: int,
        after: Neighbour | None,
        started: float,
        without: int | None = None,
    ) -> ResultPage:
        limit = max(1, min(limit, MAX_LIMIT))
        found = neighbours.nearest(session, encoder, vector, limit + 2, after)
        wanted = [each for each in found if each.photo_id != without]
        shown = wanted[:limit]
        total = embeddings.count_searchable(session, encoder.id) - (without is not None)
        return ResultPage(
            query=query,
            encoder=encoder.name,
            took_ms=_since(started),
            total=total,
            results=_results(session, shown, shown_range),
            next_cursor=cursors.encode(shown[-1]) if len(wanted) > limit else None,
        )


def _results(session: Session, found: Sequence[Neighbour], shown_range: tuple[float, float]) -> tuple[Result, ...]:
    neighbours = {each.photo_id: each for each in found}
    infos = photos.get_many(session, list(neighbours))
    return tuple(_result(info, neighbours[info.id], shown_range) for info in infos)


def _result(info: PhotoInfo, neighbour: Neighbour, shown_range: tuple[float, float]) -> Result:
    score = ranking.score(neighbour.distance, shown_range)
    return Result(info, score, ranking.percent(score), neighbour.at_seconds)


def _since(started: float) -> float:
    return round(1000 * (time.perf_counter() - started), 1)
