"""The timeline in pages: newest first, with cursors in both directions, under headings of months and days."""

from __future__ import annotations

import base64
import binascii
import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import url_for
from sqlalchemy.orm import Session

from photoindex import glances, photos
from photoindex import timeline as storage
from photoindex.errors import QueryError
from photoindex.glances import Glance
from photoindex.messages import say
from photoindex.photos import PhotoInfo, Position
from photoindex.search.cursor import NOT_OURS
from photoindex.web import cards, days, density, headings, rows
from photoindex.web.cards import Card

_LAYOUT = struct.Struct("<qq")
_EPOCH = datetime(1970, 1, 1)
_MICROSECOND = timedelta(microseconds=1)
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{1,2}))?(?:-([0-9]{1,2}))?")
_SHORTEST = 0.6
"""A page ends where a month or a day ends, if that makes it not shorter than so much of its size."""


@dataclass(frozen=True)
class TimelinePage:
    """A page of the timeline for the API. `newer`, `older`: cursors of the pages beside it, None at the ends."""

    photos: tuple[PhotoInfo, ...]
    total: int
    newer: str | None
    older: str | None


@dataclass(frozen=True)
class Stretch:
    """Neighbours in the timeline, newest first, with the ones just beyond them, None at the ends."""

    positions: tuple[Position, ...]
    newer: Position | None
    older: Position | None


@dataclass(frozen=True)
class Group:
    """Pictures in common rows. `again`: the heading is on the page before already."""

    heading: str | None
    again: bool
    cards: tuple[Card, ...]


@dataclass(frozen=True)
class Section:
    """A month, or several with few photos."""

    heading: str
    month: str
    """As in an address: `2024-03`, the newest of them."""
    again: bool
    groups: tuple[Group, ...]


@dataclass(frozen=True)
class Page:
    """A page of the timeline as people see it. `newer`, `older`: cursors of the pages beside it, None at the ends."""

    sections: tuple[Section, ...]
    address: str
    """Where this very page is found again, whatever photos come."""
    first: str
    last: str
    """Cursors of its own photos at the ends."""
    newer: str | None
    older: str | None


def read_page(session: Session, limit: int, *, after: str | None = None) -> TimelinePage:
    """The `limit` photos behind the cursor `after`, or the newest. Raises QueryError."""
    found = storage.older(session, limit, decode(after) if after else None)
    stretch = _stretch(session, found)
    return TimelinePage(
        photos=tuple(photos.get_many(session, [each.photo_id for each in found])),
        total=photos.count(session),
        newer=encode(found[0]) if stretch.newer else None,
        older=encode(found[-1]) if stretch.older else None,
    )


def stretch_after(session: Session, size: int, after: Position | None) -> Stretch:
    """At most `size` photos behind a position, or the newest, ending with a month or a day where that can be."""
    found = storage.older(session, size + 1, after)
    return _stretch(session, found[: _length(found, size)])


def stretch_before(session: Session, size: int, before: Position) -> Stretch:
    """At most `size` photos just in front of a position, beginning with a month or a day where that can be."""
    found = storage.newer(session, size + 1, before)
    return _stretch(session, found[len(found) - _length(found[::-1], size) :])


def stretch_between(session: Session, most: int, first: Position, last: Position) -> Stretch:
    """The photos from one position to another, both included: at most so many."""
    return _stretch(session, storage.between(session, most, first, last))


def stretch_at(session: Session, size: int, at: datetime) -> Stretch:
    """The photos from before a moment; when there are none, the oldest."""
    found = stretch_after(session, size, storage.just_after(at))
    return found if found.positions else stretch_before(session, size, storage.just_after(at))


def until(text: str) -> datetime:
    """The end of the year, month or day that an address names: `2019`, `2019-07`, `2019-07-14`. Raises QueryError."""
    named = _DATE.fullmatch(text)
    try:
        if named is None:
            raise ValueError(text)
        year, month, day = (int(part or 0) for part in named.groups())
        begin = datetime(year, month or 1, day or 1)
        if day:
            return begin + timedelta(days=1)
        return (begin + timedelta(days=31 if month else 366)).replace(day=1)
    except OverflowError:  # the end of time
        return datetime.max
    except ValueError as error:
        raise QueryError(say("a place in the timeline is written as 2019, 2019-07 or 2019-07-14")) from error


def page_of(session: Session, stretch: Stretch) -> Page:
    """What there is to see of a stretch."""
    shown = glances.of(session, [each.photo_id for each in stretch.positions])
    badges = cards.badges(session, shown)
    first, last = (encode(stretch.positions[end]) if stretch.positions else "" for end in (0, -1))
    return Page(
        sections=tuple(_sections(shown, badges, stretch)),
        address=url_for("gallery.index", after=encode(stretch.newer) if stretch.newer else None),
        first=first,
        last=last,
        newer=first if stretch.newer else None,
        older=last if stretch.older else None,
    )


def encode(position: PhotoInfo | Position) -> str:
    """The cursor at a photo."""
    photo_id = position.id if isinstance(position, PhotoInfo) else position.photo_id
    raw = _LAYOUT.pack((position.timeline_at - _EPOCH) // _MICROSECOND, photo_id)
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def decode(cursor: str) -> Position:
    """The position a cursor stands for. Raises QueryError for anything that `encode` did not make."""
    try:
        raw = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        microseconds, photo_id = _LAYOUT.unpack(raw)
        return Position(_EPOCH + timedelta(microseconds=microseconds), photo_id)
    except (UnicodeEncodeError, binascii.Error, ValueError, OverflowError, struct.error) as error:
        raise QueryError(NOT_OURS) from error


def _stretch(session: Session, found: Sequence[Position]) -> Stretch:
    if not found:
        return Stretch((), None, None)
    newer, older = storage.newer(session, 1, found[0]), storage.older(session, 1, found[-1])
    return Stretch(tuple(found), newer[0] if newer else None, older[0] if older else None)


def _length(found: Sequence[Position], size: int) -> int:
    """How many of one more than a page make a good page: all up to a new month, or to a new day, or as many as fit."""
    if len(found) <= size:
        return len(found)
    ends = range(size, max(1, round(_SHORTEST * size)) - 1, -1)
    for letters in (len("2024-03"), len("2024-03-05")):
        for end in ends:
            if str(found[end - 1].timeline_at)[:letters] != str(found[end].timeline_at)[:letters]:
                return end
    return size


def _sections(shown: Sequence[Glance], badges: cards.Badges, stretch: Stretch) -> Iterator[Section]:
    dates = [photo.timeline_at.date() for photo in shown]
    widths = [rows.ratio_of(rows.ratio_step(photo.width, photo.height)) for photo in shown]
    before = stretch.newer.timeline_at.date() if stretch.newer else None
    behind = stretch.older.timeline_at.date() if stretch.older else None
    for planned in days.sections(dates, widths, rows.width_of_a_row(density.current())):
        groups = []
        for each in planned.groups:
            part = slice(each.start, each.end)
            continues = each.end == len(shown) and behind is not None and _follows(each, dates[-1], behind)
            made = cards.of(
                shown[part],
                badges,
                cards.places(shown[part], continues=continues),
                [] if each.day else _labels(dates[part], None if each.start else before),
                at_once=cards.AT_ONCE - each.start,
            )
            heading = headings.day(each.day) if each.day else None
            groups.append(Group(heading, each.start == 0 and each.day == before, tuple(made)))
        yield Section(
            heading=headings.months(planned.first, planned.last),
            month=f"{planned.first:%Y-%m}",
            again=planned.groups[0].start == 0 and before is not None and _month(before) == _month(planned.first),
            groups=tuple(groups),
        )


def _follows(group: days.Group, last: date, behind: date) -> bool:
    """Whether what is behind the page goes on in the rows of its last group."""
    return behind == last if group.day else _month(behind) == _month(last)


def _labels(dates: Sequence[date], before: date | None) -> list[str | None]:
    """What stands above pictures: the date where it changes."""
    earlier = [before, *dates]
    return [headings.day_label(at) if at != earlier[number] else None for number, at in enumerate(dates)]


def _month(at: date) -> tuple[int, int]:
    return at.year, at.month
