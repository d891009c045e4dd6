"""How a search can be narrowed."""

from __future__ import annotations

import re
from datetime import datetime
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import update

from photoindex import photos
from photoindex.models import Photo


@pytest.fixture
def four(gallery):
    """Two red photos and two blue ones, of two years and two cameras."""
    for number, (colour, camera) in enumerate(
        [("red", "X<b>100"), ("red", "Pixel"), ("blue", "Pixel"), ("blue", None)]
    ):
        photo_id = gallery.draw(f"{'old' if number % 2 else 'new'}/{number}.jpg", colour, seed=number)
        with gallery.database.write() as session:
            at = datetime(2019 + number % 2, 5, 1)
            session.execute(update(Photo).where(Photo.id == photo_id).values(camera=camera, timeline_at=at))
    return gallery


def choices(page: str) -> dict[str, tuple[str, int]]:
    found = re.findall(r'<li><a href="([^"]*)"><bdi>(.*?)</bdi></a> <span class="quiet">(\d+)</span>', page)
    return {unescape(label): (unescape(address), int(count)) for address, label, count in found}


def test_each_choice_leads_to_as_many_photos_as_it_says(four, make_app):
    client = make_app().test_client()
    page = client.get("/search/narrow?q=type:photo").text
    found = choices(page)
    assert {label: count for label, (_, count) in found.items()} == {
        "2020": 2, "2019": 2, "Pixel": 2, "X<b>100": 1, "new": 2, "old": 2,
    }  # fmt: skip
    for address, count in found.values():
        (query,) = parse_qs(urlsplit(address).query)["q"]
        answer = client.get("/api/v1/search", query_string={"q": query}).json
        assert (answer["total"], answer["problems"]) == (count, [])


def test_what_is_asked_for_already_is_not_offered_again(four, make_app):
    client = make_app().test_client()
    found = choices(client.get("/search/narrow?q=red+camera:Pixel|X+-folder:old").text)
    assert "Pixel" not in found
    assert client.get("/search/narrow?q=").status_code == 302
    assert "<html" not in client.get("/search/narrow?q=red", headers={"HX-Request": "true"}).text
    assert client.get("/search/narrow?q=nothing+type:video").status_code == 200


def test_of_one_year_the_months_are_offered_in_their_order(gallery, make_app):
    for number, month in enumerate((11, 2, 2)):
        photo_id = gallery.draw(f"{number}.jpg", "red", seed=number)
        with gallery.database.write() as session:
            session.execute(update(Photo).where(Photo.id == photo_id).values(timeline_at=datetime(2020, month, 1)))
    client = make_app().test_client()
    found = choices(client.get("/search/narrow?q=year:2020", headers={"Accept-Language": "fr"}).text)
    assert list(found) == ["Février", "Novembre"]
    (query,) = parse_qs(urlsplit(found["Février"][0]).query)["q"]
    assert client.get("/api/v1/search", query_string={"q": query}).json["total"] == 2


def test_places_are_called_as_the_language_of_the_page_calls_them(gallery, make_app):
    towns = {1: ("Geneva", "Genève", "Switzerland", "Suisse"), 2: (None, None, "Germany", "Allemagne")}
    for number, (city, city_fr, country, country_fr) in towns.items():
        names = photos.PlaceNames(city, None, country, city_fr, None, country_fr, country[:2].upper())
        with gallery.database.write() as session:
            place_id = photos.remember_place(session, number, names)
        gallery.draw(f"{number}.jpg", "red", seed=number, metadata={"place_id": place_id})
    client = make_app().test_client()
    for language, expected in (("fr", ["Allemagne", "Suisse"]), ("en", ["Germany", "Switzerland"])):
        page = client.get("/search/narrow?q=type:photo", headers={"Accept-Language": language}).text
        assert list(choices(page)) == expected
        for address, _ in choices(page).values():
            assert len(re.findall('class="picture"', client.get(address).text)) == 1
