"""How large pictures in rows are: a choice of the visitor's, kept in a cookie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import redirect, request, url_for
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from photoindex.web import cookies
from photoindex.web.rows import DENSITIES

COOKIE = "density"
DEFAULT = "comfortable"

_LABELS = {"comfortable": lazy_gettext("Large"), "compact": lazy_gettext("Medium"), "dense": lazy_gettext("Small")}


@dataclass(frozen=True)
class Choice:
    """A size to choose, and the address that chooses it."""

    label: str
    address: str
    chosen: bool


def current() -> str:
    """The one chosen, one of `DENSITIES`."""
    return cookies.chosen(COOKIE, DENSITIES, DEFAULT)


def choices() -> list[Choice]:
    """The sizes, for this very place of the timeline."""
    place: dict[str, Any] = {name: request.args[name] for name in ("at", "after", "before") if name in request.args}
    now = current()
    return [
        Choice(str(label), url_for("gallery.index", density=name, **place), name == now)
        for name, label in _LABELS.items()
    ]


def choose() -> Response | None:
    """Keep the size that the address asks for, and lead back to where it was asked; None when it asks for none."""
    asked = request.args.get("density")
    if asked is None:
        return None
    rest: dict[str, Any] = {name: value for name, value in request.args.items() if name != "density"}
    response: Response = redirect(url_for(str(request.endpoint), **rest))
    if asked in DENSITIES:
        cookies.keep(response, COOKIE, asked)
    return response
