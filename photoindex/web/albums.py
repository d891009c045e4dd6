"""The routes of the JSON API that read and change albums."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Blueprint, abort, url_for
from sqlalchemy.orm import Session

from photoindex import album_order, collections, photos
from photoindex.cutting import cut
from photoindex.errors import QueryError
from photoindex.messages import said
from photoindex.search.cursor import NOT_OURS
from photoindex.web import changes, paging, schemas
from photoindex.web.services import services

blueprint = Blueprint("albums", __name__, url_prefix="/api/v1/albums")

_CURSOR = re.compile(r"(-?[0-9]{1,15})\.([0-9]{1,18})")


@blueprint.get("")
def list_albums() -> dict[str, Any]:
    with services().database.read() as session:
        return {"albums": [schemas.album(each) for each in collections.list_albums(session)]}


@blueprint.post("")
def create() -> tuple[dict[str, Any], int, dict[str, str]]:
    name = changes.read_body("name", str)
    with changing() as session:
        made = collections.create_album(session, name)
    return schemas.album(made), 201, {"Location": url_for("albums.show", album_id=made.id)}


@blueprint.get("/<photo_id:album_id>")
def show(album_id: int) -> dict[str, Any]:
    limit, after = paging.limit(), decode(paging.cursor())
    with services().database.read() as session:
        album = collections.get_album(session, album_id)
        places, last = cut(album_order.page(session, album_id, limit + 1, after), limit)
        found = photos.get_many(session, [each.photo_id for each in places])
    return schemas.album_page(album, found, encode(last) if last else None)


@blueprint.patch("/<photo_id:album_id>")
def rename(album_id: int) -> dict[str, Any]:
    name = changes.read_body("name", str)
    with changing() as session:
        return schemas.album(collections.rename_album(session, album_id, name))


@blueprint.delete("/<photo_id:album_id>")
def delete(album_id: int) -> tuple[str, int]:
    with changing() as session:
        collections.delete_album(session, album_id)
    return "", 204


@blueprint.put("/<photo_id:album_id>/photos/<photo_id:photo_id>")
def add(album_id: int, photo_id: int) -> dict[str, Any]:
    with changing() as session:
        collections.add_to_album(session, album_id, [photo_id])
        return schemas.album(collections.get_album(session, album_id))


@blueprint.delete("/<photo_id:album_id>/photos/<photo_id:photo_id>")
def remove(album_id: int, photo_id: int) -> dict[str, Any]:
    with changing() as session:
        collections.remove_from_album(session, album_id, [photo_id])
        return schemas.album(collections.get_album(session, album_id))


def encode(place: album_order.Place) -> str:
    """The cursor at a photo of an album."""
    return f"{place.position}.{place.photo_id}"


def decode(cursor: str | None) -> album_order.Place | None:
    """The place that a cursor stands for. Raises QueryError for anything that `encode` did not make."""
    if cursor is None:
        return None
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise QueryError(NOT_OURS)
    return album_order.Place(int(found[1]), int(found[2]))


@contextmanager
def changing() -> Iterator[Session]:
    """A short transaction; a name that can't be an album's is answered with 422."""
    try:
        with services().database.write() as session:
            yield session
    except QueryError as error:
        abort(422, said(error))
