"""Dates as they head photos, in the language of the page: `March 2024`, `Tuesday 5 March`, `5 Mar`."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from babel import Locale
from babel.dates import format_date, format_interval, format_skeleton, get_month_names
from flask import g
from flask_babel import get_locale

_ENGLISH = Locale("en", "GB")
"""Day before month, as everywhere on our pages."""


def locale() -> Locale:
    """In which dates are written on this page."""
    if not g:  # no page is being made
        return _ENGLISH
    found: Locale | None = g.get("locale_of_dates")
    if found is None:  # kept, as some pages ask hundreds of times
        chosen = get_locale() or _ENGLISH
        found = g.locale_of_dates = _ENGLISH if chosen.language == "en" else chosen
    return found


def month(at: date) -> str:
    return _upper(_skeleton("yMMMM", at.replace(day=1), locale()))


def months(newer: date, older: date) -> str:
    """`January – March 2024`"""
    if (newer.year, newer.month) == (older.year, older.month):
        return month(newer)
    return _interval(older.replace(day=1), newer.replace(day=1), locale())


def month_name(number: int) -> str:
    return _month_name(number, locale())


def day(at: date) -> str:
    return _upper(_written("EEEE d MMMM", at, locale()))


def day_of_year(at: date) -> str:
    """`5 March`"""
    return _skeleton("MMMMd", at, locale())


def day_label(at: date) -> str:
    return _skeleton("MMMd", at, locale())


def whole_date(at: date, where: Locale | None = None) -> str:
    """`5 March 2024`; `where` is `locale()`, for those who ask again and again."""
    return _written("long", at, where or locale())


def _upper(text: str) -> str:
    """As a heading begins, in languages that write months and days small."""
    return text[:1].upper() + text[1:]


@lru_cache(maxsize=256)
def _month_name(number: int, where: Locale) -> str:
    return _upper(get_month_names("wide", "stand-alone", where)[number])


@lru_cache(maxsize=4096)
def _skeleton(skeleton: str, at: date, where: Locale) -> str:
    return format_skeleton(skeleton, at, locale=where)


@lru_cache(maxsize=1024)
def _interval(older: date, newer: date, where: Locale) -> str:
    return _upper(format_interval(older, newer, "yMMMM", locale=where))


@lru_cache(maxsize=4096)
def _written(format: str, at: date, where: Locale) -> str:
    return format_date(at, format, locale=where)
