"""Saved searches as stored."""

from __future__ import annotations

import random
import threading
from datetime import datetime

import pytest
from sqlalchemy import delete, insert, update

from photoindex import photos, saved_searches
from photoindex.database import Database, open_database
from photoindex.errors import NotFoundError, QueryError
from photoindex.models import Photo, SavedSearch


def store_photo(session, number: int) -> int:
    at = datetime(2020, 1, 1)
    photo_id = photos.store(session, photos.NewPhoto(number.to_bytes(32, "big"), "png", 1, 1, 1, at, at))
    session.execute(update(Photo).values(visible=True))
    return photo_id


def names(session) -> list[str]:
    found = saved_searches.page(session, 100)
    assert [each.position for each in found] == list(range(len(found)))
    return [each.name for each in found]


def test_a_search_is_saved_renamed_changed_and_deleted(database: Database) -> None:
    with database.write() as session:
        made = saved_searches.create(session, "  Plage \n d'été ", "plage date:last summer")
        assert (made.name, made.query, made.position) == ("Plage d'été", "plage date:last summer", 0)
        saved_searches.rename(session, made.id, "PLAGE d'été")
        saved_searches.change_query(session, made.id, "mer")
        found = saved_searches.get(session, made.id)
        assert (found.name, found.query, found.created_at) == ("PLAGE d'été", "mer", made.created_at)
        saved_searches.remove(session, made.id)
        assert saved_searches.count(session) == 0
        assert saved_searches.create(session, "again", "mer").id > made.id


def test_names_are_one_whatever_their_case_and_width(database: Database) -> None:
    with database.write() as session:
        first = saved_searches.create(session, "Straße", "x")
        other = saved_searches.create(session, "Road", "x")
        for taken in ("straße", "STRASSE", "Ｓtraße", " Straße "):
            with pytest.raises(QueryError, match="named Straße already"):
                saved_searches.create(session, taken, "x")
            with pytest.raises(QueryError, match="choose another name"):
                saved_searches.rename(session, other.id, taken)
        saved_searches.rename(session, first.id, "STRASSE")
        saved_searches.create(session, "Strasse 2", "x")


@pytest.mark.parametrize("name", ["", " \n\t", "x" * 201])
def test_a_name_that_can_not_be_shown_is_refused_in_one_line(database: Database, name: str) -> None:
    with database.write() as session, pytest.raises(QueryError) as caught:
        saved_searches.create(session, name, "x")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["'; DROP TABLE saved_search; --", "<script>alert(1)</script>", "大阪 👨‍👩‍👧", "%_\\", "\u202egnp.exe"]
)
def test_a_hostile_name_is_kept_as_it_is(database: Database, name: str) -> None:
    with database.write() as session:
        saved_searches.create(session, name, name)
        assert [(each.name, each.query) for each in saved_searches.page(session, 9)] == [(name, name)]


def test_an_empty_query_is_refused(database: Database) -> None:
    with database.write() as session:
        made = saved_searches.create(session, "a", "x")
        with pytest.raises(QueryError, match="something to look for"):
            saved_searches.create(session, "b", "")
        with pytest.raises(QueryError, match="something to look for"):
            saved_searches.change_query(session, made.id, "")


def test_positions_stay_without_gaps_however_searches_are_moved(database: Database) -> None:
    chooser = random.Random(4)
    with database.write() as session:
        expected = [saved_searches.create(session, f"{number}", "x").name for number in range(8)]
        ids = {each.name: each.id for each in saved_searches.page(session, 100)}
        for _ in range(60):
            name, to = chooser.choice(expected), chooser.randrange(12)
            saved_searches.move(session, ids[name], to)
            expected.remove(name)
            expected.insert(to, name)
            assert names(session) == expected
        for name in ("3", "0", "7"):
            saved_searches.remove(session, ids[name])
            expected.remove(name)
            assert names(session) == expected
        saved_searches.create(session, "new", "x")
        assert names(session) == [*expected, "new"]


def test_photos_indexed_later_have_greater_ids_than_the_one_seen(database: Database) -> None:
    with database.write() as session:
        before = store_photo(session, 1)
        made = saved_searches.create(session, "a", "x")
        assert made.seen_photo_id == before
        after = store_photo(session, 2)
        assert saved_searches.get(session, made.id).seen_photo_id < after
        assert saved_searches.arrivals(session) == saved_searches.Arrivals(after, 2, 0)
        saved_searches.mark_seen(session, made.id)
        assert saved_searches.get(session, made.id).seen_photo_id == after
        store_photo(session, 3)
        saved_searches.change_query(session, made.id, "x")
        assert saved_searches.get(session, made.id).seen_photo_id == after
        saved_searches.change_query(session, made.id, "y")
        assert saved_searches.get(session, made.id).seen_photo_id == saved_searches.newest_photo_id(session)


def test_a_cover_is_one_only_while_its_photo_is_shown(database: Database) -> None:
    with database.write() as session:
        first, second = store_photo(session, 1), store_photo(session, 2)
        made = saved_searches.create(session, "a", "x", first)
        assert made.cover_photo_id == first
        session.execute(update(Photo).where(Photo.id == first).values(visible=False))
        assert saved_searches.get(session, made.id).cover_photo_id is None
        saved_searches.set_cover(session, made.id, second)
        session.execute(delete(Photo).where(Photo.id == second))
        assert saved_searches.get(session, made.id).cover_photo_id is None
        with pytest.raises(NotFoundError):
            saved_searches.set_cover(session, made.id, 99)


def test_what_is_not_there_is_not_found(database: Database) -> None:
    with database.write() as session:
        for change in (
            lambda: saved_searches.get(session, 9),
            lambda: saved_searches.rename(session, 9, "a"),
            lambda: saved_searches.change_query(session, 9, "a"),
            lambda: saved_searches.move(session, 9, 0),
            lambda: saved_searches.mark_seen(session, 9),
            lambda: saved_searches.set_cover(session, 9, None),
            lambda: saved_searches.remove(session, 9),
        ):
            with pytest.raises(NotFoundError):
                change()


def test_writers_at_once_neither_lose_a_search_nor_a_position(database: Database) -> None:
    problems: list[BaseException] = []

    def write(number: int) -> None:
        own = open_database(database.path)
        try:
            for each in range(10):
                with own.write() as session:
                    made = saved_searches.create(session, f"{number}-{each}", "x")
                with own.write() as session:
                    saved_searches.move(session, made.id, each)
                if each % 3 == 0:
                    with own.write() as session:
                        saved_searches.remove(session, made.id)
        except BaseException as error:
            problems.append(error)
        finally:
            own.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    with database.read() as session:
        assert len(names(session)) == 24


def test_ten_thousand_searches_are_paged_and_moved(database: Database) -> None:
    with database.write() as session:
        rows = [
            {"name": f"{number}", "name_key": f"{number}", "query": "x", "position": number, "seen_photo_id": 0}
            for number in range(10_000)
        ]
        session.execute(insert(SavedSearch), rows)
        last = saved_searches.page(session, 50, 9_990)
        assert [each.position for each in last] == list(range(9_990, 10_000))
        saved_searches.move(session, last[-1].id, 0)
        assert [each.name for each in saved_searches.page(session, 2)] == ["9999", "0"]
        assert saved_searches.page(session, 1, 9_999)[0].name == "9998"
