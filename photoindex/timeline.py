"""Where photos stand in the timeline, newest first, and how many each month has: read from an index and a tally."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, ColumnExpressionArgument, Integer, Select, bindparam, func, select, tuple_
from sqlalchemy.orm import Session

from photoindex.models import MonthTally, Photo
from photoindex.photos import SHOWN, PhotoInfo, Position

_FIRST_ID = 0
_IN_FRONT = Position(datetime.max, (1 << 63) - 1)
"""Of every photo."""
_MONTHS = select(func.group_concat(MonthTally.month.concat(" ").concat(MonthTally.photos)))

_WHERE = tuple_(Photo.timeline_at, Photo.id)
_ASKED = tuple_(bindparam("at", type_=Photo.timeline_at.type), bindparam("id", type_=Photo.id.type))


def _older(among: ColumnExpressionArgument[bool]) -> Select[datetime, int]:
    found = select(Photo.timeline_at, Photo.id).where(among, _WHERE < _ASKED)
    return found.order_by(Photo.timeline_at.desc(), Photo.id.desc()).limit(bindparam("limit", type_=Integer))


# Built once and not for each page: that would cost several times what SQLite needs.
_OLDER = _older(Photo.visible)
_NEWER = (
    select(Photo.timeline_at, Photo.id)
    .where(Photo.visible, _WHERE > _ASKED)
    .order_by(Photo.timeline_at, Photo.id)
    .limit(bindparam("limit", type_=Integer))
)


class MonthCount(NamedTuple):
    """A month with photos."""

    year: int
    month: int
    photos: int

    @property
    def first_day(self) -> date:
        return date(self.year, self.month, 1)


@dataclass(frozen=True)
class Day:
    """One day's photos, or the first of them in the order in which they were taken."""

    day: date
    photos: int
    photo_ids: tuple[int, ...]


def months(session: Session) -> list[MonthCount]:
    """The months that have photos, newest first, with how many."""
    # One text and not a row each: hundreds of rows that hardly ever change would cost more than the page's photos.
    return list(_months(session.scalar(_MONTHS) or ""))


def older(
    session: Session, limit: int, than: Position | None = None, among: ColumnElement[bool] | None = None
) -> list[Position]:
    """The places behind a position, newest first; without one the newest. `among` other photos than the visible."""
    query = _OLDER if among is None else _older(among)
    rows = session.execute(query, _asked(limit, than or _IN_FRONT))
    return [Position(timeline_at, photo_id) for timeline_at, photo_id in rows]


def newer(session: Session, limit: int, than: Position) -> list[Position]:
    """The places in front of a position that are nearest to it, newest first."""
    rows = session.execute(_NEWER, _asked(limit, than))
    return [Position(timeline_at, photo_id) for timeline_at, photo_id in rows][::-1]


def between(session: Session, limit: int, first: Position, last: Position) -> list[Position]:
    """The places from `first` to `last`, both included, newest first."""
    place = tuple_(Photo.timeline_at, Photo.id)
    query = select(Photo.timeline_at, Photo.id).where(
        Photo.visible,
        place <= tuple_(first.timeline_at, first.photo_id),
        place >= tuple_(last.timeline_at, last.photo_id),
    )
    rows = session.execute(query.order_by(Photo.timeline_at.desc(), Photo.id.desc()).limit(limit))
    return [Position(timeline_at, photo_id) for timeline_at, photo_id in rows]


def neighbours(session: Session, photo: PhotoInfo) -> tuple[int | None, int | None]:
    """The ids of the photo before (newer) and after (older) in the timeline."""
    at = Position(photo.timeline_at, photo.id)
    before, after = newer(session, 1, at), older(session, 1, at)
    return (before[0].photo_id if before else None, after[0].photo_id if after else None)


def just_after(moment: datetime) -> Position:
    """The position in front of every photo from before `moment`."""
    return Position(moment, _FIRST_ID)


def on_day(session: Session, today: date, limit: int) -> list[Day]:
    """The photos of that day in earlier years, newest year first; at most `limit` of each year."""
    years = {each.year for each in months(session) if each.month == today.month and each.year < today.year}
    days = [day for year in sorted(years, reverse=True) if (day := _in_year(today, year)) is not None]
    return [found for day in days if (found := _day(session, day, limit)).photos]


def added(session: Session, limit: int, before_id: int | None = None) -> list[int]:
    """The ids of the photos that were indexed last, or last before another, newest first."""
    query = select(Photo.id).where(SHOWN).order_by(Photo.id.desc()).limit(limit)
    return list(session.scalars(query if before_id is None else query.where(Photo.id < before_id)))


def _asked(limit: int, than: Position) -> dict[str, Any]:
    return {"limit": limit, "at": than.timeline_at, "id": than.photo_id}


@lru_cache(maxsize=8)
def _months(text: str) -> tuple[MonthCount, ...]:
    found = sorted((part.split(" ") for part in text.split(",") if part), reverse=True)
    return tuple(MonthCount(int(month[:4]), int(month[5:7]), int(photos)) for month, photos in found)


def _in_year(day: date, year: int) -> date | None:
    """None for 29 February where there is none."""
    try:
        return day.replace(year=year)
    except ValueError:
        return None


def _day(session: Session, day: date, limit: int) -> Day:
    begin = datetime(day.year, day.month, day.day)
    during = (Photo.visible, Photo.timeline_at >= begin, Photo.timeline_at < begin + timedelta(days=1))
    ids = select(Photo.id).where(*during).order_by(Photo.timeline_at, Photo.id).limit(limit)
    photos = session.scalar(select(func.count()).select_from(Photo).where(*during)) or 0
    return Day(day, photos, tuple(session.scalars(ids)))
