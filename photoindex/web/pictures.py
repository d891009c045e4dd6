"""Searching by a picture that is sent: from the pages' form and through the API. The picture itself is not kept."""

from __future__ import annotations

import os
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from photoindex.errors import QueryError
from photoindex.messages import say
from photoindex.search.query import normalise
from photoindex.web import paging, schemas
from photoindex.web.services import services

blueprint = Blueprint("pictures", __name__)

MAX_FORM_BYTES = 100_000
"""What a form may hold beside the picture."""


@blueprint.url_value_preprocessor
def allow_pictures(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Before anything reads the form: pictures are larger than what other pages send."""
    request.max_content_length = services().max_file_bytes + MAX_FORM_BYTES


@blueprint.get("/search/picture")
def form() -> str:
    return render_template("by_picture.html")


@blueprint.post("/search")
def search() -> Response | dict[str, str]:
    """To the results; a script is told where they are, so that they are searched for once."""
    address = url_for("gallery.search", q=_query())
    return {"url": address} if "X-Requested-With" in request.headers else redirect(address, code=303)


@blueprint.post("/api/v1/search")
def search_api() -> dict[str, Any]:
    return schemas.results(services().engine.search(_query(), paging.limit(), paging.cursor()))


def query(words: str, key: str) -> str:
    """The query for photos that look like a picture, and fit the words if there are any."""
    return f"{words} +like:{key}" if words else f"like:{key}"


def _query() -> str:
    """What is searched for: the words that were sent, if any, and photos like the picture. Raises QueryError."""
    parts = services()
    if request.mimetype != "multipart/form-data":
        abort(415, say("Send the picture as multipart/form-data, in the field image."))
    sent = request.files.get("image")
    if sent is None or not sent.filename:
        raise QueryError(say("there is no picture; choose a file, or send it in the field image"))
    key = parts.pictures.remember(sent.read(), os.fsencode(sent.filename.encode("utf-8", "replace")))
    return query(normalise(request.form.get("q", "")), key)
