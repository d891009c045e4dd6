"""What the search box offers while one types."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from photoindex import collections, photos, saved_searches
from photoindex.database import Database
from photoindex.models import Photo
from photoindex.photos import Details, PlaceNames
from photoindex.search import suggesting
from photoindex.search.parsing import parse
from photoindex.search.suggesting import MOST, Suggester

AT = datetime(2020, 1, 1)


@pytest.fixture
def library(database: Database) -> Database:
    with database.write() as session:
        for number, (camera, lens) in enumerate([("Pixel 7", None), ("Pixel 7", None), ("FUJIFILM X100V", "23mm f/2")]):
            photo_id = photos.store(session, photos.NewPhoto(bytes([number]) * 32, "jpeg", 1, 1, 1, AT, AT))
            photos.describe(session, photo_id, AT, Details(camera=camera, lens=lens))
        place_id = photos.remember_place(
            session, 1, PlaceNames("Grenoble", "Auvergne-Rhône-Alpes", "France", "Grenoble", None, "France", "FR")
        )
        session.execute(update(Photo).values(visible=True, place_id=place_id))
        collections.create_album(session, 'The "big" day')
        saved_searches.create(session, "Snow holidays", "snow place:Grenoble")
    return database


def offered(library: Database, text: str) -> list[str]:
    with library.read() as session:
        return [each.query for each in Suggester().suggest(session, text)]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("dog cam", "dog camera:"),
        ("camera:p", 'camera:"Pixel 7"'),
        ("beach -camera:x", 'beach -camera:"FUJIFILM X100V"'),
        ("appareil:pix", 'camera:"Pixel 7"'),
        ("skiing gre", "skiing place:Grenoble"),
        ("auvergne rhone", "auvergne place:Auvergne-Rhône-Alpes"),
        ("lens:23", 'lens:"23mm f/2"'),
        ("type:v", "type:video"),
        ("cat is:fav", "cat is:favourite"),
        ('album:"the b', 'album:"The ""big"" day"'),
        ("snow hol", "snow place:Grenoble"),
    ],
)
def test_what_was_begun_is_completed(library: Database, typed: str, first: str) -> None:
    assert first in offered(library, typed)


def test_an_empty_box_offers_saved_searches(library: Database) -> None:
    assert offered(library, "") == offered(library, "  ") == ["snow place:Grenoble"]


def test_values_of_more_photos_come_first(library: Database) -> None:
    assert offered(library, "camera:") == ['camera:"Pixel 7"', 'camera:"FUJIFILM X100V"']


def test_what_is_complete_is_not_offered_again(library: Database) -> None:
    assert offered(library, "type:video") == []


def test_every_fixed_value_is_one_of_the_grammar(library: Database) -> None:
    for name, values in suggesting._CHOICES.items():
        for value in values:
            assert parse(f"{name}:{value}").problems == ()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)  # it only reads
@given(text=st.text(max_size=600))
def test_whatever_is_typed_gives_a_few_queries_that_can_be_asked(library: Database, text: str) -> None:
    for query in offered(library, text):
        parse(query)
    assert len(offered(library, text)) <= MOST


def test_new_values_are_known_after_a_while(library: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    suggester = Suggester()
    with library.write() as session:
        assert suggester.suggest(session, "album:new") == []
        collections.create_album(session, "New album")
        assert suggester.suggest(session, "album:new") == []
        monkeypatch.setattr(suggesting, "FRESH_SECONDS", 0.0)
        assert [each.query for each in suggester.suggest(session, "album:new")] == ['album:"New album"']
