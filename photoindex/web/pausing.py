"""Pausing and resuming indexing: from the status page by a form, and by the API."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from photoindex import pausing
from photoindex.web import changes
from photoindex.web.services import services

api = Blueprint("pausing_api", __name__, url_prefix="/api/v1")
pages = Blueprint("pausing", __name__, url_prefix="/status")

_LENGTHS = {"1": 3600.0, "2": 7200.0, "8": 28_800.0, "": None}
"""Hours of the form on the status page; the empty one is until somebody resumes."""


@api.post("/pause")
def pause() -> dict[str, Any]:
    """With `{"seconds": 7200}` for so long, with null until `resume`."""
    seconds = changes.read_fields({"seconds": int}, frozenset({"seconds"}))["seconds"]
    if seconds is not None and not 1 <= seconds <= pausing.LONGEST_SECONDS:
        abort(422, "The field seconds is a whole number from 1 to 31622400.")
    with services().database.write() as session:
        pausing.pause(session, seconds)
        return services().status(session).as_dict()


@api.post("/resume")
def resume() -> dict[str, Any]:
    """Nothing is to be sent with it."""
    with services().database.write() as session:
        pausing.resume(session)
        return services().status(session).as_dict()


@pages.post("/pause")
def pause_from_page() -> Response:
    """From a form with the field `hours`; an empty one is without an end."""
    hours = request.form.get("hours", "")
    if hours not in _LENGTHS:
        abort(422, _("A pause lasts 1, 2 or 8 hours, or until you end it."))
    with services().database.write() as session:
        pausing.pause(session, _LENGTHS[hours])
    return redirect(url_for("status_pages.show"), 303)


@pages.post("/resume")
def resume_from_page() -> Response:
    with services().database.write() as session:
        pausing.resume(session)
    return redirect(url_for("status_pages.show"), 303)
