"""Compile the filters of a query to one condition on Photo, and say what is wrong with those that make no sense."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import ColumnElement, and_
from sqlalchemy.orm import Session

from photoindex.messages import say
from photoindex.search.filters import files, kinds, numbers, places, texts, times
from photoindex.search.filters.clauses import Clause, Reading, none_of
from photoindex.search.query import Filter, Problem

MOST_FILTERS = 100
MOST_VALUES = 200
LONGEST_VALUE = 512

READERS: Mapping[str, Callable[[Reading], Clause | None]] = {
    "after": times.read_after,
    "before": times.read_before,
    "date": times.read_date,
    "month": times.read_month,
    "year": times.read_year,
    "added": times.read_added,
    "folder": files.read_folder,
    "name": files.read_name,
    "library": files.read_library,
    "camera": texts.read_camera,
    "lens": texts.read_lens,
    "format": texts.read_format,
    "album": texts.read_album,
    "person": texts.read_list,
    "keyword": texts.read_list,
    "text": texts.read_text,
    "place": places.read_place,
    "near": places.read_near,
    "type": kinds.read_type,
    "is": kinds.read_is,
    "has": kinds.read_has,
    **dict.fromkeys(numbers.QUANTITIES, numbers.read),
}
"""Every filter by its name, with who reads its values."""


@dataclass(frozen=True)
class Compiled:
    """Filters as SQL. Only visible photos are meant; `lookups` adds that."""

    condition: ColumnElement[bool] | None
    """For finding all photos that meet it; None when there is nothing to filter by."""
    check: ColumnElement[bool] | None
    """The same for photos that are given: what looks at each one, instead of finding all first."""
    problems: tuple[Problem, ...] = ()
    """Values that make no sense, and are left out; and such that nothing in the library matches."""


def compile(session: Session, filters: Sequence[Filter], *, today: date) -> Compiled:
    """Read the filters of a query: a photo has to meet each of them.

    A filter with no value that makes sense is left out. One whose values make sense but match nothing selects nothing.
    `today` is what relative dates count from, in the time of whoever asks. Never raises for what people typed.
    """
    clauses: list[Clause] = []
    problems: list[Problem] = []
    for each in filters[:MOST_FILTERS]:
        clause, found = _read(session, each, today)
        problems += found
        if clause is not None:
            clauses.append(none_of(clause) if each.negated else clause)
    if len(filters) > MOST_FILTERS:
        problems.append(
            Problem(
                "", say("a search takes %(most_filters)s filters; the others are left out", most_filters=MOST_FILTERS)
            )
        )
    if not clauses:
        return Compiled(None, None, tuple(problems))
    find, check = and_(*(each.find for each in clauses)), and_(*(each.check for each in clauses))
    simple = all(each.find is each.check for each in clauses)
    return Compiled(find, find if simple else check, tuple(problems))


def narrowed(compiled: Compiled, condition: ColumnElement[bool]) -> Compiled:
    """The same filters with one more condition on Photo."""
    if compiled.condition is None or compiled.check is None:
        return replace(compiled, condition=condition, check=condition)
    return replace(compiled, condition=and_(compiled.condition, condition), check=and_(compiled.check, condition))


def _read(session: Session, each: Filter, today: date) -> tuple[Clause | None, list[Problem]]:
    reader = READERS.get(each.name)
    if reader is None:
        name = _printable(each.name)
        return None, [
            Problem(
                f"{name}:",
                say("there is no filter %(name)s; possible are: %(names)s", name=name, names=", ".join(READERS)),
            )
        ]
    values = tuple(dict.fromkeys(_printable(value) for value in each.values))
    reading = Reading(session, replace(each, values=_allowed(values)), today)
    if len(values) > MOST_VALUES:
        reading.problem(
            "",
            say(
                "%(name)s takes %(most_values)s values; the others are left out",
                name=each.name,
                most_values=MOST_VALUES,
            ),
        )
    for value in values:
        if len(value) > LONGEST_VALUE:
            reading.problem(
                value[:20] + "…",
                say(
                    "a value has at most %(longest_value)s characters; this one is left out",
                    longest_value=LONGEST_VALUE,
                ),
            )
    return reader(reading), reading.problems


def _allowed(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(value for value in values if len(value) <= LONGEST_VALUE)[:MOST_VALUES]


def _printable(text: str) -> str:
    """Without what SQLite does not take: lone surrogates, and NUL, at which some of its functions end a text."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")
