"""Values of dates: what people write, as spans of local time."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photoindex.search import dates
from photoindex.search.dates import Span

TODAY = date(2024, 2, 29)  # a Thursday


def days(first: str, last: str) -> Span:
    """From the first day to the last, both included."""
    return Span(datetime.fromisoformat(first), datetime.fromisoformat(last) + timedelta(days=1))


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("2019", days("2019-01-01", "2019-12-31")),
        ("2019-07", days("2019-07-01", "2019-07-31")),
        ("2019-7-4", days("2019-07-04", "2019-07-04")),
        (" 2020-02 ", days("2020-02-01", "2020-02-29")),
        ("2019-07..2019-09", days("2019-07-01", "2019-09-30")),
        ("2019-07-04 .. 2020", days("2019-07-04", "2020-12-31")),
        ("2019..2019-07", days("2019-01-01", "2019-07-31")),
        ("..2010", Span(None, datetime(2011, 1, 1))),
        ("2010..", Span(datetime(2010, 1, 1), None)),
        ("today", days("2024-02-29", "2024-02-29")),
        ("Aujourd’hui", days("2024-02-29", "2024-02-29")),
        ("Yesterday", days("2024-02-28", "2024-02-28")),
        ("hier", days("2024-02-28", "2024-02-28")),
        ("this-week", days("2024-02-26", "2024-03-03")),
        ("last-week", days("2024-02-19", "2024-02-25")),
        ("this-month", days("2024-02-01", "2024-02-29")),
        ("last-month", days("2024-01-01", "2024-01-31")),
        ("this-year", days("2024-01-01", "2024-12-31")),
        ("last-year", days("2023-01-01", "2023-12-31")),
        ("30d", days("2024-01-30", "2024-02-29")),
        ("-30d", days("2024-01-30", "2024-02-29")),
        ("30j", days("2024-01-30", "2024-02-29")),
        ("2w", days("2024-02-15", "2024-02-29")),
        ("3m", days("2023-11-29", "2024-02-29")),
        ("12m", days("2023-02-28", "2024-02-29")),
        ("1y", days("2023-02-28", "2024-02-29")),
        ("last-month..today", days("2024-01-01", "2024-02-29")),
        ("99999y", days("0001-01-01", "2024-02-29")),
        ("99999d..2020", Span(datetime(1750, 5, 17), datetime(2021, 1, 1))),
        ("２０１９", days("2019-01-01", "2019-12-31")),
        ("9999", Span(datetime(9999, 1, 1), None)),
        ("9999-12-31", Span(datetime(9999, 12, 31), None)),
    ],
)
def test_what_people_write_is_a_span(text: str, span: Span) -> None:
    assert dates.read(text, TODAY) == span


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("4.7.2019", "4.7.2019 can be read in two ways; write year-month-day: 2019-07-04"),
        ("04/07/2019", "04/07/2019 can be read in two ways; write year-month-day: 2019-07-04"),
        ("7/2019", f"7/2019 is no date; write {dates.FORMS}"),
        ("2019-13", f"the calendar has no 2019-13; write {dates.FORMS}"),
        ("2019-02-29", f"the calendar has no 2019-02-29; write {dates.FORMS}"),
        ("0000", f"the calendar has no 0000; write {dates.FORMS}"),
        ("19", f"19 is no date; write {dates.FORMS}"),
        ("soon", f"soon is no date; write {dates.FORMS}"),
        ("..", f"a range needs a beginning or an end; write {dates.FORMS}"),
        ("2020..2019", "the range 2020..2019 ends before it begins"),
        ("", f" is no date; write {dates.FORMS}"),
        ("٢٠١٩", f"٢٠١٩ is no date; write {dates.FORMS}"),
        ("2019...2020", f"2019...2020 is no date; write {dates.FORMS}"),
    ],
)
def test_what_is_no_date_is_told_with_what_is_possible(text: str, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        dates.read(text, TODAY)
    assert str(caught.value) == message


@given(text=st.text(alphabet="0123456789-.dwmy lastekorhi", max_size=14), today=st.dates())
def test_whatever_is_written_is_a_span_or_told(text: str, today: date) -> None:
    try:
        span = dates.read(text, today)
    except ValueError:
        return
    assert span.start is None or span.end is None or span.start < span.end


@given(today=st.dates(), name=st.sampled_from(["today", "yesterday", "this-week", "last-week", "3m", "2y"]))
def test_relative_dates_lie_where_the_calendar_ends_too(today: date, name: str) -> None:
    span = dates.read(name, today)
    assert span.start is not None and span.start.date() <= today
