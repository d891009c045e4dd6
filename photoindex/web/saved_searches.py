"""The routes of the JSON API that read and change saved searches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from flask import Blueprint, abort, url_for
from sqlalchemy.orm import Session

from photoindex import saved_searches
from photoindex.cutting import cut
from photoindex.errors import QueryError
from photoindex.messages import said
from photoindex.saved_searches import SavedSearchInfo
from photoindex.search.cursor import NOT_OURS
from photoindex.search.query import normalise
from photoindex.web import changes, paging, schemas, smart_albums
from photoindex.web.identifiers import whole_number
from photoindex.web.services import services

blueprint = Blueprint("saved_searches", __name__, url_prefix="/api/v1/saved-searches")

_KINDS: dict[str, type] = {"name": str, "query": str, "position": int, "cover_photo_id": int}


@blueprint.get("")
def list_saved() -> dict[str, Any]:
    limit, first = paging.limit(), _position(paging.cursor())
    with services().database.read() as session:
        found, last = cut(saved_searches.page(session, limit + 1, first), limit)
        total = saved_searches.count(session)
        new = smart_albums.counts(session, found)
    shown = [saved_search(each, new[each.id]) for each in found]
    return {"total": total, "results": shown, "next_cursor": str(first + limit) if last else None}


@blueprint.post("")
def create() -> tuple[dict[str, Any], int, dict[str, str]]:
    sent = changes.read_fields({"name": str, "query": str})
    if len(sent) < 2:
        abort(422, "Send an object with the fields name and query.")
    made = make(sent["name"], sent["query"])
    return saved_search(made, 0), 201, {"Location": url_for("saved_searches.show", search_id=made.id)}


@blueprint.get("/<photo_id:search_id>")
def show(search_id: int) -> dict[str, Any]:
    limit, cursor = paging.limit(), paging.cursor()
    found, new = read(search_id)
    return schemas.results(smart_albums.page(found, limit, cursor)) | saved_search(found, new)


@blueprint.patch("/<photo_id:search_id>")
def change(search_id: int) -> dict[str, Any]:
    sent = changes.read_fields(_KINDS, nullable=frozenset({"cover_photo_id"}))
    with changing() as session:
        saved_searches.get(session, search_id)
        if "name" in sent:
            saved_searches.rename(session, search_id, sent["name"])
        if "query" in sent:
            saved_searches.change_query(session, search_id, normalise(sent["query"]))
        if "position" in sent:
            saved_searches.move(session, search_id, sent["position"])
        if "cover_photo_id" in sent:
            saved_searches.set_cover(session, search_id, sent["cover_photo_id"])
    return saved_search(*read(search_id))


@blueprint.delete("/<photo_id:search_id>")
def delete(search_id: int) -> tuple[str, int]:
    with changing() as session:
        saved_searches.remove(session, search_id)
    return "", 204


@blueprint.post("/<photo_id:search_id>/seen")
def seen(search_id: int) -> dict[str, Any]:
    mark_seen(search_id)
    return saved_search(*read(search_id))


def saved_search(info: SavedSearchInfo, new: int | None) -> dict[str, Any]:
    """A saved search as it stands in lists."""
    cover = info.cover_photo_id
    return {
        "id": info.id,
        "name": info.name,
        "query": info.query,
        "position": info.position,
        "new": new,
        "cover_photo_id": cover,
        "thumbnail_url": None if cover is None else url_for("media.thumbnail", photo_id=cover),
        "url": url_for("saved_pages.album", search_id=info.id),
        "created_at": _utc(info.created_at),
        "seen_at": _utc(info.seen_at),
    }


def read(search_id: int) -> tuple[SavedSearchInfo, int | None]:
    """A saved search, and how many photos are new in it. Raises NotFoundError."""
    with services().database.read() as session:
        found = saved_searches.get(session, search_id)
        return found, smart_albums.counts(session, [found])[search_id]


def make(name: str, query: str) -> SavedSearchInfo:
    """Keep a query under a name, with its best match for a cover. Answers 422 to what can't be kept."""
    try:
        query = normalise(query)
        cover = smart_albums.first_photo(query) if query else None
    except QueryError as error:
        abort(422, said(error))
    with changing() as session:
        return saved_searches.create(session, name, query, cover)


def mark_seen(search_id: int) -> None:
    """From now on only photos indexed later count as new; one without a cover gets its best match. NotFoundError."""
    with services().database.read() as session:
        found = saved_searches.get(session, search_id)
    cover = smart_albums.first_photo(found.query) if found.cover_photo_id is None else None
    with changing() as session:
        saved_searches.mark_seen(session, search_id)
        if cover is not None:
            saved_searches.set_cover(session, search_id, cover)


@contextmanager
def changing() -> Iterator[Session]:
    """A short transaction; a name or query that can't be kept is answered with 422."""
    try:
        with services().database.write() as session:
            yield session
    except QueryError as error:
        abort(422, said(error))


def _position(cursor: str | None) -> int:
    if cursor is None:
        return 0
    position = whole_number(cursor, digits=9)
    if position is None:
        raise QueryError(NOT_OURS)
    return position


def _utc(at: datetime) -> str:
    return at.isoformat(timespec="seconds") + "Z"
