"""Requests that change something: only from our own pages and from programs, only in JSON that says what it means."""

from __future__ import annotations

import unicodedata
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, abort, json, request

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITES = (None, "same-origin", "none")
_UNSPEAKABLE = {"Cc", "Cs", "Zl", "Zp"}


def guard(app: Flask) -> None:
    """Answer 403 to a change that a page of another site asks for, whose visitor's browser may reach this server.

    Browsers say where a request comes from, in `Sec-Fetch-Site` and in `Origin`; no page can make them lie.
    """

    @app.before_request
    def refuse_foreign_changes() -> None:
        if request.method in _READING:
            return
        origin = request.headers.get("Origin")
        foreign = origin is not None and _netloc(origin) != request.host.lower()
        if foreign or request.headers.get("Sec-Fetch-Site") not in _OWN_SITES:
            abort(403, "A page of another site may not change anything here.")


def read_body(name: str, kind: type) -> Any:
    """The value of the one field `name` of the JSON object that was sent.

    Answers 415 unless it is sent as JSON, 400 for what is none, and 422 for any other object or kind of value.
    """
    if request.mimetype != "application/json":
        abort(415, "Send JSON, with the header Content-Type: application/json.")
    try:
        body = json.loads(request.get_data())
    except (ValueError, RecursionError):
        abort(400, "The body is not JSON.")
    if not isinstance(body, dict) or list(body) != [name] or type(body[name]) is not kind:
        meant = "true or false" if kind is bool else "a text"
        abort(422, f"Send an object with the one field {name}, which is {meant}.")
    if isinstance(body[name], str) and any(unicodedata.category(char) in _UNSPEAKABLE for char in body[name]):
        abort(422, f"The {name} has characters that can't be shown.")
    return body[name]


def _netloc(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return None
