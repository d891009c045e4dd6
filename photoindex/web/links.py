"""Searches for what is known of a photo: a value becomes a query that finds the photos that have it."""

from __future__ import annotations

import re

from photoindex.folding import fold
from photoindex.search import writing
from photoindex.search.query import MAX_LENGTH, Filter, normalise

_UNTYPABLE = re.compile(r"^\s+|\s+$|\s{2,}|[^\S ]+|[\x00-\x1f\x7f-\x9f]+")
"""What a query can't say as it is: white space is folded in it, and other characters without a picture are left out."""


def query(name: str, value: str) -> str | None:
    """The query `name:value` for any value; None for one that says nothing, or is too long to be searched for.

    What can't be typed stands for anything (`*`).
    """
    typed = _UNTYPABLE.sub("*", value)
    if not fold(typed).strip(" *?/"):
        return None
    written = writing.write_filter(Filter(name, (typed,)))
    if len(written) > MAX_LENGTH:
        return None
    return normalise(written)


def number(value: float) -> str:
    """A number as filters read it: at most three decimals, a point before them, and no exponent."""
    return f"{value:.3f}".rstrip("0").rstrip(".")
