"""The language of the pages: the one that was chosen, else the browser's, among those there is a translation for."""

from __future__ import annotations

from gettext import NullTranslations

from flask import Flask, g, request
from flask_babel import Babel, get_locale, get_translations

from photoindex.resources import resource_folder
from photoindex.web import cookies

LANGUAGES = {"en": "English", "fr": "Français"}
"""Each in its own words."""
COOKIE = "language"


def register(app: Flask) -> None:
    """Translate what templates and views mark with `_`, and tell templates `language`, as `fr`."""
    Babel(
        app,
        default_translation_directories=str(resource_folder("translations")),
        locale_selector=_choose,
    )
    # Flask-Babel looks the catalogue up for every text: a tenth of the time that a page of results takes.
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda text: _catalogue().gettext(text),
        ngettext=lambda one, many, count: _catalogue().ngettext(one, many, count),
        newstyle=True,
    )

    @app.context_processor
    def tell() -> dict[str, object]:
        return {"language": str(get_locale() or "en"), "languages": LANGUAGES}


def _catalogue() -> NullTranslations:
    found: NullTranslations | None = g.get("catalogue")
    if found is None:
        found = g.catalogue = get_translations()
    return found


def _choose() -> str:
    return chosen() or request.accept_languages.best_match(list(LANGUAGES), "en") or "en"


def chosen() -> str:
    """The language that whoever asks has chosen; empty when it is the browser's."""
    return cookies.chosen(COOKIE, LANGUAGES, "")
