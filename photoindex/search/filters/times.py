"""Filters by time: after, before, date, year, month, by the time in the timeline; added, by when it was indexed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, true
from sqlalchemy.orm import aliased

from photoindex.folding import fold
from photoindex.messages import said, say
from photoindex.models import Photo
from photoindex.search import dates
from photoindex.search.dates import Span
from photoindex.search.filters.clauses import Clause, Reading, any_of, plain
from photoindex.search.filters.numbers import Interval, Quantity, interval_of

_YEAR = Quantity(None, "year:2019, year:2015..2018 or year:>=2015", {"": 1})
_MONTH = Quantity(None, "month:7, month:july, month:juillet or month:6..8", {"": 1})
_NAMES = (
    ("january", "jan", "janvier", "janv"),
    ("february", "feb", "fevrier", "fevr", "fev"),
    ("march", "mar", "mars"),
    ("april", "apr", "avril", "avr"),
    ("may", "mai"),
    ("june", "jun", "juin"),
    ("july", "jul", "juillet", "juil"),
    ("august", "aug", "aout"),
    ("september", "sep", "sept", "septembre"),
    ("october", "oct", "octobre"),
    ("november", "nov", "novembre"),
    ("december", "dec", "decembre"),
)
_STRETCHES = 2
"""So many months of each year are quicker found one by one than by going through the whole timeline."""
_MONTH_OF = {name: str(number) for number, names in enumerate(_NAMES, 1) for name in names}


def read_date(reading: Reading) -> Clause | None:
    """`date:`: within a span. Photos without a date of their own count by the date of their file."""
    return _within(_spans(reading))


def read_after(reading: Reading) -> Clause | None:
    """`after:`: from the beginning of what is named on: after:2019 begins with 2019-01-01."""
    return _within([Span(span.start, None) for span in _single(reading) if span.start is not None])


def read_before(reading: Reading) -> Clause | None:
    """`before:`: up to where what is named begins: before:2019 ends with 2018-12-31."""
    return _within([Span(None, span.start) for span in _single(reading) if span.start is not None])


def read_added(reading: Reading) -> Clause | None:
    """`added:`: when it came into the index, by days in UTC."""
    return any_of([plain(_in_span(Photo.indexed_at, span)) for span in _spans(reading)])


def read_year(reading: Reading) -> Clause | None:
    """`year:`: a year, or a range of them."""
    spans = []
    for value in reading.values:
        try:
            years = _whole_numbers(value, _YEAR, 1, date.max.year)
        except ValueError as error:
            reading.problem(value, said(error))
        else:
            if years:
                spans.append(_years(years))
    return _within(spans)


def read_month(reading: Reading) -> Clause | None:
    """`month:`: one of the twelve, of any year; in a range from November to February, too."""
    months: set[int] = set()
    for value in reading.values:
        try:
            months.update(_months(value))
        except ValueError as error:
            reading.problem(value, said(error))
    if not months:
        return None
    of_month = func.substr(Photo.timeline_at, 6, 2).in_([f"{month:02}" for month in sorted(months)])
    if len(months) > _STRETCHES:
        return plain(and_(Photo.visible, of_month))
    return Clause(_found_in(_every_year(reading, months)), of_month)


def _spans(reading: Reading) -> list[Span]:
    spans = []
    for value in reading.values:
        try:
            spans.append(dates.read(value, reading.today))
        except ValueError as error:
            reading.problem(value, said(error))
    return spans


def _single(reading: Reading) -> list[Span]:
    """What `after:` and `before:` take: one date each."""
    spans = []
    for value in reading.values:
        if ".." in value:
            reading.problem(
                value,
                say("%(name)s takes one date; for a range write date:%(value)s", name=reading.filter.name, value=value),
            )
            continue
        try:
            spans.append(dates.read(value, reading.today))
        except ValueError as error:
            reading.problem(value, said(error))
    return spans


def _within(spans: Sequence[Span]) -> Clause | None:
    if not spans:
        return None
    check = or_(*(_in_span(Photo.timeline_at, span) for span in spans))
    if len(spans) == 1:  # the index of the timeline begins with `visible`, and only visible photos are asked for
        return plain(and_(Photo.visible, check))
    return Clause(_found_in(spans), check)


def _in_span(column: Any, span: Span) -> ColumnElement[bool]:
    bounds = [] if span.start is None else [column >= span.start]
    return and_(true(), *bounds, *([] if span.end is None else [column < span.end]))


def _found_in(spans: Iterable[Span]) -> ColumnElement[bool]:
    """By the index of the timeline, one stretch of it after the other."""
    bounds = [[_stored(span.start or datetime.min), _stored(span.end or datetime.max)] for span in spans]
    each = func.json_each(json.dumps(bounds)).table_valued("value", name="span")
    start, end = (func.json_extract(each.c.value, f"$[{index}]") for index in (0, 1))
    photo = aliased(Photo, name="in_span")
    within = and_(photo.visible, photo.timeline_at >= start, photo.timeline_at < end)
    # An outer join, for SQLite keeps the order of its sides; of an empty stretch comes a NULL, which no id equals.
    return Photo.id.in_(select(photo.id).select_from(each).outerjoin(photo, within))


def _stored(moment: datetime) -> str:
    """As SQLAlchemy writes it, so that texts compare as times do."""
    return moment.isoformat(" ", "microseconds")


def _every_year(reading: Reading, months: Iterable[int]) -> list[Span]:
    """Those months of each year that the timeline has photos of."""
    newest, oldest = (select(function(Photo.timeline_at)).where(Photo.visible) for function in (func.max, func.min))
    first, last = reading.session.scalar(oldest), reading.session.scalar(newest)
    if first is None or last is None:
        return []
    return [
        dates.read(f"{year:04}-{month:02}", reading.today)
        for year in range(first.year, last.year + 1)
        for month in months
    ]


def _months(value: str) -> list[int]:
    """Raises ValueError with what is possible."""
    first, dots, last = (_MONTH_OF.get(fold(part.strip()), part.strip()) for part in value.partition(".."))
    if first.isdigit() and last.isdigit() and first.isascii() and last.isascii() and len(first + last) < 5:
        start, end = int(first), int(last)
        if start > end >= 1 and start <= 12:
            return [*range(start, 13), *range(1, end + 1)]
    numbers = _whole_numbers(first + dots + last, _MONTH, 1, 12)
    if not numbers:
        raise ValueError(say("%(value)s is no month; write %(example)s", value=value, example=_MONTH.example))
    return list(numbers)


def _whole_numbers(value: str, quantity: Quantity, lowest: int, highest: int) -> range:
    """The numbers from `lowest` to `highest` that are meant. Raises ValueError with what is possible."""
    interval = interval_of(value, quantity)
    return range(max(_first(interval, lowest), lowest), min(_last(interval, highest), highest) + 1)


def _first(interval: Interval, lowest: int) -> int:
    if interval.low is None:
        return lowest
    up = interval.low.to_integral_value(rounding="ROUND_CEILING")
    return int(up) + (up == interval.low and not interval.with_low)


def _last(interval: Interval, highest: int) -> int:
    if interval.high is None:
        return highest
    down = interval.high.to_integral_value(rounding="ROUND_FLOOR")
    return int(down) - (down == interval.high and not interval.with_high)


def _years(years: range) -> Span:
    end = datetime(years[-1] + 1, 1, 1) if years[-1] < date.max.year else None
    return Span(datetime(years[0], 1, 1), end)
