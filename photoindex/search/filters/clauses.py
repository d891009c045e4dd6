"""What filters are compiled to: a condition in two forms, and the reading of one filter's values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, false, func, or_, select, text, true
from sqlalchemy.orm import Session

from photoindex.models import Photo
from photoindex.search.query import Filter, Problem

MOST_NAMES = 5
"""How many names of what there is a message lists."""

PRESENT: ColumnElement[bool] = text("file.state NOT IN ('failed', 'missing')")  # type: ignore[assignment]
"""That a file shows its photo: it is pending or indexed. In the very words of the indexes over such files, or SQLite
does not use these; and by what it is not, or SQLite prefers the index over all states."""


@dataclass(frozen=True)
class Clause:
    """A condition on Photo in two forms that select the same of the visible photos."""

    find: ColumnElement[bool]
    """For finding all: an index, or a subquery that is reckoned once, leads to the photos."""
    check: ColumnElement[bool]
    """For checking some that are given: looks at nothing but each one."""


@dataclass
class Reading:
    """One filter being read. Readers take its values, and put a Problem for each that is wrong or finds nothing."""

    session: Session
    filter: Filter
    today: date
    problems: list[Problem] = field(default_factory=list)

    @property
    def values(self) -> tuple[str, ...]:
        return self.filter.values

    def problem(self, value: str, message: str) -> None:
        self.problems.append(Problem(f"{'-' if self.filter.negated else ''}{self.filter.name}:{value}", message))


NOTHING = Clause(false(), false())
"""What selects no photo."""


def plain(condition: ColumnElement[bool]) -> Clause:
    """A condition on columns of Photo, of which both forms are the same."""
    return Clause(condition, condition)


def any_of(clauses: Sequence[Clause]) -> Clause | None:
    """What one of them selects; None when there is none."""
    if not clauses:
        return None
    return Clause(or_(*(each.find for each in clauses)), or_(*(each.check for each in clauses)))


def none_of(clause: Clause) -> Clause:
    """What it does not select, with the photos that lack the fact it asks for."""
    return plain(clause.check.is_not(true()))


def in_list(column: Any, values: Iterable[int | str]) -> ColumnElement[bool]:
    """The same as IN, for any number of values: one parameter carries them all."""
    each = func.json_each(json.dumps(list(values))).table_valued("value")
    return column.in_(select(each.c.value))  # type: ignore[no-any-return]


def by_photo(photo_ids: Any, own: Any) -> Clause:
    """Of photos that another table names: `photo_ids` selects all of their ids, `own` holds for one of them."""
    # A bare EXISTS SQLite makes into a join, and then may go through the other table for each photo.
    return Clause(Photo.id.in_(photo_ids), own.is_(true()))


def named(names: Iterable[str | None]) -> str:
    """The first few of some names, for a message."""
    known = [name for name in names if name]
    return ", ".join(known[:MOST_NAMES]) + ("…" if len(known) > MOST_NAMES else "")
