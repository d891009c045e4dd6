"""The routes of the JSON API that read and change albums."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple
from typing import Any

from flask import Blueprint, abort, url_for
from sqlalchemy.orm import Session

from photoindex import collections, photos
from photoindex.errors import QueryError
from photoindex.messages import said
from photoindex.web import changes, paging, schemas, timeline
from photoindex.web.services import services

blueprint = Blueprint("albums", __name__, url_prefix="/api/v1/albums")


@blueprint.get("")
def list_albums() -> dict[str, Any]:
    with services().database.read() as session:
        return {"albums": [schemas.album(each) for each in collections.list_albums(session)]}


@blueprint.post("")
def create() -> tuple[dict[str, Any], int, dict[str, str]]:
    name = changes.read_body("name", str)
    with _changing() as session:
        made = collections.create_album(session, name)
    return schemas.album(made), 201, {"Location": url_for("albums.show", album_id=made.id)}


@blueprint.get("/<photo_id:album_id>")
def show(album_id: int) -> dict[str, Any]:
    limit, cursor = paging.limit(), paging.cursor()
    with services().database.read() as session:
        album = collections.get_album(session, album_id)
        after = astuple(timeline.decode(cursor)) if cursor else None
        found = photos.get_many(session, collections.page(session, album_id, limit + 1, after))
    return schemas.album_page(album, found[:limit], more=len(found) > limit)


@blueprint.patch("/<photo_id:album_id>")
def rename(album_id: int) -> dict[str, Any]:
    name = changes.read_body("name", str)
    with _changing() as session:
        return schemas.album(collections.rename_album(session, album_id, name))


@blueprint.delete("/<photo_id:album_id>")
def delete(album_id: int) -> tuple[str, int]:
    with _changing() as session:
        collections.delete_album(session, album_id)
    return "", 204


@blueprint.put("/<photo_id:album_id>/photos/<photo_id:photo_id>")
def add(album_id: int, photo_id: int) -> dict[str, Any]:
    with _changing() as session:
        collections.add_to_album(session, album_id, [photo_id])
        return schemas.album(collections.get_album(session, album_id))


@blueprint.delete("/<photo_id:album_id>/photos/<photo_id:photo_id>")
def remove(album_id: int, photo_id: int) -> dict[str, Any]:
    with _changing() as session:
        collections.remove_from_album(session, album_id, [photo_id])
        return schemas.album(collections.get_album(session, album_id))


@contextmanager
def _changing() -> Iterator[Session]:
    """A short transaction; a name that can't be an album's is answered with 422."""
    try:
        with services().database.write() as session:
            yield session
    except QueryError as error:
        abort(422, said(error))
