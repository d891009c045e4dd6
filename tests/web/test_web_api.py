"""The JSON API."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from photoindex import photos
from photoindex.web import moments, wording

RESULT_FIELDS = {
    "id", "filename", "path", "folder", "library", "score", "percent", "match", "why", "folded", "moment_seconds",
    "moment", "taken_at", "width",
    "height", "kind", "camera", "duration_seconds", "place", "favourite", "thumbnail_url", "original_url", "url",
    "files",
}  # fmt: skip


def test_search_puts_the_photos_described_first(client):
    page = client.get("/api/v1/search?q=a blue car").json
    assert list(page) == [
        "query", "encoder", "took_ms", "found", "total", "strong", "understood", "problems", "language", "results",
        "next_cursor",
    ]  # fmt: skip
    assert (page["query"], page["encoder"], page["found"], page["next_cursor"]) == (
        "a blue car",
        "colour",
        "strong",
        None,
    )
    assert 1 <= page["strong"] <= page["total"] < 12
    best = page["results"][0]
    assert set(best) == RESULT_FIELDS
    assert (best["id"], best["filename"], best["percent"]) == (3, "photo 0002.jpg", 100)
    assert (best["match"], best["why"], best["folded"]) == ("strong", [], 0)
    assert (best["folder"], best["library"], best["kind"]) == ("trip 0", "photos", "photo")
    assert best["files"] == [{"path": best["path"], "library": "photos"}]
    assert best["taken_at"] == "2024-02-14T14:03:07"


def test_pages_of_a_search_join_without_gap_or_repeat(client):
    whole = [each["id"] for each in client.get("/api/v1/search?q=red show:all").json["results"]]
    joined, cursor = [], ""
    while cursor is not None:
        page = client.get("/api/v1/search", query_string={"q": "red show:all", "limit": 5, "cursor": cursor}).json
        joined += [each["id"] for each in page["results"]]
        cursor = page["next_cursor"]
    assert joined == whole
    assert len(set(joined)) == 12


def test_timeline_is_newest_first_and_pages_join(client):
    first = client.get("/api/v1/photos?limit=7").json
    assert list(first) == ["total", "results", "next_cursor"]
    assert [each["id"] for each in first["results"]] == [1, 2, 3, 4, 5, 6, 7]
    assert set(first["results"][0]) == RESULT_FIELDS - {
        "score",
        "percent",
        "match",
        "why",
        "folded",
        "moment_seconds",
        "moment",
    }
    rest = client.get(f"/api/v1/photos?limit=7&cursor={first['next_cursor']}").json
    assert [each["id"] for each in rest["results"]] == [8, 9, 10, 11, 12]
    assert rest["next_cursor"] is None


def test_one_photo_comes_with_its_metadata_and_neighbours(gallery, make_app):
    gallery.fill(2)
    photo_id = gallery.draw(
        "a/eiffel.jpg",
        "grey",
        metadata={
            "taken_at": datetime(2020, 7, 4, 10, 20, 30),
            "timeline_at": datetime(2020, 7, 4, 10, 20, 30),
            "taken_at_offset_minutes": 120,
            "camera": "Canon EOS 40D",
            "latitude": 48.85837,
            "longitude": 2.29448,
            "iso": 200,
        },
    )
    photo = make_app().test_client().get(f"/api/v1/photos/{photo_id}").json
    assert photo["taken_at"] == "2020-07-04T10:20:30+02:00"
    assert (photo["camera"], photo["iso"], photo["latitude"]) == ("Canon EOS 40D", 200, 48.85837)
    assert photo["neighbours"] == {"newer": 2, "older": None}
    assert "score" not in photo
    assert (photo["format"], photo["size_bytes"]) == ("jpeg", (gallery.root / "a/eiffel.jpg").stat().st_size)


def test_a_video_is_found_at_its_moment(gallery, make_app):
    gallery.draw("red.jpg", "red")
    gallery.film("holiday.webm", ["blue", "white", "red", "green"], scene_seconds=3)
    client = make_app().test_client()
    still, video = client.get("/api/v1/search?q=red").json["results"]
    assert (still["moment_seconds"], still["moment"], still["url"]) == (None, None, "/photos/1")
    assert (video["moment_seconds"], video["moment"], video["url"]) == (6.0, "0:06", "/photos/2?t=6")
    assert client.get("/api/v1/search?q=blue").json["results"][0]["url"] == "/photos/2?t=0"
    assert [each["moment"] for each in client.get("/api/v1/photos/1/similar").json["results"]] == ["0:06"]


@pytest.mark.parametrize(
    ("text", "duration", "expected"),
    [
        ("151", 200.0, 151.0),
        ("151.5", 200.0, 151.5),
        ("0", 200.0, 0.0),
        ("300", 200.0, 200.0),
        ("151", None, None),
        *((text, 200.0, None) for text in (None, "", "-1", "nan", "inf", "1e3", "1_0", "٣", " 1", "1 ", 400 * "9")),
    ],
)
def test_a_moment_in_an_address_is_within_the_video_or_ignored(text, duration, expected):
    assert moments.read(text, duration) == expected


def test_moments_are_written_for_people_and_addresses():
    assert [wording.timecode(at) for at in (0, 9.9, 151, 3723.2, -1)] == ["0:00", "0:09", "2:31", "1:02:03", "0:00"]
    assert [moments.parameter(at) for at in (0.0, 151.04, 2.25, None)] == ["0", "151", "2.2", None]


def test_a_photo_tells_all_that_other_programs_and_users_say_of_it(gallery, make_app):
    with gallery.database.write() as session:
        names = photos.PlaceNames("Geneva", "Geneva", "Switzerland", "Genève", "Genève", "Suisse", "CH")
        place_id = photos.remember_place(session, 2660646, names)
    described = {
        "title": "The <fountain>", "caption": "It stands\nin the lake.", "keywords": ["water", "été"],
        "people": ["Ada"], "rating": 4, "taken_at_source": "name",
    }  # fmt: skip
    gallery.draw("IMG_1.jpg", metadata={**described, "place_id": place_id})
    gallery.draw("IMG_1.cr2", "blue", metadata={"kind": "raw", "format": "cr2"})
    gallery.pair("IMG_1.jpg")
    client = make_app().test_client()
    listed = client.get("/api/v1/photos").json
    assert (listed["total"], listed["results"][0]["place"]) == (1, "Geneva, Geneva, Switzerland")
    photo = client.get("/api/v1/photos/1").json
    assert {name: photo[name] for name in described} == described
    assert photo["place_names"]["fr"] == {"city": "Genève", "region": "Genève", "country": "Suisse"}
    assert (photo["country_code"], photo["motion_url"], photo["albums"]) == ("CH", None, [])
    assert [(each["kind"], Path(each["path"]).name) for each in photo["companions"]] == [("raw", "IMG_1.cr2")]
    assert client.get("/api/v1/photos/2").json["kind"] == "raw"


def test_similar_leaves_the_photo_itself_out(client):
    page = client.get("/api/v1/photos/1/similar?limit=5").json
    assert len(page["results"]) == 5
    assert 1 not in [each["id"] for each in page["results"]]
    assert page["total"] == 11


def test_copies_are_files_of_one_photo(gallery, make_app):
    photo_id = gallery.draw("one.jpg", seed=1)
    (gallery.root / "two.jpg").write_bytes((gallery.root / "one.jpg").read_bytes())
    assert gallery.index(b"two.jpg") == photo_id
    page = make_app().test_client().get("/api/v1/photos").json
    assert page["total"] == 1
    assert [Path(each["path"]).name for each in page["results"][0]["files"]] == ["one.jpg", "two.jpg"]


def test_status_is_what_the_command_prints(client, gallery):
    page = client.get("/api/v1/status").json
    assert page["photos"] == page["searchable"] == 12
    assert page["files"] == {"pending": 0, "indexed": 12, "failed": 0, "missing": 0}
    assert page["daemon"]["state"] == "stopped"
    assert page["libraries"][0]["path"] == str(gallery.root)


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/api/v1/search", 400, "q is missing"),
        ("/api/v1/search?q=%20%00", 400, "q is missing"),
        ("/api/v1/search?q=" + 513 * "x", 400, "512 is the most"),
        ("/api/v1/search?q=red&limit=0", 400, "from 1 to 200"),
        ("/api/v1/search?q=red&limit=201", 400, "from 1 to 200"),
        ("/api/v1/photos?limit=-1", 400, "from 1 to 200"),
        ("/api/v1/photos?limit=ten", 400, "from 1 to 200"),
        ("/api/v1/photos?limit=%D9%A3", 400, "from 1 to 200"),
        ("/api/v1/photos?limit=" + 5000 * "9", 400, "from 1 to 200"),
        ("/api/v1/photos?cursor=nonsense", 400, "next_cursor"),
        ("/api/v1/photos?cursor=%E2%82%AC", 400, "next_cursor"),
        ("/api/v1/photos?cursor=_________38AAAAAAAAAAA", 400, "next_cursor"),
        ("/api/v1/search?q=red&cursor=nonsense", 400, "next_cursor"),
        ("/api/v1/photos/99", 404, "no photo 99"),
        ("/api/v1/photos/99/similar", 404, "no photo 99"),
        ("/api/v1/photos/99/thumbnail", 404, "no photo 99"),
        ("/api/v1/photos/0", 404, "nothing at this address"),
        ("/api/v1/photos/" + 30 * "9", 404, "nothing at this address"),
        ("/api/v1/photos/9999999999999999999", 404, "nothing at this address"),
        ("/api/v1/nothing", 404, "nothing at this address"),
        ("/api", 404, "nothing at this address"),
    ],
)
def test_errors_say_what_is_wrong(client, address, status, words):
    response = client.get(address)
    assert response.status_code == status
    assert response.content_type == "application/problem+json"
    problem = json.loads(response.data)
    assert list(problem) == ["type", "title", "status", "detail"]
    assert (problem["type"], problem["status"]) == ("about:blank", status)
    assert words in problem["detail"]


def test_a_method_that_does_not_exist_is_a_problem_too(client):
    response = client.post("/api/v1/photos")
    assert (response.status_code, response.content_type) == (405, "application/problem+json")
    assert "GET" in response.headers["Allow"]


def test_an_unexpected_error_shows_no_traceback(app, client, monkeypatch, caplog):
    def explode(*_: object) -> None:
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr("photoindex.status.read", explode)
    for address, content_type in (("/api/v1/status", "application/problem+json"), ("/status", "text/html")):
        response = client.get(address)
        assert response.status_code == 500
        assert response.content_type.startswith(content_type)
        assert "secret" not in response.text
    assert "a secret of the inside" in caplog.text


def test_names_of_any_bytes_are_valid_json(gallery, make_app):
    names = [b"caf\xe9.jpg", b"new\nline.jpg", "日本 \u202e.jpg".encode(), b"tab\t'\"\\.jpg", b"\xff\xfe.jpg"]
    for number, name in enumerate(names):
        gallery.draw(name, seed=number)
    body = make_app().test_client().get("/api/v1/photos").data
    shown = {each["filename"] for each in json.loads(body.decode("utf-8"))["results"]}
    assert shown == {name.decode("utf-8", "replace") for name in names}


def test_photos_of_the_same_moment_page_exactly(gallery, make_app):
    moment = datetime(2024, 1, 1) - timedelta(microseconds=1)
    ids = [gallery.draw(f"{n}.jpg", seed=n, metadata={"timeline_at": moment}) for n in range(5)]
    client, seen, cursor = make_app().test_client(), [], ""
    while cursor is not None:
        page = client.get(f"/api/v1/photos?limit=2&cursor={cursor}").json
        seen += [each["id"] for each in page["results"]]
        cursor = page["next_cursor"]
    assert seen == ids[::-1]


def test_dates_before_1970_page_too(gallery, make_app):
    for n, year in enumerate((1826, 1969, 1970, 9999)):
        gallery.draw(f"{n}.jpg", seed=n, metadata={"timeline_at": datetime(year, 1, 1)})
    client, seen, cursor = make_app().test_client(), [], ""
    while cursor is not None:
        page = client.get(f"/api/v1/photos?limit=1&cursor={cursor}").json
        seen += [each["id"] for each in page["results"]]
        cursor = page["next_cursor"]
    assert seen == [4, 3, 2, 1]


def test_every_route_is_documented(app):
    documented = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/") or rule.rule in ("/healthz", "/readyz"):
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                assert f"`{method} {re.sub(r'<[^>]*>', '{id}', rule.rule)}`" in documented
