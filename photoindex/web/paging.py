"""The parameters that pages of the JSON API have in common: how many, and from where."""

from __future__ import annotations

from flask import request

from photoindex.errors import QueryError
from photoindex.messages import say
from photoindex.search.engine import MAX_LIMIT
from photoindex.web.identifiers import whole_number

DEFAULT_LIMIT = 50


def limit() -> int:
    """How many results are asked for. Raises QueryError."""
    number = whole_number(request.args.get("limit", str(DEFAULT_LIMIT)), digits=9) or 0
    if not 1 <= number <= MAX_LIMIT:
        raise QueryError(say("limit must be a whole number from 1 to %(most)s", most=MAX_LIMIT))
    return number


def cursor() -> str | None:
    """Behind which result the page begins; None for the first page."""
    return request.args.get("cursor") or None
