"""Static files: their addresses carry a digest of all of them, so browsers may keep a file for ever."""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, current_app, request, url_for


def register(app: Flask) -> None:
    """Give templates `asset(name)`, and let browsers keep what is asked for by the digest.

    The digest is a folder in the address: what a module or style sheet names beside it is kept as well.
    """
    version = _digest(Path(os.fspath(app.static_folder or "")))

    @app.template_global()
    def asset(name: str) -> str:
        return address(name, request.script_root)

    @lru_cache(maxsize=512)
    def address(name: str, _root: str) -> str:
        return url_for("asset", version=version, filename=name)

    @app.get("/static/v-<version>/<path:filename>", endpoint="asset")
    def send(version: str, filename: str) -> Response:
        return current_app.send_static_file(filename)

    @app.after_request
    def let_browsers_keep_files(response: Response) -> Response:
        if request.endpoint in ("static", "asset") and response.status_code in (200, 206, 304):
            known = request.view_args is not None and request.view_args.get("version") == version
            response.headers["Cache-Control"] = "private, max-age=31536000, immutable" if known else "private, no-cache"
        return response


def _digest(folder: Path) -> str:
    found = hashlib.sha256()
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        content = path.read_bytes()
        found.update(f"{path.relative_to(folder)}\0{len(content)}\0".encode())
        found.update(content)
    return found.hexdigest()[:12]
