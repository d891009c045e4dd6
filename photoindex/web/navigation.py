"""Where the pages' navigation leads. A new page adds one line to `ENTRIES`; its icon is in `templates/_icons.html`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from babel import Locale
from flask import Flask, render_template, request, url_for
from flask_babel import lazy_gettext
from markupsafe import Markup

from photoindex.web import headings

ON_PHONES = 4
"""How many of the first entries a phone's bar shows; the others are behind its "More"."""


@dataclass(frozen=True)
class Entry:
    """One page to go to."""

    endpoint: str
    icon: str
    label: str
    values: Mapping[str, str] = field(default_factory=dict)
    """The address's parameters."""
    parts: tuple[str, ...] = ()
    """Other endpoints that belong to it, or whole blueprints, as `albums.`"""

    @property
    def address(self) -> str:
        return url_for(self.endpoint, **dict[str, Any](self.values))

    @property
    def is_current(self) -> bool:
        """Whether the page that is asked for is this one, or belongs to it."""
        asked = request.endpoint or ""
        if asked == self.endpoint:
            return all(request.args.get(name) == value for name, value in self.values.items())
        return any(asked == part or (part.endswith(".") and asked.startswith(part)) for part in self.parts)


ENTRIES = (
    Entry("gallery.index", "photos", lazy_gettext("Photos")),
    Entry("explore.show", "explore", lazy_gettext("Explore"), parts=("browsing.",)),
    Entry("album_pages.index", "albums", lazy_gettext("Albums"), parts=("album_pages.", "saved_pages.")),
    Entry("gallery.search", "star", lazy_gettext("Favourites"), {"q": "is:favourite"}),
    Entry("folders.index", "folder", lazy_gettext("Folders"), parts=("folders.",)),
    Entry("places.show", "map", lazy_gettext("Places"), parts=("places.",)),
    Entry("duplicates.show", "copies", lazy_gettext("Duplicates")),
    Entry("hidden.show", "hide", lazy_gettext("Hidden")),
    Entry("status_pages.show", "pulse", lazy_gettext("Status"), parts=("indexing.",)),
    Entry(
        "settings.show",
        "settings",
        lazy_gettext("Settings"),
        parts=("index_settings.", "library_settings.", "adding."),
    ),
)
"""In this order, on every page."""


def register(app: Flask) -> None:
    """Give templates `navigation(start, end)`, the links to these entries, and how many of them a phone's bar shows."""

    @app.context_processor
    def tell() -> dict[str, object]:
        return {"navigation": links, "navigation_on_phones": ON_PHONES}


def links(start: int = 0, end: int | None = None) -> Markup:
    """Links to the entries from `start` to before `end`, the current page's one marked."""
    current = tuple(entry.is_current for entry in ENTRIES[start:end])
    return _links(start, end, current, headings.locale(), request.script_root)


@lru_cache(maxsize=256)
def _links(start: int, end: int | None, current: tuple[bool, ...], _locale: Locale, _root: str) -> Markup:
    """Written once, as they are nearly the same on every page and take as long as a dozen pictures."""
    marked = zip(ENTRIES[start:end], current, strict=True)
    return Markup(render_template("_navigation.html", entries=list(marked)))
