"""How a search can be narrowed: by year, place, camera, kind and folder, each value a link to the smaller search."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from photoindex.search import catalogue
from photoindex.search.facets import Facet, Value
from photoindex.search.query import Filter, Query, normalise
from photoindex.web import searching, wording
from photoindex.web.services import services

blueprint = Blueprint("narrowing", __name__)


@dataclass(frozen=True)
class Choice:
    """One value, and the search for what has it."""

    label: str
    count: int
    address: str


@dataclass(frozen=True)
class Division:
    """One way to divide the photos."""

    heading: str
    choices: tuple[Choice, ...]


@blueprint.get("/search/narrow")
def show() -> str | Response:
    """A page; for a script, which puts it beside the results, only the piece."""
    query = normalise(request.args.get("q", ""))
    if not query:
        return redirect(url_for("gallery.index"))
    asked, facets = services().engine.facets(query)
    divisions = tuple(_divisions(asked, facets))
    template = "_narrow.html" if "HX-Request" in request.headers else "narrow.html"
    return render_template(template, query=query, divisions=divisions)


def _divisions(asked: Query, facets: tuple[Facet, ...]) -> Iterator[Division]:
    taken = {each.name for each in asked.filters if not each.negated}
    for facet in facets:
        if facet.filter in taken:
            continue
        choices = tuple(_choices(asked, facet))
        if choices:
            yield Division(_heading(facet), choices)


def _heading(facet: Facet) -> str:
    return str(_("Country")) if facet.name == "country" else wording.label(catalogue.BY_NAME[facet.name])


def _choices(asked: Query, facet: Facet) -> Iterator[Choice]:
    for value in facet.values:
        narrower = searching.written(replace(asked, filters=(*asked.filters, Filter(facet.filter, (value.text,)))))
        if narrower is not None:
            yield Choice(_label(facet, value), value.photos, url_for("gallery.search", q=narrower))


def _label(facet: Facet, value: Value) -> str:
    if facet.name == "month":
        return wording.month_alone(int(value.text))
    if facet.name == "type":
        return str({"photo": _("Photo"), "video": _("Video"), "raw": _("Raw file")}.get(value.text, value.text))
    return value.text_fr if value.text_fr and wording.speaks_french() else value.text
