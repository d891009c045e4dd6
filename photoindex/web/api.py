"""The JSON API, version 1: searching, and the photos one by one.

Albums are in `albums.py`, folders, places and cameras in `listings.py`, files in `media.py`.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, request
from sqlalchemy.orm import Session

from photoindex import collections, marking, photos
from photoindex import timeline as storage
from photoindex.companions import companions_of
from photoindex.errors import QueryError
from photoindex.search.query import normalise
from photoindex.web import changes, paging, schemas, timeline
from photoindex.web.services import services

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")

_MARKS: dict[str, type] = {"favourite": bool, "rating": int, "hidden": bool}


@blueprint.get("/search")
def search() -> dict[str, Any]:
    query = normalise(request.args.get("q", ""))
    if not query:
        raise QueryError("q is missing: say what to look for, as in /api/v1/search?q=a dog playing outside")
    return schemas.results(services().engine.search(query, paging.limit(), paging.cursor()))


@blueprint.get("/photos")
def list_photos() -> dict[str, Any]:
    with services().database.read() as session:
        return schemas.timeline(timeline.read_page(session, paging.limit(), after=paging.cursor()))


@blueprint.get("/photos/<photo_id:photo_id>")
def photo(photo_id: int) -> dict[str, Any]:
    with services().database.read() as session:
        return _in_full(session, photo_id)


@blueprint.patch("/photos/<photo_id:photo_id>")
def change_photo(photo_id: int) -> dict[str, Any]:
    """From an object with one or more of `favourite`, `rating` (null takes the stars away) and `hidden`."""
    fields = changes.read_fields(_MARKS, nullable=frozenset({"rating"}))
    fields = {name: 0 if value is None else value for name, value in fields.items()}
    if fields.get("rating", 0) > collections.MOST_STARS:
        abort(422, f"The field rating is a whole number from 0 to {collections.MOST_STARS}, or null.")
    with services().database.write() as session:
        marking.mark(session, photo_id, **fields)
        return _in_full(session, photo_id)


@blueprint.get("/photos/<photo_id:photo_id>/similar")
def similar(photo_id: int) -> dict[str, Any]:
    return schemas.results(services().engine.similar(photo_id, paging.limit(), paging.cursor()))


@blueprint.get("/status")
def show_status() -> dict[str, Any]:
    with services().database.read() as session:
        return services().status(session).as_dict()


def _in_full(session: Session, photo_id: int) -> dict[str, Any]:
    found = photos.get(session, photo_id)
    return schemas.photo_in_full(
        found,
        neighbours=storage.neighbours(session, found),
        companions=companions_of(session, [photo_id]).get(photo_id, ()),
        albums=collections.albums_of(session, photo_id),
    )
