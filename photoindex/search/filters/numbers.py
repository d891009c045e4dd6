"""Filters by numbers: iso, aperture, focal, rating, size, width, height, megapixels, duration, id."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, and_

from photoindex.messages import said, say
from photoindex.models import Photo
from photoindex.search.filters.clauses import Clause, Reading, any_of, plain

_NUMBER = re.compile(r"(-?\d{1,18}(?:[.,]\d{1,9})?) ?([a-z]*)", re.ASCII)
_CLOCK = re.compile(r"(?:(\d{1,5}):)?(\d{1,5}):(\d{1,2})", re.ASCII)
_OPERATOR = re.compile(r"(>=|<=|≥|≤|>|<|=)?\s*(.*)", re.DOTALL)
_SAME = {"≥": ">=", "≤": "<="}

_BYTES = {
    "": 1, "b": 1, "o": 1, "k": 10**3, "kb": 10**3, "ko": 10**3, "m": 10**6, "mb": 10**6, "mo": 10**6, "g": 10**9,
    "gb": 10**9, "go": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30,
}  # fmt: skip
_SECONDS = {"": 1, "s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600}


@dataclass(frozen=True)
class Interval:
    """Numbers between two bounds, of which each may be open (left out) or belong to it."""

    low: Decimal | None = None
    high: Decimal | None = None
    with_low: bool = True
    with_high: bool = True


@dataclass(frozen=True)
class Quantity:
    """What a filter by number compares, and how people write it."""

    column: Any
    example: str
    units: Mapping[str, int]
    """How many of the column's units each is. The empty one is for a bare number."""
    rounded: bool = False
    """Whether a single number stands for all that are written so: 50 for 49.5 to 50.5."""
    prefix: str = ""
    clock: bool = False
    """Whether `1:30` is a minute and a half."""


QUANTITIES = {
    "iso": Quantity(Photo.iso, "iso:>=800 or iso:100..400", {"": 1}),
    "aperture": Quantity(Photo.f_number, "aperture:<=2.8 or aperture:1.4..2", {"": 1}, rounded=True, prefix=r"f ?/?"),
    "focal": Quantity(Photo.focal_length_mm, "focal:50 or focal:24..70", {"": 1, "mm": 1}, rounded=True),
    "rating": Quantity(Photo.rating, "rating:>=4 or rating:3..5", {"": 1}),
    "width": Quantity(Photo.width, "width:>=4000", {"": 1, "px": 1}),
    "height": Quantity(Photo.height, "height:<1000", {"": 1, "px": 1}),
    "megapixels": Quantity(
        Photo.width * Photo.height, "megapixels:>=12", {"": 10**6, "mp": 10**6, "mpx": 10**6}, rounded=True
    ),
    "duration": Quantity(
        Photo.duration_seconds, "duration:<30s or duration:1m..5m", _SECONDS, rounded=True, clock=True
    ),
    "size": Quantity(Photo.size_bytes, "size:>10MB or size:500kB..2MB", _BYTES, rounded=True),
    "id": Quantity(Photo.id, "id:12 or id:100..200", {"": 1}),
}


def read(reading: Reading) -> Clause | None:
    """A filter by one of `QUANTITIES`."""
    quantity = QUANTITIES[reading.filter.name]
    clauses = []
    for value in reading.values:
        try:
            interval = interval_of(value, quantity)
        except ValueError as error:
            reading.problem(value, said(error))
        else:
            clauses.append(plain(between(quantity.column, interval)))
    return any_of(clauses)


def interval_of(value: str, quantity: Quantity) -> Interval:
    """`>800`, `100..400`, `=100`… Raises ValueError with a line that says what is possible."""
    match = _OPERATOR.fullmatch(value.strip().lower())
    operator, rest = (match[1], match[2].strip()) if match else (None, "")
    operator = _SAME.get(operator, operator) if operator else None
    if operator in (">", ">="):
        return Interval(low=_amount(rest, value, quantity)[0], with_low=operator == ">=")
    if operator in ("<", "<="):
        return Interval(high=_amount(rest, value, quantity)[0], with_high=operator == "<=")
    low_text, dots, high_text = (part.strip() for part in rest.partition(".."))
    if not dots:
        amount, step = _amount(rest, value, quantity)
        half = step / 2 if quantity.rounded else Decimal(0)
        return Interval(amount - half, amount + half, with_high=not quantity.rounded)
    low = _amount(low_text, value, quantity)[0] if low_text else None
    high = _amount(high_text, value, quantity)[0] if high_text else None
    if operator or (low is None and high is None):
        raise ValueError(_message(value, quantity))
    if low is not None and high is not None and low > high:
        raise ValueError(
            say("the range %(value)s ends before it begins; write %(example)s", value=value, example=quantity.example)
        )
    return Interval(low, high)


def between(column: Any, interval: Interval) -> ColumnElement[bool]:
    """That a column lies in an interval. What lacks the number does not."""
    low, high = _bound(interval.low), _bound(interval.high)
    conditions: list[ColumnElement[bool]] = []
    if low is not None and low == high and interval.with_low and interval.with_high:
        return column == low  # type: ignore[no-any-return]
    if low is not None:
        conditions.append(column >= low if interval.with_low else column > low)
    if high is not None:
        conditions.append(column <= high if interval.with_high else column < high)
    return and_(*conditions)


def _amount(text: str, value: str, quantity: Quantity) -> tuple[Decimal, Decimal]:
    """The number in the column's unit, and what one in its last digit is worth."""
    if quantity.clock and (clock := _CLOCK.fullmatch(text)):
        return Decimal(3600 * int(clock[1] or 0) + 60 * int(clock[2]) + int(clock[3])), Decimal(1)
    found = _NUMBER.fullmatch(re.sub(f"^{quantity.prefix}", "", text))
    if found is None or found[2] not in quantity.units:
        raise ValueError(_message(value, quantity))
    number = Decimal(found[1].replace(",", "."))
    unit = quantity.units[found[2]]
    return number * unit, Decimal(1).scaleb(int(number.as_tuple().exponent)) * unit


def _bound(number: Decimal | None) -> int | float | None:
    """As SQLite takes it: its integers have 64 bits."""
    if number is None:
        return None
    whole = number == number.to_integral_value() and abs(number) < 2**63
    return int(number) if whole else float(number)


def _message(value: str, quantity: Quantity) -> str:
    return say("%(value)s is no such number; write %(example)s", value=value or "nothing", example=quantity.example)
