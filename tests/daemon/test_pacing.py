"""Pacing: parts of work that take about as long each."""

from __future__ import annotations

from photoindex.pacing import Pace


def test_parts_grow_and_shrink_so_that_each_takes_as_long() -> None:
    pace = Pace(first=10, most=100, seconds=1.0)
    sizes = []
    for part in pace.portions(range(1000)):
        sizes.append(len(part))
        pace.took(len(part), len(part) * (0.02 if part[0] < 500 else 0.1))
    assert sizes[:4] == [10, 20, 40, 50]
    assert max(sizes) == 50
    assert sizes[-1] == 10
    assert sum(sizes) == 1000


def test_a_part_is_never_empty_nor_larger_than_the_largest() -> None:
    pace = Pace(first=4, most=5, seconds=1.0)
    pace.took(4, 0.0)
    assert pace.size == 5
    pace.took(5, 1000.0)
    assert pace.size == 1
    assert [len(part) for part in pace.portions([1, 2])] == [1, 1]
