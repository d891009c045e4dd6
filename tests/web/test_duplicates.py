"""Duplicates in the API and on their page, which works without a script."""

from __future__ import annotations

import re
from html import unescape

import pytest
from posting import post

from photoindex import likeness
from photoindex.models import LikenessKind


@pytest.fixture
def grouped(gallery, make_app):
    """A client, over three pairs of one shot, one burst of three, and one photo of two files."""
    ids = gallery.fill(9)
    gallery.draw("copied.jpg", "red", seed=100)
    gallery.draw("copies/copied.jpg", "red", seed=100)
    with gallery.database.write() as session:
        for pair in (ids[0:2], ids[2:4], ids[4:6]):
            likeness.assign(session, LikenessKind.SAME, dict.fromkeys(pair, pair[0]))
        likeness.assign(session, LikenessKind.BURST, dict.fromkeys(ids[6:9], ids[6]))
    return make_app().test_client(), ids


def test_the_api_lists_each_kind_with_what_to_keep(grouped):
    client, ids = grouped
    burst = client.get("/api/v1/duplicates?kind=burst").json
    assert (burst["kind"], burst["total"], burst["next_cursor"]) == ("burst", 1, None)
    (group,) = burst["groups"]
    assert {each["id"] for each in group["photos"]} == set(ids[6:9])
    assert group["keep"] == group["photos"][0]["id"]
    assert group["wasted_bytes"] == sum(each["size_bytes"] for each in group["photos"][1:])
    assert group["reason"]
    assert group["copies"] is None
    copies = client.get("/api/v1/duplicates").json
    assert (copies["kind"], copies["total"]) == ("copies", 1)
    (group,) = copies["groups"]
    assert [each["keep"] for each in group["copies"]] == [True, False]
    assert [each["path"].rpartition("photos/")[2] for each in group["copies"]] == ["copied.jpg", "copies/copied.jpg"]


def test_the_api_pages_through_all_groups(grouped):
    client, ids = grouped
    seen, cursor = [], ""
    while cursor is not None:
        page = client.get(f"/api/v1/duplicates?kind=same&limit=2&cursor={cursor}").json
        assert page["total"] == 3
        seen += [each["id"] for each in page["groups"]]
        cursor = page["next_cursor"]
    assert seen == [f"same-{ids[place]}" for place in (4, 2, 0)]


def test_wrong_parameters_are_refused_in_one_line(grouped):
    client, _ = grouped
    for wrong in ("kind=similar", "kind=", "limit=0", "cursor=x", "cursor=AAAA", "cursor=é", "cursor=_________38"):
        response = client.get(f"/api/v1/duplicates?{wrong}")
        assert response.status_code == 400
        assert "\n" not in response.json["detail"]
        assert client.get(f"/duplicates?{wrong}").status_code == (200 if "limit" in wrong else 400)


def test_dismissing_by_the_api_and_taking_it_back(grouped):
    client, ids = grouped
    address = f"/api/v1/duplicates/same-{ids[2]}/dismiss"
    answer = client.post(address)
    assert answer.status_code == 200
    assert client.get("/api/v1/duplicates?kind=same").json["total"] == 2
    assert client.post(address).status_code == 404
    undo = f"/api/v1/duplicates/dismissals/{answer.json['dismissal']}"
    assert client.delete(undo).status_code == 204
    assert client.delete(undo).status_code == 404


def test_no_other_site_may_dismiss(grouped):
    client, ids = grouped
    for address in (f"/api/v1/duplicates/same-{ids[0]}/dismiss", f"/duplicates/same-{ids[0]}/dismiss"):
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://example.org"}):
            assert client.post(address, headers=headers).status_code == 403
    assert client.post(f"/duplicates/same-{ids[0]}/dismiss").status_code == 403  # a form without its token
    assert client.get("/api/v1/duplicates?kind=same").json["total"] == 3


def test_the_page_shows_groups_and_says_that_nothing_is_deleted(grouped):
    client, ids = grouped
    html = unescape(client.get("/duplicates?kind=same").text)
    assert "never deletes anything" in html
    assert re.findall(r'<h2 id="(.*?)">', html) == [f"same-{ids[place]}" for place in (4, 2, 0)]
    assert html.count("Suggested to keep") == 3
    assert html.count("These are different") == 3
    assert re.findall(r'aria-current="page">(\w+ \w+)', html) == ["Same shot"]
    assert [int(each) for each in re.findall(r'<span class="quiet">(\d+)</span></a>', html)] == [1, 3, 1]
    copies = client.get("/duplicates").text
    assert "2 files" in copies
    assert copies.count("keep</span>") == 1


def test_the_page_dismisses_and_undoes_without_a_script(grouped):
    client, _ = grouped
    html = client.get("/duplicates?kind=burst").text
    (action,) = re.findall(r'<form method="post" action="(.*?)"', html)
    answer = post(client, action)
    assert answer.status_code == 303
    html = client.get(answer.location).text
    assert "None found" in html
    (undo,) = re.findall(r'method="post" action="(.*?)"', html)
    answer = post(client, undo)
    assert (answer.status_code, answer.location) == (303, "/duplicates?kind=burst")
    assert post(client, undo).status_code == 404


def test_dismissing_comes_back_to_the_same_page_of_the_list(grouped, monkeypatch):
    client, ids = grouped
    monkeypatch.setattr("photoindex.web.duplicates.PAGE_SIZE", 1)
    first = client.get("/duplicates?kind=same").text
    (further,) = re.findall(r'rel="next" href="(.*?)"', first)
    second = client.get(unescape(further)).text
    assert f'id="same-{ids[2]}"' in second
    cursor = re.findall(r'name="cursor" value="(.*?)"', second)[0]
    answer = post(client, f"/duplicates/same-{ids[2]}/dismiss", cursor=cursor)
    assert f'id="same-{ids[0]}"' in client.get(answer.location).text


def test_an_empty_library_has_no_duplicates(gallery, make_app):
    client = make_app().test_client()
    for kind in ("copies", "same", "burst"):
        assert client.get(f"/api/v1/duplicates?kind={kind}").json["groups"] == []
        assert "None found" in client.get(f"/duplicates?kind={kind}").text


def test_names_of_files_are_shown_as_text_and_not_as_a_page(gallery, make_app):
    gallery.draw("<b>x</b>.jpg", "red", seed=1)
    gallery.draw("y\u202egpj.jpg", "red", seed=1)
    html = make_app().test_client().get("/duplicates").text
    assert "<b>x" not in html
    assert "\u202e" not in html
