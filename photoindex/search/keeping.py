"""Answers that are kept for a while: the next page is cut from the answer that the page before was cut from."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict

from photoindex.search.finding import Findings
from photoindex.search.query import Problem, Query

KEPT_SECONDS = 300.0
KEPT_PHOTOS = 2_000_000
"""Of all answers together: some 25 bytes each."""

Kept = tuple[Findings, tuple[Problem, ...]]


class KeptAnswers:
    """Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: OrderedDict[tuple[str, Query], tuple[float, Kept]] = OrderedDict()

    def get(self, fingerprint: str, query: Query) -> Kept | None:
        """The answer to a query by an encoder, if it was asked lately."""
        with self._lock:
            at, kept = self._answers.get((fingerprint, query), (0.0, None))
            return kept if time.monotonic() - at < KEPT_SECONDS else None

    def put(self, fingerprint: str, query: Query, kept: Kept) -> None:
        """Keep an answer; those that were found longest ago go when there are too many."""
        now = time.monotonic()
        with self._lock:
            before = self._answers.pop((fingerprint, query), None)
            same = before is not None and before[1] is kept
            self._answers[fingerprint, query] = (before[0] if same and before else now, kept)
            total = sum(len(each.answer) for _, (each, _) in self._answers.values())
            while len(self._answers) > 1 and total > KEPT_PHOTOS:
                _, (_, (gone, _)) = self._answers.popitem(last=False)
                total -= len(gone.answer)
            while now - next(iter(self._answers.values()))[0] > KEPT_SECONDS:
                self._answers.popitem(last=False)
