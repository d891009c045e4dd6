"""Read a query from text: the grammar of docs/search.md. Never fails on any text, but names what makes no sense."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import cast

from photoindex.errors import QueryError
from photoindex.messages import say
from photoindex.search import catalogue, sentences, writing
from photoindex.search.query import MAX_LENGTH, Filter, Like, Problem, Query, Show, Sort, Term, normalise
from photoindex.search.scanning import Named, Signed, Unclosed, Word, scan

MAX_TERMS = 16
MAX_LIKES = 32
MAX_FILTERS = 32
MAX_PROBLEMS = 16
MAX_WEIGHT = 100.0
MAX_PHOTO_ID = 2**63 - 1

_PICTURE_KEY = re.compile(r"[0-9a-f]{32}")

SORTS = ("relevance", "newest", "oldest")
SHOWS = ("matches", "strong", "all")


def no_place(_name: str) -> bool:
    """For a library whose places are not known."""
    return False


def parse(text: str, *, today: date | None = None, known_places: Callable[[str], bool] = no_place) -> Query:
    """Read a query. Parts that make no sense become problems of the query; the rest counts.

    `today` is what "last winter" is reckoned from; None for the machine's day. `known_places` says of a name, as
    `sentences.place_key` writes it, whether it is a place of the library; it is asked some times for each free word.
    Raises QueryError for a text that is too long, as typed or as `writing.write` writes it, and for nothing else.
    """
    reading = _Reading()
    for part in scan(normalise(text)):
        match part:
            case Word():
                reading.words.append(part)
            case Signed():
                reading.add_term(part)
            case Named():
                reading.add_named(part)
            case Unclosed():
                reading.problem(part.written, say("a quotation mark is not closed; all behind it was taken as words"))
    query = reading.finish(today or date.today(), known_places)
    length = len(writing.write(query))
    if length > MAX_LENGTH:
        raise QueryError(
            say(
                "the search is %(length)s characters long when written out; %(max_length)s is the most",
                length=length,
                max_length=MAX_LENGTH,
            )
        )
    return query


@dataclass
class _Reading:
    """What was read so far."""

    words: list[Word] = field(default_factory=list)
    terms: list[Term] = field(default_factory=list)
    likes: list[Like] = field(default_factory=list)
    filters: list[Filter] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    sort: str = "relevance"
    show: str = "matches"
    unique: bool = False

    def finish(self, today: date, known_places: Callable[[str], bool]) -> Query:
        understood = sentences.understand(self.words, today, known_places)
        implied = [phrase.condition for phrase in understood.phrases]
        free = [Term(understood.rest, free=True)] if understood.rest else []
        return Query(
            terms=(*free, *self.terms),
            likes=tuple(self.likes),
            filters=(*implied, *self.filters),
            sort=cast(Sort, self.sort),
            show=cast(Show, self.show),
            unique=self.unique,
            problems=tuple(self.problems),
            sentence=writing.sentence(self.words),
        )

    def problem(self, part: str, message: str) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(part, message))

    def add_term(self, part: Signed) -> None:
        weight = self._weight(part.text, part.weight)
        if weight is None:
            return
        if len(self.terms) == MAX_TERMS:
            self.problem(part.text, say("only the first %(max_terms)s terms with + or - count", max_terms=MAX_TERMS))
            return
        self.terms.append(Term(part.text, weight))

    def add_named(self, part: Named) -> None:
        if part.entry is None:
            self.problem(part.written, catalogue.unknown(part.name))
        elif not part.values:
            example = part.entry.example
            self.problem(
                part.written,
                say(
                    "%(name)s: needs a value right behind the colon, as in %(example)s", name=part.name, example=example
                ),
            )
        elif part.entry.kind == "like":
            self._add_likes(part)
        elif part.entry.kind == "setting":
            self._set(part, part.entry)
        else:
            self._add_filter(part, part.entry)

    def _weight(self, part: str, weight: float) -> float | None:
        """A weight that can be reckoned with; None for 0, which asks for nothing."""
        if weight == 0:
            self.problem(
                part,
                say(
                    "a weight of 0 asks for nothing; it goes from 0.001 to %(max_weight)s", max_weight=f"{MAX_WEIGHT:g}"
                ),
            )
            return None
        if abs(weight) > MAX_WEIGHT:
            self.problem(part, say("%(max_weight)s is the largest weight", max_weight=f"{MAX_WEIGHT:g}"))
            return MAX_WEIGHT if weight > 0 else -MAX_WEIGHT
        return weight

    def _add_likes(self, part: Named) -> None:
        weight = self._weight(part.written, 1.0 if part.weight is None else part.weight)
        if weight is None:
            return
        for value in part.values:
            like = _like(value, weight)
            if like is None:
                self.problem(
                    part.written,
                    say(
                        "%(name)s: takes the number of a photo, as in like:12, not %(value)s",
                        name=part.name,
                        value=value,
                    ),
                )
            elif len(self.likes) == MAX_LIKES:
                self.problem(
                    part.written, say("only the first %(max_likes)s photos to look like count", max_likes=MAX_LIKES)
                )
                return
            else:
                self.likes.append(like)

    def _set(self, part: Named, entry: catalogue.Entry) -> None:
        possible = {"sort": SORTS, "show": SHOWS}.get(entry.name, ("yes", "no"))
        value = catalogue.known_value(entry, part.values[0]).casefold()
        if value not in possible or len(part.values) > 1 or (part.weight or 0) < 0:
            self.problem(
                part.written,
                say(
                    "%(name)s: takes one of %(possible)s, as in %(example)s",
                    name=part.name,
                    possible=", ".join(possible),
                    example=entry.example,
                ),
            )
        elif entry.name == "sort":
            self.sort = value
        elif entry.name == "show":
            self.show = value
        else:
            self.unique = value == "yes"

    def _add_filter(self, part: Named, entry: catalogue.Entry) -> None:
        condition = _condition(part, entry)
        if condition is None:
            self.problem(part.written, say("%(name)s: takes yes or no, as in %(name)s:yes", name=part.name))
            return
        if part.weight is not None and abs(part.weight) != 1:
            self.problem(
                part.written, say("a filter has no weight; write %(writing)s", writing=writing.write_filter(condition))
            )
        if condition in self.filters:
            return
        if len(self.filters) == MAX_FILTERS:
            self.problem(part.written, say("only the first %(max_filters)s filters count", max_filters=MAX_FILTERS))
            return
        self.filters.append(condition)


def _like(value: str, weight: float) -> Like | None:
    """A photo by its number, or an uploaded picture by its key; None for what is neither."""
    if _PICTURE_KEY.fullmatch(value):
        return Like(0, weight, picture=value)
    is_number = value.isascii() and value.isdigit() and len(value) < 20
    return Like(int(value), weight) if is_number and 0 < int(value) <= MAX_PHOTO_ID else None


def _condition(part: Named, entry: catalogue.Entry) -> Filter | None:
    """The filter that is meant, under its own name; None for a `fav:` that is neither yes nor no."""
    negated = part.weight is not None and part.weight < 0
    name = catalogue.fold(part.name)
    if name in catalogue.FAVOURITE_NAMES:
        answers = {catalogue.YES_OR_NO.get(catalogue.fold(value)) for value in part.values}
        if len(answers) != 1 or None in answers:
            return None
        return Filter("is", ("favourite",), negated != (answers == {"no"}))
    if name in catalogue.UNTIL_NAMES:
        return Filter("date", tuple(value if ".." in value else f"..{value}" for value in part.values), negated)
    if name == "in" and all(value[:4].isascii() and value[:4].isdigit() for value in part.values):
        return Filter("date", part.values, negated)
    values = dict.fromkeys(catalogue.known_value(entry, value) for value in part.values)
    return Filter(entry.name, tuple(values), negated)
