"""Saved searches as pages: the list, each as an album, and the forms that change them. All works without a script."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from photoindex import saved_searches
from photoindex.search.query import normalise
from photoindex.web import cards, changes, smart_albums, translating
from photoindex.web import saved_searches as api
from photoindex.web.cards import Badge
from photoindex.web.identifiers import whole_number
from photoindex.web.services import services

blueprint = Blueprint("saved_pages", __name__, url_prefix="/saved")

PAGE_SIZE = 100
LISTED = 60


@blueprint.get("")
def index() -> str:
    first = whole_number(request.args.get("from", ""), digits=9) or 0
    with services().database.read() as session:
        found = saved_searches.page(session, LISTED, first)
        total = saved_searches.count(session)
        new = smart_albums.counts(session, found)
    return render_template("saved.html", searches=found, new=new, total=total, first=first, listed=LISTED)


@blueprint.get("/new")
def propose() -> str:
    query = normalise(request.args.get("q", ""))
    return render_template("save.html", query=query, name=query[: saved_searches.LONGEST_NAME], problem=None)


@blueprint.post("")
def create() -> Response | tuple[str, int]:
    """From a form with the fields `q` and `name`."""
    query, name = _field("q"), _field("name")
    try:
        changes.check_text("name", name)
        made = api.make(name, query)
    except HTTPException as error:
        return render_template(
            "save.html", query=query, name=name, problem=translating.translate(error.description or "")
        ), error.code or 422
    return _to_album(made.id)


@blueprint.get("/<photo_id:search_id>")
def album(search_id: int) -> str:
    cursor = request.args.get("cursor") or None
    found, new = api.read(search_id)
    page = smart_albums.page(found, PAGE_SIZE, cursor)
    with services().database.read() as session:
        badges = cards.badges(session, [each.photo for each in page.results])
    new_badge = Badge(_("New"), _("New since you last looked"))
    for result in page.results:
        if result.photo.id > found.seen_photo_id:
            badges[result.photo.id] = (new_badge, *badges.get(result.photo.id, ()))
    return render_template("smart_album.html", search=found, new=new, page=page, badges=badges, continued=cursor)


@blueprint.post("/<photo_id:search_id>/change")
def change(search_id: int) -> Response:
    """From a form with the fields `name` and `q`."""
    query, name = _field("q"), _field("name")
    changes.check_text("name", name)
    with api.changing() as session:
        saved_searches.rename(session, search_id, name)
        saved_searches.change_query(session, search_id, normalise(query))
    return _to_album(search_id)


@blueprint.post("/<photo_id:search_id>/seen")
def seen(search_id: int) -> Response:
    api.mark_seen(search_id)
    return _to_album(search_id)


@blueprint.post("/<photo_id:search_id>/move")
def move(search_id: int) -> Response:
    """From a form with the field `to`: `earlier` or `later`."""
    step = {"earlier": -1, "later": 1}.get(_field("to"), 0)
    with api.changing() as session:
        saved_searches.move(session, search_id, saved_searches.get(session, search_id).position + step)
    return redirect(url_for("saved_pages.index"), 303)


@blueprint.post("/<photo_id:search_id>/delete")
def delete(search_id: int) -> Response:
    with api.changing() as session:
        saved_searches.remove(session, search_id)
    return redirect(url_for("saved_pages.index"), 303)


def _field(name: str) -> str:
    """A field of the form that a page of ours sent; empty when it has none."""
    return request.form.get(name, "")


def _to_album(search_id: int) -> Response:
    return redirect(url_for("saved_pages.album", search_id=search_id), 303)
