"""Stretches of days that have a name: months, seasons, holidays, weeks; pure reckoning, no text."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

SEASONS = {"spring": (3, 4, 5), "summer": (6, 7, 8), "autumn": (9, 10, 11), "winter": (12, 1, 2)}
"""Months of the seasons of the northern hemisphere. A winter is called by the year of its December."""

FIRST_YEAR = 1826
"""Of the oldest photo there is (Niépce's view from the window at Le Gras, 1826 or 1827)."""


@dataclass(frozen=True)
class Span:
    """Days one after the other, both ends included."""

    first: date
    last: date
    written: str
    """As a value of `date:`: `2019`, `2019-07`, `2019-07-04` or `A..B`."""

    @property
    def start(self) -> str:
        """The first day as a value of `after:` or `before:`, as short as it can be."""
        if ".." not in self.written:
            return self.written
        return self.first.isoformat()[:7] if self.first.day == 1 else self.first.isoformat()

    @property
    def end(self) -> str:
        """The last day as the end of a range, as short as it can be."""
        return self.last.isoformat() if ".." in self.written else self.written


def days(first: date, last: date) -> Span:
    """From one day to another. Raises ValueError when they are the wrong way round."""
    if first > last:
        raise ValueError("a span can't end before it begins")
    written = first.isoformat() if first == last else f"{first.isoformat()}..{last.isoformat()}"
    return Span(first, last, written)


def between(one: Span, other: Span) -> Span:
    """From the beginning of the earlier to the end of the later."""
    one, other = sorted((one, other), key=lambda span: span.first)
    last = max(one.last, other.last)
    if ".." in one.written or ".." in other.written:
        return days(one.first, last)
    return Span(one.first, last, f"{one.written}..{other.written}")


def year(number: int) -> Span:
    return Span(date(number, 1, 1), date(number, 12, 31), f"{number:04d}")


def month(number: int, of_year: int) -> Span:
    last = calendar.monthrange(of_year, number)[1]
    return Span(date(of_year, number, 1), date(of_year, number, last), f"{of_year:04d}-{number:02d}")


def season(name: str, of_year: int) -> Span:
    """A season by whole months; winter 2019 is from December 2019 to February 2020."""
    months = SEASONS[name]
    ends_in = of_year + (months[-1] < months[0])
    return days(month(months[0], of_year).first, month(months[-1], ends_in).last)


def holiday(name: str, of_year: int) -> Span:
    """Christmas (24 to 26 December), Easter (Good Friday to Easter Monday), Halloween, or the night to a new year."""
    if name == "new year's eve":
        return holiday("new year", of_year + 1)
    if name == "christmas":
        return days(date(of_year, 12, 24), date(of_year, 12, 26))
    if name == "halloween":
        return days(date(of_year, 10, 31), date(of_year, 10, 31))
    if name == "new year":
        return days(date(of_year - 1, 12, 31), date(of_year, 1, 1))
    sunday = _easter_sunday(of_year)
    return days(sunday - timedelta(2), sunday + timedelta(1))


def _easter_sunday(of_year: int) -> date:
    """By the anonymous Gregorian computus (Meeus, Astronomical Algorithms, chapter 8)."""
    golden = of_year % 19
    century, rest = divmod(of_year, 100)
    skipped, leap = divmod(century, 4)
    correction = (century - (century + 8) // 25 + 1) // 3
    moon = (19 * golden + century - skipped - correction + 15) % 30
    weekday = (32 + 2 * leap + 2 * (rest // 4) - moon - rest % 4) % 7
    late = (golden + 11 * moon + 22 * weekday) // 451
    number, day = divmod(moon + weekday - 7 * late + 114, 31)
    return date(of_year, number, day + 1)


def latest(of_year: Callable[[int], Span], today: date, ended: bool) -> Span:
    """Of what comes every year, the latest that has begun by `today`, or with `ended` is over.

    Raises ValueError at the edges of the calendar.
    """
    for candidate in range(today.year + 1, today.year - 3, -1):
        span = of_year(candidate)
        if (span.last < today) if ended else (span.first <= today):
            return span
    raise ValueError("not in three years")


def week(today: date, back: int) -> Span:
    """The week, Monday to Sunday, that many weeks ago."""
    monday = today - timedelta(today.weekday() + 7 * back)
    return days(monday, monday + timedelta(6))


def weekend(today: date, ended: bool) -> Span:
    """This week's Saturday and Sunday, or the latest ones that are over."""
    saturday = today - timedelta(today.weekday() - 5)
    if ended and saturday + timedelta(1) >= today:
        saturday -= timedelta(7)
    return days(saturday, saturday + timedelta(1))


def weekday(number: int, today: date) -> Span:
    """The latest such day before today; 0 is Monday."""
    day = today - timedelta((today.weekday() - number - 1) % 7 + 1)
    return days(day, day)


def months_ago(today: date, count: int) -> Span:
    total = 12 * today.year + today.month - 1 - count
    return month(total % 12 + 1, total // 12)


def past(today: date, count: int, unit: str) -> Span:
    """The last so many days, weeks, months or years, up to today."""
    if unit in ("day", "week"):
        return days(today - timedelta(count * (7 if unit == "week" else 1)), today)
    then = months_ago(today, count * (12 if unit == "year" else 1))
    return days(then.first.replace(day=min(today.day, then.last.day)), today)


def ago(today: date, count: int, unit: str) -> Span:
    """The day, week, month or year that lies so many back."""
    if unit == "day":
        return days(today - timedelta(count), today - timedelta(count))
    if unit == "week":
        return week(today, count)
    if unit == "month":
        return months_ago(today, count)
    return year(today.year - count)
