"""Requests that change something: only from our own pages and from programs, only in JSON that says what it means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, abort, json, request

from photoindex.messages import can_be_shown, say

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITES = (None, "same-origin", "none")
_MEANT: Mapping[type, str] = {bool: "true or false", int: "a whole number", str: "a text"}


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
            abort(403, say("A page of another site may not change anything here."))


def read_body(name: str, kind: type) -> Any:
    """The value of the one field `name` of the JSON object that was sent.

    Answers 415 unless it is sent as JSON, 400 for what is none, and 422 for any other object or kind of value.
    """
    body = _read_json()
    if not isinstance(body, dict) or list(body) != [name] or type(body[name]) is not kind:
        abort(422, f"Send an object with the one field {name}, which is {_MEANT[kind]}.")
    check_text(name, body[name])
    return body[name]


def read_fields(kinds: Mapping[str, type], nullable: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Those of the fields in `kinds` that the JSON object that was sent has: at least one, and no other.

    Answers as `read_body` does. Whole numbers are from 0 to 2⁶³-1; the fields in `nullable` may be null.
    """
    body = _read_json()
    if not isinstance(body, dict) or not body or not body.keys() <= kinds.keys():
        abort(422, f"Send an object with some of the fields {', '.join(kinds)}, and no other.")
    for name, value in body.items():
        if value is None and name in nullable:
            continue
        if type(value) is not kinds[name] or (isinstance(value, int) and not 0 <= value < 1 << 63):
            abort(422, f"The field {name} is {_MEANT[kinds[name]]}.")
        check_text(name, value)
    return body


def check_text(name: str, value: Any) -> None:
    """Answer 422 to a text that holds characters without a picture, such as those that end a line."""
    if isinstance(value, str) and not can_be_shown(value):
        abort(422, say("The %(name)s has characters that can't be shown.", name=name))


def _read_json() -> Any:
    if request.mimetype != "application/json":
        abort(415, "Send JSON, with the header Content-Type: application/json.")
    try:
        return json.loads(request.get_data())
    except (ValueError, RecursionError):
        abort(400, "The body is not JSON.")


def _netloc(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return None
