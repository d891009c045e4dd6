"""What a photo's page changes: whether it is a favourite, and how many stars it has. Both work without scripts."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from photoindex import collections, photos
from photoindex.web.services import services

blueprint = Blueprint("photo_actions", __name__, url_prefix="/photos/<photo_id:photo_id>")

_RATINGS = {str(stars): stars for stars in range(collections.MOST_STARS + 1)}


@blueprint.post("/favourite")
def set_favourite(photo_id: int) -> str | Response:
    """From a form with the field `favourite`, which is `yes` or `no`."""
    chosen = request.form.get("favourite")
    if chosen not in ("yes", "no"):
        abort(422, _("A photo is a favourite or not: yes or no."))
    with services().database.write() as session:
        collections.set_favourite(session, photo_id, chosen == "yes")
    return _changed(photo_id)


@blueprint.post("/rating")
def set_rating(photo_id: int) -> str | Response:
    """From a form with the field `rating`, 0 to 5."""
    stars = _RATINGS.get(request.form.get("rating", ""))
    if stars is None:
        abort(422, _("A rating has 0 to 5 stars."))
    with services().database.write() as session:
        collections.set_rating(session, photo_id, stars)
    return _changed(photo_id)


def _changed(photo_id: int) -> str | Response:
    """For scripts the part of the page that shows it; else the page again."""
    if "X-Requested-With" not in request.headers:
        return redirect(url_for("gallery.photo", photo_id=photo_id), 303)
    with services().database.read() as session:
        return render_template("_marks.html", photo=photos.get(session, photo_id))
