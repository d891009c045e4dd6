"""Saved searches in the API and as pages, and how new photos in them are counted."""

from __future__ import annotations

import re

import pytest
from posting import post, token

from photoindex import saved_searches
from photoindex.errors import NotReadyError, QueryError
from photoindex.saved_searches import Arrivals, SavedSearchInfo
from photoindex.web.new_counts import FRESH_SECONDS, SETTLE_SECONDS, NewCounts

API = "/api/v1/saved-searches"


@pytest.fixture
def client(gallery, make_app):
    """A client of an application over twelve photos, one of each colour."""
    gallery.fill(12)
    return make_app().test_client()


def save(client, name: str, query: str) -> dict:
    made = client.post(API, json={"name": name, "query": query})
    assert made.status_code == 201
    return made.json


# --- the API -----------------------------------------------------------------------------------------------------


def test_a_saved_search_from_its_making_to_its_end(client):
    assert client.get(API).json == {"total": 0, "results": [], "next_cursor": None}
    made = client.post(API, json={"name": "  Bleu  ciel ", "query": "a  blue car"})
    assert (made.status_code, made.headers["Location"]) == (201, f"{API}/1")
    body = made.json
    assert (body["id"], body["name"], body["query"], body["position"], body["new"]) == (
        1,
        "Bleu ciel",
        "a blue car",
        0,
        0,
    )
    assert (body["cover_photo_id"], body["thumbnail_url"]) == (3, "/api/v1/photos/3/thumbnail")
    assert client.get(API).json == {"total": 1, "results": [body], "next_cursor": None}
    changed = client.patch(f"{API}/1", json={"name": "Rot", "query": "red", "cover_photo_id": 5})
    assert (changed.status_code, changed.json["name"], changed.json["query"]) == (200, "Rot", "red")
    assert changed.json["cover_photo_id"] == 5
    assert client.patch(f"{API}/1", json={"cover_photo_id": None}).json["thumbnail_url"] is None
    gone = client.delete(f"{API}/1")
    assert (gone.status_code, gone.data) == (204, b"")
    assert client.get(API).json["total"] == 0
    assert client.get("/api/v1/photos").json["total"] == 12


def test_a_saved_search_comes_with_a_page_of_its_photos(client):
    made = save(client, "Blue", "blue show:all")
    found = client.get(f"{API}/1?limit=2").json
    plain = client.get("/api/v1/search?q=blue show:all&limit=2").json
    assert found["results"] == plain["results"]
    assert found["next_cursor"] == plain["next_cursor"]
    assert {key: found[key] for key in made} == made
    rest = client.get(f"{API}/1?limit=2&cursor={found['next_cursor']}").json
    assert rest["results"][0]["id"] not in [each["id"] for each in found["results"]]


def test_new_photos_join_and_are_counted_until_seen(client, gallery):
    save(client, "Blue", "blue")
    gallery.draw("more/blue.jpg", "blue", seed=900)
    gallery.draw("more/green.jpg", "green", seed=901)
    assert client.get(API).json["results"][0]["new"] == 1
    found = client.get(f"{API}/1").json
    assert found["new"] == 1
    assert "blue.jpg" in [each["filename"] for each in found["results"][:2]]
    assert client.get(f"{API}/1").json["new"] == 1  # looking changes nothing
    seen = client.post(f"{API}/1/seen")
    assert (seen.status_code, seen.json["new"]) == (200, 0)
    assert client.get(API).json["results"][0]["new"] == 0


def test_saved_searches_are_put_into_an_order(client):
    for name in "abcd":
        save(client, name, "blue")
    assert client.patch(f"{API}/4", json={"position": 0}).json["position"] == 0
    assert client.patch(f"{API}/1", json={"position": 99}).json["position"] == 3
    assert [each["name"] for each in client.get(API).json["results"]] == ["d", "b", "c", "a"]


def test_the_list_is_paged(client):
    for name in "abcde":
        save(client, name, "blue")
    names, cursor = [], ""
    while cursor is not None:
        page = client.get(API, query_string={"limit": 2, "cursor": cursor}).json
        assert page["total"] == 5
        names += [each["name"] for each in page["results"]]
        cursor = page["next_cursor"]
    assert names == list("abcde")


@pytest.mark.parametrize(
    ("method", "address", "body", "status", "words"),
    [
        ("POST", API, {"name": "a"}, 422, "name and query"),
        ("POST", API, {"name": " ", "query": "x"}, 422, "needs a name"),
        ("POST", API, {"name": "a", "query": "  "}, 422, "something to look for"),
        ("POST", API, {"name": "a", "query": "x" * 513}, 422, "512 is the most"),
        ("POST", API, {"name": "a", "query": 5}, 422, "query is a text"),
        ("POST", API, {"name": "TAKEN", "query": "x"}, 422, "named taken already"),
        ("POST", API, {"name": "a\nb", "query": "x"}, 422, "can't be shown"),
        ("POST", API, {"name": "a", "query": "x", "id": 3}, 422, "no other"),
        ("POST", API, [], 422, "no other"),
        ("PATCH", f"{API}/1", {}, 422, "some of the fields"),
        ("PATCH", f"{API}/1", {"position": -1}, 422, "whole number"),
        ("PATCH", f"{API}/1", {"position": True}, 422, "whole number"),
        ("PATCH", f"{API}/1", {"position": 1 << 63}, 422, "whole number"),
        ("PATCH", f"{API}/1", {"name": None}, 422, "name is a text"),
        ("PATCH", f"{API}/1", {"cover_photo_id": 99}, 404, "no photo 99"),
        ("PATCH", f"{API}/9", {"name": "x"}, 404, "no saved search 9"),
        ("GET", f"{API}/9", None, 404, "no saved search 9"),
        ("DELETE", f"{API}/9", None, 404, "no saved search 9"),
        ("POST", f"{API}/9/seen", None, 404, "no saved search 9"),
        ("GET", f"{API}?cursor=x", None, 400, "cursor"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(client, method, address, body, status, words):
    save(client, "taken", "blue")
    response = client.open(address, method=method, json=body)
    assert (response.status_code, response.content_type) == (status, "application/problem+json")
    assert words in response.json["detail"]
    assert "\n" not in response.json["detail"]
    assert client.get(API).json["results"][0]["name"] == "taken"


def test_a_change_of_which_a_part_is_wrong_changes_nothing(client):
    before = save(client, "a", "blue")
    assert client.patch(f"{API}/1", json={"name": "b", "cover_photo_id": 99}).status_code == 404
    assert client.get(API).json["results"] == [before]


# --- pages and forms ---------------------------------------------------------------------------------------------


def test_a_search_is_saved_changed_seen_moved_and_deleted_with_plain_forms(client, gallery):
    form = client.get("/saved/new?q=blue").text
    assert 'name="q" maxlength="512" value="blue"' in form
    saved = post(client, "/saved", q="blue", name="Blue")
    assert (saved.status_code, saved.headers["Location"]) == (303, "/saved/1")
    post(client, "/saved", q="red", name="Red")
    gallery.draw("more/blue.jpg", "blue", seed=900)
    page = client.get("/saved/1").text
    assert "1 new: mark as seen" in page
    assert page.count("New since you last looked") == 1
    assert post(client, "/saved/1/seen").headers["Location"] == "/saved/1"
    assert "mark as seen" not in client.get("/saved/1").text
    assert post(client, "/saved/2/move", to="earlier").status_code == 303
    assert re.findall(r'href="/saved/(\d)"', client.get("/saved").text) == ["2", "1"]
    assert post(client, "/saved/1/change", q="green", name="Green").status_code == 303
    assert client.get(f"{API}/1").json["query"] == "green"
    assert post(client, "/saved/1/delete").headers["Location"] == "/saved"
    assert client.get("/saved/1").status_code == 404


def test_a_form_that_can_not_be_kept_comes_back_filled_in_with_the_reason(client):
    save(client, "Blue", "blue")
    response = post(client, "/saved", q="light blue", name="BLUE")
    assert response.status_code == 422
    assert "named Blue already" in response.text
    assert 'value="light blue"' in response.text
    assert 'value="BLUE"' in response.text


def test_names_and_queries_are_shown_and_never_run(client):
    save(client, "<script>alert(1)</script>", '"><img src=x onerror=alert(2)>')
    for address in ("/saved", "/saved/1", "/explore"):
        page = client.get(address).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "&lt;script&gt;alert(1)" in page


FORMS = (
    ("/saved", {"q": "x", "name": "theirs"}),
    ("/saved/1/change", {"q": "x", "name": "theirs"}),
    ("/saved/1/move", {"to": "later"}),
    ("/saved/1/seen", {}),
    ("/saved/1/delete", {}),
)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Referer": "https://evil.example/saved"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "null"},
    ],
    ids=str,
)
def test_forms_of_other_pages_change_nothing(client, headers):
    before = save(client, "mine", "blue")
    for address, data in FORMS:
        assert client.post(address, data=data, headers=headers).status_code == 403
        if headers.get("Origin", headers.get("Sec-Fetch-Site", "none")) != "none":  # not even with a token
            data = data | {"csrf_token": token(client)}
            assert client.post(address, data=data, headers=headers).status_code == 403
    assert client.get(API).json["results"] == [before]


def test_reading_changes_nothing(client, gallery):
    save(client, "Blue", "blue")
    gallery.draw("more/blue.jpg", "blue", seed=900)
    with gallery.database.read() as session:
        before = saved_searches.get(session, 1)
    for address in ("/saved", "/saved/1", "/saved/new?q=x", "/explore", API, f"{API}/1"):
        for method in ("GET", "HEAD"):
            assert client.open(address, method=method).status_code == 200
    for address, _ in FORMS[1:]:
        assert client.get(address).status_code == 405
    with gallery.database.read() as session:
        assert saved_searches.get(session, 1) == before


def test_many_saved_searches_are_listed_in_pages(client, gallery):
    with gallery.database.write() as session:
        for number in range(61):
            saved_searches.create(session, f"search {number}", "blue")
    first = client.get("/saved").text
    assert len(re.findall(r'class="what"', first)) == 60
    assert "/saved?from=60" in first
    assert "search 60" in client.get("/saved?from=60").text
    assert client.get("/saved?from=x").status_code == 200
    assert "All 61 saved searches" in client.get("/explore").text


def test_a_search_is_saved_while_the_encoder_is_loading(gallery, make_app):
    gallery.fill(2)
    client = make_app(warm=False, patience_seconds=0.01).test_client()
    made = client.post(API, json={"name": "Blue", "query": "blue"})
    assert (made.status_code, made.json["cover_photo_id"]) == (201, None)
    gallery.draw("blue.jpg", "blue", seed=900)
    assert client.get(API).json["results"][0]["new"] is None
    assert client.get("/saved").status_code == 200
    assert client.get("/saved/1").status_code == 503


# --- counting ----------------------------------------------------------------------------------------------------


class Counter:
    """Counts what it is asked, and lets time pass while it does."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.asked: list[tuple[str, int]] = []
        self.now = 1000.0
        self.seconds = seconds
        self.answer: int | Exception = 3

    def __call__(self, query: str, after_photo_id: int) -> int:
        self.asked.append((query, after_photo_id))
        self.now += self.seconds
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def counts(self) -> NewCounts:
        return NewCounts(self, 0.25, lambda: self.now)


def searches(count: int, seen: int = 10) -> list[SavedSearchInfo]:
    at = saved_searches.utc_now()
    return [SavedSearchInfo(n, f"name {n}", f"query {n}", n, None, at, at, seen) for n in range(count)]


NOW = Arrivals(20, 20, 0)


def test_nothing_is_counted_when_no_photo_came():
    counter = Counter()
    assert counter.counts().of(searches(50, seen=20), NOW) == dict.fromkeys(range(50), 0)
    assert counter.asked == []


def test_a_count_is_kept_until_photos_come_or_time_passes():
    counter = Counter()
    counts = counter.counts()
    for _ in range(3):
        assert counts.of(searches(1), NOW) == {0: 3}
    assert counter.asked == [("query 0", 10)]
    later = Arrivals(21, 21, 0)
    counts.of(searches(1), later)
    assert len(counter.asked) == 1  # photos come every moment: not yet
    counter.now += SETTLE_SECONDS
    counter.answer = 4
    assert counts.of(searches(1), later) == {0: 4}
    counter.now += FRESH_SECONDS
    counter.answer = 5
    assert counts.of(searches(1), later) == {0: 5}
    assert counts.of(searches(1, seen=11), later) == {0: 5}
    assert counter.asked[-1] == ("query 0", 11)


def test_a_page_spends_no_more_than_its_budget_and_the_rest_comes_next():
    counter = Counter(seconds=0.1)
    counts = counter.counts()
    first = counts.of(searches(7), NOW)
    assert list(first.values()) == [3, 3, 3, None, None, None, None]
    assert list(counts.of(searches(7), NOW).values()) == [3, 3, 3, 3, 3, 3, None]
    assert list(counts.of(searches(7), NOW).values()) == [3] * 7
    assert len(counter.asked) == 7


def test_slow_counts_still_get_done_one_a_page():
    counter = Counter(seconds=9)
    counts = counter.counts()
    for done in range(1, 4):
        assert list(counts.of(searches(3), NOW).values()).count(3) == done


def test_a_search_that_can_not_be_answered_has_no_count_and_holds_up_no_other():
    counter = Counter()
    counts = counter.counts()
    counter.answer = QueryError("no")
    assert counts.of(searches(2), NOW) == {0: None, 1: None}
    assert len(counter.asked) == 2
    counts.of(searches(2), NOW)
    assert len(counter.asked) == 2
    counter.answer = NotReadyError("loading")
    counter.now += FRESH_SECONDS
    assert counts.of(searches(2), NOW) == {0: None, 1: None}
    assert len(counter.asked) == 3  # the next would have to wait just as long
    counter.answer = 3
    assert counts.of(searches(2), NOW) == {0: 3, 1: 3}
