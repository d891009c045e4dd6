"""Photo queries: pages of the timeline."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text, update

from photoindex import photos, timeline
from photoindex.database import Database
from photoindex.errors import NotFoundError
from photoindex.models import Photo
from photoindex.photos import NewPhoto, Position

START = datetime(2020, 1, 1)


def test_a_content_is_stored_once(database: Database) -> None:
    new = NewPhoto(bytes(32), "jpeg", 4, 3, 10, START, START, photos.Details(camera="NIKON D70"))
    with database.write() as session:
        first = photos.store(session, new)
        assert photos.store(session, new) == first
        assert photos.ids_of(session, [bytes(32), b"x" * 32]) == {bytes(32): first}


def test_a_photo_without_a_file_on_disk_is_not_found(database: Database) -> None:
    with database.write() as session:
        photo_id = photos.store(session, NewPhoto(bytes(32), "jpeg", 4, 3, 10, None, START))
        assert photos.count(session) == 0
        for missing in (photo_id, photo_id + 1):
            with pytest.raises(NotFoundError):
                photos.get(session, missing)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hours=st.lists(st.integers(0, 5), min_size=1, max_size=40), page=st.integers(1, 12))
def test_pages_forth_and_back_hold_every_photo_once(database: Database, hours: list[int], page: int) -> None:
    with database.write() as session:
        session.execute(text("DELETE FROM photo"))
        for number, hour in enumerate(hours):
            at = START + timedelta(hours=hour)
            photos.store(session, NewPhoto(number.to_bytes(32, "big"), "jpeg", 4, 3, 10, at, at))
        session.execute(update(Photo).values(visible=True))
        forth: list[Position] = []
        while part := timeline.older(session, page, forth[-1] if forth else None):
            forth.extend(part)
        order = [(place.timeline_at, place.photo_id) for place in forth]
        assert len(order) == len(hours)
        assert order == sorted(order, reverse=True)
        back = [forth[-1]]
        while part := timeline.newer(session, page, back[0]):
            back[:0] = part
        assert back == forth
        newer, older = timeline.neighbours(session, photos.get(session, forth[0].photo_id))
        assert (newer, older) == (None, forth[1].photo_id if len(forth) > 1 else None)
