"""Finding: from a query and its embedding to everything that answers it, in order.

Filters choose before anything is ranked. A narrow one is looked up first, and only its photos are compared with what is
asked; a broad one is checked on all photos that are near enough. Both ways find the same: what counts is a distance
that is fixed beforehand, and not a number of neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from photoindex import photos, words
from photoindex.search import filters, fusion, ranking
from photoindex.search.answer import OTHER, STRONG, WEAK, Answer, arranged
from photoindex.search.cutoff import Bounds
from photoindex.search.filters import Compiled
from photoindex.search.query import Query
from photoindex.spaces import Found, Space, chosen
from photoindex.words import WordMatches

NARROW = 20_000
"""Photos that are rather compared one by one than looked for among all that are near."""
CHECKED = 50_000
"""Photos found that a broad filter is checked on one by one; for more, all that meet it are fetched."""
FARTHEST = 2.0


@dataclass(frozen=True)
class Asked:
    """What is to be found."""

    query: Query
    bounds: Bounds
    """What to look up, and where matches end."""
    compiled: Compiled
    """The query's filters."""


@dataclass(frozen=True)
class Findings:
    """What was found."""

    answer: Answer
    vector: NDArray[np.float32]
    """What was looked up, (dim,): by it the moments of videos are found."""
    goes_on: bool = False
    """Whether the last word was taken for the beginning of others (see `words.find`)."""


def find(session: Session, space: Space, asked: Asked) -> Findings:
    """Everything that matches, in the order that the query wants."""
    query, bounds = asked.query, asked.bounds
    few = _few(session, asked.compiled)
    matches, avoided = _words(session, asked, few)
    near = _near(session, space, asked, few, FARTHEST if query.show == "all" else bounds.weak_distance)
    near = _with(near, session, space, asked, matches)
    fused = fusion.fuse(
        near.photo_ids,
        ranking.scores(near.distances, bounds),
        matches,
        strong_score=ranking.STRONG,
        avoid=avoided,
    )
    ids, keys = fused.photo_ids, fused.keys
    known = keys >= ranking.scores(np.array([bounds.weak_distance]), bounds)
    tiers = np.where(fused.strong, STRONG, np.where(known, WEAK, OTHER)).astype(np.int8)
    kept = {"all": tiers <= OTHER, "matches": tiers <= WEAK, "strong": tiers == STRONG}[query.show]
    scores = np.clip(keys, 0.0, 1.0)
    order = -keys if query.sort == "relevance" else _times(session, ids, newest_first=query.sort == "newest")
    return Findings(arranged(ids[kept], tiers[kept], order[kept], scores[kept]), bounds.vector, matches.goes_on)


def _few(session: Session, compiled: Compiled) -> NDArray[np.int64] | None:
    """The photos that meet the filters where these are narrow, ascending; None where they are broad, or are none."""
    if compiled.condition is None or filters.count(session, compiled, NARROW) > NARROW:
        return None
    return filters.photo_ids(session, compiled)


def _words(session: Session, asked: Asked, few: NDArray[np.int64] | None) -> tuple[WordMatches, WordMatches | None]:
    """Photos that have the words of what is asked for, and meet the filters; and of what is to be kept away from."""
    wanted = asked.query.wanted
    matches = words.find(session, wanted, among=few)
    if asked.compiled.condition is not None and few is None and len(matches):
        if len(matches) > CHECKED:  # perhaps more have the words than are found at once
            matches = words.find(session, wanted, among=filters.photo_ids(session, asked.compiled))
        else:
            keep = filters.which(session, asked.compiled, matches.photo_ids)
            matches = WordMatches(
                matches.photo_ids[keep], matches.weights[keep], matches.complete[keep], matches.goes_on
            )
    avoid = None
    for term in asked.query.terms:
        if term.weight < 0:
            found = words.find(session, term.text, among=few)
            avoid = found if avoid is None else _either(avoid, found)
    return matches, avoid


def _either(one: WordMatches, other: WordMatches) -> WordMatches:
    ids = np.union1d(one.photo_ids, other.photo_ids)
    weights, complete = np.zeros(len(ids)), np.zeros(len(ids), dtype=np.bool_)
    for each in (one, other):
        at = np.searchsorted(ids, each.photo_ids)
        weights[at] = np.maximum(weights[at], each.weights)
        complete[at] |= each.complete
    return WordMatches(ids, weights, complete)


def _near(session: Session, space: Space, asked: Asked, few: NDArray[np.int64] | None, farthest: float) -> Found:
    """The photos that meet the filters and are not farther away."""
    if few is not None:
        found = space.distances(session, asked.bounds.vector, few)
        found = chosen(found, found.distances <= farthest)
    else:
        filtered = asked.compiled.condition is not None
        found = space.within(session, asked.bounds.vector, farthest, thorough=filtered)
        if filtered:
            found = chosen(found, _meeting(session, asked.compiled, found.photo_ids))
    liked = [like.photo_id for like in asked.query.likes]
    return chosen(found, ~np.isin(found.photo_ids, liked)) if liked else found


def _meeting(session: Session, compiled: Compiled, photo_ids: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which photos meet the filters, (n,)."""
    if len(photo_ids) <= CHECKED:
        return filters.which(session, compiled, photo_ids)
    return np.isin(photo_ids, filters.photo_ids(session, compiled))


def _with(near: Found, session: Session, space: Space, asked: Asked, matches: WordMatches) -> Found:
    """What is near, and what has the words however far away it is."""
    lacking = np.setdiff1d(matches.photo_ids, near.photo_ids)
    if not len(lacking) or len(lacking) > NARROW:
        return near  # so many that the words tell too little; they count as if they did not look like it at all
    more = space.distances(session, asked.bounds.vector, lacking)
    return Found(np.concatenate([near.photo_ids, more.photo_ids]), np.concatenate([near.distances, more.distances]))


def _times(session: Session, photo_ids: NDArray[np.int64], *, newest_first: bool) -> NDArray[np.float64]:
    """Keys that bring photos into the order of the timeline, (n,)."""
    milliseconds = photos.times(session, photo_ids).astype(np.float64)
    return -milliseconds if newest_first else milliseconds
