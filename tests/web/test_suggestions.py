"""What the search box offers, in a browser and as JSON."""

from __future__ import annotations

import pytest
from browsing import SIZES, check_page, looking
from playwright.sync_api import expect

from photoindex import saved_searches


def test_suggestions_are_whole_queries_with_what_they_are(gallery, make_app):
    with gallery.database.write() as session:
        saved_searches.create(session, "<img src=x>", 'snow -"red hat"')
    client = make_app().test_client()
    assert client.get("/suggestions?q=").json == [
        {"query": 'snow -"red hat"', "label": "<img src=x>", "note": "Saved search"}
    ]
    assert {"query": "dog type:video", "label": "video", "note": "Type"} in client.get("/suggestions?q=dog+type:v").json
    french = client.get("/suggestions?q=cam", headers={"Accept-Language": "fr"}).json
    assert {"query": "camera:", "label": "camera:", "note": "Appareil"} in french
    assert client.get("/suggestions?q=" + "x" * 5000).status_code == 200


@pytest.mark.parametrize("size", SIZES)
def test_typing_and_choosing(browser, long_timeline, size):
    with looking(browser, long_timeline.url, "/", size) as visit:
        page, box, options = visit.page, visit.page.locator("#q"), visit.page.get_by_role("option")
        box.fill("red ty")
        expect(options.filter(has_text="type:")).to_be_visible()
        check_page(visit)
        page.keyboard.press("ArrowDown")
        expect(box).to_have_attribute("aria-activedescendant", "suggestion-0")
        page.keyboard.press("Enter")
        expect(box).to_have_value("red type:")
        options.filter(has_text="video").click()
        page.wait_for_url("**/search?q=red+type%3Avideo")
        visit.open("/")
        box.focus()
        expect(options.filter(has_text="red type:video")).to_be_visible()  # searched for before, in this browser
        page.keyboard.press("Escape")
        expect(page.locator("#suggestions")).to_be_hidden()
