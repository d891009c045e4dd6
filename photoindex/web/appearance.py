"""How the pages look: light or dark, as the system says or as was chosen."""

from __future__ import annotations

from flask import Flask
from flask_babel import lazy_gettext

from photoindex.web import cookies

THEMES = {"system": lazy_gettext("As the system"), "light": lazy_gettext("Light"), "dark": lazy_gettext("Dark")}
COOKIE = "theme"


def register(app: Flask) -> None:
    """Tell templates `theme`, a key of `THEMES`."""

    @app.context_processor
    def tell() -> dict[str, object]:
        return {"theme": chosen()}


def chosen() -> str:
    """The theme of whoever asks, a key of `THEMES`."""
    return cookies.chosen(COOKIE, THEMES, "system")
