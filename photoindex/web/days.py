"""What photos of a page of the timeline stand under which heading: months and days, without rows that stay empty.

A day that fills a row has a heading of its own. Days that don't follow each other in common rows, each with its date
above its first picture. Months with few photos join others of their year in the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

FEW = 3
"""A day that fills fewer rows than this may share one with days that do not fill one."""


@dataclass(frozen=True)
class Group:
    """Pictures in common rows: those from `start` to before `end`, of the page's."""

    start: int
    end: int
    day: date | None
    """What the heading says; without one, each day's date stands above its first picture."""


@dataclass(frozen=True)
class Section:
    """A month, or several of one year that have few photos; `first` is the newer one."""

    first: date
    last: date
    groups: tuple[Group, ...]


@dataclass(frozen=True)
class _Day:
    at: date
    start: int
    end: int
    width: float


def sections(days: Sequence[date], widths: Sequence[float], row: float) -> list[Section]:
    """Sections of pictures, newest first, given the day of each and its width in heights, and that of a full row."""
    found: list[Section] = []
    for months in _seasons(list(_days(days, widths)), row):
        first, last = months[0][0].at, months[-1][-1].at
        is_sparse = len(months) > 1 or _width(months[0]) < row
        groups = [Group(months[0][0].start, months[-1][-1].end, None)] if is_sparse else _groups(months[0], row)
        found.append(Section(first, last, tuple(groups)))
    return found


def _days(days: Sequence[date], widths: Sequence[float]) -> Iterator[_Day]:
    start = 0
    for day, same in groupby(days):
        end = start + sum(1 for _ in same)
        yield _Day(day, start, end, sum(widths[start:end]))
        start = end


def _width(days: Iterable[_Day]) -> float:
    return sum(day.width for day in days)


def _seasons(days: Sequence[_Day], row: float) -> Iterator[list[list[_Day]]]:
    """Months that stand by themselves, or a few of one year together."""
    waiting: list[list[_Day]] = []
    for (year, _), of_month in groupby(days, key=lambda day: (day.at.year, day.at.month)):
        month = list(of_month)
        is_sparse = _width(month) < row
        if waiting and not (is_sparse and waiting[0][0].at.year == year):
            yield waiting
            waiting = []
        if not is_sparse:
            yield [month]
            continue
        waiting.append(month)
        if sum(map(_width, waiting)) >= row:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


def _groups(month: Sequence[_Day], row: float) -> Iterator[Group]:
    runs: list[list[_Day]] = []
    is_run = False  # whether the last of `runs` takes further days
    for day in month:
        fills_row = day.width >= row
        joins = is_run and (not fills_row or (_width(runs[-1]) < row and day.width < FEW * row))
        if joins:
            runs[-1].append(day)
        else:
            runs.append([day])
            is_run = not fills_row
    if len(runs) > 1 and _width(runs[-1]) < row and _width(runs[-2]) < FEW * row:
        runs[-2:] = [runs[-2] + runs[-1]]
    for run in runs:
        alone = len(run) == 1 and run[0].width >= row
        yield Group(run[0].start, run[-1].end, run[0].at if alone else None)
