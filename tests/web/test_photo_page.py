"""The page of one photo: what it changes, and the searches that what it tells leads to."""

from __future__ import annotations

import os
import re
from datetime import datetime
from html import unescape

import pytest
from posting import post

from photoindex import collections, photos
from photoindex.models import Photo
from photoindex.web import links

HOSTILE = (
    "plain",
    "New York",
    'a "quoted" one',
    "a|b||c",
    '|"',
    "“curly” „low“ «French»",
    "-minus",
    "+2*plus",
    "camera:x",
    "<img src=x onerror=alert(1)>",
    "a*b?c[d]",
    "two  spaces",
    "line\nend",
    " around ",
    "tab\tend\x07bell",
    "Été à Genève",
    "\u202ereversed\u202c",
    "ﬁ ligature",
    "日本語 写真",
    "100%",
    "&amp; and & ;",
    "e\u0301 decomposed",
    "…",
)


def _facts(html: str) -> dict[str, list[str]]:
    """The queries that a photo's page links to, by the label of their line."""
    lines = re.findall(r"<dt>(.*?)</dt>(.*?)</div>", html, re.DOTALL)
    return {label: [unescape(each) for each in re.findall(r'href="(/search\?q=.*?)"', line)] for label, line in lines}


def _found(client, address: str) -> set[int]:
    answer = client.get(address)
    assert answer.status_code == 200
    (main,) = re.findall(r"<main.*</main>", answer.text, re.DOTALL)
    assert 'class="notice"' not in main, address
    return {int(each) for each in re.findall(r'class="picture" href="/photos/(\d+)', answer.text)}


def test_a_photo_becomes_a_favourite_and_ceases_to_be_one_without_scripts(client, gallery):
    for chosen in ("yes", "yes", "no"):
        answer = post(client, "/photos/2/favourite", favourite=chosen)
        assert (answer.status_code, answer.location) == (303, "/photos/2")
        with gallery.database.read() as session:
            assert session.get_one(Photo, 2).favourite is (chosen == "yes")
        pressed = "true" if chosen == "yes" else "false"
        opposite = "no" if chosen == "yes" else "yes"
        assert f'name="favourite" value="{opposite}" aria-pressed="{pressed}"' in client.get("/photos/2").text


def test_stars_are_given_and_taken_away(client, gallery):
    assert post(client, "/photos/2/rating", rating=3).status_code == 303
    html = client.get("/photos/2").text
    assert re.findall(r'name="rating" value="(\d)"', html) == ["1", "2", "0", "4", "5"]
    assert html.count('class="lit"') == 3
    assert _found(client, "/search?q=rating:3") == {2}
    post(client, "/photos/2/rating", rating=0)
    with gallery.database.read() as session:
        assert photos.get(session, 2).rating is None
    assert 'class="lit"' not in client.get("/photos/2").text


def test_scripts_get_the_part_of_the_page_that_changed(client):
    token = re.search(r'<meta name="csrf-token" content="(.+?)">', client.get("/photos/1").text)[1]
    headers = {"X-CSRFToken": token, "X-Requested-With": "fetch"}
    answer = client.post("/photos/1/favourite", data={"favourite": "yes"}, headers=headers)
    assert answer.status_code == 200
    assert answer.text.strip().startswith('<div class="marks" data-favourite="yes">')
    assert "<html" not in answer.text


@pytest.mark.parametrize(
    ("address", "fields", "status"),
    [
        ("/photos/1/favourite", {"favourite": "maybe"}, 422),
        ("/photos/1/favourite", {}, 422),
        ("/photos/99/favourite", {"favourite": "yes"}, 404),
        ("/photos/1/rating", {"rating": "6"}, 422),
        ("/photos/1/rating", {"rating": "-1"}, 422),
        ("/photos/1/rating", {"rating": "３"}, 422),
        ("/photos/1/rating", {}, 422),
        ("/photos/99/rating", {"rating": "5"}, 404),
    ],
)
def test_what_makes_no_sense_changes_nothing(client, gallery, address, fields, status):
    assert post(client, address, **fields).status_code == status
    with gallery.database.read() as session:
        kept = session.get_one(Photo, 1)
        assert (kept.favourite, kept.rating, kept.rated) == (False, None, False)


def test_a_form_without_its_token_is_refused(client, gallery):
    assert client.post("/photos/1/favourite", data={"favourite": "yes"}).status_code == 403
    assert client.post("/photos/1/rating", data={"rating": "5"}).status_code == 403
    with gallery.database.read() as session:
        assert not session.get_one(Photo, 1).favourite


def test_the_users_stars_take_precedence_over_those_in_the_file(gallery):
    first, second, third = (
        gallery.draw(f"{name}.jpg", name, metadata={"rating": 2}) for name in ("red", "blue", "pink")
    )
    with gallery.database.write() as session:
        collections.set_rating(session, first, 5)
        collections.set_rating(session, second, 0)
        for each in (first, second, third):  # as when the daemon reads the metadata again
            photos.describe(session, each, None, photos.Details(rating=4))
        assert [photos.get(session, each).rating for each in (first, second, third)] == [5, None, 4]


def test_an_edited_photo_inherits_the_users_stars_and_not_those_of_the_file(gallery):
    old, new, other = (gallery.draw(f"{name}.jpg", name, metadata={"rating": 1}) for name in ("red", "blue", "pink"))
    with gallery.database.write() as session:
        collections.inherit(session, old, new)
        assert photos.get(session, new).rating == 1
        collections.set_rating(session, old, 4)
        collections.set_rating(session, other, 3)
        collections.inherit(session, old, new)
        collections.inherit(session, old, other)
        assert [photos.get(session, each).rating for each in (new, other)] == [4, 3]
        assert session.get_one(Photo, new).rated


def test_each_thing_that_is_known_leads_to_the_photos_that_share_it(gallery, make_app):
    with gallery.database.write() as session:
        names = photos.PlaceNames("Grenoble", "Auvergne-Rhône-Alpes", "France", "Grenoble", None, "France", "FR")
        place_id = photos.remember_place(session, 1, names)
    (gallery.root / "2019" / "Alps").mkdir(parents=True)
    known = {
        "taken_at": datetime(2019, 7, 4, 23, 59, 59),
        "timeline_at": datetime(2019, 7, 4, 23, 59, 59),
        "camera": "FUJIFILM X100V",
        "lens": "23mm F/2 | macro",
        "f_number": 2.7999999,
        "exposure_seconds": 0.004,
        "iso": 12_800,
        "focal_length_mm": 23.456,
        "latitude": -45.1234567,
        "longitude": 179.9999999,
        "place_id": place_id,
        "keywords": ["lake", "long weekend"],
        "people": ["Ada Lovelace"],
    }
    wanted = gallery.draw("2019/Alps/lake.jpg", "blue", size=(320, 200), metadata=known)
    gallery.draw("other.png", "red", metadata={"format": "png"})
    with gallery.database.write() as session:
        for name in ("Alps", "2019"):
            collections.add_to_album(session, collections.create_album(session, name).id, [wanted])
    client = make_app().test_client()
    facts = _facts(client.get(f"/photos/{wanted}").text)
    counts = {label: len(addresses) for label, addresses in facts.items() if addresses}
    assert counts == {
        "Taken": 1, "People": 1, "Place": 3, "Position": 1, "Keywords": 2, "Albums": 2, "Camera": 1, "Lens": 1,
        "Exposure": 3, "File": 1, "Folder": 1,
    }  # fmt: skip
    for label, addresses in facts.items():
        for address in addresses:
            assert _found(client, address) == {wanted}, (label, address)


@pytest.mark.parametrize("value", HOSTILE)
def test_whatever_a_value_is_its_link_finds_the_photo(gallery, make_app, value):
    path = value.replace("/", "_").encode()
    (gallery.root / value).mkdir()
    metadata = {"camera": value, "lens": value, "keywords": [value], "people": [value]}
    wanted = gallery.draw(path + b"/a.jpg", "blue", metadata=metadata)
    gallery.draw("b.jpg", "red", metadata={"camera": "else", "lens": "else", "keywords": ["else"], "people": ["else"]})
    with gallery.database.write() as session:
        collections.add_to_album(session, collections.create_album(session, value).id, [wanted])
    client = make_app().test_client()
    facts = _facts(client.get(f"/photos/{wanted}").text)
    for label in ("Camera", "Lens", "Keywords", "People", "Folder", "Albums"):
        (address,) = facts[label]
        assert _found(client, address) == {wanted}, address


def test_a_folder_that_is_not_utf_8_is_found(gallery, make_app):
    gallery.draw("b.jpg", "red")
    os.mkdir(os.path.join(os.fsencode(gallery.root), b"caf\xe9"))
    wanted = gallery.draw(b"caf\xe9/a.jpg", "blue")
    client = make_app().test_client()
    (address,) = _facts(client.get(f"/photos/{wanted}").text)["Folder"]
    assert _found(client, address) == {wanted}


def test_a_photo_in_no_folder_leads_to_its_library(gallery, make_app):
    wanted = gallery.draw("a.jpg", "red")
    client = make_app().test_client()
    assert _facts(client.get(f"/photos/{wanted}").text)["Folder"] == ["/search?q=library:1"]
    assert _found(client, "/search?q=library:1") == {wanted}


@pytest.mark.parametrize("value", ["", "  ", "*", "\u0301", "x" * 600])
def test_what_can_not_be_searched_for_is_no_link(value):
    assert links.query("camera", value) is None


@pytest.mark.parametrize(("value", "written"), [(2.8, "2.8"), (100.0, "100"), (0.0004, "0"), (1e7, "10000000")])
def test_numbers_are_written_as_filters_read_them(value, written):
    assert links.number(value) == written


def test_the_viewer_speaks_the_language_of_the_page(make_app):
    client = make_app().test_client()
    assert 'data-close="Close"' in client.get("/photos/viewer").text
    assert 'data-close="Fermer"' in client.get("/photos/viewer", headers={"Accept-Language": "fr"}).text
