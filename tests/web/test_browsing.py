"""Pages to browse by: folders, places, cameras, this day in earlier years, the newest in the index, problems."""

from __future__ import annotations

import os
import re
from datetime import date, datetime
from html import unescape
from urllib.parse import quote_from_bytes, unquote_to_bytes

import pytest
from hostile_names import HOSTILE

from photoindex import libraries, photos
from photoindex.photos import PlaceNames
from photoindex.web import browsing, folders
from photoindex.web.folders import address, asked_path

GRENOBLE = {"latitude": 45.18, "longitude": 5.72}
NAMES = (*HOSTILE, b"x" * 255)


@pytest.fixture
def look(gallery, make_app):
    """Opens a page over what the gallery holds, and returns its text."""
    opened = []

    def open_page(address: str, status: int = 200, **headers: str) -> str:
        if not opened:
            opened.append(make_app().test_client())
        response = opened[0].get(address, headers=headers)
        assert response.status_code == status, address
        return response.text

    return open_page


def _links(page: str, start: str) -> list[str]:
    return [unescape(each) for each in re.findall(r'href="([^"]*)"', page) if each.startswith(start)]


# --- folders -----------------------------------------------------------------------------------------------------


def test_one_reaches_every_folder_whatever_its_name_by_following_links(gallery, look):
    for number, name in enumerate(NAMES):
        gallery.draw(name + b"/" + name[:200] + b"/photo.jpg", "red", seed=number)
    links = _links(look("/folders/1"), "/folders/1?path=")
    assert sorted(unquote_to_bytes(each.partition("path=")[2]) for each in links) == sorted(NAMES)
    for link in links:
        path = unquote_to_bytes(link.partition("path=")[2])
        (inner,) = [each for each in _links(look(link), link) if "%2F" in each[len(link) :] or "/" in each[len(link) :]]
        page = look(inner)
        assert page.count('class="card') == 1
        assert link in _links(page, "/folders/1?path="), "a crumb leads back"
        assert "<img src=x" not in page
        assert os.fsencode(gallery.root) not in path


def test_a_folder_shows_what_is_in_it_and_the_way_back(gallery, look):
    gallery.draw("top.jpg", "red", seed=1)
    gallery.draw("2019/Corsica/one.jpg", "blue", seed=2)
    gallery.draw("2019/Corsica/two.jpg", "green", seed=3)
    page = look("/folders/1?path=2019/Corsica")
    assert page.count('class="card') == 2
    assert "2 photos" in page
    assert "/folders/1?path=2019" in _links(page, "/folders/1") and "/folders/1" in _links(page, "/folders/1")
    root = look("/folders/1")
    assert root.count('class="card') == 1 and root.count('class="tile"') == 1


def test_a_single_library_is_opened_at_once_and_several_are_listed(gallery, make_app, tmp_path):
    gallery.draw("one.jpg", "red")
    client = make_app().test_client()
    assert client.get("/folders").headers["Location"] == "/folders/1"
    (tmp_path / "more").mkdir()
    with gallery.database.write() as session:
        libraries.add(session, tmp_path / "more")
    page = client.get("/folders").text
    assert _links(page, "/folders/") == ["/folders/1", "/folders/2"]
    assert "No photos here" in client.get("/folders/2").text


def test_nothing_outside_the_index_is_a_folder(gallery, look):
    gallery.draw("2019/one.jpg", "red")
    for path in ("..", "../..", "/etc", "2019/../2019", "201", "2019/one.jpg", "%00", "%FF", "2019%2F%2F"):
        look(f"/folders/1?path={path}", 200 if path == "2019%2F%2F" else 404)
    look("/folders/9", 404)
    look("/folders/x", 404)
    look("/folders/1?path=2019&after=nonsense", 400)


def test_many_photos_and_many_folders_come_in_pages(gallery, look, monkeypatch):
    monkeypatch.setattr(folders, "PAGE_SIZE", 2)
    monkeypatch.setattr(folders, "FOLDERS_SHOWN", 2)
    for number in range(3):
        gallery.draw(f"photo {number}.jpg", "red", seed=number)
        gallery.draw(f"folder {number}/photo.jpg", "blue", seed=10 + number)
    first = look("/folders/1")
    assert (first.count('class="tile"'), first.count('class="card')) == (2, 2)
    (more_folders,) = _links(first, "/folders/1?part=")
    (more_photos,) = _links(first, "/folders/1?after=")
    assert (look(more_folders).count('class="tile"'), look(more_folders).count('class="card')) == (1, 0)
    assert (look(more_photos).count('class="tile"'), look(more_photos).count('class="card')) == (0, 1)


def test_addresses_keep_every_byte(app):
    every = bytes(range(1, 256)).replace(b"/", b"")
    with app.test_request_context():
        made = address(1, b"a/" + every, part="2")
    assert quote_from_bytes(every) in made
    with app.test_request_context(made):
        assert asked_path() == b"a/" + every


# --- places ------------------------------------------------------------------------------------------------------


@pytest.fixture
def grenoble(gallery):
    names = PlaceNames("Grenoble", 'The "Alps" | <b>', "France", "Grenoble", "Alpes", "France", "FR")
    with gallery.database.write() as session:
        place_id = photos.remember_place(session, 1, names)
    return [gallery.draw(f"{number}.jpg", "red", seed=number, metadata=GRENOBLE | {"place_id": place_id})
            for number in range(3)]  # fmt: skip


def test_places_lead_to_searches_that_find_as_many(grenoble, look):
    page = look("/places")
    assert "3 photos with a position" in page
    searches = _links(page, "/search?q=place:")
    assert len(searches) == 2
    for search in searches:
        assert look(search).count('class="card') == 3
    assert "<b>" not in page


def test_places_are_named_in_the_language_of_the_page(grenoble, look):
    page = look("/places", **{"Accept-Language": "fr"})
    assert _links(page, "/search?q=place:%22Grenoble,%20Alpes") or _links(page, "/search?q=place:%22Grenoble,+Alpes")


def test_clusters_lead_to_searches_that_find_as_many(grenoble, gallery, look, make_app):
    gallery.draw("far.jpg", "blue", metadata={"latitude": -33.9, "longitude": 151.2})
    client = make_app().test_client()
    found = client.get("/places/clusters?bbox=-180,-90,180,90&zoom=2").json["clusters"]
    assert [each["photos"] for each in found] == [3, 1]
    assert found[0]["bbox"] == [5.72, 45.18, 5.72, 45.18]
    for each in found:
        assert look(each["url"]).count('class="card') == each["photos"]
    assert client.get("/places/clusters?bbox=0,40,10,50&zoom=2").json["clusters"][1:] == []


def test_wrong_parameters_of_clusters_are_refused_in_one_line(gallery, look):
    for wrong in (
        "",
        "?bbox=1,2,3&zoom=1",
        "?bbox=a,b,c,d&zoom=1",
        "?bbox=nan,0,1,1&zoom=1",
        "?bbox=0,0,1e9,1&zoom=1",
        "?bbox=5,0,1,1&zoom=1",
        "?bbox=0,0,1,1&zoom=99",
        "?bbox=0,0,1,1&zoom=-1",
        "?bbox=0,0,1,1&zoom=99999999999999999999999",
        "?bbox=0,0,1,1&zoom=²",
    ):
        look(f"/places/clusters{wrong}", 400)


def test_without_positions_there_is_no_map(gallery, look):
    gallery.draw("one.jpg", "red")
    page = look("/places")
    assert 'id="map"' not in page and "leaflet" not in page
    assert "No photo says where it was taken" in page


# --- cameras, this day, recently added, problems -------------------------------------------------------------------


def test_cameras_and_lenses_lead_to_their_photos(gallery, look):
    for number, camera in enumerate(("X100", "X100", '<i> "Z" | 6')):
        gallery.draw(f"{number}.jpg", "red", seed=number, metadata={"camera": camera, "lens": "35 mm"})
    page = look("/cameras")
    found = [look(each).count('class="card') for each in _links(page, "/search?q=camera:")]
    assert found == [2, 1]
    assert [look(each).count('class="card') for each in _links(page, "/search?q=lens:")] == [3]
    assert "<i>" not in page


def test_this_day_shows_earlier_years(gallery, look):
    today = date.today()
    for years, number in ((0, 1), (2, 2), (2, 3), (7, 4)):
        try:
            at = datetime(today.year - years, today.month, today.day, 12)
        except ValueError:
            pytest.skip("29 February")
        gallery.draw(f"{number}.jpg", "red", seed=number, metadata={"taken_at": at, "timeline_at": at})
    page = look("/on-this-day")
    assert page.count('class="card') == 3
    assert re.findall(r"<h2>(\d+)", page) == [str(today.year - 2), str(today.year - 7)]
    assert "2 years ago" in page


def test_what_was_added_last_comes_in_pages(gallery, look, monkeypatch):
    monkeypatch.setattr(browsing, "PAGE_SIZE", 2)
    ids = [gallery.draw(f"{number}.jpg", "red", seed=number) for number in range(3)]
    page = look("/recent")
    assert [int(each) for each in re.findall(r'class="picture" href="/photos/(\d+)"', page)] == [ids[2], ids[1]]
    (older,) = _links(page, "/recent?before=")
    assert [int(each) for each in re.findall(r'class="picture" href="/photos/(\d+)"', look(older))] == [ids[0]]
    look("/recent?before=x", 400)
    look("/recent?before=99999999999999999999", 400)


def test_problems_are_listed_by_reason_in_pages(gallery, look, monkeypatch):
    monkeypatch.setattr(browsing, "PROBLEMS_SHOWN", 2)
    for number in range(3):
        gallery.add_failed(b"<b>%d\xff.jpg" % number, "truncated", "it ends after 3 of 9 kB")
    gallery.add_failed(b"locked.jpg", "unreadable", "no permission")
    page = look("/problems")
    assert "<b>0" not in page and page.count('class="path"') == 2 and "locked.jpg" not in page
    (more,) = [each for each in _links(page, "/problems?") if "after=" in each]
    assert look(more).count('class="path"') == 1
    assert "locked.jpg" in look("/problems?reason=unreadable")
    assert look("/problems?reason=other").count('class="path"') == 0
    assert "/problems?reason=truncated" in _links(look("/status"), "/problems")


def test_the_pages_say_so_when_there_is_nothing(look):
    assert "No folder is watched yet" in look("/folders")
    assert "No photo says with which camera" in look("/cameras")
    assert "No photo was taken on this day" in look("/on-this-day")
    assert "No photo is indexed so far" in look("/recent")
    assert "every file could be indexed" in look("/problems")


def test_explore_and_the_navigation_lead_to_them(gallery, look):
    gallery.draw("one.jpg", "red")
    page = look("/explore")
    for way in ("/folders", "/places", "/cameras", "/on-this-day", "/recent", "/problems", "/duplicates"):
        assert way in _links(page, way), way
    assert 'href="/folders" aria-current="page"' in look("/folders/1")
