"""Duplicates, as a page and as JSON: groups to go through, and saying that the photos of one are different."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from photoindex import duplicates
from photoindex.duplicates import COPIES, Group, GroupPage
from photoindex.errors import QueryError
from photoindex.search.cursor import NOT_OURS
from photoindex.web import cards, paging, schemas
from photoindex.web.cards import Badge
from photoindex.web.identifiers import whole_number
from photoindex.web.services import services

api = Blueprint("duplicates_api", __name__, url_prefix="/api/v1/duplicates")
pages = Blueprint("duplicates", __name__, url_prefix="/duplicates")

PAGE_SIZE = 30
_LARGEST = (1 << 63) - 1


@api.get("")
def list_groups() -> dict[str, Any]:
    kind = duplicates.check_kind(request.args.get("kind", COPIES))
    with services().database.read() as session:
        found = duplicates.page(session, kind, paging.limit(), _decode(paging.cursor()))
    return {
        "kind": kind,
        "total": found.total,
        "groups": [_group(each) for each in found.groups],
        "next_cursor": _cursor(found),
    }


@api.post("/<group>/dismiss")
def dismiss(group: str) -> dict[str, Any]:
    with services().database.write() as session:
        return {"dismissal": duplicates.dismiss(session, group)}


@api.delete("/dismissals/<photo_id:dismissal_id>")
def restore(dismissal_id: int) -> tuple[str, int]:
    with services().database.write() as session:
        duplicates.restore(session, dismissal_id)
    return "", 204


@pages.get("")
def show() -> str:
    kind = duplicates.check_kind(request.args.get("kind", COPIES))
    cursor = paging.cursor()
    with services().database.read() as session:
        found = duplicates.page(session, kind, PAGE_SIZE, _decode(cursor))
        counts = duplicates.count(session, found)
        badges = cards.badges(session, [photo for group in found.groups for photo in group.photos])
    if kind != COPIES:
        keep = Badge(_("Keep"), _("Suggested to keep"))
        badges |= {group.keep_id: (keep, *badges[group.keep_id]) for group in found.groups}
    return render_template(
        "duplicates.html",
        page=found,
        counts=counts,
        badges=badges,
        cursor=cursor,
        next_cursor=_cursor(found),
        dismissed=whole_number(request.args.get("dismissed", "")),
    )


@pages.post("/<group>/dismiss")
def dismiss_from_page(group: str) -> Response:
    with services().database.write() as session:
        dismissal_id = duplicates.dismiss(session, group)
    kind = group.partition("-")[0]
    return redirect(url_for(".show", kind=kind, cursor=request.form.get("cursor") or None, dismissed=dismissal_id), 303)


@pages.post("/dismissals/<photo_id:dismissal_id>/undo")
def restore_from_page(dismissal_id: int) -> Response:
    with services().database.write() as session:
        kind = duplicates.restore(session, dismissal_id)
    return redirect(url_for(".show", kind=kind), 303)


def _group(group: Group) -> dict[str, Any]:
    files = None
    if group.kind == COPIES:
        files = [
            {"path": file.display_path, "library": file.library, "keep": file.id == group.keep_id}
            for file in group.photos[0].files
        ]
    return {
        "id": group.id,
        "keep": group.photos[0].id,
        "reason": group.reason,
        "wasted_bytes": group.wasted_bytes,
        "photos": [schemas.photo(each) | {"size_bytes": each.size_bytes} for each in group.photos],
        "copies": files,
    }


def _cursor(page: GroupPage) -> str | None:
    if page.next_after is None:
        return None
    return base64.urlsafe_b64encode(page.next_after.to_bytes(8, "big")).decode("ascii").rstrip("=")


def _decode(cursor: str | None) -> int | None:
    """Behind which group the page begins. Raises QueryError for anything that `_cursor` did not make."""
    if cursor is None:
        return None
    try:
        raw = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
    except (UnicodeEncodeError, binascii.Error, ValueError):
        raw = b""
    number = int.from_bytes(raw, "big")
    if len(raw) != 8 or number > _LARGEST:
        raise QueryError(NOT_OURS)
    return number
