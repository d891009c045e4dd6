"""The page of the photos that the user hid: to see them, and to show them again everywhere."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from photoindex import glances, hiding
from photoindex.cutting import cut
from photoindex.web import cards, timeline
from photoindex.web.services import services

blueprint = Blueprint("hidden", __name__, url_prefix="/hidden")

PAGE_SIZE = 120


@blueprint.get("")
def show() -> str:
    cursor = request.args.get("cursor")
    with services().database.read() as session:
        after = timeline.decode(cursor) if cursor else None
        places, last = cut(hiding.page(session, PAGE_SIZE + 1, after), PAGE_SIZE)
        shown = glances.of(session, [each.photo_id for each in places])
        badges = cards.badges(session, shown)
        total = hiding.count(session)
    following = timeline.encode(last) if last else None
    return render_template(
        "hidden.html", photos=shown, badges=badges, total=total, continued=cursor, following=following
    )
