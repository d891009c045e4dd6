"""The JSON API, version 1."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from photoindex import photos, status
from photoindex.errors import QueryError
from photoindex.search.engine import MAX_LIMIT
from photoindex.search.query import normalise
from photoindex.web import schemas, timeline
from photoindex.web.services import services

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")

DEFAULT_LIMIT = 50


@blueprint.get("/search")
def search() -> dict[str, Any]:
    query = normalise(request.args.get("q", ""))
    if not query:
        raise QueryError("q is missing: say what to look for, as in /api/v1/search?q=a dog playing outside")
    return schemas.results(services().engine.search(query, _limit(), _cursor()))


@blueprint.get("/photos")
def list_photos() -> dict[str, Any]:
    with services().database.read() as session:
        return schemas.timeline(timeline.read_page(session, _limit(), after=_cursor()))


@blueprint.get("/photos/<photo_id:photo_id>")
def photo(photo_id: int) -> dict[str, Any]:
    with services().database.read() as session:
        found = photos.get(session, photo_id)
        return schemas.photo_in_full(found, *photos.neighbours(session, found))


@blueprint.get("/photos/<photo_id:photo_id>/similar")
def similar(photo_id: int) -> dict[str, Any]:
    return schemas.results(services().engine.similar(photo_id, _limit(), _cursor()))


@blueprint.get("/status")
def show_status() -> dict[str, Any]:
    with services().database.read() as session:
        return status.read(session, services().daemon_lock).as_dict()


def _limit() -> int:
    """How many results are asked for. Raises QueryError."""
    text = request.args.get("limit", str(DEFAULT_LIMIT))
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    if not 1 <= number <= MAX_LIMIT:
        raise QueryError(f"limit must be a whole number from 1 to {MAX_LIMIT}")
    return number


def _cursor() -> str | None:
    return request.args.get("cursor") or None
