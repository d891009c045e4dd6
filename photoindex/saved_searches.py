"""Saved searches: queries kept under a name, in the user's order. A smart album is one of them with its photos."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, delete, func, select, update
from sqlalchemy.orm import Session

from photoindex.errors import NotFoundError, QueryError
from photoindex.messages import say
from photoindex.models import Photo, PhotoTally, SavedSearch, utc_now

LONGEST_NAME = 200
"""Characters of a saved search's name."""


@dataclass(frozen=True)
class SavedSearchInfo:
    """A saved search as people see it."""

    id: int
    name: str
    query: str
    """As it was typed: read anew each time, so that "last winter" moves along."""
    position: int
    """Where it stands among all, from 0."""
    cover_photo_id: int | None
    """The photo shown for it, while that is itself shown."""
    created_at: datetime
    seen_at: datetime
    """When its photos were last looked at, UTC; at first, when it was made."""
    seen_photo_id: int
    """The newest photo there was then: photos with a greater id have been indexed since."""


@dataclass(frozen=True)
class Arrivals:
    """What changes when photos are indexed, hidden or shown again."""

    newest_photo_id: int
    visible: int
    hidden: int


def create(session: Session, name: str, query: str, cover_photo_id: int | None = None) -> SavedSearchInfo:
    """Keep a query under a name, behind all others. Raises QueryError when the name or query can't be kept."""
    name, key = _free_name(session, name)
    made = SavedSearch(
        name=name,
        name_key=key,
        query=_checked_query(query),
        position=count(session),
        cover_photo_id=cover_photo_id,
        seen_photo_id=newest_photo_id(session),
    )
    session.add(made)
    session.flush()
    return get(session, made.id)


def get(session: Session, search_id: int) -> SavedSearchInfo:
    """One saved search. Raises NotFoundError."""
    row = session.execute(_rows().where(SavedSearch.id == search_id)).one_or_none()
    if row is None:
        raise NotFoundError(say("there is no saved search %(search_id)s", search_id=search_id))
    return _info(row)


def page(session: Session, limit: int, first: int = 0) -> list[SavedSearchInfo]:
    """The next saved searches in their order, from the position `first` on."""
    query = _rows().where(SavedSearch.position >= first).order_by(SavedSearch.position).limit(limit)
    return [_info(row) for row in session.execute(query)]


def count(session: Session) -> int:
    """How many there are."""
    return session.scalar(select(func.count()).select_from(SavedSearch)) or 0


def rename(session: Session, search_id: int, name: str) -> None:
    """Give it another name. Raises NotFoundError, or QueryError as `create`."""
    get(session, search_id)
    name, key = _free_name(session, name, search_id)
    _change(session, search_id, name=name, name_key=key)


def change_query(session: Session, search_id: int, query: str) -> None:
    """Let it look for something else; all there is then counts as seen. Raises NotFoundError or QueryError."""
    if get(session, search_id).query != _checked_query(query):
        _change(session, search_id, query=query, cover_photo_id=None)
        mark_seen(session, search_id)


def set_cover(session: Session, search_id: int, photo_id: int | None) -> None:
    """Choose the photo shown for it. Raises NotFoundError when there is no such search or photo."""
    get(session, search_id)
    if photo_id is not None and session.scalar(select(Photo.id).where(Photo.id == photo_id)) is None:
        raise NotFoundError(say("there is no photo %(photo_id)s", photo_id=photo_id))
    _change(session, search_id, cover_photo_id=photo_id)


def mark_seen(session: Session, search_id: int) -> None:
    """From now on only photos indexed later count as new. Raises NotFoundError."""
    get(session, search_id)
    _change(session, search_id, seen_at=utc_now(), seen_photo_id=newest_photo_id(session))


def move(session: Session, search_id: int, position: int) -> None:
    """Put it at a position, or at the end when that is beyond it; others make room. Raises NotFoundError."""
    old = get(session, search_id).position
    new = max(0, min(position, count(session) - 1))
    if new == old:
        return
    low, high, step = (old + 1, new, -1) if new > old else (new, old - 1, 1)
    session.execute(
        update(SavedSearch)
        .where(SavedSearch.position.between(min(old, new), max(old, new)))
        .values(
            position=case(
                (SavedSearch.id == search_id, new),
                (SavedSearch.position.between(low, high), SavedSearch.position + step),
                else_=SavedSearch.position,
            )
        ),
        execution_options={"synchronize_session": False},
    )


def remove(session: Session, search_id: int) -> None:
    """Forget it; photos stay. Raises NotFoundError."""
    position = get(session, search_id).position
    session.execute(delete(SavedSearch).where(SavedSearch.id == search_id))
    session.execute(
        update(SavedSearch).where(SavedSearch.position > position).values(position=SavedSearch.position - 1),
        execution_options={"synchronize_session": False},
    )


def newest_photo_id(session: Session) -> int:
    """The greatest id of a photo, 0 without any. Ids only grow, in the order of indexing."""
    return session.scalar(select(func.max(Photo.id))) or 0


def arrivals(session: Session) -> Arrivals:
    """What to compare with later, to know whether counts of new photos are still true; reads three rows."""
    tallies = {row.visible: row.photos for row in session.execute(select(PhotoTally.visible, PhotoTally.photos))}
    return Arrivals(newest_photo_id(session), tallies.get(True, 0), tallies.get(False, 0))


def _rows() -> Any:
    shown = select(Photo.id).where(Photo.id == SavedSearch.cover_photo_id, Photo.visible).scalar_subquery()
    return select(
        SavedSearch.id,
        SavedSearch.name,
        SavedSearch.query,
        SavedSearch.position,
        shown.label("cover_photo_id"),
        SavedSearch.created_at,
        SavedSearch.seen_at,
        SavedSearch.seen_photo_id,
    )


def _info(row: Sequence[Any]) -> SavedSearchInfo:
    return SavedSearchInfo(*row)


def _change(session: Session, search_id: int, **values: Any) -> None:
    session.execute(update(SavedSearch).where(SavedSearch.id == search_id).values(**values))


def _free_name(session: Session, name: str, search_id: int | None = None) -> tuple[str, str]:
    """The name without needless white space, and its key, in which case and width of letters don't count."""
    name = " ".join(unicodedata.normalize("NFC", name).split())
    if not name:
        raise QueryError(say("a saved search needs a name"))
    if len(name) > LONGEST_NAME:
        raise QueryError(
            say(
                "the name of a saved search has at most %(most)s characters; this one has %(length)s",
                most=LONGEST_NAME,
                length=len(name),
            )
        )
    key = unicodedata.normalize("NFKC", name).casefold()
    other = session.execute(select(SavedSearch.id, SavedSearch.name).where(SavedSearch.name_key == key)).one_or_none()
    if other is not None and other.id != search_id:
        raise QueryError(say("there is a saved search named %(name)s already; choose another name", name=other.name))
    return name, key


def _checked_query(query: str) -> str:
    if not query:
        raise QueryError(say("a saved search needs something to look for"))
    return query
