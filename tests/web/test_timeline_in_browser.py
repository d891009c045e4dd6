"""The timeline in a real browser: rows, scrolling, the address, dates, sizes and videos, with and without scripts."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from browsing import looking, wait_until
from playwright.sync_api import Page, expect

PHOTOS = 401

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


@pytest.fixture
def look(browser, long_timeline):
    return partial(looking, browser, long_timeline.url, reduced_motion="no-preference")


def _first_in_sight(page: Page) -> str | None:
    found: str | None = page.evaluate(_FIRST_IN_SIGHT)
    return found


def test_rows_are_full_and_even_at_every_width(look):
    with look("/") as visit:
        page = visit.page
        for width in (320, 390, 600, 900, 1280, 1700, 2560, 3840):
            page.set_viewport_size({"width": width, "height": 900})
            wait_until(page, lambda width=width: page.evaluate("innerWidth") == width, "the window has its width")
            visit.check()
            grids = page.evaluate(_ROWS)
            assert grids
            for grid in grids:
                check_rows(grid)


def check_rows(grid: dict[str, Any]) -> None:
    rows: dict[float, list[dict[str, float]]] = {}
    for card in grid["cards"]:
        rows.setdefault(round(card["top"]), []).append(card)
    for row in rows.values():
        assert max(each["height"] for each in row) - min(each["height"] for each in row) < 1.5
        assert row[0]["left"] == pytest.approx(grid["left"], abs=1)
        assert row[-1]["open"] or row[-1]["right"] == pytest.approx(grid["right"], abs=1)
    assert not any(each["open"] for row in list(rows.values())[:-1] for each in row)


def test_scrolling_brings_all_photos_and_keeps_only_those_near(look):
    with look("/") as visit:
        page, seen = visit.page, set[str]()
        page.mouse.move(600, 400)

        def scroll() -> bool:
            page.mouse.wheel(0, 1200)
            seen.update(page.evaluate(_SHOWN))
            return len(seen) == PHOTOS

        wait_until(page, scroll, "all photos come by")
        cards, emptied = page.locator(".card"), page.locator("[data-empty]")
        wait_until(page, lambda: cards.count() < 0.8 * PHOTOS and emptied.count(), "what is far away is emptied")
        expect(page.locator("nav.pages")).to_be_hidden()
        wait_until(page, lambda: "after=" in page.url, "the address says where one is")
        page.evaluate("scrollTo(0, 0)")
        wait_until(page, lambda: _first_in_sight(page) == f"/photos/{PHOTOS}", "the first photos are back")
        wait_until(page, lambda: "after=" not in page.url, "the address is that of the first page again")


def test_coming_back_from_a_photo_lands_where_one_was(look):
    with look("/") as visit:
        page = visit.page
        page.mouse.move(600, 400)

        def scroll() -> bool:
            page.mouse.wheel(0, 800)
            return bool(page.evaluate("scrollY > 5000"))

        wait_until(page, scroll, "one can scroll far")
        place = "document.querySelector('.picture[href=\"%s\"]')?.closest('.card').getBoundingClientRect().top"

        def is_noted() -> bool:
            noted = page.evaluate("history.state")
            return noted is not None and noted["top"] == pytest.approx(page.evaluate(place % noted["card"]), abs=1)

        page.wait_for_load_state("networkidle")
        wait_until(page, is_noted, "where one is is noted")
        first, top = (page.evaluate("history.state")[name] for name in ("card", "top"))
        page.goto(f"{visit.url}{first}")
        page.go_back()
        there = lambda: page.evaluate(place % first) == pytest.approx(top, abs=2)  # noqa: E731
        wait_until(page, there, "the photo is where it was")
        page.wait_for_load_state("networkidle")
        assert there()


def test_from_a_date_one_can_scroll_to_newer_photos_too(look):
    with look("/?at=2024-01") as visit:
        page = visit.page
        wait_until(page, lambda: page.evaluate("scrollY > 300"), "newer photos are put in front")
        heading = "document.elementFromPoint(300, 300).closest('section').dataset.month"
        assert page.evaluate(heading) == "2024-01"  # what was in sight still is
        page.mouse.move(600, 400)

        def scroll() -> bool:
            page.mouse.wheel(0, -1200)
            return _first_in_sight(page) == f"/photos/{PHOTOS}"

        wait_until(page, scroll, "the newest photo is at the top")
        headings = page.locator(".stretch h2:visible").all_inner_texts()
        assert len(headings) == len(set(headings))


def test_the_rail_leads_to_a_date_by_dragging(look):
    with look("/") as visit:
        page = visit.page
        marked = page.locator(".dates [aria-current]")
        expect(marked).to_have_attribute("data-at", "2024-03")
        link = page.locator('.dates [data-at="2023-12"]')
        box = link.bounding_box()
        page.mouse.move(box["x"] + 20, 100)
        page.mouse.down()
        page.mouse.move(box["x"] + 20, box["y"] + box["height"] / 2, steps=4)
        expect(page.locator(".bubble")).to_have_text("December 2023")
        page.mouse.up()
        page.wait_for_url("**/?at=2023-12")
        expect(page.locator('[data-month="2023-12"] h2').first).to_be_in_viewport()
        expect(marked).to_have_attribute("data-at", "2023-12")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_on_a_phone_a_sheet_leads_to_a_date(look, scripts):
    with look("/", "phone", java_script_enabled=scripts) as visit:
        page = visit.page
        sheet = page.get_by_role("navigation", name="Dates")
        expect(sheet).to_be_hidden()
        page.get_by_role("link", name="Go to a date").click()
        expect(sheet).to_be_visible()
        page.get_by_role("link", name="Close").click()
        expect(sheet).to_be_hidden()
        page.get_by_role("link", name="Go to a date").click()
        sheet.get_by_role("link", name="January").click()
        page.wait_for_url("**/?at=2024-01")
        expect(page.get_by_role("heading", name="January 2024")).to_be_visible()


def test_without_scripts_links_lead_to_older_and_newer_photos(look):
    with look("/", java_script_enabled=False) as visit:
        page, pages = visit.page, 1
        for name in ("Older", "Newer"):
            link = page.get_by_role("link", name=name, exact=True)
            while link.count():
                with page.expect_navigation():
                    link.click()
                pages += 1
            assert pages >= 4
        expect(page.locator(".picture").first).to_have_attribute("href", f"/photos/{PHOTOS}")


def test_pictures_can_be_made_smaller_and_one_stays_at_the_place(look):
    with look("/?at=2024-01", java_script_enabled=False) as visit:
        page, small = visit.page, visit.page.get_by_role("link", name="Small")
        before = page.locator(".card").nth(3).bounding_box()["height"]
        with page.expect_navigation():
            small.click()
        assert page.url.endswith("/?at=2024-01")
        expect(small).to_have_attribute("aria-current", "true")
        assert page.locator(".card").nth(3).bounding_box()["height"] < 0.75 * before
        with page.expect_navigation():
            page.get_by_role("link", name="Photos", exact=True).click()
        expect(small).to_have_attribute("aria-current", "true")


def test_a_video_plays_without_sound_when_it_is_pointed_at_or_focused(look):
    with look("/") as visit:
        page, video = visit.page, visit.page.locator(".picture[data-clip]")
        plays = lambda: page.evaluate(_VIDEO) == [[True, False, True]]  # noqa: E731
        assert video.count() == 1 and page.evaluate(_VIDEO) == []
        video.hover()
        wait_until(page, plays, "it plays")
        page.mouse.move(1000, 20)
        wait_until(page, lambda: page.evaluate(_VIDEO) == [], "it is gone")
        video.focus()
        wait_until(page, plays, "it plays")


def test_nothing_plays_by_itself_for_those_who_want_calm(look):
    with look("/", reduced_motion="reduce") as visit:
        visit.page.locator(".picture[data-clip]").hover()
        visit.page.wait_for_timeout(800)
        assert visit.page.evaluate(_VIDEO) == []


@pytest.mark.parametrize("size", ["phone", pytest.param("desk", marks=pytest.mark.long)])
def test_nothing_moves_while_pictures_come(look, size):
    with look("/", size) as visit:
        page = visit.page
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
