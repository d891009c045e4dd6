"""Albums as pages: those made by hand beside the saved searches, one with its photos, and the forms that change it."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from photoindex import album_order, collections, glances, saved_searches
from photoindex.cutting import cut
from photoindex.web import albums as api
from photoindex.web import cards, changes, names, notices, smart_albums, translating
from photoindex.web.services import services

blueprint = Blueprint("album_pages", __name__, url_prefix="/albums")

PAGE_SIZE = 120
SEARCHES_SHOWN = 60


@blueprint.get("")
def index() -> str:
    return _index()


@blueprint.post("")
def create() -> Response | tuple[str, int]:
    """From a form with the field `name`."""
    name = request.form.get("name", "")
    try:
        changes.check_text("name", name)
        with api.changing() as session:
            made = collections.create_album(session, name)
    except HTTPException as error:
        return _index(translating.translate(error.description or ""), name), error.code or 422
    notices.tell(_("This album is new. Select photos anywhere, and choose “Add to album”."))
    return _to_album(made.id)


@blueprint.get("/<photo_id:album_id>")
def album(album_id: int) -> str:
    cursor = request.args.get("cursor") or None
    with services().database.read() as session:
        found = collections.get_album(session, album_id)
        places, last = cut(album_order.page(session, album_id, PAGE_SIZE + 1, api.decode(cursor)), PAGE_SIZE)
        shown = glances.of(session, [each.photo_id for each in places])
        badges = cards.badges(session, shown)
    following = api.encode(last) if last else None
    return render_template(
        "album.html", album=found, photos=shown, badges=badges, continued=cursor, following=following
    )


@blueprint.post("/<photo_id:album_id>/rename")
def rename(album_id: int) -> Response:
    """From a form with the field `name`."""
    name = request.form.get("name", "")
    changes.check_text("name", name)
    with api.changing() as session:
        collections.rename_album(session, album_id, name)
    return _to_album(album_id)


@blueprint.get("/<photo_id:album_id>/delete")
def confirm(album_id: int) -> str:
    with services().database.read() as session:
        return render_template("delete_album.html", album=collections.get_album(session, album_id))


@blueprint.post("/<photo_id:album_id>/delete")
def delete(album_id: int) -> Response:
    with api.changing() as session:
        name = collections.get_album(session, album_id).name
        collections.delete_album(session, album_id)
    notices.tell(_("The album “%(name)s” is deleted. Its photos stay.", name=names.plain(name)))
    return redirect(url_for("album_pages.index"), 303)


def _index(problem: str | None = None, name: str = "") -> str:
    with services().database.read() as session:
        found = collections.list_albums(session)
        searches = saved_searches.page(session, SEARCHES_SHOWN, 0)
        total = saved_searches.count(session)
        new = smart_albums.counts(session, searches)
    return render_template(
        "albums.html", albums=found[::-1], searches=searches, new=new, total=total, problem=problem, name=name
    )


def _to_album(album_id: int) -> Response:
    return redirect(url_for("album_pages.album", album_id=album_id), 303)
