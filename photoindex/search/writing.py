"""Write a query as text, in the one form that `parsing` reads back to the same query."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from photoindex.search.query import Filter, Like, Query, Term
from photoindex.search.scanning import Word

_PLAIN_WORD = re.compile(r"[^\W_](?:[\w.'’-]*\w)?")
_PLAIN_VALUE = re.compile(r'[^\s|"“”„«»]+')


def write(query: Query) -> str:
    """The text of a query: its free words as typed, then terms, likes, filters and settings.

    What was implied by the free words is not written besides, and problems are left out. It is what a link, a page's
    search box after a filter was taken away, or a test for equal queries needs.
    """
    return " ".join(_parts(query))


def sentence(words: Iterable[Word]) -> str:
    """Free words as text, the literal ones in quotes."""
    return " ".join(quoted(word.text) if word.literal else word.text for word in words)


def quoted(text: str) -> str:
    """Text between quotation marks, as the grammar wants it."""
    return '"' + text.replace('"', '""') + '"'


def write_filter(condition: Filter) -> str:
    """A filter as it is typed, whether it was or is implied."""
    values = "|".join(_value(value) for value in condition.values)
    return f"{'-' if condition.negated else ''}{condition.name}:{values}"


def write_term(term: Term) -> str:
    """A term with its sign and weight."""
    word = term.text if _PLAIN_WORD.fullmatch(term.text) else quoted(term.text)
    return f"{_weight(term.weight, '+')}{word}"


def write_like(like: Like) -> str:
    """A photo that results should look like, or with a negative weight not."""
    return f"{_weight(like.weight, '')}like:{like.picture or like.photo_id}"


def _parts(query: Query) -> Iterator[str]:
    if query.sentence:
        yield query.sentence
    yield from (write_term(term) for term in query.terms if not term.free)
    yield from (write_like(like) for like in query.likes)
    yield from (write_filter(each) for each in query.filters if each.implied_by is None)
    if query.sort != "relevance":
        yield f"sort:{query.sort}"
    if query.show != "matches":
        yield f"show:{query.show}"
    if query.unique:
        yield "unique:yes"


def _weight(weight: float, plus: str) -> str:
    if abs(weight) == 1:
        return plus if weight > 0 else "-"
    size = f"{abs(weight):.3f}".rstrip("0").rstrip(".")
    return f"{'+' if weight > 0 else '-'}{size}*"


def _value(value: str) -> str:
    return value if _PLAIN_VALUE.fullmatch(value) else quoted(value.replace("|", "||"))
