"""Folders, places, cameras and lenses in the JSON API."""

from __future__ import annotations

import os
from urllib.parse import parse_qs, urlsplit

import pytest

from photoindex import photos


@pytest.fixture
def client(gallery, make_app):
    """Over photos in folders, one of them in bytes that are no UTF-8; of two towns and two cameras."""
    for name in (b"2019/Corsica", b"2019/caf\xe9", b"trip 10", b"trip 2"):
        os.makedirs(os.path.join(os.fsencode(gallery.root), name))
    names = photos.PlaceNames("Geneva", "Geneva", "Switzerland", "Genève", "Genève", "Suisse", "CH")
    far = photos.PlaceNames(None, None, "Fiji", None, None, "Fidji", "FJ")
    with gallery.database.write() as session:
        towns = [photos.remember_place(session, number, each) for number, each in enumerate((names, far))]
    drawn = (b"2019/Corsica/a.jpg", b"2019/Corsica/b.jpg", b"2019/caf\xe9/c.jpg", b"trip 10/d.jpg", b"trip 2/e.jpg",
             b"f.jpg")  # fmt: skip
    for number, name in enumerate(drawn):
        where = {"latitude": 46.2, "longitude": 6.1, "place_id": towns[number % 5 == 4]} if number else {}
        camera = {"camera": ("X100", 'the "best"')[number % 3 == 0], "lens": "35mm" if number == 1 else None}
        gallery.draw(name, "red", seed=number, metadata={**where, **camera})
    return make_app().test_client()


def test_folders_are_a_tree_with_the_photos_in_each(client):
    (root,) = client.get("/api/v1/folders").json["folders"]
    assert (root["library"], root["path"], root["name"], root["photos"]) == ("photos", "", "photos", 6)
    assert (root["url"], root["contents_url"]) == ("/folders/1", "/api/v1/folders/1")
    top = client.get(root["contents_url"]).json
    assert [(each["name"], each["photos"]) for each in top["folders"]] == [("2019", 3), ("trip 2", 1), ("trip 10", 1)]
    assert (top["total"], [each["id"] for each in top["results"]]) == (1, [6])
    year = client.get(top["folders"][0]["contents_url"]).json
    assert (year["path"], year["total"], year["results"], year["next_cursor"]) == ("2019", 0, [], None)
    assert [each["path"] for each in year["folders"]] == ["2019/caf\ufffd", "2019/Corsica"]
    for each, ids in zip(year["folders"], ([3], [2, 1]), strict=True):
        inside = client.get(each["contents_url"]).json
        assert [photo["id"] for photo in inside["results"]] == ids
        assert client.get(each["url"]).status_code == client.get(each["thumbnail_url"]).status_code == 200


def test_pages_of_a_folder_join(client):
    address = "/api/v1/folders/1?path=2019/Corsica&limit=1"
    first = client.get(address).json
    rest = client.get(f"{address}&cursor={first['next_cursor']}").json
    assert [each["id"] for each in first["results"] + rest["results"]] == [2, 1]
    assert (first["total"], rest["total"], rest["next_cursor"]) == (2, 2, None)


def test_places_come_by_country_each_with_the_search_that_finds_its_photos(client):
    page = client.get("/api/v1/places").json
    assert page["located"] == 5
    assert [(each["country_code"], each["names"]["fr"], each["photos"]) for each in page["countries"]] == [
        ("CH", "Suisse", 4),
        ("FJ", "Fidji", 1),
    ]
    towns = [town for country in page["countries"] for town in country["towns"]]
    assert [each["place"] for each in towns] == ["Geneva, Geneva, Switzerland", "Fiji"]
    assert towns[0]["place_names"]["fr"] == {"city": "Genève", "region": "Genève", "country": "Suisse"}
    for each in (*page["countries"], *towns):
        assert found(client, each) == each["photos"]


def test_cameras_and_lenses_lead_to_their_photos(client):
    page = client.get("/api/v1/cameras").json
    assert [(each["name"], each["photos"]) for each in page["cameras"]] == [("X100", 4), ('the "best"', 2)]
    assert [each["name"] for each in page["lenses"]] == ["35mm"]
    for each in page["cameras"] + page["lenses"]:
        assert found(client, each) == each["photos"]


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/api/v1/folders/9", 404, "no folder"),
        ("/api/v1/folders/1?path=nowhere", 404, "no folder nowhere"),
        ("/api/v1/folders/1?limit=0", 400, "from 1 to 200"),
        ("/api/v1/folders/1?cursor=x", 400, "next_cursor"),
    ],
)
def test_what_is_not_there_is_a_problem(client, address, status, words):
    answer = client.get(address)
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert words in answer.json["detail"]


def test_an_empty_library_has_empty_lists(make_app):
    client = make_app().test_client()
    assert client.get("/api/v1/folders").json == {"folders": []}
    assert client.get("/api/v1/places").json == {"located": 0, "countries": []}
    assert client.get("/api/v1/cameras").json == {"cameras": [], "lenses": []}


def found(client, listed: dict) -> int:
    """How many photos the search finds that something in a list names."""
    (query,) = parse_qs(urlsplit(listed["url"]).query)["q"]
    assert query == listed["query"]
    answer = client.get("/api/v1/search", query_string={"q": query}).json
    assert answer["problems"] == []
    return answer["total"]
