"""Places in the timeline, and how many photos each month has."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import text, update

from photoindex import photos, timeline
from photoindex.database import Database
from photoindex.models import Photo
from photoindex.photos import NewPhoto, Position
from photoindex.timeline import MonthCount

NEWEST = datetime(2024, 3, 1, 0, 0, 0, 1)


@pytest.fixture
def positions(database: Database) -> list[Position]:
    """Of ten photos, newest first, two at each moment ten days apart; one that is not shown lies among them."""
    with database.write() as session:
        for number in range(10):
            at = NEWEST - (number // 2) * timedelta(days=10)
            photos.store(session, NewPhoto(number.to_bytes(32, "big"), "jpeg", 4, 3, 10, at, at))
        session.execute(update(Photo).values(visible=True))
        photos.store(session, NewPhoto(b"h" * 32, "jpeg", 4, 3, 10, NEWEST, NEWEST))
    with database.read() as session:
        return timeline.older(session, 100)


def test_places_are_in_order_and_without_what_is_not_shown(positions: list[Position]) -> None:
    assert len(positions) == 10
    assert positions == sorted(positions, key=lambda each: (each.timeline_at, each.photo_id), reverse=True)


def test_places_beside_one_are_the_nearest(database: Database, positions: list[Position]) -> None:
    with database.read() as session:
        assert timeline.older(session, 3, positions[4]) == positions[5:8]
        assert timeline.newer(session, 3, positions[4]) == positions[1:4]
        assert timeline.newer(session, 9, positions[2]) == positions[:2]
        assert timeline.older(session, 9, positions[-1]) == []
        assert timeline.between(session, 9, positions[3], positions[6]) == positions[3:7]
        assert timeline.between(session, 2, positions[3], positions[6]) == positions[3:5]


def test_what_was_taken_just_before_a_moment_comes_after_it(database: Database, positions: list[Position]) -> None:
    with database.read() as session:
        assert timeline.older(session, 1, timeline.just_after(NEWEST)) == positions[2:3]
        assert timeline.older(session, 1, timeline.just_after(NEWEST + timedelta(microseconds=1))) == positions[:1]


def test_months_are_counted_newest_first(database: Database, positions: list[Position]) -> None:
    with database.read() as session:
        found = timeline.months(session)
    assert found == [MonthCount(2024, 3, 2), MonthCount(2024, 2, 4), MonthCount(2024, 1, 4)]
    assert found[0].first_day == datetime(2024, 3, 1).date()


@pytest.mark.usefixtures("positions")
def test_reading_places_and_months_reads_only_an_index_and_the_tally(database: Database) -> None:
    with database.read() as session:
        for query in (
            "SELECT timeline_at, id FROM photo WHERE visible = 1 AND (timeline_at, id) < (1, 2) "
            "ORDER BY timeline_at DESC, id DESC LIMIT 5",
            "SELECT timeline_at, id FROM photo WHERE visible = 1 AND (timeline_at, id) > (1, 2) "
            "ORDER BY timeline_at, id LIMIT 5",
        ):
            plan = [row.detail for row in session.execute(text(f"EXPLAIN QUERY PLAN {query}"))]
            assert len(plan) == 1 and "COVERING INDEX photo_timeline" in plan[0]


def _put(database: Database, *moments: datetime) -> list[int]:
    with database.write() as session:
        ids = [
            photos.store(session, NewPhoto(number.to_bytes(32, "big"), "jpeg", 4, 3, 10, at, at))
            for number, at in enumerate(moments, 1)
        ]
        session.execute(update(Photo).values(visible=True))
    return ids


def test_a_day_is_found_in_earlier_years_only(database: Database) -> None:
    ids = _put(
        database,
        datetime(2020, 3, 1, 9),
        datetime(2020, 3, 1, 8),
        datetime(2020, 3, 2),
        datetime(2022, 3, 1, 23, 59, 59, 999999),
        datetime(2024, 3, 1),
        datetime(2025, 3, 1),
    )
    with database.read() as session:
        found = timeline.on_day(session, date(2024, 3, 1), 9)
        assert [(each.day.year, each.photos, each.photo_ids) for each in found] == [
            (2022, 1, (ids[3],)),
            (2020, 2, (ids[1], ids[0])),
        ]
        (_, second) = timeline.on_day(session, date(2024, 3, 1), 1)
        assert (second.photos, second.photo_ids) == (2, (ids[1],))


def test_the_day_that_most_years_lack_is_no_problem(database: Database) -> None:
    ids = _put(database, datetime(2020, 2, 29), datetime(2023, 2, 28), datetime(2023, 3, 1))
    with database.read() as session:
        assert [each.photo_ids for each in timeline.on_day(session, date(2024, 2, 29), 9)] == [(ids[0],)]


def test_what_was_added_last_comes_first_whenever_it_was_taken(database: Database) -> None:
    ids = _put(database, datetime(2024, 1, 1), datetime(1999, 1, 1), datetime(2010, 1, 1))
    with database.read() as session:
        assert timeline.added(session, 2) == [ids[2], ids[1]]
        assert timeline.added(session, 2, ids[1]) == [ids[0]]
