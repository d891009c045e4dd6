"""Find the dates people say, in English and French: `summer 2019`, `hier`, `il y a deux ans`, `4 juillet 2021`.

All text here is folded: without case and accents, one space between words.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from photoindex.search import spans
from photoindex.search.ordinary_words import word_set
from photoindex.search.spans import FIRST_YEAR, Span

MONTHS = {
    name: number
    for number, names in enumerate(
        ("january jan janvier janv", "february feb fevrier fevr fev", "march mar mars", "april apr avril avr",
         "may mai", "june jun juin", "july jul juillet juil", "august aug aout", "september sept sep septembre",
         "october oct octobre", "november nov novembre", "december dec decembre"), 1)
    for name in names.split()
}  # fmt: skip
SEASONS = {
    "spring": "spring", "printemps": "spring", "summer": "summer", "ete": "summer", "autumn": "autumn",
    "fall": "autumn", "automne": "autumn", "winter": "winter", "hiver": "winter",
}  # fmt: skip
HOLIDAYS = {
    "christmas": "christmas", "xmas": "christmas", "noel": "christmas", "easter": "easter", "paques": "easter",
    "halloween": "halloween", "new year": "new year", "new year's": "new year", "new year's eve": "new year's eve",
    "saint-sylvestre": "new year's eve", "new year's day": "new year", "nouvel an": "new year",
    "jour de l'an": "new year",
}  # fmt: skip
HOLIDAY_MONTHS = {"christmas": (12,), "halloween": (10,)}
WEEKDAYS = {
    name: number
    for number, names in enumerate(("monday lundi", "tuesday mardi", "wednesday mercredi", "thursday jeudi",
                                    "friday vendredi", "saturday samedi", "sunday dimanche"))
    for name in names.split()
}  # fmt: skip
UNITS = {
    "day": "day", "jour": "day", "week": "week", "semaine": "week", "month": "month", "mois": "month",
    "year": "year", "an": "year", "annee": "year",
}  # fmt: skip
NUMBERS = {
    name: number
    for number, names in enumerate(("a an one un une", "two deux", "three trois", "four quatre", "five cinq", "six",
                                    "seven sept", "eight huit", "nine neuf", "ten dix", "eleven onze",
                                    "twelve douze"), 1)
    for name in names.split()
}  # fmt: skip
CLEAR_MONTHS = word_set(
    "january janvier february fevrier avril juin july juillet aout september septembre october octobre november "
    "novembre december decembre"
)
"""Those whose names mean nothing else; `may`, `march`, `june`, `mars` need more to be taken for months."""


@dataclass(frozen=True)
class Moment:
    """A date as said. It has a `span`, or `months` of any year, or both: then the span is the latest such months."""

    span: Span
    months: tuple[int, ...] = ()
    needs: Literal["year", "month", "season", "holiday"] | None = None
    """Which prepositions make it a date, of `phrases.NEEDED`; None when it is one anyway."""


def _any(*names: str) -> str:
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))


_MONTH = f"(?P<month>{_any(*MONTHS)})"
_SEASON = f"(?P<season>{_any(*SEASONS)})"
_HOLIDAY = f"(?P<holiday>{_any(*HOLIDAYS)})"
_NUMBER = rf"(?P<count>[0-9]{{1,3}}|{_any(*NUMBERS)})"
_DAY = r"(?P<day>3[01]|[12][0-9]|0?[1-9])(?:st|nd|rd|th|er)?"
_UNIT = f"(?P<unit>{_any(*UNITS)})s?"
_YEAR = (
    r"(?:(?P<year>[12][0-9]{3})"
    r"|(?P<last_year>last year|l'annee (?:derniere|passee)|l'an (?:dernier|passe))"
    r"|(?P<this_year>this year|cette annee))"
)
_OF = r"(?: of| de| d'| in| en)?(?: the year| l'annee)? "
_NAMED = (
    f"(?:{_SEASON}|{_HOLIDAY}|{_MONTH}|(?P<weekday>{_any(*WEEKDAYS)})"
    f"|(?P<weekend>week-?end)|(?P<period>week|semaine|month|mois|year|annee|an))"
)
_END = r"(?:'s)?(?= |$)"

_Reader = Callable[[re.Match[str], date], Moment | None]


def read(folded: str, at: int, today: date) -> tuple[Moment, int] | None:
    """The date that begins at a place of a text, and where it ends; None where none does."""
    for pattern, reader in _PATTERNS:
        match = pattern.match(folded, at)
        if match is None:
            continue
        try:
            moment = reader(match, today)
        except (ValueError, OverflowError):  # 31 February, or the edges of the calendar
            continue
        if moment is not None:
            return moment, match.end()
    return None


def _plausible(span: Span, today: date) -> Moment | None:
    return Moment(span) if FIRST_YEAR <= span.first.year <= today.year + 1 else None


def _year_of(match: re.Match[str], today: date) -> int:
    if match["year"] is None:
        return today.year - (match["last_year"] is not None)
    found = int(match["year"])
    if not FIRST_YEAR <= found <= today.year + 1:
        raise ValueError("before photography, or to come")
    return found


def _iso(match: re.Match[str], today: date) -> Moment | None:
    of_year, number = _year_of(match, today), int(match["number"])
    if match["day"] is None:
        return Moment(spans.month(number, of_year))
    day = date(of_year, number, int(match["day"]))
    return Moment(spans.days(day, day))


def _years(match: re.Match[str], today: date) -> Moment | None:
    first, last = int(match["first"]), int(match["last"])
    if not FIRST_YEAR <= first < last <= today.year + 1:
        return None
    return Moment(spans.between(spans.year(first), spans.year(last)))


def _day(match: re.Match[str], today: date) -> Moment | None:
    number, of_year = MONTHS[match["month"]], _year_of(match, today)
    first = date(of_year, number, int(match["day"]))
    last = match.groupdict().get("last")
    return Moment(spans.days(first, date(of_year, number, int(last)) if last else first))


def _month(match: re.Match[str], today: date) -> Moment | None:
    return Moment(spans.month(MONTHS[match["month"]], _year_of(match, today)))


def _season(match: re.Match[str], today: date) -> Moment | None:
    name, of_year = SEASONS[match["season"]], _year_of(match, today)
    following = match["following"]
    if following and (name != "winter" or int(following) % 100 != (of_year + 1) % 100):
        return None
    return Moment(spans.season(name, of_year))


def _holiday(match: re.Match[str], today: date) -> Moment | None:
    return Moment(spans.holiday(HOLIDAYS[match["holiday"]], _year_of(match, today)))


def _last(match: re.Match[str], today: date) -> Moment | None:
    return _named(match, today, ended=True)


def _this(match: re.Match[str], today: date) -> Moment | None:
    if match["weekday"] or match["month"] in ("may", "mar", "march"):  # "this may be"
        return None
    return _named(match, today, ended=False)


def _named(match: re.Match[str], today: date, *, ended: bool) -> Moment | None:
    if match["weekday"]:
        return Moment(spans.weekday(WEEKDAYS[match["weekday"]], today))
    if match["weekend"]:
        return Moment(spans.weekend(today, ended))
    if match["period"]:
        unit = UNITS[match["period"]]
        return Moment(spans.ago(today, int(ended), unit))
    return Moment(spans.latest(_every_year(match), today, ended))


def _every_year(match: re.Match[str]) -> Callable[[int], Span]:
    """The season, holiday or month of a match, for each year."""
    if match["season"]:
        return lambda year: spans.season(SEASONS[match["season"]], year)
    if match["holiday"]:
        return lambda year: spans.holiday(HOLIDAYS[match["holiday"]], year)
    return lambda year: spans.month(MONTHS[match["month"]], year)


def _ago(match: re.Match[str], today: date) -> Moment | None:
    return _plausible(spans.ago(today, _count(match), UNITS[match["unit"]]), today)


def _past(match: re.Match[str], today: date) -> Moment | None:
    return _plausible(spans.past(today, _count(match), UNITS[match["unit"]]), today)


def _count(match: re.Match[str]) -> int:
    return NUMBERS.get(match["count"]) or int(match["count"])


def _days_back(match: re.Match[str], today: date) -> Moment | None:
    if match["before"]:
        back = 2
    else:
        back = 1 if match["yesterday"] else 0
    return Moment(spans.days(today - timedelta(back), today - timedelta(back)))


def _decade(match: re.Match[str], today: date) -> Moment | None:
    first = int(match["decade"])
    if first < 100:
        first += 1900
    if not FIRST_YEAR <= first <= today.year:
        return None
    span = spans.between(spans.year(first), spans.year(first + 9))
    return Moment(span, needs="year" if len(match["decade"]) == 2 and "annee" not in match[0] else None)


def _bare_year(match: re.Match[str], today: date) -> Moment | None:
    return Moment(spans.year(_year_of(match, today)), needs=None if match["year"] is None else "year")


def _bare(match: re.Match[str], today: date) -> Moment | None:
    """A month, season or holiday with no year."""
    span = spans.latest(_every_year(match), today, ended=False)
    if match["season"]:
        return Moment(span, spans.SEASONS[SEASONS[match["season"]]], "season")
    if match["holiday"]:
        months = HOLIDAY_MONTHS.get(HOLIDAYS[match["holiday"]])
        return Moment(span, months, "holiday") if months else None
    name = match["month"]
    return Moment(span, (MONTHS[name],), None if name in CLEAR_MONTHS else "month")


_PATTERNS: tuple[tuple[re.Pattern[str], _Reader], ...] = tuple(
    (re.compile(pattern + _END), reader)
    for pattern, reader in (
        (r"(?P<year>[12][0-9]{3})-(?P<number>[01][0-9])(?:-(?P<day>[0-3][0-9]))?", _iso),
        (r"(?P<first>[12][0-9]{3}) ?[-–—] ?(?P<last>[12][0-9]{3})", _years),
        (rf"(?:the |le )?{_DAY}(?: ?[-–—] ?| to | au )(?P<last>3[01]|[12][0-9]|0?[1-9])(?:st|nd|rd|th)?"
         rf"(?: of)? {_MONTH}{_OF}{_YEAR}", _day),
        (rf"{_MONTH} {_DAY} ?[-–—] ?(?P<last>3[01]|[12][0-9]|0?[1-9]){_OF}{_YEAR}", _day),
        (rf"(?:the |le )?{_DAY}(?: of)? {_MONTH}{_OF}{_YEAR}", _day),
        (rf"{_MONTH} (?:the )?{_DAY}{_OF}{_YEAR}", _day),
        (rf"{_MONTH}{_OF}{_YEAR}", _month),
        (rf"{_SEASON}{_OF}{_YEAR}(?:[-–/](?P<following>(?:20|19|18)?[0-9]{{2}}))?", _season),
        (rf"{_HOLIDAY}{_OF}{_YEAR}", _holiday),
        (rf"(?:last|past) {_NAMED}", _last),
        (rf"{_NAMED} (?:derniere?|passee?)", _last),
        (rf"(?:this|ce|cet|cette) {_NAMED}(?:-ci)?", _this),
        (rf"{_NUMBER} {_UNIT} ago", _ago),
        (rf"il y a (?:environ )?{_NUMBER} {_UNIT}", _ago),
        (rf"(?:last|past) {_NUMBER} {_UNIT}", _past),
        (rf"{_NUMBER} derni(?:er|ere)s {_UNIT}", _past),
        (r"(?:(?P<before>day before yesterday|avant-hier)"
         r"|(?P<yesterday>yesterday|hier(?: soir)?|last night)|today|aujourd'hui)", _days_back),
        (r"(?P<decade>(?:18|19|20)[0-9]0|[3-9]0)s", _decade),
        (r"annees (?P<decade>(?:18|19|20)[0-9]0|[3-9]0)", _decade),
        (_YEAR, _bare_year),
        (f"(?:{_SEASON}|{_HOLIDAY}|{_MONTH})", _bare),
    )
)  # fmt: skip
