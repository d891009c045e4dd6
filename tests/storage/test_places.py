"""Countries and towns with their counts, and clusters on a map."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import event, update

from photoindex import photos, places
from photoindex.database import Database
from photoindex.models import Photo
from photoindex.photos import Details, NewPhoto, PlaceNames
from photoindex.places import Box

AT = datetime(2024, 3, 1)
WORLD = Box(-90, -180, 90, 180)
GRENOBLE = PlaceNames("Grenoble", "Isère", "France", "Grenoble", "Isère", "France", "FR")
LONDON = PlaceNames("London", "England", "United Kingdom", "Londres", "Angleterre", "Royaume-Uni", "GB")
NOWHERE = PlaceNames(None, None, "France", None, None, "France", "FR")


@pytest.fixture
def put(database: Database):
    """Stores a photo at a position, near a place, and returns its id."""
    made = []

    def store(latitude: float, longitude: float, names: PlaceNames | None = None, geoname_id: int = 1) -> int:
        made.append(None)
        with database.write() as session:
            place_id = photos.remember_place(session, geoname_id, names) if names else None
            details = Details(latitude=latitude, longitude=longitude, place_id=place_id)
            new = NewPhoto(len(made).to_bytes(32, "big"), "jpeg", 4, 3, 10, AT, AT, details)
            photo_id = photos.store(session, new)
            session.execute(update(Photo).where(Photo.id == photo_id).values(visible=True))
        return photo_id

    return store


def test_towns_stand_under_their_country_most_photos_first(database: Database, put) -> None:
    put(51.5, -0.1, LONDON, 2)
    put(45.2, 5.7, GRENOBLE, 1)
    last = put(45.2, 5.7, GRENOBLE, 3)
    put(43.0, 3.0, NOWHERE, 4)
    hidden = put(51.5, -0.1, LONDON, 2)
    with database.write() as session:
        session.execute(update(Photo).where(Photo.id == hidden).values(visible=False))
    with database.read() as session:
        france, kingdom = places.by_country(session)
        assert places.located(session) == 4
    assert (france.code, france.name, france.photos) == ("FR", "France", 3)
    assert [(each.names.city, each.photos) for each in france.towns] == [("Grenoble", 2), (None, 1)]
    assert france.towns[0].cover_photo_id == last
    assert (kingdom.name_fr, kingdom.photos) == ("Royaume-Uni", 1)


def test_near_photos_are_one_cluster_until_one_zooms_in(database: Database, put) -> None:
    ids = [put(45.18, 5.72), put(45.19, 5.73), put(45.76, 4.84)]
    with database.read() as session:
        (far,) = places.clusters(session, WORLD, 3)
        near = places.clusters(session, WORLD, 9)
    assert (far.photos, far.box, far.cover_photo_id) == (3, Box(45.18, 4.84, 45.76, 5.73), ids[2])
    assert [each.photos for each in near] == [2, 1]
    assert near[0].latitude == pytest.approx(45.185)
    assert 0.4 < near[0].radius_km < 1.0, "the corners are a few hundred metres away"


def test_every_photo_in_the_box_is_in_one_cluster_and_none_covers_another(database: Database, put) -> None:
    for number in range(60):
        put(-50 + number * 1.9, -170 + number * 5.7 % 340)
    with database.read() as session:
        for zoom in range(6):
            found = places.clusters(session, WORLD, zoom)
            assert sum(each.photos for each in found) == 60
            pixels = 256 * 2**zoom / 360
            for number, one in enumerate(found):
                for other in found[number + 1 :]:
                    apart = max(abs(one.latitude - other.latitude), abs(one.longitude - other.longitude))
                    assert apart * pixels > 20, (zoom, one, other)


def test_a_box_may_lie_across_the_antimeridian(database: Database, put) -> None:
    put(-17.7, 178.0)
    put(-14.0, -171.0)
    put(48.0, 2.0)
    with database.read() as session:
        assert len(places.clusters(session, Box(-30, 170, 0, 195), 5)) == 2
        assert len(places.clusters(session, Box(-30, -190, 0, -165), 5)) == 2
        assert len(places.clusters(session, Box(-30, 170, 0, 180), 5)) == 1
        assert sum(each.photos for each in places.clusters(session, Box(-90, -400, 90, 400), 5)) == 3


def test_the_map_reads_no_photo(database: Database, put) -> None:
    put(1, 1)
    asked: list[str] = []
    with database.read() as session:
        event.listen(session.connection(), "before_cursor_execute", lambda _c, _k, sql, *_: asked.append(sql))
        assert [each.photos for each in places.clusters(session, Box(-90, -180, 90, 180), 2)] == [1]
        assert places.located(session) == 1
    assert len(asked) == 2
    assert not any("photo." in sql for sql in asked), asked
