"""The timeline in a real browser: rows, scrolling, the address, dates, sizes and videos, with and without scripts."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from browsing import looking
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-quic", "--disable-background-networking"]
DESK = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
PHOTOS = 401

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium or google-chrome is installed")

_ROWS = """
    [...document.querySelectorAll('.grid')].map(grid => {
        const box = grid.getBoundingClientRect();
        return {left: box.left, right: box.right, cards: [...grid.children].map(card => {
            const {top, left, right, height} = card.getBoundingClientRect();
            const open = getComputedStyle(card).flexGrow === '0';
            return {top, left, right, height, open};
        })};
    })
"""
_SHOWN = "[...document.querySelectorAll('.picture')].map(each => each.pathname)"
_FIRST_IN_SIGHT = """
    [...document.querySelectorAll('.card')].find(card => card.getBoundingClientRect().bottom > 60)
        ?.querySelector('.picture').pathname
"""
_VIDEO = "[...document.querySelectorAll('.picture video')].map(each => [each.muted, each.paused, each.readyState > 1])"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def look(browser, long_timeline):
    """Opens a page; nothing may be complained of, and nothing be wider than the window."""

    @contextmanager
    def open_page(address: str, size: dict[str, int] = DESK, **options: object) -> Iterator[Page]:
        context = browser.new_context(viewport=size, **options)
        page = context.new_page()
        page.set_default_timeout(20_000)
        wrongs: list[str] = []
        page.on("console", lambda message: wrongs.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: wrongs.append(str(error)))
        page.goto(long_timeline.url + address)
        try:
            yield page
            if options.get("java_script_enabled", True):
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            assert wrongs == []
        finally:
            context.close()

    return open_page


def _wait(page: Page, until: Callable[[], bool], what: str) -> None:
    """Asked again and again: a page's own waiting would need its eval, which the policy forbids."""
    for _ in range(200):
        if until():
            return
        page.wait_for_timeout(50)
    raise AssertionError(what)


def _scroll_to_end(page: Page) -> set[str]:
    """Scroll down as a hand does until nothing more comes; the photos that came by."""
    seen: set[str] = set()
    page.mouse.move(600, 400)
    still = 0
    while still < 10:
        before = len(seen), page.evaluate("scrollY")
        page.mouse.wheel(0, 1200)
        page.wait_for_timeout(60)
        seen.update(page.evaluate(_SHOWN))
        still = still + 1 if before == (len(seen), page.evaluate("scrollY")) else 0
    return seen


@pytest.mark.parametrize("width", [320, 390, 600, 900, 1280, 1700, 2560, 3840])
def test_rows_are_full_and_even_at_every_width(look, width):
    with look("/", {"width": width, "height": 900}) as page:
        grids = page.evaluate(_ROWS)
        assert grids
        for grid in grids:
            rows: dict[float, list[dict[str, float]]] = {}
            for card in grid["cards"]:
                rows.setdefault(round(card["top"]), []).append(card)
            for row in rows.values():
                assert max(each["height"] for each in row) - min(each["height"] for each in row) < 1.5
                assert row[0]["left"] == pytest.approx(grid["left"], abs=1)
                assert row[-1]["open"] or row[-1]["right"] == pytest.approx(grid["right"], abs=1)
            assert not any(each["open"] for row in list(rows.values())[:-1] for each in row)


def test_scrolling_brings_all_photos_and_keeps_only_those_near(look):
    with look("/") as page:
        assert len(_scroll_to_end(page)) == PHOTOS
        assert page.evaluate("document.querySelectorAll('.card').length") < 0.8 * PHOTOS
        assert page.evaluate("document.querySelectorAll('[data-empty]').length") >= 1
        assert page.locator("nav.pages").is_hidden()
        _wait(page, lambda: "after=" in page.url, "the address says where one is")
        page.evaluate("scrollTo(0, 0)")
        _wait(page, lambda: page.evaluate(_FIRST_IN_SIGHT) == f"/photos/{PHOTOS}", "the first photos are back")
        _wait(page, lambda: "after=" not in page.url, "the address is that of the first page again")


def test_coming_back_from_a_photo_lands_where_one_was(look):
    with look("/") as page:
        page.mouse.move(600, 400)
        for _ in range(12):
            page.mouse.wheel(0, 800)
            page.wait_for_timeout(60)
        page.wait_for_timeout(500)
        first = page.evaluate(_FIRST_IN_SIGHT)
        place = f"document.querySelector('.picture[href=\"{first}\"]')?.getBoundingClientRect().top"
        top = page.evaluate(place)
        page.locator(f'.picture[href="{first}"]').dispatch_event("click")
        page.wait_for_url("**/photos/*")
        page.go_back()
        _wait(page, lambda: page.evaluate(place) == pytest.approx(top, abs=2), "the photo is where it was")
        page.wait_for_timeout(300)
        assert page.evaluate(place) == pytest.approx(top, abs=2)


def test_from_a_date_one_can_scroll_to_newer_photos_too(look):
    with look("/?at=2024-01") as page:
        _wait(page, lambda: page.evaluate("scrollY > 300"), "newer photos are put in front")
        heading = "document.elementFromPoint(300, 300).closest('section').dataset.month"
        assert page.evaluate(heading) == "2024-01"  # what was in sight still is
        page.mouse.move(600, 400)
        for _ in range(80):
            page.mouse.wheel(0, -1200)
            page.wait_for_timeout(40)
        _wait(page, lambda: page.evaluate(_FIRST_IN_SIGHT) == f"/photos/{PHOTOS}", "the newest photo is at the top")
        headings = page.locator(".stretch h2:visible").all_inner_texts()
        assert len(headings) == len(set(headings))


def test_the_rail_leads_to_a_date_by_dragging(look):
    with look("/") as page:
        marked = page.locator(".dates [aria-current]")
        assert marked.get_attribute("data-at") == "2024-03"
        link = page.locator('.dates [data-at="2023-12"]')
        box = link.bounding_box()
        page.mouse.move(box["x"] + 20, 100)
        page.mouse.down()
        page.mouse.move(box["x"] + 20, box["y"] + box["height"] / 2, steps=4)
        assert page.locator(".bubble").inner_text() == "December 2023"
        page.mouse.up()
        page.wait_for_url("**/?at=2023-12")
        _wait(page, lambda: marked.get_attribute("data-at") == "2023-12", "the rail marks the month")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_on_a_phone_a_sheet_leads_to_a_date(look, scripts):
    with look("/", PHONE, java_script_enabled=scripts) as page:
        sheet = page.get_by_role("navigation", name="Dates")
        assert sheet.is_hidden()
        page.get_by_role("link", name="Go to a date").click()
        assert sheet.is_visible()
        page.get_by_role("link", name="Close").click()
        assert sheet.is_hidden()
        page.get_by_role("link", name="Go to a date").click()
        sheet.get_by_role("link", name="January").click()
        page.wait_for_url("**/?at=2024-01")
        assert page.get_by_role("heading", name="January 2024").is_visible()


def test_without_scripts_links_lead_to_older_and_newer_photos(look):
    with look("/", java_script_enabled=False) as page:
        pages = 1
        for name in ("Older", "Newer"):
            link = page.get_by_role("link", name=name, exact=True)
            while link.count():
                with page.expect_navigation():
                    link.click()
                pages += 1
            assert pages >= 4
        assert page.locator(".picture").first.get_attribute("href") == f"/photos/{PHOTOS}"


def test_pictures_can_be_made_smaller_and_one_stays_at_the_place(look):
    with look("/?at=2024-01", java_script_enabled=False) as page:
        before = page.locator(".card").nth(3).bounding_box()["height"]
        page.get_by_role("link", name="Small").click()
        assert page.url.endswith("/?at=2024-01")
        assert page.locator(".card").nth(3).bounding_box()["height"] < 0.75 * before
        assert page.get_by_role("link", name="Small").get_attribute("aria-current") == "true"
        page.get_by_role("link", name="Photos", exact=True).click()
        assert page.get_by_role("link", name="Small").get_attribute("aria-current") == "true"


def test_a_video_plays_without_sound_when_it_is_pointed_at_or_focused(look):
    with look("/") as page:
        video = page.locator(".picture[data-clip]")
        assert video.count() == 1 and page.evaluate(_VIDEO) == []
        video.hover()
        _wait(page, lambda: page.evaluate(_VIDEO) == [[True, False, True]], "it plays")
        page.mouse.move(1000, 20)
        _wait(page, lambda: page.evaluate(_VIDEO) == [], "it is gone")
        video.focus()
        _wait(page, lambda: page.evaluate(_VIDEO) == [[True, False, True]], "it plays")


def test_nothing_plays_by_itself_for_those_who_want_calm(look):
    with look("/", reduced_motion="reduce") as page:
        page.locator(".picture[data-clip]").hover()
        page.wait_for_timeout(800)
        assert page.evaluate(_VIDEO) == []


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_nothing_moves_while_pictures_come(look, size):
    with look("/", size) as page:
        page.evaluate(
            "window.moved = 0; new PerformanceObserver(list => { for (const each of list.getEntries()) "
            "moved += each.value; }).observe({type: 'layout-shift', buffered: true})"
        )
        page.mouse.move(200, 400)
        for _ in range(40):
            page.mouse.wheel(0, 500)
            page.wait_for_timeout(40)
        assert page.evaluate("moved") <= 0.02


@pytest.mark.parametrize("locale", ["en-GB", "fr-FR"])
@pytest.mark.parametrize("width", [390, 360])
def test_the_sizes_and_the_button_that_begins_selecting_share_a_line_on_a_phone(browser, long_timeline, locale, width):
    with looking(browser, long_timeline.url, "/", locale=locale, viewport={"width": width, "height": 800}) as visit:
        sizes, begin = (visit.page.locator(f".heading {each}").bounding_box() for each in (".densities", ".begin"))
        assert sizes and begin
        assert abs(sizes["y"] + sizes["height"] / 2 - begin["y"] - begin["height"] / 2) < 8
        assert sizes["x"] + sizes["width"] <= begin["x"]
