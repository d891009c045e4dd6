"""What is asked for: the parts of a query, whether typed, linked or saved. `parsing` reads it from text."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Literal

from photoindex.errors import QueryError
from photoindex.messages import say

MAX_LENGTH = 512

Sort = Literal["relevance", "newest", "oldest"]
Show = Literal["matches", "strong", "all"]


@dataclass(frozen=True)
class Term:
    """A description in free text. A negative weight keeps away from it."""

    text: str
    weight: float = 1.0
    free: bool = False
    """Whether it is what the query's free words leave; `Query.sentence` has these as typed."""


@dataclass(frozen=True)
class Like:
    """Photos that look like one of the library, or like an uploaded picture. A negative weight keeps away from them."""

    photo_id: int
    """0 when it is a picture."""
    weight: float = 1.0
    picture: str | None = None
    """The key that `pictures.Pictures.remember` gave, 32 hex digits."""


@dataclass(frozen=True)
class Filter:
    """A condition that a photo meets or not: it has one of the values, or with `negated` none of them."""

    name: str
    """As in the grammar: `after`, `camera`, `place`…"""
    values: tuple[str, ...]
    """As typed, without quotes, or as the catalogue calls them. Whether they make sense is for `filters` to say."""
    negated: bool = False
    implied_by: str | None = None
    """The words of the sentence that it was understood from (`en été 2019`); None when it was typed as a filter."""


@dataclass(frozen=True)
class Problem:
    """A part of a query that makes no sense; the rest is answered."""

    part: str
    message: str
    """One line that says what is possible."""


@dataclass(frozen=True)
class Query:
    """A whole query."""

    terms: tuple[Term, ...] = ()
    likes: tuple[Like, ...] = ()
    filters: tuple[Filter, ...] = ()
    sort: Sort = "relevance"
    show: Show = "matches"
    """What matches strongly or weakly, only what matches strongly, or every photo however far."""
    unique: bool = False
    """Whether near-duplicates are folded into one."""
    problems: tuple[Problem, ...] = ()
    sentence: str = ""
    """The free words as typed, literal ones in quotes. The free term and the implied filters were read from them."""

    @property
    def wanted(self) -> str:
        """The words of all that is asked for, and not kept away from."""
        return " ".join(term.text for term in self.terms if term.weight > 0)

    @property
    def is_empty(self) -> bool:
        return not (self.terms or self.likes or self.filters)


def normalise(query: str) -> str:
    """Trim, compose (NFC) and fold white space and control characters. Raises QueryError when it is too long."""
    spaced = "".join(" " if unicodedata.category(char) in ("Cc", "Zs", "Zl", "Zp") else char for char in query)
    folded = unicodedata.normalize("NFC", " ".join(spaced.split()))
    # A lone surrogate can reach us from a URL or a terminal; no tokenizer takes it.
    folded = folded.encode("utf-8", "replace").decode("utf-8")
    if len(folded) > MAX_LENGTH:
        raise QueryError(
            say(
                "the search is %(length)s characters long; %(max_length)s is the most",
                length=len(folded),
                max_length=MAX_LENGTH,
            )
        )
    return folded
