"""Favourites and albums."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from photoindex import collections, photos
from photoindex.database import Database
from photoindex.errors import NotFoundError, QueryError
from photoindex.models import Photo


def make(session: Session, count: int) -> list[int]:
    at = datetime(2020, 1, 1)
    made = [photos.store(session, photos.NewPhoto(n.to_bytes(32, "big"), "png", 1, 1, 1, at, at)) for n in range(count)]
    session.execute(update(Photo).values(visible=True))
    return made


def test_a_favourite_comes_and_goes(database: Database) -> None:
    with database.write() as session:
        (photo,) = make(session, 1)
        for favourite in (True, True, False):
            collections.set_favourite(session, photo, favourite)
            assert photos.get_many(session, [photo])[0].favourite is favourite
        with pytest.raises(NotFoundError):
            collections.set_favourite(session, photo + 1, True)


def test_an_album_is_made_filled_renamed_and_deleted(database: Database) -> None:
    with database.write() as session:
        ids = make(session, 1200)
        album = collections.create_album(session, "  Été \n 2024 ")
        assert (album.name, album.photos) == ("Été 2024", 0)
        assert collections.add_to_album(session, album.id, [*ids, ids[0]]) == ids
        assert collections.add_to_album(session, album.id, ids[:3]) == []
        session.execute(update(Photo).where(Photo.id == ids[5]).values(visible=False))
        removed = collections.remove_from_album(session, album.id, [*ids[10:], ids[10]])
        assert removed == {photo_id: number for number, photo_id in enumerate(ids, 1) if number > 10}
        assert collections.get_album(session, album.id).photos == 9
        assert collections.rename_album(session, album.id, "Été 2024").name == "Été 2024"
        other = collections.create_album(session, "Winter")
        assert [each.name for each in collections.list_albums(session)] == ["Été 2024", "Winter"]
        collections.add_to_album(session, other.id, ids[:1])
        assert [each.id for each in collections.albums_of(session, ids[0])] == [album.id, other.id]
        session.execute(delete(Photo).where(Photo.id == ids[0]))
        assert collections.get_album(session, other.id).photos == 0
        collections.delete_album(session, album.id)
        assert collections.albums_of(session, ids[1]) == []
        assert photos.get_many(session, ids[1:2]) != []


def test_names_and_numbers_that_make_no_sense_are_refused_in_one_line(database: Database) -> None:
    with database.write() as session:
        album, other = collections.create_album(session, "A"), collections.create_album(session, "B")
        for name in ("", " \n\t", "A", " A ", "x" * 201):
            with pytest.raises(QueryError) as caught:
                collections.create_album(session, name)
            assert "\n" not in str(caught.value)
        with pytest.raises(QueryError):
            collections.rename_album(session, other.id, "A")
        (photo,) = make(session, 1)
        for change in (
            lambda: collections.rename_album(session, 99, "C"),
            lambda: collections.delete_album(session, 99),
            lambda: collections.add_to_album(session, 99, [photo]),
            lambda: collections.add_to_album(session, album.id, [photo, 99]),
            lambda: collections.remove_from_album(session, 99, [photo]),
        ):
            with pytest.raises(NotFoundError):
                change()
        assert collections.albums_of(session, photo) == []


def test_what_is_inherited_is_added_to_what_is_there(database: Database) -> None:
    with database.write() as session:
        old, new = make(session, 2)
        albums = [collections.create_album(session, name).id for name in "abc"]
        collections.add_to_album(session, albums[0], [old, new])
        collections.add_to_album(session, albums[1], [old])
        collections.add_to_album(session, albums[2], [new])
        collections.set_favourite(session, new, True)
        collections.inherit(session, old, new)
        assert [each.id for each in collections.albums_of(session, new)] == albums
        assert photos.get_many(session, [new])[0].favourite
        assert not photos.get_many(session, [old])[0].favourite
