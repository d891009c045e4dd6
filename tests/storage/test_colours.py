"""Dominant colours in the database."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text

from photoindex import colours, photos
from photoindex.database import Database
from photoindex.photos import NewPhoto

AT = datetime(2020, 1, 1)


def _photo(number: int, colour: int | None = None) -> NewPhoto:
    return NewPhoto(number.to_bytes(32, "big"), "jpeg", 4, 3, 10, None, AT, colour=colour)


def test_photos_without_a_colour_wait_for_one_the_newest_first(database: Database) -> None:
    with database.write() as session:
        ids = [photos.store(session, _photo(number, 0x112233 if number == 2 else None)) for number in range(1, 5)]
        assert list(colours.lacking(session, 2)) == [ids[3], ids[2]]
        assert colours.lacking(session, 10)[ids[0]] == (1).to_bytes(32, "big")
        assert ids[1] not in colours.lacking(session, 10)


def test_a_colour_that_was_found_first_stays_and_what_is_gone_is_no_matter(database: Database) -> None:
    with database.write() as session:
        known, new = photos.store(session, _photo(1, 0x112233)), photos.store(session, _photo(2))
        colours.put(session, {known: 0x445566, new: -1, new + 7: 5})
        colours.put(session, {})
        assert [each.colour for each in photos.get_many(session, [known, new])] == [0x112233, -1]
        assert colours.lacking(session, 10) == {}


def test_looking_for_those_without_one_reads_an_index_only_of_them(database: Database) -> None:
    with database.read() as session:
        query = "SELECT id, content_hash FROM photo WHERE colour IS NULL ORDER BY id DESC LIMIT 9"
        plan = [row.detail for row in session.execute(text(f"EXPLAIN QUERY PLAN {query}"))]
    assert len(plan) == 1 and "photo_colourless" in plan[0]
