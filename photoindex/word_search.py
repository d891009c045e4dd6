"""Which photos have the words of a query, and where: lookups in the full-text table `word_index`."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError as SqlDatabaseError
from sqlalchemy.orm import Session

from photoindex import documents, tokens
from photoindex.documents import TOLD
from photoindex.models import WordsStale
from photoindex.tokens import Wanted

log = logging.getLogger(__name__)

IS_THE_NAME = 0.98
"""The weight of a photo whose name, without its ending, is what is asked for. `benchmarks/words.py` measures
what these weights do."""
TOLD_OF_IT = 0.9
"""Every word is in what is said of the picture, or is in a name and has a digit: no encoder knows `IMG_2034`."""
NAMED_SO = 0.03
"""Every word is somewhere, but some in names only, which may say anything."""
BEGINS_SO = 0.03
"""Every word is somewhere, but the last one goes on: looked for only when no photo has it as it is."""
HAS_SOME = 0.25
"""Times the share of the words that a photo has, when it has not all, and those in what is said of the picture."""

MOST = 100_000
"""Photos taken of one lookup, newest first: 20 ms of a core, however large the library. `among` takes all there are."""
MOST_OF_SOME = 20_000
"""A single word of several that more photos have than this tells too little of them."""
LONGEST_TEXT = 80

_FOUND = text(
    "SELECT group_concat(rowid) FROM (SELECT rowid FROM word_index "
    "WHERE word_index MATCH :match AND rowid BETWEEN :first AND :last ORDER BY rowid DESC LIMIT :limit)"
)  # one text and not a row each: that would cost four times what SQLite needs
_GONE = select(WordsStale.photo_id).where(WordsStale.gone)
_ARRAYS = ("photo_ids", "weights", "complete")
_NONE: NDArray[np.int64] = np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class WordMatches:
    """Photos that have words of a query. All arrays are (n,)."""

    photo_ids: NDArray[np.int64]
    """Ascending."""
    weights: NDArray[np.float64]
    """Above 0, below 1: how much the words alone say that the photo is meant."""
    complete: NDArray[np.bool_]
    """Whether the photo has every word."""
    goes_on: bool = False
    """Whether the last word had to be taken for the beginning of others, which is no more than a guess."""

    def __len__(self) -> int:
        return len(self.photo_ids)


@dataclass(frozen=True)
class Why:
    """A reason why a photo was found."""

    field: str
    """One of `photoindex.documents.FIELDS`."""
    text: str
    """The value that has a word of the query; of a long one, the part around it."""


def nothing() -> WordMatches:
    """No photo."""
    return WordMatches(_NONE, np.empty(0), np.empty(0, dtype=np.bool_))


def find(session: Session, query: str, *, among: NDArray[np.int64] | None = None) -> WordMatches:
    """Photos that are shown and have words of a query, whatever people type there.

    Accents, case and plural make no difference; words that say nothing ("the", "à", "photo") are not asked for. All
    words must be there, in whatever fields; of a query of several words, single ones count for less. `among` (ascending
    ids) leaves out all others. A table that is damaged or not there yet is as one without a photo: the daemon sees to
    it.
    """
    asked = tokens.wanted(query)
    if not asked or (among is not None and not len(among)):
        return nothing()
    look = _Lookup(session) if among is None else _Lookup(session, int(among[0]), int(among[-1]), every=True)
    try:
        tiers, goes_on = _tiers(look, asked)
        gone = np.sort(np.array(session.scalars(_GONE).all(), dtype=np.int64))
    except SqlDatabaseError as error:
        # Before a daemon has run there is no table, and nothing is wrong.
        level = logging.DEBUG if "no such table" in str(error.orig) else logging.WARNING
        log.log(
            level, "the words of photos can't be searched (%s); the daemon makes them anew at its start", error.orig
        )
        return nothing()
    found = _merged(tiers, goes_on)
    keep = np.ones(len(found), dtype=np.bool_)
    if len(gone):
        keep &= ~np.isin(found.photo_ids, gone)
    if among is not None:
        keep &= np.isin(found.photo_ids, among)
    return found if keep.all() else replace(found, **{name: getattr(found, name)[keep] for name in _ARRAYS})


def why(session: Session, query: str, photo_ids: Sequence[int], *, goes_on: bool = False) -> dict[int, tuple[Why, ...]]:
    """Which words of a query the photos of a page have, and where; photos that have none are left out.

    `goes_on` as `find` says it. What does not count in the ranking is no reason: of a photo that has not all words,
    names that have some.
    """
    asked = tokens.wanted(query)
    if not asked:
        return {}
    opening = asked.opening if goes_on else None
    found = {each.photo_id: _reasons(each.values, asked, opening) for each in documents.read(session, photo_ids)}
    return {photo_id: reasons for photo_id, reasons in found.items() if reasons}


# --- looking up --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Lookup:
    """Looks up expressions in FTS5's language, among the photos from one id to another."""

    session: Session
    first: int = 0
    last: int = (1 << 63) - 1
    every: bool = False
    """Whether all are taken, however many: else a filter would meet only what is among the newest."""

    def __call__(self, match: str, limit: int = 0) -> NDArray[np.int64]:
        """The ids of the photos that match, ascending; at most `limit` of them, or MOST, the newest."""
        most = limit or (-1 if self.every else MOST)
        values = {"match": match, "first": self.first, "last": self.last, "limit": most}
        found = self.session.scalar(_FOUND, values)
        return np.fromstring(found, dtype=np.int64, sep=",")[::-1] if found else _NONE


@dataclass(frozen=True)
class _Tier:
    """Photos with a weight, ascending; `partial` ones are added up."""

    photo_ids: NDArray[np.int64]
    weight: float
    partial: bool = False


def _tiers(look: _Lookup, asked: Wanted) -> tuple[list[_Tier], bool]:
    """What was found, the heaviest first, and whether the last word had to be taken for a beginning."""
    words = [_phrase(word) for word in asked.words]
    found = list(_complete(look, asked, words))
    goes_on = not any(len(tier.photo_ids) for tier in found) and asked.opening is not None
    if goes_on and asked.opening:
        last = f"{_phrase((*asked.words[-1][:-1], asked.opening))} *"
        matches = look(" AND ".join([*words[:-1], last]))
        found.append(_Tier(matches, BEGINS_SO))
        goes_on = len(matches) > 0
    if len(words) > 1:
        found += _partial(look, asked, words)
    return found, goes_on


def _complete(look: _Lookup, asked: Wanted, words: Sequence[str]) -> Iterator[_Tier]:
    """Photos that have every word."""
    anywhere = " AND ".join(words)
    coded = [phrase for word, phrase in zip(asked.words, words, strict=True) if _is_code(word)]
    plain = [phrase for word, phrase in zip(asked.words, words, strict=True) if not _is_code(word)]
    match = " AND ".join([*([_told(" AND ".join(plain))] if plain else []), *coded])
    told = look(match)
    named = look(f"({anywhere}) NOT ({match})") if plain and (look.every or len(told) < MOST) else _NONE
    if len(told) or len(named):
        yield _Tier(look(f"name : {_phrase([tokens.whole(asked.whole)])}"), IS_THE_NAME)
        yield _Tier(told, TOLD_OF_IT)
        yield _Tier(named, NAMED_SO)


def _partial(look: _Lookup, asked: Wanted, words: Sequence[str]) -> Iterator[_Tier]:
    """Photos that have one of several words."""
    for word, phrase in zip(asked.words, words, strict=True):
        found = look(phrase if _is_precise(word) else _told(phrase), MOST_OF_SOME + 1)
        if len(found) <= MOST_OF_SOME:
            yield _Tier(found, HAS_SOME / len(words), partial=True)


def _merged(tiers: Sequence[_Tier], goes_on: bool) -> WordMatches:
    """Each photo once, with the weight of its heaviest tier, or the sum of its partial ones if that is more."""
    tiers = [tier for tier in tiers if len(tier.photo_ids)]
    if not tiers:
        return nothing()
    photo_ids = tiers[0].photo_ids if len(tiers) == 1 else np.unique(np.concatenate([t.photo_ids for t in tiers]))
    weights, some = np.zeros(len(photo_ids)), np.zeros(len(photo_ids))
    for tier in reversed(tiers):
        places = np.searchsorted(photo_ids, tier.photo_ids)
        if tier.partial:
            some[places] += tier.weight
        else:
            weights[places] = tier.weight
    return WordMatches(photo_ids, np.maximum(weights, some), weights > 0, goes_on)


def _phrase(found: Sequence[str]) -> str:
    """A phrase in FTS5's language. Tokens have no quotes, and what is quoted is never an operator."""
    return '"' + " ".join(found).replace('"', "") + '"'


def _told(expression: str) -> str:
    return f"({{{' '.join(TOLD)}}} : ({expression}))"


def _is_code(word: Sequence[str]) -> bool:
    return any(token.isdigit() for token in word)


def _is_precise(word: Sequence[str]) -> bool:
    """`IMG_2034`, but not `2`: enough even if it is only one of several words, and in a name."""
    return _is_code(word) and len(word) > 1


# --- why ---------------------------------------------------------------------------------------------------------


def _reasons(values: Mapping[str, tuple[str, ...]], asked: Wanted, opening: str | None) -> tuple[Why, ...]:
    texts = [(field, value) for field, all_of in values.items() for value in all_of]
    found: dict[tuple[str, str], bool] = {}
    missing = False
    for number, word in enumerate(asked.words):
        goes_on = opening if number == len(asked.words) - 1 else None
        places = [each for each in texts if tokens.has(each[1], word, goes_on)]
        missing |= not places
        for field, value in places:
            counts_alone = field in TOLD or _is_precise(word)
            found[field, value] = found.get((field, value), False) or counts_alone
    return tuple(Why(field, _short(value, asked)) for (field, value), alone in found.items() if alone or not missing)


def _short(value: str, asked: Wanted) -> str:
    """The value itself, or the part of a long one around the first word of the query."""
    if len(value) <= LONGEST_TEXT:
        return value
    words = value.split()
    hit = next((n for n, each in enumerate(words) if any(tokens.has(each, word) for word in asked.words)), 0)
    start = max(0, hit - 4)
    part = " ".join(words[start:])
    cut = part if len(part) <= LONGEST_TEXT else part[:LONGEST_TEXT].rsplit(" ", 1)[0] + " …"
    return cut if start == 0 else "… " + cut
