"""The page with the timeline, and further parts of it for the script that appends them as one scrolls."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from photoindex import photos
from photoindex import timeline as storage
from photoindex.photos import PhotoInfo
from photoindex.web import adding, dates, density, owner, progress, timeline
from photoindex.web.services import services

blueprint = Blueprint("timeline", __name__)

PAGE_SIZE = 120


def show() -> str | Response:
    """The page at an address: the newest photos, or those after or before a cursor, or from a date on."""
    chosen = density.choose()
    if chosen is not None:
        return chosen
    with services().database.read() as session:
        stretch = _asked(session)
        if request.args.get("before") and stretch.newer is None:
            # Fewer than a page in front of a cursor are best seen on the first page, which is full.
            stretch = timeline.stretch_after(session, PAGE_SIZE, None)
        page = timeline.page_of(session, stretch)
        months = storage.months(session)
        total = photos.count(session)
        now = services().status(session)
    return render_template(
        "timeline.html" if total else "welcome.html",
        page=page,
        total=total,
        dates=dates.rendered(months),
        densities=density.choices(),
        status=now,
        progress=progress.line(now),
        picker=adding.picker() if not now.libraries and owner.may_administer() else None,
    )


@blueprint.get("/timeline")
def part() -> str:
    """The photos after or before a cursor, to be put beside those that are there, or those that were there once."""
    with services().database.read() as session:
        page = timeline.page_of(session, _asked(session))
    return render_template("_stretch.html", page=page)


def cursor_of(photo: PhotoInfo) -> str:
    """With which `part` is asked for what is newer or older than a photo."""
    return timeline.encode(photo)


def _asked(session: Session) -> timeline.Stretch:
    """Raises QueryError."""
    after, before, at, first, last = (request.args.get(name) for name in ("after", "before", "at", "first", "last"))
    if first and last:
        return timeline.stretch_between(session, 2 * PAGE_SIZE, timeline.decode(first), timeline.decode(last))
    if before:
        return timeline.stretch_before(session, PAGE_SIZE, timeline.decode(before))
    if at:
        return timeline.stretch_at(session, PAGE_SIZE, timeline.until(at))
    return timeline.stretch_after(session, PAGE_SIZE, timeline.decode(after) if after else None)
