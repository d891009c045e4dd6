"""The forms of the page of settings that change what indexing goes by: what is left out, and the encoder."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from photoindex import chosen, ignoring
from photoindex.config import IGNORED_BY_DEFAULT
from photoindex.encoders.registry import AUTO
from photoindex.errors import ConfigError
from photoindex.web import in_force, notices, owner, settings, translating
from photoindex.web.services import services

blueprint = Blueprint("index_settings", __name__, url_prefix="/settings")
blueprint.before_request(owner.require)


@blueprint.post("/ignore")
def change_ignored() -> Response | tuple[str, int] | str:
    """From a form with the field `patterns`, one a line, and the button `do`: `save`, `try` or `default`."""
    text, do = request.form.get("patterns", ""), request.form.get("do", "save")
    _check_free("ignore")
    if do == "default":
        return _choose("ignore", None)
    try:
        patterns = ignoring.check_patterns(text.splitlines())
    except ConfigError as error:
        return settings.page(patterns=text, ignore_problem=translating.of_error(error)), 422
    if do == "try":
        with services().database.read() as session:
            found = ignoring.would_leave_out(session, patterns)
        return settings.page(patterns=text, left_out=found)
    return _choose("ignore", None if patterns == IGNORED_BY_DEFAULT else list(patterns))


@blueprint.post("/encoder")
def change_encoder() -> Response:
    """From a form with the field `encoder`: a name of the registry, or `auto`."""
    name = request.form.get("encoder", "")
    _check_free("encoder")
    with services().database.read() as session:
        offered = {each.name for each in in_force.encoders(session)}
    if name not in offered:
        abort(422, _("There is no such encoder."))
    return _choose("encoder", None if name == AUTO else name)


def _check_free(name: str) -> None:
    with services().database.read() as session:
        if in_force.setting(session, name).fixed:
            abort(409, _("This is set elsewhere, and can't be changed here."))


def _choose(name: str, value: Any) -> Response:
    with services().database.write() as session:
        chosen.choose(session, name, value)
    notices.tell(_("Saved."))
    return redirect(url_for("settings.show"), 303)
