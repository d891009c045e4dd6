"""Find what a sentence says of when: a date with what stands before it, from one to another, or before and since."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from photoindex.search import spans
from photoindex.search.moments import Moment, read
from photoindex.search.ordinary_words import word_set

NEEDED = {
    "year": word_set(
        "in during throughout from of for around circa en de dans pendant durant vers annee year "
        "early late mid debut fin"
    ),
    "month": word_set("in during throughout en pendant durant mois month"),
    "season": word_set("in during throughout over en au pendant durant dans"),
    "holiday": word_set("at for over during a pour pendant durant"),
}
"""Words that make a date of what could be something else: `2001`, `march`, `summer`, `christmas`."""

FUNCTION_WORDS = word_set(
    "in on at with and or of from near during to for by around over under without not but "
    "avec et ou en a au aux de du des dans sur pres chez pour par sans vers mais pas"
)
"""What may follow `in summer` when it is a date; in `in summer dress` it is none."""

_PREPOSITION = re.compile(
    r"(?:(?:in|on|at|during|throughout|over|from|of|for|around|circa|en|aux?|a|de|du|des|dans|pendant"
    r"|durant|vers|pour|lors de|au cours de|au cours du) |d')?"
)
_ARTICLE = re.compile(r"(?:(?:the|le|la|les|ces) |l')?")
_NOUN = re.compile(r"(?:mois d'|(?:year|month of|annee|mois de|mois|early|late|mid|debut de|debut|fin de|fin) )*")
_BOUND = re.compile(
    r"(?:(?P<before>before|prior to|avant)|(?P<after>since|after|depuis|apres|a partir de|a partir du)"
    r"|(?P<until>until|till|up to|jusqu'en|jusqu'au|jusqu'a)) "
)
_BETWEEN = (
    (re.compile(r"(?:between|entre) "), re.compile(r" (?:and|et|&) ")),
    (re.compile(r"(?:from|de|du) "), re.compile(r" (?:to|until|till|through|a|au|jusqu'a|jusqu'en|jusqu'au) ")),
)
_TO = re.compile(r" (?:to|a) ")
_AND = re.compile(r" (?:and|or|et|ou|&) (?:in |en |of |de )?")
_YEAR_ALONE = re.compile(r"(?:18|19|20)[0-9]{2}(?= |$)")
_NUMBER_BEFORE = re.compile(r"(?:^| )[0-9]{1,2}(?:st|nd|rd|th|er)?(?: of| de)?$")
_NUMBER_AFTER = re.compile(r" (?:the )?[0-9]{1,2}(?:st|nd|rd|th)?(?: |$)")
_LETTERS = re.compile(r"[a-z]+")
_WORD_AFTER = re.compile(r" ([^ ]+)")
MORE_MOMENTS = 8
BARRIER = "\0"
"""Stands in a text for words that are not to be understood."""


@dataclass(frozen=True)
class When:
    """What was said of when, as a filter's name and values, and where in the text it ends."""

    name: str
    values: tuple[str, ...]
    end: int


def find(folded: str, at: int, today: date, breaks: frozenset[int] = frozenset()) -> When | None:
    """What is said of when from the word that begins at a place of a folded text; None where nothing is.

    `breaks` are the places where a word ends with a comma or the like.
    """
    return _bound(folded, at, today) or _between(folded, at, today) or _plain(folded, at, today, breaks)


def last_year(folded: str, at: int, today: date) -> When | None:
    """A year without preposition, which is a date only as the last word."""
    match = _YEAR_ALONE.match(folded, at)
    found = read(folded, at, today) if match else None
    return When("date", (found[0].span.written,), found[1]) if found else None


def _bound(folded: str, at: int, today: date) -> When | None:
    bound = _BOUND.match(folded, at)
    found = _moment(folded, bound.end(), today) if bound else None
    if bound is None or found is None:
        return None
    moment, _, end = found
    if bound["before"]:
        return When("before", (moment.span.start,), end)
    if bound["after"]:
        return When("after", (moment.span.start,), end)
    return When("date", (f"..{moment.span.end}",), end)


def _between(folded: str, at: int, today: date) -> When | None:
    for opening, middle in _BETWEEN:
        opened = opening.match(folded, at)
        if opened:
            return _from_to(folded, opened.end(), middle, today)
    return _from_to(folded, at, _TO, today) if _YEAR_ALONE.match(folded, at) else None


def _from_to(folded: str, at: int, middle: re.Pattern[str], today: date) -> When | None:
    first = _moment(folded, at, today)
    joint = middle.match(folded, first[2]) if first else None
    last = _moment(folded, joint.end(), today) if joint else None
    if first is None or last is None:
        return None
    one, other, end = first[0], last[0], last[2]
    if one.months and other.months:
        return When("month", _month_values(_months_from_to(one.months, other.months)), end)
    return When("date", (spans.between(_in_year_of(one, other).span, other.span).written,), end)


def _plain(folded: str, at: int, today: date, breaks: frozenset[int]) -> When | None:
    found = _moment(folded, _behind(_PREPOSITION, folded, at), today) or _moment(folded, at, today)
    if found is None:
        return None
    moment, start, end = found
    joined = _and_more(folded, moment, end, today)
    if joined is not None:
        end = joined.end
    if joined is None or joined.name == "month":
        if moment.needs is not None and not NEEDED[moment.needs] & set(_LETTERS.findall(folded[at:start])):
            return None
        if moment.months and not _is_month(folded, start, end):
            return None
        if moment.needs not in (None, "year") and not _stands_alone(folded, end, breaks):
            return None
    if joined is not None:
        return joined
    if moment.months:
        return When("month", _month_values(moment.months), end)
    return When("date", (moment.span.written,), end)


def _and_more(folded: str, moment: Moment, end: int, today: date) -> When | None:
    """What goes on after `and` or `or`: more years, more months; None where nothing does."""
    found = [moment]
    while len(found) < MORE_MOMENTS:
        joint = _AND.match(folded, end)
        following = read(folded, joint.end(), today) if joint else None
        if following is None or not _same_kind(found[-1], following[0]):
            break
        found.append(following[0])
        end = following[1]
    if len(found) == 1:
        return None
    if all(each.months for each in found):
        months = tuple(dict.fromkeys(month for each in found for month in each.months))
        return When("month", _month_values(months), end)
    values = dict.fromkeys(_in_year_of(each, found[-1]).span.written for each in found)
    return When("date", tuple(values), end)


def _same_kind(one: Moment, other: Moment) -> bool:
    if one.months:  # a month takes the year of the month behind it
        return bool(other.months) or (len(one.months) == 1 and _is_month_of_a_year(other))
    return not other.months and one.needs == other.needs


def _moment(folded: str, at: int, today: date) -> tuple[Moment, int, int] | None:
    """The date behind an article and words such as `month of`, where it begins itself, and where it ends."""
    article = _behind(_ARTICLE, folded, at)
    for start in dict.fromkeys((_behind(_NOUN, folded, article), article, at)):
        found = read(folded, start, today)
        if found is not None:
            return found[0], start, found[1]
    return None


def _behind(pattern: re.Pattern[str], folded: str, at: int) -> int:
    match = pattern.match(folded, at)
    return match.end() if match else at


def _is_month_of_a_year(moment: Moment) -> bool:
    return not moment.months and len(moment.span.written) == len("2019-07")


def _in_year_of(one: Moment, other: Moment) -> Moment:
    """`March` of `March to May 2019` is one of 2019; `November` of `November to January 2020` is one of 2019."""
    if len(one.months) != 1 or other.months:
        return one
    year = other.span.first.year - (one.months[0] > other.span.first.month)
    return Moment(spans.month(one.months[0], year))


def _months_from_to(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    count = (other[-1] - one[0]) % 12 + 1
    return tuple((one[0] - 1 + step) % 12 + 1 for step in range(count))


def _month_values(months: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(str(month) for month in months)


def _is_month(folded: str, start: int, end: int) -> bool:
    """Whether a month without year is no part of a day without year, as in `14 juillet`, which no filter can say."""
    return not _NUMBER_BEFORE.search(folded[:start].rstrip()) and not _NUMBER_AFTER.match(folded, end)


def _stands_alone(folded: str, end: int, breaks: frozenset[int]) -> bool:
    """Whether what could be a word like others has nothing behind it that it would describe."""
    following = _WORD_AFTER.match(folded, end)
    return following is None or end in breaks or following[1] in _FOLLOWING or following[1][:2] == "d'"


_FOLLOWING = FUNCTION_WORDS | {BARRIER}
