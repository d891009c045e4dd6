"""Which photos stand under which heading."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photoindex.web.days import Section, sections

WIDE = 1.5
ROW = 5.0


def _sections(*days: tuple[str, int]) -> list[Section]:
    """Sections of so many pictures on each day."""
    dates = [date.fromisoformat(day) for day, count in days for _ in range(count)]
    return sections(dates, [WIDE] * len(dates), ROW)


def _shown(found: list[Section]) -> list[tuple[str, list[tuple[int, str | None]]]]:
    return [
        (
            f"{each.first:%Y-%m}" + (f" to {each.last:%Y-%m}" if f"{each.first:%Y-%m}" != f"{each.last:%Y-%m}" else ""),
            [(group.end - group.start, str(group.day) if group.day else None) for group in each.groups],
        )
        for each in found
    ]


def test_a_day_that_fills_a_row_has_a_heading_of_its_own() -> None:
    found = _sections(("2024-03-09", 10), ("2024-03-05", 20), ("2024-02-01", 4))
    assert _shown(found) == [
        ("2024-03", [(10, "2024-03-09"), (20, "2024-03-05")]),
        ("2024-02", [(4, "2024-02-01")]),
    ]


def test_days_with_few_photos_share_rows() -> None:
    days = [(f"2024-03-{day:02}", 1) for day in range(28, 18, -1)]
    assert _shown(_sections(*days)) == [("2024-03", [(10, None)])]
    assert _shown(_sections(*days, ("2024-03-05", 20))) == [("2024-03", [(10, None), (20, "2024-03-05")])]


def test_a_single_photo_joins_the_day_after_it_or_the_rows_before_it() -> None:
    assert _shown(_sections(("2024-03-09", 1), ("2024-03-05", 8))) == [("2024-03", [(9, None)])]
    assert _shown(_sections(("2024-03-09", 8), ("2024-03-05", 1))) == [("2024-03", [(9, None)])]


def test_a_single_photo_between_days_with_very_many_stands_alone() -> None:
    found = _sections(("2024-03-09", 90), ("2024-03-07", 1), ("2024-03-05", 90))
    assert _shown(found) == [("2024-03", [(90, "2024-03-09"), (1, None), (90, "2024-03-05")])]


def test_months_with_few_photos_share_rows_within_a_year() -> None:
    found = _sections(
        ("2024-02-09", 1),
        ("2024-01-05", 1),
        ("2023-12-05", 1),
        ("2023-11-05", 2),
        ("2023-10-01", 1),
        ("2023-09-01", 30),
    )
    assert _shown(found) == [
        ("2024-02 to 2024-01", [(2, None)]),
        ("2023-12 to 2023-10", [(4, None)]),
        ("2023-09", [(30, "2023-09-01")]),
    ]


def test_no_photos_have_no_sections() -> None:
    assert sections([], [], ROW) == []


@given(
    gaps=st.lists(st.integers(0, 40), min_size=1, max_size=80),
    width=st.floats(0.42, 4),
)
def test_every_photo_is_in_one_group_and_in_its_month(gaps: list[int], width: float) -> None:
    day, dates = date(2024, 12, 31), []
    for gap in gaps:
        day -= timedelta(days=gap)
        dates.append(day)
    found = sections(dates, [width] * len(dates), ROW)
    groups = [group for each in found for group in each.groups]
    assert [group.start for group in groups] == [0, *(group.end for group in groups[:-1])]
    assert groups[-1].end == len(dates)
    for each in found:
        first, last = dates[each.groups[0].start], dates[each.groups[-1].end - 1]
        assert (each.first, each.last) == (first, last) and first.year == last.year
        for group in each.groups:
            of_group = set(dates[group.start : group.end])
            assert group.day is None or of_group == {group.day}


@pytest.mark.parametrize("count", [1, 4, 400])
def test_one_day_alone_is_one_group(count: int) -> None:
    (section,) = _sections(("2024-03-09", count))
    assert len(section.groups) == 1
