"""What is done with the photos that are selected on a page. One form does it all, with a script and without.

Its fields: `id` of each photo, `do` (the button), `back` (the page it is on), and `album` where the page is one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, Flask, abort, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from photoindex import album_order, collections, hiding, photos, undoing
from photoindex.album_order import Move
from photoindex.errors import NotFoundError, QueryError
from photoindex.messages import said, say
from photoindex.photos import PhotoInfo
from photoindex.search.parsing import MAX_LIKES
from photoindex.undoing import Action, Step
from photoindex.web import changes, media, names, notices, translating, wording, zipping
from photoindex.web.identifiers import whole_number
from photoindex.web.originals import open_original
from photoindex.web.services import services

blueprint = Blueprint("selecting", __name__, url_prefix="/selection")

MOST = 2000
"""So many photos can be selected at once."""


@dataclass(frozen=True)
class Selection:
    """The photos that a form names, in its order, and the album of its page, 0 without one."""

    photo_ids: Sequence[int]
    album_id: int


def register(app: Flask) -> None:
    """Give templates `is_selecting()`: whether cards have a box to tick; and how many can be selected."""
    app.add_template_global(is_selecting)
    app.add_template_global(lambda: MOST, "most_selected")


def is_selecting() -> bool:
    """Whether the page is asked for with a box on each photo: scripts add those by themselves."""
    return request.method == "GET" and request.args.get("select") == "1"


@blueprint.post("")
def act() -> Response | str | tuple[str, int]:
    """What the button says, and then back to the page, with one message."""
    action = _ACTIONS.get(request.form.get("do", ""))
    if action is None:
        abort(400)
    selection = _selection()
    if not selection.photo_ids:
        notices.tell(_("No photo was selected."))
        return notices.back()
    return action(selection)


@blueprint.post("/undo")
def undo() -> Response:
    """From a form with the field `token`."""
    with services().database.write() as session:
        undone = undoing.undo(session, request.form.get("token", ""))
    number = undone.photos
    text = ngettext("Undone, for %(count)s photo.", "Undone, for %(count)s photos.", number, **_count(number))
    notices.tell(_("The order is as it was before.") if undone.action is Action.ORDER else text)
    return notices.back()


def _selection() -> Selection:
    """Answers 422 to more photos than can be selected, and to what is no number."""
    texts = request.form.getlist("id")
    if len(texts) > MOST:
        abort(422, say("At most %(most)s photos can be selected at once.", most=MOST))
    return Selection(tuple(dict.fromkeys(map(_number, texts))), _number(request.form.get("album") or "0"))


def _number(text: str) -> int:
    number = whole_number(text)
    if number is None:
        abort(422)
    return number


def _marker(
    change: Callable[[Session, Sequence[int], bool], list[int]],
    value: bool,
    undone_by: Action,
    text: Callable[[int], str],
    nothing: str,
) -> Callable[[Selection], Response]:
    """Mark photos, or take the mark away; `text` says of how many, `nothing` that all of them were so before."""

    def mark(selection: Selection) -> Response:
        with services().database.write() as session:
            changed = change(session, selection.photo_ids, value)
            token = _remember(session, undone_by, changed)
        return _done(text(len(changed)) if changed else str(nothing), token)

    return mark


def _choose(selection: Selection, problem: str | None = None, name: str = "") -> str:
    with services().database.read() as session:
        albums = collections.list_albums(session)
    return render_template(
        "choose_album.html",
        photo_ids=selection.photo_ids,
        albums=albums[::-1],
        back=request.form.get("back", ""),
        problem=problem,
        name=name,
    )


def _add(selection: Selection) -> Response | tuple[str, int]:
    """To the album of the field `to`, or to a new one with the name of the field `name`."""
    to, name = _number(request.form.get("to") or "0"), request.form.get("name", "")
    changes.check_text("name", name)
    try:
        with services().database.write() as session:
            album = collections.get_album(session, to) if to else collections.create_album(session, name)
            known = collections.known(session, selection.photo_ids)
            added = collections.add_to_album(session, album.id, known)
            token = _remember(session, Action.REMOVE, added, album.id)
    except QueryError as error:
        return _choose(selection, translating.translate(said(error)), name), 422
    text = ngettext(
        "%(count)s photo was added to “%(album)s”.",
        "%(count)s photos were added to “%(album)s”.",
        len(added),
        album=names.plain(album.name),
        **_count(added),
    )
    return _done(text if added else _("These are in “%(album)s” already.", album=names.plain(album.name)), token)


def _remove(selection: Selection) -> Response:
    with services().database.write() as session:
        album = collections.get_album(session, selection.album_id)
        removed = collections.remove_from_album(session, album.id, selection.photo_ids)
        token = _remember(session, Action.ADD, list(removed), album.id, list(removed.values()))
    text = ngettext(
        "%(count)s photo was taken out of this album. It stays in your library.",
        "%(count)s photos were taken out of this album. They stay in your library.",
        len(removed),
        **_count(removed),
    )
    return _done(text, token)


def _cover(selection: Selection) -> Response:
    with services().database.write() as session:
        collections.set_cover(session, selection.album_id, selection.photo_ids[0])
    return _done(_("This album has a new cover."))


def _mover(to: Move) -> Callable[[Selection], Response]:
    def move(selection: Selection) -> Response:
        with services().database.write() as session:
            album_id = collections.get_album(session, selection.album_id).id
            return _moved(session, album_id, album_order.move(session, album_id, selection.photo_ids, to))

    return move


def _putter(behind: bool) -> Callable[[Selection], Response]:
    """Beside the photo of the field `beside`."""

    def put(selection: Selection) -> Response:
        beside = _number(request.form.get("beside") or "0")
        with services().database.write() as session:
            album_id = collections.get_album(session, selection.album_id).id
            moved = album_order.put(session, album_id, selection.photo_ids, beside, behind=behind)
            return _moved(session, album_id, moved)

    return put


def _moved(session: Session, album_id: int, moved: album_order.Moved) -> Response:
    ids, positions = [each.photo_id for each in moved.before], [each.position for each in moved.before]
    token = _remember(session, Action.ORDER, ids, album_id, positions)
    count = moved.photos
    return _done(ngettext("%(count)s photo was moved.", "%(count)s photos were moved.", count, **_count(count)), token)


def _similar(selection: Selection) -> Response:
    """To the photos that look like all of these together."""
    ids = selection.photo_ids
    if len(ids) > MAX_LIKES:
        notices.tell(_("Similar photos are found for at most %(most)s at once.", most=MAX_LIKES))
        return notices.back()
    if len(ids) == 1:
        return redirect(url_for("gallery.similar", photo_id=ids[0]), 303)
    return redirect(url_for("gallery.search", q=f"like:{'|'.join(map(str, ids))}"), 303)


def _download(selection: Selection) -> Response:
    """Answers 422 when that would be too much."""
    with services().database.read() as session:
        found = photos.get_many(session, selection.photo_ids)
    total = sum(each.size_bytes for each in found)
    if total > zipping.MOST_BYTES:
        size, most = (wording.size(each) for each in (total, zipping.MOST_BYTES))
        abort(422, say("These are %(size)s; at most %(most)s can be downloaded at once.", size=size, most=most))
    if not any(map(_can_be_read, found)):
        raise NotFoundError(say("none of these originals is there now: their disk is away, or they were changed"))
    headers = {"Content-Disposition": media.disposition("attachment", f"PhotoIndex {date.today()}.zip")}
    return Response(zipping.stream(found), mimetype="application/zip", headers=headers)


def _can_be_read(photo: PhotoInfo) -> bool:
    try:
        opened, _file = open_original(photo)
    except NotFoundError:
        return False
    opened.close()
    return True


def _remember(
    session: Session, action: Action, photo_ids: Sequence[int], album_id: int | None = None, at: Sequence[int] = ()
) -> str | None:
    """The token that undoes it; None when there is nothing to undo."""
    return undoing.remember(session, Step(action, photo_ids, album_id, at)) if photo_ids else None


def _done(text: str, token: str | None = None) -> Response:
    notices.tell(text, token)
    return notices.back()


def _count(changed: Sequence[int] | dict[int, int] | int) -> dict[str, str]:
    return {"count": wording.number(changed if isinstance(changed, int) else len(changed))}


_ACTIONS: dict[str, Callable[[Selection], Response | str | tuple[str, int]]] = {
    "favourite": _marker(
        collections.set_favourites,
        True,
        Action.UNFAVOURITE,
        lambda number: ngettext(
            "%(count)s photo is a favourite now.", "%(count)s photos are favourites now.", number, **_count(number)
        ),
        lazy_gettext("These are favourites already."),
    ),
    "unfavourite": _marker(
        collections.set_favourites,
        False,
        Action.FAVOURITE,
        lambda number: ngettext(
            "%(count)s photo is no favourite any more.",
            "%(count)s photos are no favourites any more.",
            number,
            **_count(number),
        ),
        lazy_gettext("None of these is a favourite."),
    ),
    "hide": _marker(
        hiding.set_hidden,
        True,
        Action.UNHIDE,
        lambda number: ngettext(
            "%(count)s photo is hidden. Its file stays as it is.",
            "%(count)s photos are hidden. Their files stay as they are.",
            number,
            **_count(number),
        ),
        lazy_gettext("These are hidden already."),
    ),
    "unhide": _marker(
        hiding.set_hidden,
        False,
        Action.HIDE,
        lambda number: ngettext(
            "%(count)s photo is shown again.", "%(count)s photos are shown again.", number, **_count(number)
        ),
        lazy_gettext("None of these is hidden."),
    ),
    "choose": _choose,
    "add": _add,
    "remove": _remove,
    "cover": _cover,
    "similar": _similar,
    "download": _download,
    **{each.value: _mover(each) for each in Move},
    "before": _putter(behind=False),
    "behind": _putter(behind=True),
}
