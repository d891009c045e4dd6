"""The list of months that leads to any place in the timeline: a slim rail at its side, on a phone a sheet."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from babel import Locale
from flask import render_template, url_for
from markupsafe import Markup

from photoindex.timeline import MonthCount
from photoindex.web import headings

MOST_MONTHS = 480
"""With more, the list has only years: a page must not grow without end."""
HIGHEST = 12
"""A month with very many photos is so many times as high on the rail as one with few."""

_LABEL_SHARE = 0.032
"""How much of the rail's height the number of a year takes."""


@dataclass(frozen=True)
class Entry:
    """A link to a month, or to a year."""

    at: str
    """As in an address: `2024-03`, or `2024`."""
    address: str
    label: str
    """The month's name, or the year."""
    heading: str
    photos: int
    height: int
    """Its share of the rail, 0 to `HIGHEST`."""
    is_year: bool
    has_room: bool
    """Of a year: whether its number fits on the rail."""


def rendered(months: Sequence[MonthCount]) -> Markup:
    """The list, which is the same on every page and takes longer to write than the page's photos: so it is kept."""
    return _rendered(tuple(months), headings.locale(), url_for("gallery.index", at=""))


@lru_cache(maxsize=32)
def _rendered(months: tuple[MonthCount, ...], _locale: Locale, _address: str) -> Markup:
    return Markup(render_template("_dates.html", dates=entries(months)))


def entries(months: Sequence[MonthCount]) -> list[Entry]:
    """Years, each before its months, newest first."""
    whole = len(months) <= MOST_MONTHS
    years = [list(of_year) for _, of_year in groupby(months, key=lambda each: each.year)]
    heights = [[_height(each.photos) for each in year] if whole else [1] for year in years]
    total = sum(map(sum, heights)) or 1
    address = url_for("gallery.index", at="")
    made: list[Entry] = []
    place, last_label = 0, -math.inf
    for year, of_months in zip(years, heights, strict=True):
        has_room = (place - last_label) / total >= _LABEL_SHARE
        if has_room:
            last_label = place
        made.append(_year(address, year, 0 if whole else 1, has_room))
        if whole:
            made += _months(address, year, of_months)
        place += sum(of_months)
    return made


def _height(photos: int) -> int:
    return min(HIGHEST, 1 + round(math.log2(max(1, photos))))


def _year(address: str, months: Sequence[MonthCount], height: int, has_room: bool) -> Entry:
    at, photos = f"{months[0].year:04}", sum(each.photos for each in months)
    label = str(months[0].year)
    return Entry(at, address + at, label, label, photos, height, True, has_room)


def _months(address: str, months: Sequence[MonthCount], heights: Sequence[int]) -> Iterator[Entry]:
    for each, height in zip(months, heights, strict=True):
        at, name = f"{each.year:04}-{each.month:02}", headings.month_name(each.month)
        heading = headings.month(each.first_day)
        yield Entry(at, address + at, name, heading, each.photos, height, False, False)
