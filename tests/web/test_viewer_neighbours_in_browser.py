"""The viewer opened on a photo's own page goes on in the timeline, and back leads to that page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browsing import CHROMIUM, SIZES, looking, open_browser, wait_until
from playwright.sync_api import Browser, expect

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium or google-chrome is installed")

OPENED = 5
"""Of the photos 1, 2, 3… of `long_timeline`, newest first."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@pytest.mark.parametrize("size", SIZES)
def test_the_viewer_of_a_photos_own_page_turns_to_its_neighbours_and_closes_to_the_page(browser, long_timeline, size):
    with looking(browser, long_timeline.url, f"/photos/{OPENED}", size) as visit:
        page = visit.page

        def turn(key: str, photo_id: int) -> None:
            def came() -> bool:
                if not page.url.endswith(f"/photos/{photo_id}"):
                    page.keyboard.press(key)
                    page.wait_for_timeout(300)  # the address follows
                return page.url.endswith(f"/photos/{photo_id}")

            wait_until(page, came, f"{key} leads to photo {photo_id}, the address is {page.url}")

        with page.expect_response(lambda each: "/timeline?after=" in each.url):
            page.get_by_role("button", name="Full screen").click()
        page.locator(".pswp.pswp--open").wait_for()
        turn("ArrowRight", OPENED + 1)
        turn("ArrowRight", OPENED + 2)
        turn("ArrowLeft", OPENED - 1)
        page.go_back()
        expect(page.locator(".pswp")).to_have_count(0)
        assert page.url.endswith(f"/photos/{OPENED}")


@pytest.mark.parametrize("locale", ["en-GB", "fr-FR"])
@pytest.mark.parametrize("width", [390, 360])
def test_the_sizes_and_the_button_that_begins_selecting_share_a_line_on_a_phone(browser, long_timeline, locale, width):
    with looking(browser, long_timeline.url, "/", locale=locale, viewport={"width": width, "height": 800}) as visit:
        sizes, begin = (visit.page.locator(f".heading {each}").bounding_box() for each in (".densities", ".begin"))
        assert sizes and begin
        assert abs(sizes["y"] + sizes["height"] / 2 - begin["y"] - begin["height"] / 2) < 8
        assert sizes["x"] + sizes["width"] <= begin["x"]
