"""The gallery: the pages a person sees. Each works without JavaScript."""

from __future__ import annotations

import os
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from photoindex import collections, libraries, photos, timeline
from photoindex.companions import CompanionFile, companions_of
from photoindex.errors import NotReadyError
from photoindex.libraries import display_path
from photoindex.models import LibraryState
from photoindex.photos import PhotoInfo
from photoindex.search import ResultPage
from photoindex.search.query import normalise
from photoindex.web import cards, clips, facts, helping, moments, progress, searching, timeline_pages
from photoindex.web.cards import Badge
from photoindex.web.media import PLAYED_BY_BROWSERS, SHOWN_BY_BROWSERS
from photoindex.web.services import services

blueprint = Blueprint("gallery", __name__)

PAGE_SIZE = 100
STRIP_SIZE = 12


@blueprint.get("/")
def index() -> str | Response:
    return timeline_pages.show()


@blueprint.get("/search")
def search() -> str | Response:
    query = normalise(request.args.get("q", ""))
    if not query:
        return redirect(url_for("gallery.index"))
    cursor = request.args.get("cursor") or None
    page = services().engine.search(query, PAGE_SIZE, cursor)
    with services().database.read() as session:
        badges = _badges(session, page)
        now = services().status(session)
    view = searching.view(page)
    return render_template(
        "search.html",
        page=page,
        view=view,
        help=None if page.total else helping.with_nothing_found(page, view.show_all),
        badges=badges,
        query=query,
        continued=cursor,
        status=now,
        progress=progress.line(now),
    )


@blueprint.get("/photos/<photo_id:photo_id>")
def photo(photo_id: int) -> str:
    with services().database.read() as session:
        found = photos.get(session, photo_id)
        newer, older = timeline.neighbours(session, found)
        offline = _is_offline(session, found)
        companions = companions_of(session, [photo_id]).get(photo_id, [])
        albums = collections.albums_of(session, photo_id)
        similar = _similar(photo_id, STRIP_SIZE)
        badges = _badges(session, similar)
    return render_template(
        "photo.html",
        photo=found,
        facts=facts.of(found, albums),
        companions=[_companion(each) for each in companions],
        clip=clips.of(found, companions),
        newer=newer,
        older=older,
        cursor=timeline_pages.cursor_of(found) if newer or older else None,
        stage=_stage(found, offline),
        at=moments.parameter(moments.read(request.args.get("t"), found.duration_seconds)),
        offline=offline,
        similar=similar,
        badges=badges,
    )


@blueprint.get("/photos/<photo_id:photo_id>/similar")
def similar(photo_id: int) -> str:
    with services().database.read() as session:
        found = photos.get(session, photo_id)
    cursor = request.args.get("cursor") or None
    page = services().engine.similar(photo_id, PAGE_SIZE, cursor)
    with services().database.read() as session:
        badges = _badges(session, page)
    return render_template("similar.html", page=page, badges=badges, photo=found, continued=cursor)


@dataclass(frozen=True)
class CompanionLine:
    """A file that goes with a photo, as the photo's page shows it."""

    photo_id: int
    filename: str
    format: str


def _companion(file: CompanionFile) -> CompanionLine:
    return CompanionLine(file.photo_id, display_path(os.path.basename(file.path)), file.format)


def _badges(session: Session, page: ResultPage | None) -> dict[int, tuple[Badge, ...]]:
    return cards.badges(session, [each.photo for each in page.results]) if page else {}


def _stage(photo: PhotoInfo, offline: bool) -> str:
    """How the page shows the photo: as the `picture` or the `video` it is, or only by its `thumbnail`."""
    if offline:
        return "thumbnail"
    if photo.format in PLAYED_BY_BROWSERS:
        return "video"
    return "picture" if photo.format in SHOWN_BY_BROWSERS else "thumbnail"


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
