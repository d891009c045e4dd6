"""What the search box offers while one types, as JSON for the script that shows it."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request
from flask_babel import gettext as _

from photoindex.search import catalogue
from photoindex.search.query import MAX_LENGTH
from photoindex.search.suggesting import Suggestion
from photoindex.web.services import services
from photoindex.web.wording import label

blueprint = Blueprint("suggestions", __name__)


@blueprint.get("/suggestions")
def show() -> Response:
    """`[{"query", "label", "note"}]`: what to put into the box, what to show for it, and what that is."""
    text = request.args.get("q", "")[:MAX_LENGTH]
    with services().database.read() as session:
        found = services().suggester.suggest(session, text)
    return jsonify([{"query": each.query, "label": _label(each), "note": _note(each)} for each in found])


def _label(suggestion: Suggestion) -> str:
    return f"{suggestion.label}:" if suggestion.kind == "name" else suggestion.label


def _note(suggestion: Suggestion) -> str:
    if suggestion.kind == "saved":
        return str(_("Saved search"))
    return label(catalogue.BY_NAME[suggestion.label if suggestion.kind == "name" else suggestion.kind])
