"""What the photo viewer that opens over a page of pictures is made of: its buttons and words, for a script."""

from __future__ import annotations

from flask import Blueprint, render_template

blueprint = Blueprint("viewer", __name__)


@blueprint.get("/photos/viewer")
def show() -> str:
    return render_template("_viewer.html")
