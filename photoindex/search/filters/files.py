"""Filters by where files lie and what they are called: folder, name, library."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from sqlalchemy import ColumnElement, String, and_, exists, func, literal, literal_column, or_, select
from sqlalchemy.orm import Session

from photoindex.folding import fold
from photoindex.messages import say
from photoindex.models import File, Folder, Library, Photo
from photoindex.search.filters.clauses import NOTHING, PRESENT, Clause, Reading, by_photo, in_list, named
from photoindex.search.filters.matching import Matcher, containing, globbing, has_wildcard
from photoindex.search.filters.texts import is_id

_HIGHEST = "\U0010ffff"
_PATH: ColumnElement[str] = literal("/") + func.fold(Folder.path, type_=String) + "/"
"""A folder's path, folded, with a `/` at both ends."""


def read_folder(reading: Reading) -> Clause | None:
    """`folder:`: a folder of that name, or folders one in the other (`2019/Corsica`), anywhere in a file's path.

    With a `/` in front the path begins there, at the library's own folder.
    """
    wanted: set[int] = set()
    asked = False
    for value in reading.values:
        if not value.strip(" /"):
            reading.problem(
                value, say("folder needs a name; write folder:Corsica, folder:2019/Corsica or folder:*corsica*")
            )
            continue
        asked = True
        found = _folders(reading.session, fold(value.strip()))
        if not found:
            reading.problem(value, _no_folder(value, reading.session.scalars(select(_PATH)).all()))
        wanted.update(found)
    if wanted:
        # The `+` leads by the photo to its files, and not by each folder to its photos.
        own = in_list(literal_column("+file.folder_id"), sorted(wanted))
        return _by_file(in_list(File.folder_id, sorted(wanted)), own)
    return NOTHING if asked else None


def read_name(reading: Reading) -> Clause | None:
    """`name:`: the file's name has the value in it, or is as the pattern says: `IMG_*`."""
    conditions = []
    for value in reading.values:
        if value.strip():
            conditions.append(_named(fold(value.strip())))
        else:
            reading.problem(value, say("name needs a part of a file's name, or a pattern; write name:IMG_*"))
    return _by_file(or_(*conditions)) if conditions else None


def read_library(reading: Reading) -> Clause | None:
    """`library:`: by id, or by a part of the name."""
    libraries = {row.id: row.name for row in reading.session.execute(select(Library.id, Library.name))}
    wanted: set[int] = set()
    asked = False
    for value in reading.values:
        if not value.strip():
            reading.problem(
                value, say("library needs a name or an id; there are: %(there)s", there=named(libraries.values()))
            )
            continue
        asked = True
        matches = containing(value.strip())
        found = [int(value)] if is_id(value) and int(value) in libraries else []
        found = found or [library_id for library_id, name in libraries.items() if matches(fold(name))]
        if not found:
            reading.problem(
                value,
                say(
                    "no library is called %(value)s; there are: %(there)s", value=value, there=named(libraries.values())
                ),
            )
        wanted.update(found)
    if not wanted:
        return NOTHING if asked else None
    # The index of folders leads to the photos; that of paths would lead to each file first.
    folders = select(Folder.id).where(Folder.library_id.in_(sorted(wanted)))
    return _by_file(File.folder_id.in_(folders), File.library_id.in_(sorted(wanted)))


def _by_file(find: ColumnElement[bool], check: ColumnElement[bool] | None = None) -> Clause:
    """Photos that have a file on disk like that."""
    own = exists().where(File.photo_id == Photo.id, PRESENT, find if check is None else check)
    return by_photo(select(File.photo_id).where(PRESENT, File.photo_id.is_not(None), find), own)


def _named(value: str) -> ColumnElement[bool]:
    if has_wildcard(value):
        pattern: ColumnElement[bool] = File.name.op("GLOB")(value.replace("[", "[[]"))
        start = value.replace("?", "*").partition("*")[0]
    else:
        pattern, start = func.instr(File.name, value) > 0, ""
    # Every name comes after the empty one. It leads SQLite to the index over names, which answers alone.
    return and_(File.name >= start, File.name < start + _HIGHEST, pattern)


def _folders(session: Session, wanted: str) -> Sequence[int]:
    """The folders with those folders in their path, one after the other."""
    anchored = wanted.startswith("/")
    parts = [part for part in wanted.split("/") if part]
    if not has_wildcard(wanted):
        at = func.instr(_PATH, f"/{'/'.join(parts)}/")
        return session.scalars(select(Folder.id).where(at == 1 if anchored else at > 0)).all()
    # SQLite's stars run over slashes, too: it finds all that are meant, and some more.
    likely = _PATH.op("GLOB")(f"*/{'/'.join(parts)}/*".replace("[", "[[]"))
    globs = [cache(globbing(part)) for part in parts]  # many paths share the names of their upper folders
    return [
        folder_id
        for folder_id, path in session.execute(select(Folder.id, _PATH).where(likely))
        if _runs_through(path.strip("/").split("/"), globs, anchored)
    ]


def _runs_through(names: Sequence[str], globs: Sequence[Matcher], anchored: bool) -> bool:
    starts = range(1 if anchored else len(names))
    return any(
        start + len(globs) <= len(names)
        and all(matches(name) for matches, name in zip(globs, names[start:], strict=False))
        for start in starts
    )


def _no_folder(value: str, paths: Sequence[str]) -> str:
    part = fold(value.strip(" /*?"))
    names = sorted({name for path in paths for name in path.split("/") if part and part in name})
    if names:
        return say(
            "no folder is called %(value)s; folder:*%(part)s* finds: %(there)s",
            value=value,
            part=part,
            there=named(names),
        )
    there = sorted({path.split("/")[1] for path in paths if path.strip("/")})
    return (
        say("no folder is called %(value)s; there are: %(there)s", value=value, there=named(there))
        if there
        else say("no photo lies in a folder")
    )
