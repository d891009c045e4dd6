"""Further ways through the photos: cameras and lenses, this day in earlier years, the newest in the index, problems."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask import Blueprint, render_template, request, url_for
from flask_babel import lazy_gettext
from sqlalchemy.orm import Session

from photoindex import files, gear, glances, libraries, media, timeline
from photoindex.cutting import cut
from photoindex.errors import QueryError
from photoindex.gear import Gear
from photoindex.glances import Glance
from photoindex.libraries import display_path
from photoindex.messages import say
from photoindex.web import cards, headings, links, translating
from photoindex.web.identifiers import whole_number
from photoindex.web.services import services

blueprint = Blueprint("browsing", __name__)

PAGE_SIZE = 120
EACH_YEAR = 40
PROBLEMS_SHOWN = 100


@dataclass(frozen=True)
class Way:
    """A page that leads to photos in another way than by searching."""

    endpoint: str
    icon: str
    label: str

    @property
    def address(self) -> str:
        return url_for(self.endpoint)


WAYS = (
    Way("folders.index", "folder", lazy_gettext("Folders")),
    Way("places.show", "map", lazy_gettext("Places")),
    Way("browsing.show_cameras", "camera", lazy_gettext("Cameras")),
    Way("browsing.show_this_day", "memory", lazy_gettext("On this day")),
    Way("browsing.show_recent", "clock", lazy_gettext("Recently added")),
    Way("duplicates.show", "copies", lazy_gettext("Duplicates")),
    Way("browsing.show_problems", "warning", lazy_gettext("Files with problems")),
)
"""As the page Explore lists them."""


@blueprint.get("/cameras")
def show_cameras() -> str:
    with services().database.read() as session:
        cameras, lenses = gear.cameras(session), gear.lenses(session)
    return render_template(
        "cameras.html",
        cameras=[(each, _search("camera", each)) for each in cameras],
        lenses=[(each, _search("lens", each)) for each in lenses],
    )


@dataclass(frozen=True)
class Year:
    """A day in an earlier year: all its photos, or the first of them."""

    year: int
    years_ago: int
    photos: int
    shown: list[Glance]
    address: str
    """Of all of them."""


@blueprint.get("/on-this-day")
def show_this_day() -> str:
    today = date.today()
    with services().database.read() as session:
        years = [_year(session, each, today) for each in timeline.on_day(session, today, EACH_YEAR)]
        badges = cards.badges(session, [photo for each in years for photo in each.shown])
    return render_template("this_day.html", years=years, badges=badges, day=headings.day_of_year(today))


@blueprint.get("/recent")
def show_recent() -> str:
    before = _id("before")
    with services().database.read() as session:
        ids, next_before = cut(timeline.added(session, PAGE_SIZE + 1, before), PAGE_SIZE)
        shown = glances.of(session, ids)
        badges = cards.badges(session, shown)
    return render_template("recent.html", photos=shown, badges=badges, before=before, next_before=next_before)


@dataclass(frozen=True)
class Problem:
    """A file that could not be indexed."""

    library: str
    path: str
    detail: str | None


@blueprint.get("/problems")
def show_problems() -> str:
    after = _id("after")
    with services().database.read() as session:
        reasons = files.failure_reasons(session)
        reason = request.args.get("reason", next(iter(reasons), ""))
        shown, last = cut(files.failures(session, PROBLEMS_SHOWN + 1, after or 0, reason), PROBLEMS_SHOWN)
        names = {each.id: each.name for each in libraries.list_all(session)}
    return render_template(
        "problems.html",
        reasons=[(code, translating.recall(media.REASONS.get(code, code)), count) for code, count in reasons.items()],
        reason=reason,
        problems=[Problem(names.get(each.library_id, ""), display_path(each.path), each.detail) for each in shown],
        after=after,
        next_after=last.file_id if last else None,
    )


def _search(filter: str, gear: Gear) -> str:
    return url_for("gallery.search", q=links.query(filter, gear.name))


def _year(session: Session, day: timeline.Day, today: date) -> Year:
    return Year(
        year=day.day.year,
        years_ago=today.year - day.day.year,
        photos=day.photos,
        shown=glances.of(session, day.photo_ids),
        address=url_for("gallery.index", at=day.day.isoformat()),
    )


def _id(name: str) -> int | None:
    """An id in the address, by which a page begins behind a row. Raises QueryError."""
    text = request.args.get(name)
    if text is None:
        return None
    number = whole_number(text)
    if number is None:
        raise QueryError(say("%(name)s is the number of a row; begin with the first page", name=name))
    return number
