"""Renaming and removing libraries: the forms of the page of settings, and the question before one is removed."""

from __future__ import annotations

import time

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from photoindex import libraries
from photoindex.errors import LibraryError
from photoindex.forgetting import forget_library
from photoindex.web import names, notices, owner, settings, translating
from photoindex.web.services import services

REMOVING_SECONDS = 3.0
"""So long somebody waits for a library to be gone; the daemon does the rest of a very large one."""

blueprint = Blueprint("library_settings", __name__, url_prefix="/libraries/<photo_id:library_id>")
blueprint.before_request(owner.require)


@blueprint.post("/rename")
def rename(library_id: int) -> Response | tuple[str, int]:
    """From a form with the field `name`."""
    try:
        with services().database.write() as session:
            libraries.rename(session, library_id, request.form.get("name", ""))
    except LibraryError as error:
        return settings.page(problem=translating.of_error(error)), 422
    notices.tell(_("Saved."))
    return redirect(url_for("settings.show"), 303)


@blueprint.get("/remove")
def confirm(library_id: int) -> str:
    with services().database.read() as session:
        return render_template("remove_library.html", library=libraries.get(session, library_id))


@blueprint.post("/remove")
def remove(library_id: int) -> Response:
    with services().database.read() as session:
        found = libraries.get(session, library_id)
    until = time.monotonic() + REMOVING_SECONDS
    done = forget_library(services().database, services().thumbnails, library_id, lambda: time.monotonic() > until)
    name = names.plain(found.name)
    if done:
        notices.tell(_("The library %(name)s is removed. Its photos on the disk stay.", name=name))
    else:
        notices.tell(
            _("The library %(name)s is being removed: the daemon goes on. Its photos on the disk stay.", name=name)
        )
    return redirect(url_for("settings.show"), 303)
