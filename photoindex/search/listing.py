"""Pages of what filters alone find: the timeline, with a condition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from photoindex.cutting import cut
from photoindex.models import Photo
from photoindex.search import filters
from photoindex.search.answer import STRONG
from photoindex.search.cursor import Place
from photoindex.search.filters import Compiled

_EPOCH = datetime(1970, 1, 1)
_MICROSECOND = timedelta(microseconds=1)
MOST = 2**31
NARROW = 20_000


@dataclass(frozen=True)
class Listed:
    """A page: the ids of photos, how many there are in all, and where the page ends, None for the last one."""

    photo_ids: Sequence[int]
    total: int
    last: Place | None


def read(
    session: Session, compiled: Compiled, limit: int, after: Place | None, *, oldest_first: bool = False
) -> Listed:
    """The next photos that meet the condition, newest first unless asked otherwise."""
    position = tuple_(Photo.timeline_at, Photo.id)
    total = filters.count(session, compiled, MOST)
    query = select(Photo.id, Photo.timeline_at)
    if total <= NARROW and compiled.condition is not None:  # all of them are found, and sorted
        query = query.where(filters.SHOWN, compiled.condition)
    elif compiled.check is not None:  # the timeline is gone along, and each photo looked at
        query = query.where(Photo.visible, compiled.check)
    else:
        query = query.where(Photo.visible)
    if after is not None:
        behind = (_moment(after.key if oldest_first else -after.key), after.photo_id)
        query = query.where(position > behind if oldest_first else position < behind)
    order = (Photo.timeline_at, Photo.id) if oldest_first else (Photo.timeline_at.desc(), Photo.id.desc())
    shown, ending = cut(session.execute(query.order_by(*order).limit(limit + 1)).all(), limit)
    last = None
    if ending is not None:
        microseconds = (ending.timeline_at - _EPOCH) // _MICROSECOND
        last = Place(STRONG, float(microseconds if oldest_first else -microseconds), ending.id)
    return Listed([row.id for row in shown], total, last)


def _moment(microseconds: float) -> datetime:
    """A time of the calendar, whatever a cursor says."""
    try:
        return _EPOCH + int(microseconds) * _MICROSECOND
    except OverflowError:
        return datetime.max if microseconds > 0 else datetime.min
