"""The viewer over pages of pictures, and what a photo's page changes, in a real browser with and without scripts."""

from __future__ import annotations

from functools import partial
from urllib.parse import urljoin

import pytest
from browsing import SIZES, check_page, looking, wait_until
from playwright.sync_api import Page, expect

NEWEST_OF_LONG = 401
"""The video of `long_timeline`; photos 1, 2, 3… follow, newest first."""


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


def _close(page: Page) -> None:
    page.keyboard.press("Escape")
    _wait_for_end(page)


def _wait_for_end(page: Page) -> None:
    wait_until(page, lambda: page.locator(".pswp").count() == 0, "the viewer is closed")


def _turn(page: Page, key: str) -> None:
    """To the photo beside the one that is shown, as soon as the timeline has fetched it."""

    def is_there() -> bool:
        number, of = map(int, page.locator(".pswp__counter").inner_text().split("/"))
        return number < of if key == "ArrowRight" else number > 1

    wait_until(page, is_there, f"there is no photo to come to by {key}")
    page.keyboard.press(key)


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
        _close(page)
        wait_until(page, lambda: page.url.split("?")[0] == before, "the address is the page's again")
        expect(page.locator('main .picture[href="/photos/2"]')).to_be_focused()
        page.go_forward()
        page.locator("article.photo").wait_for()
        _wait_for_address(page, 2)


def test_the_browsers_own_button_closes_the_viewer(look):
    with look("/") as visit:
        page = visit.page
        _open(page, 5)
        page.keyboard.press("ArrowRight")
        _wait_for_address(page, 6)
        page.go_back()
        _wait_for_end(page)
        expect(page.locator(".timeline")).to_be_visible()
        wait_until(page, lambda: "/photos/" not in page.url, "the address is the page's again")


def test_the_timeline_goes_on_behind_the_viewer(look):
    with look("/") as visit:
        page = visit.page
        visit.wait_for_pictures()
        there = page.locator("main .card").count()
        _open(page, 1)
        for _ in range(2, there + 20):
            _turn(page, "ArrowRight")
        _wait_for_address(page, there + 19)
        _close(page)
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
        shown = first - 11
        for _ in range(opened - shown):
            _turn(page, "ArrowLeft")
        _wait_for_address(page, shown)
        wait_until(page, lambda: page.evaluate(_LARGE % shown), "the original is shown")
        page.keyboard.press("ArrowRight")
        _wait_for_address(page, shown + 1)
        _close(page)
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
        expect(panel).to_be_hidden()
        _close(page)


def test_keys_are_listed_and_a_slideshow_begins(look):
    with look("/") as visit:
        page = visit.page
        _open(page, 2)
        page.keyboard.press("?")
        keys = page.get_by_role("dialog", name="Keys")
        expect(keys).to_be_visible()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Escape")
        keys.wait_for(state="hidden")
        assert page.url.endswith("/photos/2")
        page.keyboard.press(" ")
        _wait_for_address(page, 3)
        page.keyboard.press(" ")
        expect(page.get_by_role("button", name="Slideshow")).to_have_attribute("aria-pressed", "false")


def test_a_video_is_played_in_the_viewer(look):
    with look("/") as visit:
        page = visit.page
        _open(page, NEWEST_OF_LONG)
        video = page.locator(".pswp video")
        expect(video).to_have_attribute("src", f"/api/v1/photos/{NEWEST_OF_LONG}/original")
        wait_until(
            page, lambda: page.evaluate("document.querySelector('.pswp video').readyState > 0"), "it can be played"
        )
        page.evaluate("document.querySelector('.pswp video').play()")
        page.keyboard.press("ArrowRight")
        _wait_for_address(page, 1)
        paused = "[...document.querySelectorAll('.pswp video')].every(each => each.paused)"
        wait_until(page, lambda: page.evaluate(paused), "the video is paused")


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
        _close(page)
        wait_until(page, lambda: page.url == visit.url + address, "the address is the page's again")


def test_a_photos_own_page_shows_it_full_screen_and_takes_keys(look):
    with look("/photos/12") as visit:
        page = visit.page
        page.get_by_role("button", name="Full screen").click()
        page.locator(".pswp.pswp--open").wait_for()
        _close(page)
        assert page.url.endswith("/photos/12")
        page.keyboard.press("f")
        wait_until(page, lambda: _is_favourite(page, 12), "it is a favourite")
        page.get_by_role("button", name="4 stars").click()
        page.get_by_role("link", name="4 of 5").wait_for()
        expect(page.get_by_role("button", name="4 stars")).to_be_focused()
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
    with looking(browser, start_server().url, "/") as visit:
        for photo_id in (raw, gone):
            _open(visit.page, photo_id)
            shown = _THUMBNAIL % photo_id
            wait_until(visit.page, lambda shown=shown: visit.page.evaluate(shown), "the thumbnail is shown")
            _close(visit.page)
        visit.wrongs = [each for each in visit.wrongs if "404" not in each]


@pytest.mark.parametrize("size", SIZES)
def test_the_viewer_of_a_photos_own_page_turns_to_its_neighbours_and_closes_to_the_page(look, size):
    with look("/photos/5", size) as visit:  # of 1, 2, 3…
        page = visit.page
        page.get_by_role("button", name="Full screen").click()
        page.locator(".pswp.pswp--open").wait_for()
        right, left = "ArrowRight", "ArrowLeft"
        for key, photo_id in ((right, 6), (right, 7), (left, 6), (left, 5), (left, 4)):
            _turn(page, key)
            _wait_for_address(page, photo_id)
        page.go_back()
        _wait_for_end(page)
        _wait_for_address(page, 5)
