"""The page of settings: libraries, encoder, what is left out; and how this browser shows the pages, kept in cookies."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from photoindex import libraries
from photoindex.web import appearance, cookies, in_force, language, owner, status_pages
from photoindex.web.services import services

blueprint = Blueprint("settings", __name__, url_prefix="/settings")


@blueprint.get("")
def show() -> str:
    return page()


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


def page(**said: Any) -> str:
    """The page; `said` is what its templates are told of a form that was sent: `problem`, `patterns` and so on."""
    administers = owner.may_administer()
    return render_template(
        "settings.html",
        themes=appearance.THEMES,
        chosen_language=language.chosen(),
        saved="saved" in request.args,
        administers=administers,
        **(_of_this_machine() if administers else {}),
        **said,
    )


def _of_this_machine() -> dict[str, Any]:
    with services().database.read() as session:
        return {
            "libraries": libraries.list_all(session),
            "ignore": in_force.setting(session, "ignore"),
            "encoder": in_force.setting(session, "encoder"),
            "encoders": in_force.encoders(session),
            "building": status_pages.building_encoder(session),
            "config_file": str(services().settings.data / "config.toml"),
        }
