"""The address of every page there is, from the routes themselves: a new page cannot be forgotten."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote

from flask import Flask
from werkzeug.routing import Rule

NO_PAGES = {"static", "asset"}
"""Files that are the same for everybody."""
IDS: Mapping[str, object] = {"token": "made-up", "photo_id": 1, "album_id": 1, "search_id": 1, "library_id": 1}
"""What stands in an address; a route with anything else in it must be named here."""

QUERIES: Mapping[str, Sequence[str]] = {
    "gallery.index": ("", "select=1", "at=2024-02"),
    "gallery.search": ("q=red", "q={}", "q=camera:%22{}%22", "q=is:favourite", "q=red&select=1"),
    "gallery.similar": ("", "after={}"),
    "album_pages.album": ("", "select=1"),
    "browsing.show_problems": ("", "reason={}"),
    "duplicates.show": ("", "kind=same", "kind=burst", "kind={}"),
    "folders.show": ("", "path=trip%201", "path={}"),
    "narrowing.show": ("q=red", "q={}"),
    "places.list_clusters": ("bbox=-180,-90,180,90&zoom=2", "bbox={}&zoom={}"),
    "saved_pages.propose": ("q=blue", "q={}"),
    "suggestions.show": ("q=re", "q={}"),
    "timeline.part": ("", "after={}"),
    "api.search": ("q=red", "q={}"),
}
"""What is asked for beside the bare address; `{}` stands for something that nobody expects there."""


def addresses(app: Flask, unexpected: str = "", **ids: int) -> Iterator[tuple[str, str]]:
    """The endpoint and the address of each page, and of what scripts and programs read; some are errors."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if "GET" in (rule.methods or ()) and rule.endpoint not in NO_PAGES:
            for query in QUERIES.get(rule.endpoint, ("",)):
                asked = query.replace("{}", quote(unexpected, safe=""))
                yield rule.endpoint, f"{_path(rule, {**IDS, **ids})}{'?' if asked else ''}{asked}"


def _path(rule: Rule, ids: Mapping[str, object]) -> str:
    unknown = rule.arguments - ids.keys()
    assert not unknown, f"say in every_page.py what to ask {rule.rule} for"
    built = rule.build({name: ids[name] for name in rule.arguments})
    assert built is not None
    return built[1]
