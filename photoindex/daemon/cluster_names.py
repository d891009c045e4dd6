"""What to call photos that look alike and show no label clearly: by the place and month they share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from photoindex.concepts import Circumstance

DOMINATES = 0.6
"""The share of a group that must have been taken in the place or month that names it, ..."""
STANDS_OUT = 2.0
"""... and how many times more common it must be there than in the whole library."""

_MONTHS_EN = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_MONTHS_FR = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
    "décembre",
)  # fmt: skip

Month = tuple[int, int]

T = TypeVar("T")


@dataclass(frozen=True)
class PlaceName:
    """A place, a month, or both, that photos share."""

    city: str | None
    city_fr: str | None
    month: Month | None

    def holds(self, photo: Circumstance) -> bool:
        """Whether a photo was taken there and then."""
        return self.city in (None, photo.city) and self.month in (None, _month(photo.taken_at))

    @property
    def key(self) -> str:
        return f"place:{self.city or ''}:{_dashed(self.month)}"

    @property
    def en(self) -> str:
        """`Grenoble, July 2019`."""
        when = f"{_MONTHS_EN[self.month[1] - 1]} {self.month[0]}" if self.month else None
        return ", ".join(part for part in (self.city, when) if part)

    @property
    def fr(self) -> str:
        """`Grenoble, juillet 2019`."""
        when = f"{_MONTHS_FR[self.month[1] - 1]} {self.month[0]}" if self.month else None
        return ", ".join(part for part in (self.city_fr or self.city, when) if part)

    @property
    def query(self) -> str:
        """`place:"Grenoble" date:2019-07`."""
        where = f'place:"{self.city.replace(chr(34), "")}"' if self.city else ""
        return f"{where} date:{_dashed(self.month)}".strip() if self.month else where


def name(group: Sequence[Circumstance], library: Sequence[Circumstance]) -> PlaceName | None:
    """The place and month that dominate a group, None when neither does; `library` is what is usual."""
    city = _dominant([each.city for each in group], [each.city for each in library])
    month = _dominant([_month(each.taken_at) for each in group], [_month(each.taken_at) for each in library])
    if city is None and month is None:
        return None
    found = PlaceName(city, next((each.city_fr for each in group if each.city == city), None), month)
    both = sum(found.holds(each) for each in group) >= DOMINATES * len(group) / STANDS_OUT
    return found if both else PlaceName(found.city, found.city_fr, None)


def _dominant(group: Sequence[T | None], library: Sequence[T | None]) -> T | None:
    known = Counter(each for each in group if each is not None)
    if not known:
        return None
    value, count = known.most_common(1)[0]
    usual = sum(each == value for each in library) / max(1, len(library))
    share = count / len(group)
    return value if share >= DOMINATES and share >= STANDS_OUT * usual else None


def _month(at: datetime | None) -> Month | None:
    return None if at is None else (at.year, at.month)


def _dashed(month: Month | None) -> str:
    return f"{month[0]:04}-{month[1]:02}" if month else ""
