"""The page that asks for a folder to be a library, with the folders of this machine to choose from."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote_from_bytes, unquote_to_bytes

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from photoindex import disk, libraries, media
from photoindex.disk import DiskFolder
from photoindex.errors import LibraryError
from photoindex.libraries import display_path
from photoindex.messages import say
from photoindex.web import folders, names, notices, owner, translating
from photoindex.web.folders import Crumb
from photoindex.web.services import services

blueprint = Blueprint("adding", __name__, url_prefix="/libraries")
blueprint.before_request(owner.require)

FOLDERS_SHOWN = 300


@dataclass(frozen=True)
class Choice:
    """A folder to look into."""

    folder: DiskFolder
    address: str
    is_library: bool = False


@dataclass(frozen=True)
class Picker:
    """A folder of this machine, what is in it, and whether it can be a library."""

    path: str
    sent: str
    """The path as forms send it: each byte that is no plain letter as `%FF`."""
    points: list[Choice]
    crumbs: list[Crumb]
    folders: list[Choice]
    all: int
    problem: str | None
    """Why this folder can't be shown."""
    refusal: str | None
    """Why it can't be a library."""
    is_library: bool
    is_whole_disk: bool
    is_first: bool
    """Whether there is no library yet."""


@blueprint.get("/add")
def choose() -> str:
    return render_template("add_library.html", picker=picker(_asked()))


@blueprint.post("")
def add() -> Response | tuple[str, int]:
    """From a form with the field `path`, written as `Picker.sent`."""
    path = _absolute(unquote_to_bytes(request.form.get("path", "")))
    folder = Path(os.fsdecode(path))
    try:
        _check(path)
        with services().database.write() as session:
            added = libraries.add(session, folder)
    except LibraryError as error:
        page = render_template("add_library.html", picker=picker(path), problem=translating.of_error(error))
        return page, 422
    notices.tell(_("%(name)s is a library now. Its photos are only ever read.", name=names.plain(added.name)))
    return redirect(url_for("indexing.show"), 303)


def picker(path: bytes | None = None) -> Picker:
    """Of the folder at a normal absolute path; without one of the user's home, or else of the whole machine."""
    points = disk.starting_points(_home())
    path = points[0].path if path is None else path
    problem = refusal = None
    found = disk.Listing(path, (), ())
    with services().database.read() as session:
        roots = {each.root for each in libraries.list_all(session)}
        refusal = _refusal(session, path)
    try:
        found = disk.listing(path, media.promises_photo)
    except LibraryError as error:
        problem = translating.of_error(error)
    return Picker(
        path=display_path(path),
        sent=quote_from_bytes(path),
        points=[Choice(each, _address(each.path), each.path == path) for each in points],
        crumbs=[Crumb(each.name, _address(each.path)) for each in found.above],
        folders=[Choice(each, _address(each.path), each.path in roots) for each in found.folders[:FOLDERS_SHOWN]],
        all=len(found.folders),
        problem=problem,
        refusal=refusal,
        is_library=os.path.realpath(path) in roots,
        is_whole_disk=path == b"/",
        is_first=not roots,
    )


def _home() -> Path:
    """The user's; of one who has none, or only the data folder, as services do, the root."""
    try:
        home = Path.home()
        libraries.check_apart(home, services().settings.data)
    except (RuntimeError, LibraryError):
        return Path("/")
    return home


def _check(path: bytes) -> None:
    """Refuse what can't be a library, before anything is written. Raises LibraryError."""
    if path == b"/":
        raise LibraryError(say("The whole disk can't be a library; choose a folder of photos"))
    disk.check_shown(path)
    folder = Path(os.fsdecode(path))
    libraries.check_folder(folder)
    libraries.check_apart(folder, services().settings.data)


def _refusal(session: Session, path: bytes) -> str | None:
    try:
        _check(path)
        libraries.check_new(session, Path(os.fsdecode(path)))
    except LibraryError as error:
        return translating.of_error(error)
    return None


def _asked() -> bytes | None:
    """The absolute path in the address; `~` is the user's home."""
    asked = folders.asked_bytes("path")
    if not asked:
        return None
    return _absolute(os.path.expanduser(asked) if asked.startswith(b"~") else asked)


def _absolute(path: bytes) -> bytes:
    return os.path.normpath(b"/" + path.partition(b"\0")[0].lstrip(b"/"))


def _address(path: bytes) -> str:
    return f"{url_for('adding.choose')}?path={quote_from_bytes(path)}"
