"""What goes on in the background, as a piece of a page: asked for again and again while a page is open."""

from __future__ import annotations

from flask import Blueprint, render_template

from photoindex.web import progress
from photoindex.web.services import services

blueprint = Blueprint("news", __name__)


@blueprint.get("/progress")
def show() -> str:
    with services().database.read() as session:
        now = services().status(session)
    return render_template("_progress.html", status=now, progress=progress.line(now))
