"""What the search box offers, in a browser and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from browsing import CHROMIUM, SIZES, Watched, check_page, open_browser

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


@pytest.fixture(scope="module")
def opened():
    if CHROMIUM is None:
        pytest.skip("no chromium or google-chrome is installed")
    with open_browser() as browser:
        yield browser


@pytest.mark.parametrize("size", SIZES)
def test_typing_and_choosing(opened, long_timeline, size):
    @contextmanager
    def visited() -> Iterator[Watched]:
        context = opened.new_context(viewport=SIZES[size])
        try:
            yield Watched(context.new_page(), long_timeline.url)
        finally:
            context.close()

    with visited() as visit:
        page = visit.page
        visit.open("/")
        page.locator("#q").fill("red ty")
        options = page.get_by_role("option")
        options.filter(has_text="type:").wait_for()
        check_page(visit)
        page.keyboard.press("ArrowDown")
        assert page.locator("#q").get_attribute("aria-activedescendant") == "suggestion-0"
        page.keyboard.press("Enter")
        assert page.locator("#q").input_value() == "red type:"
        options.filter(has_text="video").click()
        page.wait_for_url("**/search?q=red+type%3Avideo")
        visit.open("/")
        page.locator("#q").focus()
        options.filter(has_text="red type:video").wait_for()  # searched for before, in this browser
        page.keyboard.press("Escape")
        assert options.count() == 0 or not options.first.is_visible()
        visit.check()
