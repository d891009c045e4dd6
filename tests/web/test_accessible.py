"""Every page in a browser, at a desk and on a phone: nothing keeps anybody out, complains, or goes elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browsing import CHROMIUM, SIZES, Watched, check_page, open_browser
from playwright.sync_api import Browser

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium or google-chrome is installed")

PAGES = (
    "/",
    "/search?q=red",
    "/search?q=red camera:X100",
    "/search?q=is:favourite",
    "/photos/1",
    "/photos/1/similar",
    "/explore",
    "/?select=1",
    "/albums",
    "/albums/1",
    "/albums/1?select=1",
    "/albums/1/delete",
    "/hidden",
    "/saved",
    "/saved/1",
    "/saved/new?q=blue",
    "/folders/1",
    "/folders/1?path=trip%201",
    "/places",
    "/cameras",
    "/on-this-day",
    "/recent",
    "/problems",
    "/duplicates",
    "/status",
    "/settings",
    "/indexing",
    "/libraries/1/remove",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@pytest.mark.parametrize("size", SIZES)
def test_every_page_can_be_used_by_all(browser, gallery, start_server, make_app, size):
    gallery.fill(24, days_apart=3)
    gallery.draw("one.jpg", "red", seed=7)
    gallery.draw("two.jpg", "red", seed=7)
    gallery.add_failed(b"broken.jpg", "truncated", "it ends after 3 of 9 kB")
    client = make_app().test_client()
    saved = client.post("/api/v1/saved-searches", json={"name": "Blue", "query": "blue"})
    assert saved.status_code == 201
    assert client.post("/api/v1/albums", json={"name": "Trip"}).status_code == 201
    for photo_id in (3, 1, 2):
        assert client.put(f"/api/v1/albums/1/photos/{photo_id}").status_code == 200
    server = start_server()
    server.get("/readyz")
    for theme, language in (("light", "en"), ("dark", "fr")):
        context = browser.new_context(viewport=SIZES[size], color_scheme=theme, locale=language)
        visit = Watched(context.new_page(), server.url)
        for address in PAGES:
            visit.open(address)
            visit.wait_for_pictures()
            check_page(visit)
        if size == "phone":
            visit.page.locator(".tabs summary").click()
            check_page(visit)
        context.close()
