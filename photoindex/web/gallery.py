"""The gallery: the pages a person sees. Each works without JavaScript."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from photoindex import files, libraries, media, photos, status
from photoindex.errors import NotReadyError
from photoindex.libraries import display_path
from photoindex.models import LibraryState
from photoindex.photos import PhotoInfo
from photoindex.search import ResultPage
from photoindex.search.query import normalise
from photoindex.status import Status
from photoindex.web import facts, progress, timeline
from photoindex.web.media import SHOWN_BY_BROWSERS
from photoindex.web.services import services

blueprint = Blueprint("gallery", __name__)

PAGE_SIZE = 100
STRIP_SIZE = 12
FAILURES_SHOWN = 200


@blueprint.get("/")
def index() -> str:
    with services().database.read() as session:
        page = timeline.read_page(
            session, PAGE_SIZE, after=request.args.get("after"), before=request.args.get("before")
        )
        now = _status(session)
    template = "timeline.html" if page.total else "welcome.html"
    return render_template(template, page=page, status=now, progress=progress.line(now))


@blueprint.get("/search")
def search() -> str | Response:
    query = normalise(request.args.get("q", ""))
    if not query:
        return redirect(url_for("gallery.index"))
    cursor = request.args.get("cursor") or None
    page = services().engine.search(query, PAGE_SIZE, cursor)
    with services().database.read() as session:
        now = _status(session)
    return render_template(
        "search.html", page=page, query=query, continued=cursor, status=now, progress=progress.line(now)
    )


@blueprint.get("/photos/<photo_id:photo_id>")
def photo(photo_id: int) -> str:
    with services().database.read() as session:
        found = photos.get(session, photo_id)
        newer, older = photos.neighbours(session, found)
        offline = _is_offline(session, found)
    return render_template(
        "photo.html",
        photo=found,
        facts=facts.of(found),
        newer=newer,
        older=older,
        whole=found.format in SHOWN_BY_BROWSERS and not offline,
        offline=offline,
        similar=_similar(photo_id, STRIP_SIZE),
    )


@blueprint.get("/photos/<photo_id:photo_id>/similar")
def similar(photo_id: int) -> str:
    with services().database.read() as session:
        found = photos.get(session, photo_id)
    cursor = request.args.get("cursor") or None
    page = services().engine.similar(photo_id, PAGE_SIZE, cursor)
    return render_template("similar.html", page=page, photo=found, continued=cursor)


@blueprint.get("/status")
def show_status() -> str:
    with services().database.read() as session:
        now = _status(session)
        names = {each.id: each.name for each in libraries.list_all(session)}
        failures = [_failure(each, names) for each in files.failures(session, FAILURES_SHOWN)]
    return render_template("status.html", status=now, progress=progress.line(now), failures=failures)


@dataclass(frozen=True)
class FailureLine:
    """A file that could not be indexed, as the status page shows it."""

    library: str
    path: str
    reason: str
    detail: str | None


def _failure(failure: files.Failure, names: dict[int, str]) -> FailureLine:
    reason = media.REASONS.get(failure.reason, failure.reason)
    return FailureLine(names.get(failure.library_id, ""), display_path(failure.path), reason, failure.detail)


def _status(session: Session) -> Status:
    return status.read(session, services().daemon_lock)


def _is_offline(session: Session, photo: PhotoInfo) -> bool:
    """Whether every file of the photo lies in a library whose disk is away."""
    states = {each.id: each.state for each in libraries.list_all(session)}
    return all(states.get(file.library_id) == LibraryState.OFFLINE for file in photo.files)


def _similar(photo_id: int, limit: int) -> ResultPage | None:
    """The nearest few; None while the photo has no embedding yet."""
    try:
        return services().engine.similar(photo_id, limit)
    except NotReadyError:
        return None
