"""What users add: favourites and albums; and who may not change anything."""

from __future__ import annotations

import pytest

from photoindex.models import Photo


@pytest.fixture
def client(gallery, make_app):
    """A client of an application over three photos, the newest first."""
    gallery.fill(3)
    return make_app().test_client()


def test_a_photo_becomes_a_favourite_and_ceases_to_be_one(client):
    assert client.get("/api/v1/photos/2").json["favourite"] is False
    for favourite in (True, True, False):
        changed = client.patch("/api/v1/photos/2", json={"favourite": favourite})
        assert (changed.status_code, changed.json["favourite"]) == (200, favourite)
        assert changed.json == client.get("/api/v1/photos/2").json
        assert [each["favourite"] for each in client.get("/api/v1/photos").json["results"]] == [False, favourite, False]


def test_an_album_from_its_making_to_its_end(client):
    assert client.get("/api/v1/albums").json == {"albums": []}
    made = client.post("/api/v1/albums", json={"name": "  Noël à 大阪 👨‍👩‍👧 "})
    assert (made.status_code, made.headers["Location"]) == (201, "/api/v1/albums/1")
    assert (made.json["id"], made.json["name"], made.json["photos"]) == (1, "Noël à 大阪 👨‍👩‍👧", 0)
    for photo_id in (1, 3, 3, 2):
        assert client.put(f"/api/v1/albums/1/photos/{photo_id}").status_code == 200
    assert client.delete("/api/v1/albums/1/photos/2").json["photos"] == 2
    assert client.delete("/api/v1/albums/1/photos/2").json["photos"] == 2
    renamed = client.patch("/api/v1/albums/1", json={"name": "Summer"})
    assert (renamed.status_code, renamed.json["name"]) == (200, "Summer")
    assert client.get("/api/v1/albums").json == {"albums": [renamed.json]}
    assert client.get("/api/v1/photos/3").json["albums"] == [{"id": 1, "name": "Summer"}]
    first = client.get("/api/v1/albums/1?limit=1").json
    assert [each["id"] for each in first["results"]] == [1]
    rest = client.get(f"/api/v1/albums/1?limit=1&cursor={first['next_cursor']}").json
    assert ([each["id"] for each in rest["results"]], rest["next_cursor"]) == ([3], None)
    gone = client.delete("/api/v1/albums/1")
    assert (gone.status_code, gone.data) == (204, b"")
    assert client.get("/api/v1/photos").json["total"] == 3


def test_stars_are_given_and_taken_away_with_other_marks_at_once(client):
    changed = client.patch("/api/v1/photos/2", json={"rating": 4, "favourite": True}).json
    assert (changed["rating"], changed["favourite"], changed["hidden"]) == (4, True, False)
    assert client.get("/api/v1/search?q=rating:4").json["total"] == 1
    for nothing in (None, 0):
        client.patch("/api/v1/photos/2", json={"rating": 3})
        assert client.patch("/api/v1/photos/2", json={"rating": nothing}).json["rating"] is None
    assert client.get("/api/v1/photos/2").json["favourite"] is True


def test_what_is_refused_changes_nothing_of_the_photo(client):
    assert client.patch("/api/v1/photos/2", json={"favourite": True, "rating": 9}).status_code == 422
    assert client.get("/api/v1/photos/2").json["favourite"] is False


def test_a_photo_is_hidden_listed_as_such_and_shown_again(client):
    assert client.get("/api/v1/hidden").json == {"total": 0, "results": [], "next_cursor": None}
    for photo_id in (1, 3):
        assert client.patch(f"/api/v1/photos/{photo_id}", json={"hidden": True}).json["hidden"] is True
    assert [each["id"] for each in client.get("/api/v1/photos").json["results"]] == [2]
    first = client.get("/api/v1/hidden?limit=1").json
    assert (first["total"], [each["id"] for each in first["results"]]) == (2, [1])
    rest = client.get(f"/api/v1/hidden?limit=1&cursor={first['next_cursor']}").json
    assert ([each["id"] for each in rest["results"]], rest["next_cursor"]) == ([3], None)
    assert client.patch("/api/v1/photos/3", json={"hidden": False}).json["hidden"] is False
    assert [each["id"] for each in client.get("/api/v1/photos").json["results"]] == [2, 3]
    assert client.get("/api/v1/hidden?cursor=nonsense").status_code == 400


@pytest.mark.parametrize(
    ("method", "address", "body", "status", "words"),
    [
        ("PATCH", "/api/v1/photos/9", {"favourite": True}, 404, "no photo 9"),
        ("PATCH", "/api/v1/photos/1", {"favourite": 1}, 422, "true or false"),
        ("PATCH", "/api/v1/photos/1", {"favourite": None}, 422, "true or false"),
        ("PATCH", "/api/v1/photos/1", {"title": "mine"}, 422, "favourite, rating, hidden"),
        ("PATCH", "/api/v1/photos/1", {"favourite": True, "title": "mine"}, 422, "and no other"),
        ("PATCH", "/api/v1/photos/1", [], 422, "some of the fields"),
        ("PATCH", "/api/v1/photos/1", {}, 422, "some of the fields"),
        ("PATCH", "/api/v1/photos/1", {"hidden": None}, 422, "true or false"),
        ("PATCH", "/api/v1/photos/1", {"rating": 6}, 422, "from 0 to 5, or null"),
        ("PATCH", "/api/v1/photos/1", {"rating": -1}, 422, "a whole number"),
        ("PATCH", "/api/v1/photos/1", {"rating": 3.0}, 422, "a whole number"),
        ("PATCH", "/api/v1/photos/1", {"rating": True}, 422, "a whole number"),
        ("POST", "/api/v1/albums", {"name": " "}, 422, "needs a name"),
        ("POST", "/api/v1/albums", {"name": 5}, 422, "a text"),
        ("POST", "/api/v1/albums", {"name": 201 * "x"}, 422, "at most 200"),
        ("POST", "/api/v1/albums", {"name": "taken"}, 422, "already"),
        ("POST", "/api/v1/albums", {"name": "new\nline"}, 422, "can't be shown"),
        ("PATCH", "/api/v1/albums/9", {"name": "x"}, 404, "no album 9"),
        ("GET", "/api/v1/albums/9", None, 404, "no album 9"),
        ("DELETE", "/api/v1/albums/9", None, 404, "no album 9"),
        ("PUT", "/api/v1/albums/9/photos/1", None, 404, "no album 9"),
        ("PUT", "/api/v1/albums/1/photos/9", None, 404, "no photo 9"),
        ("PUT", "/api/v1/albums/1/photos/0", None, 404, "nothing at this address"),
        ("POST", "/api/v1/photos", {}, 405, "the header Allow"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(client, method, address, body, status, words):
    client.post("/api/v1/albums", json={"name": "taken"})
    response = client.open(address, method=method, json=body)
    assert (response.status_code, response.content_type) == (status, "application/problem+json")
    assert words in response.json["detail"]
    assert "\n" not in response.json["detail"]


@pytest.mark.parametrize(
    ("content_type", "content", "status"),
    [
        ("application/json", b"", 400),
        ("application/json", b"{", 400),
        ("application/json", b"\xff", 400),
        ("application/json", 100_000 * b"[", 400),
        ("application/json", b'{"favourite": ' + 10_000 * b"1" + b"}", 400),
        ("application/json", 1_000_001 * b" ", 413),
        ("application/json", b'{"favourite": "\\ud800"}', 422),
        ("application/json; charset=utf-8", b'{"favourite": true}', 200),
        ("text/plain", b'{"favourite": true}', 415),
        ("application/x-www-form-urlencoded", b"favourite=true", 415),
        ("multipart/form-data; boundary=x", b"--x--", 415),
        (None, b'{"favourite": true}', 415),
    ],
)
def test_only_json_is_taken(client, content_type, content, status):
    response = client.patch("/api/v1/photos/1", data=content, content_type=content_type)
    assert response.status_code == status
    assert status == 200 or response.content_type == "application/problem+json"


FOREIGN = (
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://evil.example"},
    {"Origin": "http://localhost:3000"},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "http://[broken"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"},
)


def test_an_albums_name_can_be_written(client):
    response = client.post("/api/v1/albums", data=b'{"name": "\\ud800"}', content_type="application/json")
    assert (response.status_code, client.get("/api/v1/albums").json) == (422, {"albums": []})


OWN = ({}, {"Origin": "http://localhost"}, {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"})


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_pages_of_other_sites_change_nothing(client, gallery, headers):
    for method, address, body in (
        ("PATCH", "/api/v1/photos/1", {"favourite": True}),
        ("POST", "/api/v1/albums", {"name": "theirs"}),
        ("DELETE", "/api/v1/albums/1", None),
        ("PUT", "/api/v1/albums/1/photos/1", None),
        ("POST", "/", None),
    ):
        assert client.open(address, method=method, json=body, headers=headers).status_code == 403
    assert client.get("/api/v1/albums", headers=headers).json == {"albums": []}
    with gallery.database.read() as session:
        assert not session.get_one(Photo, 1).favourite


@pytest.mark.parametrize("headers", OWN, ids=str)
def test_our_own_pages_and_programs_may(client, headers):
    assert client.patch("/api/v1/photos/1", json={"favourite": True}, headers=headers).status_code == 200
