"""What people write for dates: `2019`, `2019-07..2019-09`, `yesterday`, `30d`; read as spans of local time."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from photoindex.folding import fold
from photoindex.messages import say

FORMS = "2019, 2019-07, 2019-07-04, 2019-07..2019-09, yesterday, last-week or 30d"
"""What is possible, for messages."""


@dataclass(frozen=True)
class Span:
    """From `start` on and before `end`, in local time; None where it is open."""

    start: datetime | None
    end: datetime | None


_ISO = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?", re.ASCII)
_AGO = re.compile(r"-?(\d{1,5})(d|j|w|m|y|a)", re.ASCII)
_OTHER_ORDER = re.compile(r"\d{1,4}[./]\d{1,2}[./]\d{1,4}", re.ASCII)
_MONTHS = {"m": 1, "y": 12, "a": 12}
_DAYS = {"d": 1, "j": 1, "w": 7}


def read(text: str, today: date) -> Span:
    """The span that a value of `date:` names. `today` is what relative dates count from.

    `30d` is the last thirty days and today; `w`, `m` and `y` are weeks, months and years; weeks begin on Monday. A
    range holds both of its ends. Raises ValueError with a line that says what is wrong and what is possible.
    """
    value = fold(text.strip())
    if ".." not in value:
        return _one(value, text, today)
    first, _, last = value.partition("..")
    start = _one(first.strip(), text, today).start if first.strip() else None
    end = _one(last.strip(), text, today).end if last.strip() else None
    if not (first.strip() or last.strip()):
        raise ValueError(say("a range needs a beginning or an end; write %(forms)s", forms=FORMS))
    if start is not None and end is not None and start >= end:
        raise ValueError(say("the range %(text)s ends before it begins", text=text))
    return Span(start, end)


def _one(value: str, text: str, today: date) -> Span:
    if value in _NAMED:
        return _days(*_NAMED[value](today))
    if found := _AGO.fullmatch(value):
        return _days(_before(today, int(found[1]), found[2]), today)
    if found := _ISO.fullmatch(value):
        return _calendar(int(found[1]), found[2], found[3], text)
    if _OTHER_ORDER.fullmatch(value):
        raise ValueError(say("%(text)s can be read in two ways; write year-month-day: 2019-07-04", text=text))
    raise ValueError(say("%(text)s is no date; write %(forms)s", text=text, forms=FORMS))


def _calendar(year: int, month: str | None, day: str | None, text: str) -> Span:
    try:
        if day is not None:
            only = date(year, int(month or 1), int(day))
            return _days(only, only)
        first = date(year, int(month or 1), 1)
    except ValueError:
        raise ValueError(say("the calendar has no %(text)s; write %(forms)s", text=text, forms=FORMS)) from None
    return _days(first, _end_of_month(first) if month is not None else date(year, 12, 31))


def _days(first: date, last: date) -> Span:
    """From one day to another, both included."""
    end = datetime.combine(last, time.min) + timedelta(days=1) if last < date.max else None
    return Span(datetime.combine(first, time.min), end)


def _before(today: date, number: int, unit: str) -> date:
    """So many days, weeks, months or years before; the first day of all where there is none."""
    if unit in _DAYS:
        return date.fromordinal(max(today.toordinal() - number * _DAYS[unit], 1))
    months = 12 * today.year + today.month - 1 - number * _MONTHS[unit]
    if months < 12:
        return date.min
    year, month = divmod(months, 12)
    return date(year, month + 1, min(today.day, calendar.monthrange(year, month + 1)[1]))


def _end_of_month(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def _day(back: int) -> Callable[[date], tuple[date, date]]:
    return lambda today: (_before(today, back, "d"), _before(today, back, "d"))


def _week(back: int) -> Callable[[date], tuple[date, date]]:
    def span(today: date) -> tuple[date, date]:
        monday = _before(today, today.weekday() + 7 * back, "d")
        return monday, date.fromordinal(min(monday.toordinal() + 6, date.max.toordinal()))

    return span


def _month(back: int) -> Callable[[date], tuple[date, date]]:
    def span(today: date) -> tuple[date, date]:
        first = _before(today.replace(day=1), back, "m")
        return first, _end_of_month(first)

    return span


def _year(back: int) -> Callable[[date], tuple[date, date]]:
    def span(today: date) -> tuple[date, date]:
        year = max(today.year - back, 1)
        return date(year, 1, 1), date(year, 12, 31)

    return span


_NAMED: dict[str, Callable[[date], tuple[date, date]]] = {
    "today": _day(0),
    "aujourd'hui": _day(0),
    "yesterday": _day(1),
    "hier": _day(1),
    "this-week": _week(0),
    "last-week": _week(1),
    "this-month": _month(0),
    "last-month": _month(1),
    "this-year": _year(0),
    "last-year": _year(1),
}
