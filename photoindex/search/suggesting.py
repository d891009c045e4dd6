"""What the search box offers while one types: names of the grammar, the library's values for them, saved searches."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

from sqlalchemy.orm import Session

from photoindex import collections, concepts, gear, places, saved_searches
from photoindex.search import catalogue, meant, writing
from photoindex.search.query import MAX_LENGTH, Filter

MOST = 8
FRESH_SECONDS = 60.0
"""How long the values of a library are taken to be the same: what was counted may take a tenth of a second."""
VALUES_KEPT = 2000
"""Of one kind, those of most photos."""
SAVED_KEPT = 500

_CHOICES = {
    "type": ("photo", "video", "raw", "motion", "live"),
    "is": ("favourite", "duplicate", "portrait", "landscape", "square"),
    "has": ("gps", "place", "date", "people", "caption", "keywords", "rating", "album"),
    "sort": ("newest", "oldest", "relevance"),
    "show": ("strong", "matches", "all"),
    "unique": ("yes",),
}
"""The values of names that have only so many."""
_OWN = ("place", "camera", "lens", "album", "format")
"""Names whose values are those of the library."""
_BY_A_WORD = ("place", "camera", "lens", "album")
"""Whose values are offered for a word alone."""
_LAST = re.compile(
    r'(?:^|(?<=\s))(?P<sign>[+-]?)(?:(?P<name>[^\W\d_](?:[-_]?[^\W\d_])*):)?(?P<value>"[^"]*"?|[^\s"]*)$'
)
_SHORTEST_WORD = 2


@dataclass(frozen=True)
class Suggestion:
    """A whole query to go on with."""

    query: str
    kind: str
    """`name` for a name of the grammar with its colon, to be followed by a value; `saved`; or the name whose value it
    has, as `place`."""
    label: str
    """The name, or the value."""


class Suggester:
    """Knows a library's values. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._values: dict[str, tuple[str, ...]] = {}

    def suggest(self, session: Session, text: str) -> list[Suggestion]:
        """At most `MOST` ways to complete what was typed so far, the likeliest first; for nothing, saved searches."""
        found = list(islice(self._all(session, text[:MAX_LENGTH]), 4 * MOST))
        unlike = {each.query: each for each in found if each.query != text.strip() and len(each.query) <= MAX_LENGTH}
        return list(unlike.values())[:MOST]

    def corrected(self, session: Session, text: str) -> str | None:
        """The text with names of the library in the place of words that are almost so; None where there are none."""
        return meant.corrected(text, chain.from_iterable(self._of_library(session).values())) if text else None

    def _all(self, session: Session, text: str) -> Iterator[Suggestion]:
        last = _LAST.search(text)
        if last is None or not text.strip():
            yield from _saved(session, text)
            return
        head, sign, name = text[: last.start()], last["sign"], last["name"]
        value = last["value"].strip('"')
        entry = catalogue.find(name) if name else None
        if entry is not None:
            yield from self._valued(session, head + sign, entry.name, value)
            return
        if name is None and len(value) >= _SHORTEST_WORD:
            for each in _BY_A_WORD:
                yield from islice(self._valued(session, head + sign, each, value), 3)
        if name is None and value and not last["value"].startswith('"'):
            yield from _names(head + sign, value)
        yield from _saved(session, text)

    def _valued(self, session: Session, head: str, name: str, begun: str) -> Iterator[Suggestion]:
        values = _CHOICES.get(name) or (self._of_library(session)[name] if name in _OWN else ())
        for value in _fitting(values, begun):
            yield Suggestion(head + writing.write_filter(Filter(name, (value,))), name, value)

    def _of_library(self, session: Session) -> dict[str, tuple[str, ...]]:
        with self._lock:
            if time.monotonic() - self._read_at > FRESH_SECONDS:
                self._values = {name: tuple(read(session)) for name, read in _READERS.items()}
                self._read_at = time.monotonic()
            return self._values


def _names(head: str, begun: str) -> Iterator[Suggestion]:
    for name in _fitting([entry.name for entry in catalogue.ENTRIES if entry.kind != "like"], begun, anywhere=False):
        yield Suggestion(f"{head}{name}:", "name", name)


def _saved(session: Session, text: str) -> Iterator[Suggestion]:
    kept = {each.name: each.query for each in saved_searches.page(session, SAVED_KEPT)}
    for name in _fitting(kept, text.strip()):
        yield Suggestion(kept[name], "saved", name)


def _fitting(values: Iterable[str], begun: str, *, anywhere: bool = True) -> Iterator[str]:
    """Those that begin with what was typed, then those of which a later word does."""
    wanted, later = _letters(begun), []
    for value in values:
        if _letters(value).startswith(wanted):
            yield value
        elif anywhere and any(_letters(word).startswith(wanted) for word in re.split(r"\W+", value)[1:]):
            later.append(value)
    yield from later


def _letters(text: str) -> str:
    return "".join(char for char in catalogue.fold(text) if char.isalnum())


def _places(session: Session) -> Iterable[str]:
    """Cities, regions and countries, those with most photos first."""
    counts: dict[str, int] = {}
    for country in places.by_country(session):
        for town in country.towns:
            for name in {town.names.city, town.names.region, country.name}:
                if name:
                    counts[name] = counts.get(name, 0) + town.photos
    return sorted(counts, key=lambda name: -counts[name])[:VALUES_KEPT]


_READERS: dict[str, Callable[[Session], Iterable[str]]] = {
    "place": _places,
    "camera": lambda session: (each.name for each in gear.cameras(session)[:VALUES_KEPT]),
    "lens": lambda session: (each.name for each in gear.lenses(session)[:VALUES_KEPT]),
    "format": lambda session: (each.name for each in gear.formats(session)[:VALUES_KEPT]),
    "album": lambda session: (album.name for album in collections.list_albums(session)),
    "concept": lambda session: (
        name for each in concepts.list_all(session) for name in (each.name_en, each.name_fr, each.query)
    ),
}
