"""What a page says once after something was done, with the button that undoes it."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from flask import Flask, flash, redirect, request, session, url_for
from werkzeug.wrappers import Response


def register(app: Flask) -> None:
    """Give templates `here()`, the address to come back to."""
    app.add_template_global(here)


def tell(text: str, undo: str | None = None) -> None:
    """Say this on the next page; `undo` is the token of `photoindex.undoing`."""
    session.pop("_flashes", None)  # what was never seen is not true any more
    flash({"text": text, "undo": undo})  # type: ignore[arg-type]


def here() -> str:
    """The page that is shown, without being told to select on it."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != "select"]
    if request.endpoint is None or request.method != "GET":
        return url_for("gallery.index")
    address = url_for(request.endpoint, **(request.view_args or {}))
    query = urlencode(kept)
    return f"{address}?{query}" if query else address


def back(status: int = 303) -> Response:
    """To the page of ours that the form's field `back` names, or to the timeline."""
    address = request.form.get("back", "")
    parts = urlsplit(address)
    is_ours = not (parts.scheme or parts.netloc) and address.startswith("/") and not address.startswith(("//", "/\\"))
    return redirect(address if is_ours and address.isprintable() else url_for("gallery.index"), status)
