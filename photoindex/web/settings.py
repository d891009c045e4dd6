"""The page of settings: how the pages look, and in which language. Kept in cookies, for this browser."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from photoindex.web import appearance, language

blueprint = Blueprint("settings", __name__, url_prefix="/settings")

KEPT_SECONDS = 400 * 86_400
"""Browsers keep no cookie for longer."""


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
    _keep(response, appearance.COOKIE, "" if theme == "system" else theme)
    _keep(response, language.COOKIE, chosen)
    return response


def _keep(response: Response, cookie: str, value: str) -> None:
    """Keep a choice in a cookie; without one it is forgotten."""
    response.set_cookie(cookie, value, max_age=KEPT_SECONDS if value else 0, httponly=True, samesite="Lax")
