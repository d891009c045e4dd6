"""Static files: each address carries a digest of the content, so browsers may keep a file for ever."""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path

from flask import Flask, Response, request, url_for


def register(app: Flask) -> None:
    """Give templates `asset(name)`, and let browsers keep what is asked for by its digest."""
    folder = Path(os.fspath(app.static_folder or ""))

    @cache
    def digest(name: str) -> str:
        return hashlib.sha256((folder / name).read_bytes()).hexdigest()[:12]

    @app.template_global()
    def asset(name: str) -> str:
        return url_for("static", filename=name, v=digest(name))

    @app.after_request
    def let_browsers_keep_files(response: Response) -> Response:
        if request.endpoint == "static" and response.status_code in (200, 206, 304):
            kept = "private, max-age=31536000, immutable" if "v" in request.args else "private, no-cache"
            response.headers["Cache-Control"] = kept
        return response
