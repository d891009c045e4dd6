"""Forms: what a page changes carries a token that only our own pages know (CSRF); the JSON API needs none.

A page of another site can have a visitor's browser send a form, cookies and all, but can't read the token. Programs
send JSON, which `changes` guards. Scripts of ours send the token as the header `X-CSRFToken`.
"""

from __future__ import annotations

from flask import Flask, abort, request
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError, CSRFProtect, generate_csrf
from markupsafe import Markup

from photoindex.web import problems


def register(app: Flask, key: str) -> None:
    """Sign sessions with the key, refuse a form without its token, and give templates `form_token()`, its field."""
    app.secret_key = key
    app.config.update(
        SESSION_COOKIE_NAME="photoindex",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_CHECK_DEFAULT=False,  # by address, here: a module may have both pages and a part of the API
        WTF_CSRF_TIME_LIMIT=None,  # a page may stay open for days; its session ends with the browser
    )
    protection = CSRFProtect(app)
    app.add_template_global(form_token)

    @app.before_request
    def require_token() -> None:
        if request.endpoint is None or problems.is_for_programs(request.path):
            return
        try:
            protection.protect()
        except CSRFError:
            abort(403, _("This page was open for too long, or is not ours. Go back, reload it, and try again."))


def form_token() -> Markup:
    """The hidden field that each form with method="post" needs."""
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(generate_csrf())
