"""How many photos joined each saved search since it was last looked at: counted within a budget, and remembered."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from photoindex.errors import NotReadyError, PhotoIndexError
from photoindex.saved_searches import Arrivals, SavedSearchInfo

BUDGET_SECONDS = 0.25
"""How long one page may spend on counting; what is not counted then shows its last count, and is counted next."""
SETTLE_SECONDS = 2.0
"""A count is kept so long although photos are being indexed, ..."""
FRESH_SECONDS = 300.0
"""... and so long although none is: dates like "last winter" and favourites change without a new photo."""
REMEMBERED = 20_000

Count = Callable[[str, int], int]
"""From a query's text and a photo id to how many strong matches have a greater id. Raises NotReadyError when that
would take long (the text encoder is loading), another PhotoIndexError when it can't be told."""


@dataclass(frozen=True)
class _Counted:
    number: int | None
    """None when it could not be told."""
    arrivals: Arrivals
    at: float


class NewCounts:
    """Counts of new photos. Safe to use from any thread."""

    def __init__(
        self,
        count: Count,
        budget_seconds: float = BUDGET_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._count = count
        self._budget_seconds = budget_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._counted: OrderedDict[tuple[int, str, int], _Counted] = OrderedDict()

    def of(self, searches: Sequence[SavedSearchInfo], now: Arrivals) -> dict[int, int | None]:
        """For each saved search, by its id, how many photos are new in it; None where that is not known yet.

        At least one that is out of date is counted anew, then others while there is time, the longest waiting first.
        """
        asked = [each for each in searches if each.seen_photo_id < now.newest_photo_id]
        started = self._clock()
        with self._lock:
            known = {each.id: self._counted.get(_key(each)) for each in asked}
        due = [each for each in asked if self._is_stale(known[each.id], now, started)]
        due.sort(key=lambda each: _counted_at(known[each.id]))
        for search in due:
            try:
                known[search.id] = self._recount(search, now)
            except NotReadyError:
                break
            if self._clock() - started >= self._budget_seconds:
                break
        numbers: dict[int, int | None] = {each.id: 0 for each in searches}
        for search in asked:
            counted = known[search.id]
            numbers[search.id] = counted.number if counted else None
        return numbers

    def _is_stale(self, counted: _Counted | None, now: Arrivals, at: float) -> bool:
        if counted is None:
            return True
        age = at - counted.at
        return age >= FRESH_SECONDS or (counted.arrivals != now and age >= SETTLE_SECONDS)

    def _recount(self, search: SavedSearchInfo, now: Arrivals) -> _Counted:
        try:
            number = self._count(search.query, search.seen_photo_id)
        except NotReadyError:
            raise
        except PhotoIndexError:  # its page says what is wrong with it
            number = None
        counted = _Counted(number, now, self._clock())
        with self._lock:
            self._counted[_key(search)] = counted
            self._counted.move_to_end(_key(search))
            while len(self._counted) > REMEMBERED:
                self._counted.popitem(last=False)
        return counted


def _key(search: SavedSearchInfo) -> tuple[int, str, int]:
    return search.id, search.query, search.seen_photo_id


def _counted_at(counted: _Counted | None) -> float:
    return counted.at if counted else float("-inf")
