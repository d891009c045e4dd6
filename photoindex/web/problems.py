"""Errors as answers: RFC 9457 problem+json for programs, a plain page for people."""

from __future__ import annotations

import logging
from http import HTTPStatus

from flask import Flask, Response, json, make_response, render_template, request
from flask_babel import gettext as _
from werkzeug.exceptions import HTTPException

from photoindex.errors import (
    ConfigError,
    DatabaseError,
    EncoderError,
    IsolationError,
    NotFoundError,
    NotReadyError,
    PhotoIndexError,
    QueryError,
)
from photoindex.messages import mark, said, say
from photoindex.web import translating

log = logging.getLogger(__name__)

RETRY_SECONDS = 2

_STATUS: tuple[tuple[type[PhotoIndexError], HTTPStatus], ...] = (
    (QueryError, HTTPStatus.BAD_REQUEST),
    (ConfigError, HTTPStatus.BAD_REQUEST),
    (NotFoundError, HTTPStatus.NOT_FOUND),
    (NotReadyError, HTTPStatus.SERVICE_UNAVAILABLE),
    (EncoderError, HTTPStatus.SERVICE_UNAVAILABLE),
    (IsolationError, HTTPStatus.SERVICE_UNAVAILABLE),
    (DatabaseError, HTTPStatus.SERVICE_UNAVAILABLE),
)

_OWN_WORDS = {
    HTTPStatus.BAD_REQUEST: mark("The server can't make sense of this request."),
    HTTPStatus.NOT_FOUND: mark("There is nothing at this address."),
    HTTPStatus.METHOD_NOT_ALLOWED: mark(
        "This address does not take such a request; the header Allow names those it takes."
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: mark("What was sent is larger than the limit allows."),
}
_TITLES = {
    HTTPStatus.BAD_REQUEST: mark("Bad Request"),
    HTTPStatus.FORBIDDEN: mark("Forbidden"),
    HTTPStatus.NOT_FOUND: mark("Not Found"),
    HTTPStatus.METHOD_NOT_ALLOWED: mark("Method Not Allowed"),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: mark("Request Entity Too Large"),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: mark("Unsupported Media Type"),
    HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE: mark("Requested Range Not Satisfiable"),
    HTTPStatus.UNPROCESSABLE_ENTITY: mark("Unprocessable Entity"),
    HTTPStatus.INTERNAL_SERVER_ERROR: mark("Internal Server Error"),
    HTTPStatus.SERVICE_UNAVAILABLE: mark("Service Unavailable"),
}
"""How pages call what went wrong."""


def register(app: Flask) -> None:
    """Answer every error: ours by its meaning, Flask's by its code, any other with 500 and a line in the log."""
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(PhotoIndexError, _answer_ours)
    app.register_error_handler(Exception, _answer_unexpected)


def is_for_programs(path: str) -> bool:
    """Whether what is asked for at `path` is read by a program rather than a person."""
    return path == "/api" or path.startswith("/api/") or path in ("/healthz", "/readyz")


def problem(status: HTTPStatus, detail: str) -> Response:
    """An `application/problem+json` answer (RFC 9457)."""
    body = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail}
    return Response(json.dumps(body) + "\n", status, content_type="application/problem+json")


def _answer_ours(error: PhotoIndexError) -> Response:
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)
    response = _answer(status, said(error), waiting=isinstance(error, NotReadyError))
    if isinstance(error, NotReadyError):
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def _answer_http(error: HTTPException) -> Response | HTTPException:
    if error.code is None or error.code < 400:
        return error  # a redirect
    status = HTTPStatus(error.code)
    own_words = type(error).description == error.description and _OWN_WORDS.get(status)
    response = _answer(status, say(own_words) if own_words else error.description or status.phrase)
    for name, value in error.get_headers():
        if name in ("Allow", "Content-Range", "Retry-After"):
            response.headers[name] = value
    return response


def _answer_unexpected(error: Exception) -> Response:
    log.error("answering %r failed", request.path, exc_info=error)
    return _answer(HTTPStatus.INTERNAL_SERVER_ERROR, say("Something went wrong here; the server's log says more."))


def _answer(status: HTTPStatus, detail: str, waiting: bool = False) -> Response:
    if is_for_programs(request.path):
        return problem(status, detail)
    template = "waiting.html" if waiting else "error.html"
    page = render_template(
        template,
        title=_(_TITLES.get(status, status.phrase)),
        detail=translating.translate(detail),
        retry_seconds=RETRY_SECONDS,
        query=request.args.get("q", ""),
    )
    return make_response(page, status)
