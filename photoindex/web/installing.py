"""What a browser asks to install the gallery as an app of its own: name, colours, icons."""

from __future__ import annotations

from flask import Blueprint, Response, json, url_for
from flask_babel import get_locale
from flask_babel import gettext as _

blueprint = Blueprint("installing", __name__)

_ICONS = (("icon-192.png", 192, "any"), ("icon-512.png", 512, "any"), ("maskable-512.png", 512, "maskable"))
"""Drawn by `scripts/draw_icons.py` into `static/icons/`."""


@blueprint.get("/manifest.webmanifest")
def manifest() -> Response:
    """The web app manifest (W3C)."""
    start = url_for("gallery.index")
    body = {
        "id": start,
        "name": "PhotoIndex",
        "short_name": "PhotoIndex",
        "description": _("Find any photo by describing it"),
        "lang": str(get_locale() or "en"),
        "start_url": start,
        "scope": start,
        "display": "standalone",
        "theme_color": "#0f766e",
        "background_color": "#16181b",
        "icons": [
            {
                "src": url_for("static", filename=f"icons/{name}"),
                "sizes": f"{edge}x{edge}",
                "type": "image/png",
                "purpose": purpose,
            }
            for name, edge, purpose in _ICONS
        ],
    }
    return Response(json.dumps(body), content_type="application/manifest+json")
