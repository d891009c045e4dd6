"""What whoever looks has chosen for this browser, each in a cookie."""

from __future__ import annotations

from collections.abc import Container

from flask import request
from werkzeug.wrappers import Response

KEPT_SECONDS = 400 * 86_400
"""Browsers keep no cookie for longer."""


def chosen(cookie: str, among: Container[str], default: str) -> str:
    """What was chosen, the default where nothing was, or what there is no more."""
    value = request.cookies.get(cookie, default)
    return value if value in among else default


def keep(response: Response, cookie: str, value: str) -> None:
    """Keep a choice; without one it is forgotten."""
    response.set_cookie(cookie, value, max_age=KEPT_SECONDS if value else 0, httponly=True, samesite="Lax")
