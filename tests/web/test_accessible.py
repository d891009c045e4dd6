"""Every page in a browser, at a desk and on a phone: nothing keeps anybody out, complains, or goes elsewhere."""

from __future__ import annotations

import pytest
from browsing import check_page, looking

from photoindex import collections, saved_searches

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
def url(make_gallery, serve) -> str:
    gallery = make_gallery("every page")
    gallery.fill(24, days_apart=3)
    gallery.draw("one.jpg", "red", seed=7)
    gallery.draw("two.jpg", "red", seed=7)
    gallery.add_failed(b"broken.jpg", "truncated", "it ends after 3 of 9 kB")
    with gallery.database.write() as session:
        saved_searches.create(session, "Blue", "blue")
        album = collections.create_album(session, "Trip")
        collections.add_to_album(session, album.id, (3, 1, 2))
    return serve(gallery.settings.data).url


@pytest.mark.parametrize(
    ("size", "theme", "language"),
    [
        ("desk", "light", "en"),
        ("phone", "dark", "fr"),
        pytest.param("desk", "dark", "fr", marks=pytest.mark.long),
        pytest.param("phone", "light", "en", marks=pytest.mark.long),
    ],
)
def test_every_page_can_be_used_by_all(browser, url, size, theme, language):
    with looking(browser, url, PAGES[0], size, color_scheme=theme, locale=language) as visit:
        for address in PAGES:
            visit.open(address)
            visit.wait_for_pictures()
            check_page(visit)
        if size == "phone":
            visit.page.locator(".tabs summary").click()
            check_page(visit)
