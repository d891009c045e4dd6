"""The search engine: a query in, a page of photos out. The same for pages, API, command line and Python."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from photoindex import embeddings, likeness, photos, words
from photoindex.database import Database
from photoindex.embeddings import StoredEncoder
from photoindex.errors import NotReadyError
from photoindex.messages import say
from photoindex.models import Photo
from photoindex.photos import PhotoInfo
from photoindex.search import answer as answers
from photoindex.search import cursor as cursors
from photoindex.search import facets, filters, language, listing, ranking
from photoindex.search.answer import TIERS, Answer
from photoindex.search.asking import Asker
from photoindex.search.chips import Chip, chips
from photoindex.search.cursor import Place
from photoindex.search.facets import Facet
from photoindex.search.finding import Asked, Findings, find
from photoindex.search.judging import Judging
from photoindex.search.keeping import KeptAnswers
from photoindex.search.parsing import parse
from photoindex.search.places import KnownPlaces
from photoindex.search.query import Like, Problem, Query, Term, normalise
from photoindex.search.text_tower import TextTower
from photoindex.snapshots import Spaces
from photoindex.spaces import Neighbour, Space, chosen
from photoindex.words import Why

MAX_LIMIT = 200

Vector = NDArray[np.float32]


@dataclass(frozen=True)
class Result:
    """One photo found."""

    photo: PhotoInfo
    score: float | None
    """0 to 1; None where nothing ranks, as filters alone were asked for."""
    percent: int | None
    """The same, rounded for people."""
    match: str
    """`strong`, `weak`, or `other` for one that is there only since all photos were asked for."""
    moment_seconds: float | None = None
    """When in a video that is which was looked for; None for what is no video."""
    why: tuple[Why, ...] = ()
    """What matched of its names and of what is said of it."""
    folded: int = 0
    """How many near-duplicates it stands for, where `unique:` was asked for."""


@dataclass(frozen=True)
class ResultPage:
    """A page of results, best first."""

    query: str
    """As it was asked."""
    asked: Query
    """As it was understood."""
    chips: tuple[Chip, ...]
    encoder: str | None
    """None with no index."""
    took_ms: float
    total: int
    """How many can be paged through."""
    strong: int
    """How many of them match strongly."""
    results: tuple[Result, ...]
    next_cursor: str | None
    problems: tuple[Problem, ...] = ()
    """Parts of the query that make no sense, and are left out."""
    language: str | None = None
    """The language of a query that the encoder was not made for, by its English name."""

    @property
    def found(self) -> str:
        """`strong`, `weak` or `nothing`: the best that there is."""
        return TIERS[0] if self.strong else TIERS[1] if self.total else "nothing"


class SearchEngine:
    """Answers searches over one database. Safe to use from any thread."""

    def __init__(self, database: Database, text_tower: TextTower, patience_seconds: float | None = None) -> None:
        """`patience_seconds`: how long a search waits for a text encoder being warmed elsewhere; None loads it."""
        self._database = database
        self._asker = Asker(database, text_tower, patience_seconds)
        self._spaces = Spaces(database.path.parent / "snapshots")
        self._judging = Judging(lambda encoder: partial(self._asker.prompts, encoder))
        self._places = KnownPlaces()
        self._kept = KeptAnswers()
        self._prepared_for: str | None = None

    def parse(self, text: str, today: date | None = None) -> Query:
        """What a query means in this library. Raises QueryError when it is too long."""
        with self._database.read() as session:
            return parse(text, today=today, known_places=self._places.of(session))

    def search(self, query: str, limit: int = 50, cursor: str | None = None) -> ResultPage:
        """Photos that a query finds.

        Raises QueryError (too long, not a cursor, cancels itself), NotFoundError, NotReadyError or EncoderError.
        """
        started = time.perf_counter()
        text = normalise(query)
        return self._page(text, self.parse(text), limit, cursor, started)

    def similar(self, photo_id: int, limit: int = 50, cursor: str | None = None) -> ResultPage:
        """Photos nearest to one of the library, without that one. Needs no encoder.

        Raises NotFoundError, QueryError, or NotReadyError when that photo has no embedding yet.
        """
        started = time.perf_counter()
        with self._database.read() as session:
            photo, encoder = photos.get(session, photo_id), embeddings.active_encoder(session)
        if encoder is None:
            raise NotReadyError(say("%(name)s has no embedding yet; try again when it is indexed", name=photo.filename))
        return self._page(f"like:{photo_id}", Query(likes=(Like(photo_id),), show="all"), limit, cursor, started)

    def count_new(self, query: str, after_photo_id: int) -> int:
        """How many photos with a greater id match a query strongly. Raises as `search`."""
        asked = replace(self.parse(normalise(query)), show="strong", sort="relevance", unique=False)
        with self._database.read() as session:
            encoder = embeddings.active_encoder(session)
        if encoder is None or asked.is_empty:
            return 0
        new = Photo.id > after_photo_id
        vector = self._asker.vector(encoder, asked)
        if vector is not None:
            return self._found(encoder, asked, vector, new)[0].answer.strong
        with self._database.read() as session:
            compiled = filters.compile(session, asked.filters, today=date.today())
            return filters.count(session, filters.narrowed(compiled, new), listing.MOST)

    def facets(self, query: str) -> tuple[Query, tuple[Facet, ...]]:
        """A query as it was understood, and how the best of its matches divide. Raises as `search`."""
        asked = replace(self.parse(normalise(query)), sort="relevance")
        with self._database.read() as session:
            encoder = embeddings.active_encoder(session)
        vector = None if encoder is None or asked.is_empty else self._asker.vector(encoder, asked)
        ids: Sequence[int]
        if encoder is not None and vector is not None:
            found, _ = self._kept.get(encoder.fingerprint, asked) or self._found(encoder, asked, vector)
            ids = found.answer.photo_ids[: facets.MOST_PHOTOS].tolist()
        with self._database.read() as session:
            if vector is None:
                compiled = filters.compile(session, asked.filters, today=date.today())
                ids = listing.read(session, compiled, facets.MOST_PHOTOS, None).photo_ids
            return asked, facets.read(session, ids)

    def prepare(self) -> None:
        """Do what the first search would have to: embed the fixed prompts, look at the library, open its snapshot.

        May take seconds with an encoder that is new. Raises NotReadyError or EncoderError.
        """
        with self._database.read() as session:
            encoder = embeddings.active_encoder(session)
            if encoder is None:
                return
        self._judging.prepare(encoder)
        with self._database.read() as session:
            vector = np.zeros(encoder.dim, dtype=np.float32)
            vector[0] = 1.0
            self._judging.bounds(session, encoder, Query(terms=(Term(""),)), vector)
            self._spaces.of(session, encoder).nearest(session, vector, 1)
            self._places.of(session)
        language.hint("a photo")  # reads its lists of words
        self._prepared_for = encoder.fingerprint

    def is_prepared(self, encoder: StoredEncoder) -> bool:
        """Whether `prepare` was called for that encoder."""
        return self._prepared_for == encoder.fingerprint

    def close(self) -> None:
        """End what goes on in the background. May be called twice."""
        self._asker.close()

    def _page(self, text: str, query: Query, limit: int, cursor: str | None, started: float) -> ResultPage:
        limit = max(1, min(limit, MAX_LIMIT))
        after = cursors.decode(cursor) if cursor else None
        with self._database.read() as session:
            encoder = embeddings.active_encoder(session)
            understood = chips(query, known_places=self._places.of(session))
        page = ResultPage(
            text, query, understood, encoder.name if encoder else None, 0.0, 0, 0, (), None, query.problems
        )
        if encoder is not None and not query.is_empty:
            vector = self._asker.vector(encoder, query)
            if vector is None:
                page = self._listed(page, limit, after)
            elif _is_similarity(query):
                page = self._nearest(page, encoder, vector, limit, after)
            else:
                page = self._ranked(page, encoder, vector, limit, after)
            page = replace(page, language=_foreign(encoder, query))
        return replace(page, took_ms=round(1000 * (time.perf_counter() - started), 1))

    def _listed(self, page: ResultPage, limit: int, after: Place | None) -> ResultPage:
        """What filters alone find, in the order of the timeline."""
        with self._database.read() as session:
            compiled = filters.compile(session, page.asked.filters, today=date.today())
            listed = listing.read(session, compiled, limit, after, oldest_first=page.asked.sort == "oldest")
            infos = photos.get_many(session, listed.photo_ids)
        return replace(
            page,
            total=listed.total,
            strong=listed.total,
            results=tuple(Result(info, None, None, TIERS[0]) for info in infos),
            next_cursor=cursors.encode(listed.last) if listed.last else None,
            problems=(*page.problems, *compiled.problems),
        )

    def _nearest(
        self, page: ResultPage, encoder: StoredEncoder, vector: Vector, limit: int, after: Place | None
    ) -> ResultPage:
        """All photos, those nearest to some first: a page of them needs no more than its own."""
        liked = {like.photo_id for like in page.asked.likes}
        place = None if after is None else Neighbour(after.photo_id, after.key)
        with self._database.read() as session:
            space = self._spaces.of(session, encoder)
            bounds = self._judging.bounds(session, encoder, page.asked, vector)
            found = space.nearest(session, bounds.vector, limit + 1 + len(liked), place)
            found = chosen(found, ~np.isin(found.photo_ids, list(liked)))
            shown = chosen(found, slice(limit))
            tiers = np.where(
                shown.distances <= bounds.strong_distance, 0, np.where(shown.distances <= bounds.weak_distance, 1, 2)
            )
            scores = np.clip(ranking.scores(shown.distances, bounds), 0.0, 1.0)
            answer = Answer(shown.photo_ids, tiers.astype(np.int8), shown.distances, scores)
            results = self._results(session, space, bounds.vector, answer, range(len(shown)))
            total = embeddings.count_searchable(session, encoder.id) - len(embeddings.shown(session, encoder.id, liked))
        last = Place(answers.OTHER, float(shown.distances[-1]), int(shown.photo_ids[-1])) if len(shown) else None
        more = len(found) > limit and last is not None
        return replace(
            page, total=total, strong=0, results=results, next_cursor=cursors.encode(last) if more and last else None
        )

    def _ranked(
        self, page: ResultPage, encoder: StoredEncoder, vector: Vector, limit: int, after: Place | None
    ) -> ResultPage:
        """What matches: found as a whole, so that totals are right and pages are parts of one answer."""
        kept = self._kept.get(encoder.fingerprint, page.asked) if after is not None else None
        found, problems = kept or self._found(encoder, page.asked, vector)
        self._kept.put(encoder.fingerprint, page.asked, (found, problems))
        answer = found.answer
        positions = answer.page(limit, after)
        with self._database.read() as session:
            space = self._spaces.of(session, encoder)
            results = self._results(session, space, found.vector, answer, positions)
            results = _with_reasons(session, page.asked, found.goes_on, results)
        more = positions.stop < len(answer) and len(positions) > 0
        return replace(
            page,
            total=len(answer),
            strong=answer.strong,
            results=results,
            next_cursor=cursors.encode(answer.place(positions[-1])) if more else None,
            problems=(*page.problems, *problems),
        )

    def _found(
        self,
        encoder: StoredEncoder,
        query: Query,
        vector: Vector,
        besides: ColumnElement[bool] | None = None,
    ) -> tuple[Findings, tuple[Problem, ...]]:
        with self._database.read() as session:
            compiled = filters.compile(session, query.filters, today=date.today())
            if besides is not None:
                compiled = filters.narrowed(compiled, besides)
            bounds = self._judging.bounds(session, encoder, query, vector)
            found = find(session, self._spaces.of(session, encoder), Asked(query, bounds, compiled))
            if query.unique:
                groups = likeness.representatives(session, found.answer.photo_ids)
                found = replace(found, answer=answers.fold(found.answer, groups))
        return found, compiled.problems

    def _results(
        self, session: Session, space: Space, vector: Vector, answer: Answer, positions: range
    ) -> tuple[Result, ...]:
        ids: list[int] = answer.photo_ids[positions.start : positions.stop].tolist()
        at = space.moments(session, vector, ids)
        infos = {info.id: info for info in photos.get_many(session, ids)}
        found = []
        for position, photo_id in zip(positions, ids, strict=True):
            if photo_id in infos:  # else it was deleted since
                score = float(answer.scores[position])
                folded = 0 if answer.folded is None else int(answer.folded[position])
                match = TIERS[answer.tiers[position]]
                found.append(Result(infos[photo_id], score, round(100 * score), match, at.get(photo_id), folded=folded))
        return tuple(found)


def _is_similarity(query: Query) -> bool:
    """Whether all photos are wanted, by their looks alone."""
    by_looks = query.likes and not query.terms and not query.filters
    return bool(by_looks) and query.show == "all" and query.sort == "relevance" and not query.unique


def _foreign(encoder: StoredEncoder, query: Query) -> str | None:
    if encoder.multilingual or not query.terms:
        return None
    return language.hint(" ".join(term.text for term in query.terms))


def _with_reasons(session: Session, query: Query, goes_on: bool, results: tuple[Result, ...]) -> tuple[Result, ...]:
    reasons = words.why(session, query.wanted, [each.photo.id for each in results], goes_on=goes_on)
    return tuple(replace(each, why=reasons.get(each.photo.id, ())) for each in results)
