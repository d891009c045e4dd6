"""Answers: totals, tiers and pages cut from arrays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from photoindex.errors import QueryError
from photoindex.search import cursor
from photoindex.search.answer import Answer, arranged, fold
from photoindex.search.cursor import Place

ROWS = st.lists(st.tuples(st.integers(0, 2), st.integers(-3, 3)), max_size=40)


def answer(rows: list[tuple[int, int]]) -> Answer:
    tiers = np.array([tier for tier, _ in rows], dtype=np.int8)
    keys = np.array([key for _, key in rows], dtype=np.float64)
    ids = np.arange(len(rows), dtype=np.int64)[::-1] + 1
    return arranged(ids, tiers, keys, -keys)


@given(ROWS, st.integers(1, 7))
def test_pages_hold_everything_once_and_in_order(rows: list[tuple[int, int]], limit: int) -> None:
    found, after, pages = answer(rows), None, []
    while page := found.page(limit, after):
        pages += list(page)
        after = cursor.decode(cursor.encode(found.place(page[-1])))
    assert pages == list(range(len(rows)))
    places = [found.place(position) for position in pages]
    assert places == sorted(places)


@given(ROWS, st.data())
def test_a_page_goes_on_behind_a_photo_that_is_found_no_more(rows: list[tuple[int, int]], data: st.DataObject) -> None:
    found = answer(rows)
    if not len(found):
        return
    gone = data.draw(st.integers(0, len(found) - 1))
    kept = np.arange(len(found)) != gone
    shorter = Answer(found.photo_ids[kept], found.tiers[kept], found.keys[kept], found.scores[kept])
    assert shorter.behind(found.place(gone)) == gone


@given(ROWS)
def test_strong_matches_are_counted(rows: list[tuple[int, int]]) -> None:
    assert answer(rows).strong == sum(tier == 0 for tier, _ in rows)


def test_folding_keeps_the_best_of_each_group_and_says_how_many_it_stands_for() -> None:
    found = answer([(0, 1), (0, 2), (1, 0), (1, 1), (2, 0)])  # ids 5, 4, 3, 2, 1 in this order
    folded = fold(found, np.array([7, 8, 7, 7, 9]))
    assert folded.photo_ids.tolist() == [5, 4, 1]
    assert folded.folded is not None and folded.folded.tolist() == [2, 0, 0]
    assert folded.tiers.tolist() == [0, 0, 2]


@pytest.mark.parametrize("wrong", ["", "x", "é", "AAAA", "*" * 23, cursor.encode(Place(0, 1.0, 2))[:-2], "A" * 200])
def test_a_cursor_that_is_not_ours_is_refused(wrong: str) -> None:
    with pytest.raises(QueryError, match="next_cursor"):
        cursor.decode(wrong)


@pytest.mark.parametrize(
    "place", [Place(3, 0.0, 1), Place(0, float("nan"), 1), Place(0, float("inf"), 1), Place(-1, 0.0, 1)]
)
def test_a_cursor_to_nowhere_is_refused(place: Place) -> None:
    with pytest.raises(QueryError):
        cursor.decode(cursor.encode(place))
