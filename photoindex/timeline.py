"""Where photos stand in the timeline, newest first, and how many each month has: read from an index and a tally."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from photoindex.models import MonthTally, Photo
from photoindex.photos import Position

_FIRST_ID = 0


@dataclass(frozen=True)
class MonthCount:
    """A month with photos."""

    year: int
    month: int
    photos: int

    @property
    def first_day(self) -> date:
        return date(self.year, self.month, 1)


def months(session: Session) -> list[MonthCount]:
    """The months that have photos, newest first, with how many."""
    rows = session.execute(select(MonthTally.month, MonthTally.photos).order_by(MonthTally.month.desc()))
    return [MonthCount(int(month[:4]), int(month[5:7]), photos) for month, photos in rows]


def older(session: Session, limit: int, than: Position | None = None) -> list[Position]:
    """The places behind a position, newest first; without one the newest."""
    query = select(Photo.timeline_at, Photo.id).where(Photo.visible)
    if than is not None:
        query = query.where(tuple_(Photo.timeline_at, Photo.id) < tuple_(than.timeline_at, than.photo_id))
    rows = session.execute(query.order_by(Photo.timeline_at.desc(), Photo.id.desc()).limit(limit))
    return [Position(timeline_at, photo_id) for timeline_at, photo_id in rows]


def newer(session: Session, limit: int, than: Position) -> list[Position]:
    """The places in front of a position that are nearest to it, newest first."""
    query = (
        select(Photo.timeline_at, Photo.id)
        .where(Photo.visible, tuple_(Photo.timeline_at, Photo.id) > tuple_(than.timeline_at, than.photo_id))
        .order_by(Photo.timeline_at, Photo.id)
        .limit(limit)
    )
    return [Position(timeline_at, photo_id) for timeline_at, photo_id in session.execute(query)][::-1]


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


def just_after(moment: datetime) -> Position:
    """The position in front of every photo from before `moment`."""
    return Position(moment, _FIRST_ID)
