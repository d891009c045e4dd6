"""The viewer over pages of pictures, and what a photo's page changes, in a real browser with and without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from urllib.parse import urljoin

import pytest
from browsing import CHROMIUM, SIZES, Watched, check_page, looking, open_browser, wait_until
from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium or google-chrome is installed")

NEWEST_OF_LONG = 401
"""The video of `long_timeline`; photos 1, 2, 3… follow, newest first."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@pytest.fixture
def look(browser, long_timeline):
    """Opens a page, which must be without complaints at the end."""

    return partial(looking, browser, long_timeline.url)


def _open(page: Page, photo_id: int) -> None:
    page.locator(f'main .picture[href="/photos/{photo_id}"]').click()
    page.locator(".pswp.pswp--open").wait_for()
    _wait_for_address(page, photo_id)


def _wait_for_address(page: Page, photo_id: int) -> None:
    wait_until(
        page, lambda: page.url.endswith(f"/photos/{photo_id}"), f"the address is {page.url}, not that of {photo_id}"
    )


def _closed(page: Page) -> None:
    wait_until(page, lambda: page.locator(".pswp").count() == 0, "the viewer is closed")


def _is_favourite(page: Page, photo_id: int) -> bool:
    answer = page.request.get(urljoin(page.url, f"/api/v1/photos/{photo_id}"))
    return bool(answer.json()["favourite"])


_THUMBNAIL = """
    [...document.querySelectorAll('img.pswp__img')]
    .some(each => each.src.endsWith('/photos/%d/thumbnail') && each.naturalWidth > 1)
"""
_LARGE = "[...document.querySelectorAll('img.pswp__img')].some(each => each.src.endsWith('/photos/%d/original'))"


@pytest.mark.parametrize("size", SIZES)
def test_the_viewer_shows_photo_after_photo_and_leads_back(look, size):
    with look("/", size, has_touch=size == "phone") as visit:
        page = visit.page
        visit.wait_for_pictures()
        before = page.url
        _open(page, 3)
        wait_until(page, lambda: page.evaluate(_LARGE % 3), "the original is shown")
        wait_until(page, lambda: page.evaluate(_LARGE % 4), "the next is fetched already")
        check_page(visit)
        page.keyboard.press("ArrowRight")
        _wait_for_address(page, 4)
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowLeft")
        _wait_for_address(page, 2)
        page.keyboard.press("Escape")
        _closed(page)
        wait_until(page, lambda: page.url.split("?")[0] == before, "the address is the page's again")
        assert page.evaluate("document.activeElement.getAttribute('href')") == "/photos/2"
        page.go_forward()
        page.locator("article.photo").wait_for()
        assert page.url.endswith("/photos/2")


def test_the_browsers_own_button_closes_the_viewer(look):
    with look("/") as visit:
        page = visit.page
        _open(page, 5)
        page.keyboard.press("ArrowRight")
        _wait_for_address(page, 6)
        page.go_back()
        _closed(page)
        assert page.locator(".timeline").is_visible()
        assert "/photos/" not in page.url


def test_the_timeline_goes_on_behind_the_viewer(look):
    with look("/") as visit:
        page = visit.page
        visit.wait_for_pictures()
        there = page.locator("main .card").count()
        _open(page, 1)
        for photo_id in range(2, there + 20):
            page.keyboard.press("ArrowRight")
            page.wait_for_timeout(10)
            if photo_id % 20 == 0:
                _wait_for_address(page, photo_id)
        _wait_for_address(page, there + 19)
        page.keyboard.press("Escape")
        _closed(page)
        card = page.locator(f'main .picture[href="/photos/{there + 19}"]')
        box = card.bounding_box()
        assert box is not None
        assert 0 <= box["y"] < SIZES["desk"]["height"]


def test_the_viewer_goes_on_to_newer_photos_than_the_page_began_with(look):
    with look("/?at=2023-12-20") as visit:
        page = visit.page
        page.wait_for_load_state("networkidle")
        first = int(page.locator("main .card .picture").first.get_attribute("href").rsplit("/", 1)[1])
        assert first > 12, "the page has the newest photos already"
        opened = first + 3
        _open(page, opened)
        for photo_id in range(opened - 1, first - 12, -1):
            page.keyboard.press("ArrowLeft")
            _wait_for_address(page, photo_id)
        shown = first - 11
        wait_until(page, lambda: page.evaluate(_LARGE % shown), "the original is shown")
        page.keyboard.press("ArrowRight")
        _wait_for_address(page, shown + 1)
        page.keyboard.press("Escape")
        _closed(page)
        box = page.locator(f'main .picture[href="/photos/{shown + 1}"]').bounding_box()
        assert box is not None
        assert 0 <= box["y"] < SIZES["desk"]["height"]


@pytest.mark.parametrize("size", SIZES)
def test_the_viewer_tells_what_is_known_and_makes_favourites(look, size):
    with look("/", size) as visit:
        page = visit.page
        _open(page, 8)
        page.keyboard.press("f")
        wait_until(page, lambda: _is_favourite(page, 8), "it is a favourite")
        heart = page.get_by_role("button", name="Favourite", exact=True).first
        wait_until(page, lambda: heart.get_attribute("aria-pressed") == "true", "the viewer says so")
        star = page.locator('main .picture[href="/photos/8"] .star')
        wait_until(page, lambda: star.count() == 1, "the photo has its star")
        page.keyboard.press("i")
        page.locator(".viewer-panel .facts").wait_for()
        check_page(visit)
        panel = page.locator(".viewer-panel")
        panel.get_by_role("button", name="Favourite").click()
        wait_until(page, lambda: not _is_favourite(page, 8), "it is none again")
        wait_until(page, lambda: heart.get_attribute("aria-pressed") == "false", "the viewer says so")
        wait_until(page, lambda: star.count() == 0, "the star is gone")
        page.keyboard.press("ArrowRight")
        wait_until(page, lambda: "photo 0008" in panel.inner_text(), "the panel tells of the next")
        page.keyboard.press("i")
        assert panel.is_hidden()
        page.keyboard.press("Escape")
        _closed(page)


def test_keys_are_listed_and_a_slideshow_begins(look):
    with look("/") as visit:
        page = visit.page
        _open(page, 2)
        page.keyboard.press("?")
        keys = page.get_by_role("dialog", name="Keys")
        assert keys.is_visible()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Escape")
        keys.wait_for(state="hidden")
        assert page.url.endswith("/photos/2")
        page.keyboard.press(" ")
        _wait_for_address(page, 3)
        page.keyboard.press(" ")
        assert page.get_by_role("button", name="Slideshow").get_attribute("aria-pressed") == "false"


def test_a_video_is_played_in_the_viewer(look):
    with look("/") as visit:
        page = visit.page
        _open(page, NEWEST_OF_LONG)
        video = page.locator(".pswp video")
        video.wait_for()
        assert video.get_attribute("src") == f"/api/v1/photos/{NEWEST_OF_LONG}/original"
        wait_until(
            page, lambda: page.evaluate("document.querySelector('.pswp video').readyState > 0"), "it can be played"
        )
        page.evaluate("document.querySelector('.pswp video').play()")
        page.keyboard.press("ArrowRight")
        _wait_for_address(page, 1)
        assert page.evaluate("[...document.querySelectorAll('.pswp video')].every(each => each.paused)")


@pytest.mark.parametrize("address", ["/search?q=red+show:all", "/photos/1/similar", "/photos/1"])
def test_the_viewer_opens_wherever_there_are_pictures(look, address):
    with look(address) as visit:
        page = visit.page
        visit.wait_for_pictures()
        first = page.locator("main .card .picture").first
        wanted = int(first.get_attribute("href").split("?")[0].rsplit("/", 1)[1])
        first.click()
        page.locator(".pswp.pswp--open").wait_for()
        _wait_for_address(page, wanted)
        page.keyboard.press("Escape")
        _closed(page)
        wait_until(page, lambda: page.url == visit.url + address, "the address is the page's again")


def test_a_photos_own_page_shows_it_full_screen_and_takes_keys(look):
    with look("/photos/12") as visit:
        page = visit.page
        page.get_by_role("button", name="Full screen").click()
        page.locator(".pswp.pswp--open").wait_for()
        page.keyboard.press("Escape")
        _closed(page)
        assert page.url.endswith("/photos/12")
        page.keyboard.press("f")
        wait_until(page, lambda: _is_favourite(page, 12), "it is a favourite")
        page.get_by_role("button", name="4 stars").click()
        page.get_by_role("link", name="4 of 5").wait_for()
        assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "4 stars"
        check_page(visit)


def test_the_address_of_a_photo_is_copied(look):
    with look("/photos/7", permissions=["clipboard-read", "clipboard-write"]) as visit:
        visit.page.get_by_role("button", name="Copy link").click()
        visit.page.get_by_role("button", name="Copied").wait_for()
        assert visit.page.evaluate("navigator.clipboard.readText()") == f"{visit.url}/photos/7"


@pytest.mark.parametrize("size", SIZES)
def test_without_scripts_links_lead_to_pages_and_forms_change_them(look, size):
    with look("/", size, java_script_enabled=False) as visit:
        page = visit.page
        page.locator('main .picture[href="/photos/20"]').click()
        page.wait_for_url("**/photos/20")
        for name in ("Full screen", "Copy link"):
            assert page.get_by_role("button", name=name).count() == 0
        page.get_by_role("button", name="Favourite").click()
        page.get_by_role("button", name="Favourite", pressed=True).wait_for()
        assert page.url.endswith("/photos/20")
        page.get_by_role("button", name="2 stars").click()
        page.get_by_role("link", name="2 of 5").wait_for()
        page.get_by_role("button", name="2 stars").click()
        page.get_by_role("link", name="2 of 5").wait_for(state="detached")
        page.get_by_role("button", name="Favourite").click()
        page.get_by_role("button", name="Favourite", pressed=False).wait_for()
        assert not _is_favourite(page, 20)


def test_what_browsers_cannot_show_or_is_not_there_is_shown_by_its_thumbnail(browser, gallery, start_server):
    raw = gallery.draw("raw.jpg", "blue", size=(800, 600), metadata={"kind": "raw", "format": "nef"})
    gone = gallery.draw("gone.jpg", "red", size=(800, 600))
    (gallery.root / "gone.jpg").unlink()
    server = start_server()
    context = browser.new_context(viewport=SIZES["desk"], reduced_motion="reduce")
    visit = Watched(context.new_page(), server.url)
    visit.open("/")
    for photo_id in (raw, gone):
        _open(visit.page, photo_id)
        shown = _THUMBNAIL % photo_id
        wait_until(visit.page, lambda shown=shown: visit.page.evaluate(shown), "the thumbnail is shown")
        visit.page.keyboard.press("Escape")
        _closed(visit.page)
    context.close()
    assert all("404" in each for each in visit.wrongs)


@pytest.mark.parametrize("size", SIZES)
def test_the_viewer_of_a_photos_own_page_turns_to_its_neighbours_and_closes_to_the_page(look, size):
    opened = 5  # of 1, 2, 3…
    with look(f"/photos/{opened}", size) as visit:
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
        turn("ArrowRight", opened + 1)
        turn("ArrowRight", opened + 2)
        turn("ArrowLeft", opened - 1)
        page.go_back()
        _closed(page)
        assert page.url.endswith(f"/photos/{opened}")
