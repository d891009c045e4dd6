"""The page of settings: how the pages look, and in which language. Kept in cookies, for this browser."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from photoindex.web import appearance, cookies, language

blueprint = Blueprint("settings", __name__, url_prefix="/settings")


@blueprint.get("")
def show() -> str:
    return render_template(
        "settings.html",
        themes=appearance.THEMES,
        chosen_language=language.chosen(),
        saved="saved" in request.args,
    )


@blueprint.post("/appearance")
def change_appearance() -> Response:
    """From a form with the fields `theme` and `language`; an empty language is the browser's."""
    theme, chosen = request.form.get("theme", ""), request.form.get("language", "")
    if theme not in appearance.THEMES or chosen not in ("", *language.LANGUAGES):
        abort(422, _("There is no such theme or language."))
    response = redirect(url_for(".show", saved=1), 303)
    cookies.keep(response, appearance.COOKIE, "" if theme == "system" else theme)
    cookies.keep(response, language.COOKIE, chosen)
    return response
