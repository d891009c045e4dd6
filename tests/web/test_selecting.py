"""What is done with selected photos, by forms as a page without scripts sends them; and pages of albums."""

from __future__ import annotations

import re
from html import unescape

import pytest
from posting import post

from photoindex.web import selecting, zipping


def shown(client, address: str) -> list[int]:
    """The photos of a page, in its order."""
    return [int(each) for each in re.findall(r'class="picture" href="/photos/(\d+)', client.get(address).text)]


def act(client, do: str, ids: list[int], **fields: object):
    return post(client, "/selection", do=do, id=ids, back="/search?q=red", **fields)


def said(client, answer) -> str:
    """The message after an action, once."""
    assert answer.status_code == 303, answer.text
    page = client.get(answer.location)
    found = re.search(r'class="said">.*?role="status">(.*?)<', page.text, re.DOTALL)
    assert found, page.text
    assert 'class="said"' not in client.get(answer.location).text
    return unescape(found[1])


def undo(client, do: str, ids: list[int], **fields: object):
    """Do something, and press the button that the next page has for it."""
    page = client.get(act(client, do, ids, **fields).location).text
    token = re.search(r'name="token" value="(.+?)"', page)
    assert token, page
    return post(client, "/selection/undo", token=token[1], back="/")


def test_the_link_select_leads_to_the_page_with_a_box_on_each_photo(client):
    page = client.get("/search?q=red&cursor=").text
    address = unescape(re.search(r'class="button begin" href="(.+?)"', page)[1])
    assert address == "/search?q=red&cursor=&select=1"
    assert 'class="check"' not in page
    selecting_page = client.get(address).text
    assert selecting_page.count('class="check"') == len(shown(client, address)) > 0
    assert re.search(r'<form id="selection"[^>]+hidden', page)
    assert not re.search(r'<form id="selection"[^>]+hidden', selecting_page)
    assert 'name="back" value="/search?q=red&amp;cursor="' in selecting_page


@pytest.mark.parametrize("address", ["/", "/search?q=blue", "/photos/1/similar"])
def test_grids_can_be_selected_from(client, address):
    sign = "&" if "?" in address else "?"
    assert 'class="check"' in client.get(f"{address}{sign}select=1").text


def test_photos_like_all_that_are_selected_are_found(client):
    answer = act(client, "similar", [1, 3])
    assert (answer.status_code, answer.location) == (303, "/search?q=like:1%7C3")
    assert not {1, 3} & set(shown(client, "/search?q=like:1|3 show:all"))
    assert act(client, "similar", [5]).location == "/photos/5/similar"
    assert said(client, act(client, "similar", list(range(1, 34)))) == (
        "Similar photos are found for at most 32 at once."
    )


def test_favourites_are_made_and_unmade(client):
    assert said(client, act(client, "favourite", [1, 2, 2])) == "2 photos are favourites now."
    assert said(client, act(client, "favourite", [1])) == "These are favourites already."
    assert sorted(shown(client, "/search?q=is:favourite")) == [1, 2]
    assert said(client, undo(client, "unfavourite", [1, 2, 3])) == "Undone, for 2 photos."
    assert sorted(shown(client, "/search?q=is:favourite")) == [1, 2]


def test_hidden_photos_are_seen_on_their_page_only(client):
    everywhere = ("/", "/search?q=green", "/photos/3/similar")
    assert all(2 in shown(client, each) for each in everywhere)
    answer = act(client, "hide", [2, 4])
    assert said(client, answer) == "2 photos are hidden. Their files stay as they are."
    assert not any(2 in shown(client, each) for each in everywhere)
    assert sorted(shown(client, "/hidden")) == [2, 4]
    assert client.get("/photos/2").status_code == 200
    assert said(client, act(client, "unhide", [2])) == "1 photo is shown again."
    assert all(2 in shown(client, each) for each in everywhere)
    assert said(client, undo(client, "hide", [2])) == "Undone, for 1 photo."
    assert all(2 in shown(client, each) for each in everywhere)


def test_albums_are_made_while_adding_and_photos_taken_out_come_back_to_their_place(client):
    page = act(client, "choose", [5, 3, 8])
    assert page.status_code == 200
    assert re.findall(r'name="id" value="(\d+)"', page.text) == ["5", "3", "8"]
    text = said(client, act(client, "add", [5, 3, 8], to="0", name="Summer <1>"))
    assert text == "3 photos were added to “Summer <1>”."
    assert shown(client, "/albums/1") == [5, 3, 8]
    assert said(client, act(client, "add", [5], to="1")) == "These are in “Summer <1>” already."
    assert said(client, act(client, "first", [8], album=1)) == "1 photo was moved."
    assert shown(client, "/albums/1") == [8, 5, 3]
    assert said(client, undo(client, "remove", [5], album=1)) == "Undone, for 1 photo."
    assert shown(client, "/albums/1") == [8, 5, 3]
    assert said(client, act(client, "behind", [8], album=1, beside=5)) == "1 photo was moved."
    assert shown(client, "/albums/1") == [5, 8, 3]
    assert said(client, undo(client, "before", [3], album=1, beside=5)) == "The order is as it was before."
    assert shown(client, "/albums/1") == [5, 8, 3]
    assert said(client, undo(client, "later", [5], album=1)) == "The order is as it was before."
    assert act(client, "before", [5], album=1, beside=9).status_code == 404
    assert act(client, "before", [5], album=2, beside=8).status_code == 404
    assert act(client, "before", [5], album=1, beside="x").status_code == 422
    assert shown(client, "/albums/1") == [5, 8, 3]
    assert said(client, act(client, "cover", [3], album=1)) == "This album has a new cover."
    assert "/api/v1/photos/3/thumbnail" in client.get("/albums").text
    text = said(client, act(client, "remove", [5, 3, 8], album=1))
    assert text == "3 photos were taken out of this album. They stay in your library."
    assert shown(client, "/albums/1") == []
    assert 5 in shown(client, "/")


def test_an_album_is_made_renamed_and_deleted_with_a_question_before(client):
    answer = post(client, "/albums", name="A")
    assert answer.location == "/albums/1"
    assert said(client, answer).startswith("This album is new.")
    refused = post(client, "/albums", name="A")
    assert refused.status_code == 422
    assert "there is an album named A already" in refused.text
    assert post(client, "/albums/1/rename", name="B").status_code == 303
    act(client, "add", [1], to="1")
    question = client.get("/albums/1/delete").text
    assert "Its 1 photo stays in your library" in question
    assert client.get("/albums/1").status_code == 200  # asking changes nothing
    answer = post(client, "/albums/1/delete")
    assert said(client, answer) == "The album “B” is deleted. Its photos stay."
    assert client.get("/albums/1").status_code == 404
    assert 1 in shown(client, "/")


def test_albums_and_saved_searches_stand_on_one_page(client):
    client.post("/api/v1/saved-searches", json={"name": "Blue ones", "query": "blue"})
    post(client, "/albums", name="By hand")
    page = client.get("/albums").text
    assert "By hand" in page
    assert "Blue ones" in page


def test_pages_of_an_album_follow_each_other(client, monkeypatch):
    monkeypatch.setattr("photoindex.web.album_pages.PAGE_SIZE", 5)
    act(client, "add", list(range(1, 13)), to="0", name="All")
    address, found = "/albums/1", []
    while address:
        found += shown(client, address)
        following = re.search(r'rel="next" href="(.+?)"', client.get(address).text)
        address = unescape(following[1]) if following else ""
    assert found == list(range(1, 13))
    assert client.get("/albums/1?cursor=x").status_code == 400


def test_what_makes_no_sense_is_refused_in_one_line(client):
    assert said(client, act(client, "hide", [])) == "No photo was selected."
    assert act(client, "delete", [1]).status_code == 400
    assert post(client, "/selection", do="hide", id="x").status_code == 422
    assert act(client, "remove", [1], album=99).status_code == 404
    assert act(client, "add", [1], to="99").status_code == 404
    refused = act(client, "add", [1], to="0", name=" ")
    assert refused.status_code == 422
    assert "an album needs a name" in refused.text
    refused = act(client, "hide", list(range(1, selecting.MOST + 2)))
    assert refused.status_code == 422
    assert "At most 2000 photos can be selected at once." in refused.text
    assert len(shown(client, "/")) == 12
    assert post(client, "/selection/undo", token="none").status_code == 404


def test_photos_that_are_not_known_any_more_are_left_alone(client):
    assert said(client, act(client, "favourite", [1, 999])) == "1 photo is a favourite now."
    assert said(client, act(client, "add", [999, 2], to="0", name="A")) == "1 photo was added to “A”."


@pytest.mark.parametrize(
    "back", ["https://else.example/", "//else.example/", "/\\else.example", "javascript:1", "", "/\n"]
)
def test_nobody_is_led_elsewhere_afterwards(client, back):
    assert post(client, "/selection", do="favourite", id=1, back=back).location == "/"


@pytest.mark.parametrize(
    "address", ["/selection", "/selection/undo", "/albums", "/albums/1/rename", "/albums/1/delete"]
)
def test_a_form_without_its_token_changes_nothing(client, address):
    assert client.post(address, data={"do": "hide", "id": "1", "name": "x"}).status_code == 403


def test_more_than_fits_into_one_download_is_refused_in_one_line(client, monkeypatch):
    monkeypatch.setattr(zipping, "MOST_BYTES", 1000)
    refused = act(client, "download", [1, 2, 3])
    assert refused.status_code == 422
    assert "at most 1" in refused.text


def test_names_with_marks_of_html_stay_text(client):
    act(client, "add", [1], to="0", name="<img src=x onerror=alert(1)>")
    for address in ("/albums", "/albums/1", "/albums/1/delete"):
        assert "<img src=x" not in client.get(address).text
    assert "<img src=x" not in act(client, "choose", [1]).text
