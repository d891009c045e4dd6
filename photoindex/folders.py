"""Folders as a tree: what lies below one, with counts and covers, and the photos that lie in it."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, distinct, exists, func, literal_column, select, text, tuple_
from sqlalchemy.orm import Session

from photoindex.cutting import cut
from photoindex.errors import NotFoundError
from photoindex.folding import fold
from photoindex.libraries import display_path
from photoindex.messages import say
from photoindex.models import File, Folder, FolderTally, Library, Photo
from photoindex.photos import SHOWN, Position

_PRESENT: ColumnElement[bool] = text("file.state NOT IN ('failed', 'missing')")  # type: ignore[assignment]
"""In the very words of the index over folders, or SQLite does not use it."""
_DIGITS = re.compile(r"([0-9]+)")
_AFTER_SLASH = b"0"
"""The byte that follows `/`: paths below a folder are those between the two."""


@dataclass(frozen=True)
class FolderInfo:
    """A folder with all that is below it."""

    library_id: int
    path: bytes
    """Relative to the library's root, as the file system's bytes; empty for the root."""
    name: str
    """As it is shown: lossy where the bytes are not UTF-8."""
    photos: int
    """A photo counts once for each of its files."""
    cover_photo_id: int | None
    """The one that was indexed last."""


@dataclass(frozen=True)
class FolderPage:
    """Part of the photos that lie in a folder itself, newest first, and where the next part begins."""

    photo_ids: tuple[int, ...]
    next_after: Position | None


@dataclass(frozen=True)
class _Content:
    path: bytes
    photos: int
    newest_id: int


def libraries(session: Session) -> list[FolderInfo]:
    """The roots of all libraries, in the order of adding."""
    contents: dict[int, list[_Content]] = {}
    for library_id, content in _contents(session):
        contents.setdefault(library_id, []).append(content)
    rows = session.execute(select(Library.id, Library.name).order_by(Library.id))
    return [_summed(row.id, b"", row.name, contents.get(row.id, ())) for row in rows]


def folder_name(session: Session, library_id: int, path: bytes) -> str:
    """How a folder is called, a root as its library. Raises NotFoundError when no file lies, or lay, in or below it."""
    name = session.scalar(select(Library.name).where(Library.id == library_id))
    if name is not None and path == b"":
        return name
    if name is None or session.scalar(select(Folder.id).where(*_at_or_below(library_id, path)).limit(1)) is None:
        raise NotFoundError(say("there is no folder %(path)s", path=display_path(path) or "/"))
    return display_path(os.path.basename(path))


def children(session: Session, library_id: int, path: bytes) -> list[FolderInfo]:
    """The folders just below one in which, or below which, there are photos, in the order of their names."""
    below: dict[bytes, list[_Content]] = {}
    start = len(path) + 1 if path else 0
    for _, content in _contents(session, library_id, path):
        if content.path != path:
            below.setdefault(content.path[start:].partition(b"/")[0], []).append(content)
    prefix = path + b"/" if path else b""
    found = [_summed(library_id, prefix + name, display_path(name), each) for name, each in below.items()]
    return sorted(found, key=lambda each: (in_order(each.name), each.path))


def count(session: Session, library_id: int, path: bytes) -> int:
    """How many photos lie in the folder itself."""
    shown = exists().where(Photo.id == File.photo_id, Photo.visible)
    query = select(func.count(distinct(File.photo_id))).where(_PRESENT, File.folder_id == _id(library_id, path), shown)
    return session.scalar(query) or 0


def page(session: Session, library_id: int, path: bytes, limit: int, after: Position | None = None) -> FolderPage:
    """At most `limit` of the photos in the folder itself that are behind a position."""
    # The `+` leads by the index over folders to the photos, and not through the whole timeline.
    at = literal_column("+photo.timeline_at", Photo.timeline_at.type)
    inside = select(File.photo_id).where(_PRESENT, File.folder_id == _id(library_id, path), File.photo_id.is_not(None))
    query = (
        select(Photo.timeline_at, Photo.id)
        .where(Photo.id.in_(inside), SHOWN)
        .order_by(at.desc(), Photo.id.desc())
        .limit(limit + 1)
    )
    if after is not None:
        query = query.where(tuple_(at, Photo.id) < tuple_(after.timeline_at, after.photo_id))
    found = [Position(timeline_at, photo_id) for timeline_at, photo_id in session.execute(query)]
    shown, last = cut(found, limit)
    return FolderPage(tuple(each.photo_id for each in shown), last)


def _contents(session: Session, library_id: int | None = None, path: bytes = b"") -> list[tuple[int, _Content]]:
    """The library and content of each folder with photos, at or below one, or of all."""
    query = select(Folder.library_id, Folder.path, FolderTally.photos, FolderTally.cover_photo_id).join(
        FolderTally, FolderTally.folder_id == Folder.id
    )
    if library_id is not None:
        query = query.where(*_at_or_below(library_id, path))
    return [(row.library_id, _Content(row.path, row.photos, row.cover_photo_id)) for row in session.execute(query)]


def _at_or_below(library_id: int, path: bytes) -> tuple[ColumnElement[bool], ...]:
    if path == b"":
        return (Folder.library_id == library_id,)
    below = and_(Folder.path > path + b"/", Folder.path < path + _AFTER_SLASH)
    return (Folder.library_id == library_id, (Folder.path == path) | below)


def _id(library_id: int, path: bytes) -> ColumnElement[int]:
    return select(Folder.id).where(Folder.library_id == library_id, Folder.path == path).scalar_subquery()


def _summed(library_id: int, path: bytes, name: str, contents: Sequence[_Content]) -> FolderInfo:
    return FolderInfo(
        library_id=library_id,
        path=path,
        name=name,
        photos=sum(each.photos for each in contents),
        cover_photo_id=max((each.newest_id for each in contents), default=None),
    )


def in_order(name: str) -> tuple[tuple[int, int, str], ...]:
    """As people count: `trip 2` is before `trip 10`."""
    return tuple(
        (0, int(part), "") if part.isascii() and part.isdigit() and len(part) < 19 else (1, 0, part)
        for part in _DIGITS.split(fold(name))
        if part
    )
