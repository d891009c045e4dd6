"""Pages of folders: the libraries, and each folder with what is in it. Addresses hold the very bytes of paths."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs, quote_from_bytes

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from photoindex import folders, glances
from photoindex.folders import FolderInfo
from photoindex.libraries import display_path
from photoindex.web import cards, timeline
from photoindex.web.identifiers import whole_number
from photoindex.web.services import services

blueprint = Blueprint("folders", __name__, url_prefix="/folders")

PAGE_SIZE = 120
FOLDERS_SHOWN = 200


@dataclass(frozen=True)
class Crumb:
    """A folder on the way to the one that is shown."""

    name: str
    address: str


@dataclass(frozen=True)
class Tile:
    """A folder to go to."""

    folder: FolderInfo
    address: str


@blueprint.get("")
def index() -> str | Response:
    with services().database.read() as session:
        found = folders.libraries(session)
    if len(found) == 1:
        return redirect(address(found[0].library_id))
    return render_template("folders.html", tiles=_tiles(found))


@blueprint.get("/<photo_id:library_id>")
def show(library_id: int) -> str:
    path, after = asked_path(), request.args.get("after") or None
    part = _part()
    with services().database.read() as session:
        name = folders.folder_name(session, library_id, path)
        root = folders.folder_name(session, library_id, b"")
        below = folders.children(session, library_id, path) if after is None else []
        page = folders.page(session, library_id, path, PAGE_SIZE, timeline.decode(after) if after else None)
        shown = glances.of(session, page.photo_ids) if part == 1 else []
        badges = cards.badges(session, shown)
        own = folders.count(session, library_id, path)
    return render_template(
        "folder.html",
        name=name,
        crumbs=_crumbs(library_id, root, path),
        tiles=_tiles(below[FOLDERS_SHOWN * (part - 1) : FOLDERS_SHOWN * part]),
        folders=len(below),
        photos=shown,
        own=own,
        badges=badges,
        address=address(library_id, path),
        first=after is None and part == 1,
        next_folders=address(library_id, path, part=str(part + 1)) if len(below) > FOLDERS_SHOWN * part else None,
        next_photos=_next(library_id, path, page),
    )


def address(library_id: int, path: bytes = b"", *, endpoint: str = "folders.show", **more: str) -> str:
    """Of a folder's page: `/folders/1?path=2019/Corsica`, each byte that is no plain letter written as `%FF`."""
    parts = [f"path={quote_from_bytes(path)}"] if path else []
    parts += [f"{name}={value}" for name, value in more.items()]
    where = url_for(endpoint, library_id=library_id)
    return f"{where}?{'&'.join(parts)}" if parts else where


def asked_path() -> bytes:
    """The path in the address, relative to a library's root."""
    return asked_bytes("path").strip(b"/")


def asked_bytes(name: str) -> bytes:
    """A parameter of the address. Werkzeug's own reading would lose bytes that are not UTF-8."""
    query = request.query_string.decode("latin-1")
    found = parse_qs(query, encoding="latin-1", max_num_fields=20).get(name, [""])
    return found[0].encode("latin-1")


def _part() -> int:
    """Which part of the folders is asked for, from 1 on."""
    return max(1, whole_number(request.args.get("part", ""), digits=6) or 1)


def _next(library_id: int, path: bytes, page: folders.FolderPage) -> str | None:
    return address(library_id, path, after=timeline.encode(page.next_after)) if page.next_after else None


def _crumbs(library_id: int, root: str, path: bytes) -> list[Crumb]:
    parts = path.split(b"/") if path else []
    below = [
        Crumb(display_path(part), address(library_id, b"/".join(parts[: number + 1])))
        for number, part in enumerate(parts)
    ]
    return [Crumb(root, address(library_id)), *below]


def _tiles(found: list[FolderInfo]) -> list[Tile]:
    return [Tile(each, address(each.library_id, each.path)) for each in found]
