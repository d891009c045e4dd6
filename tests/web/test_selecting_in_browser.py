"""Selecting in a real browser: clicks, ranges, days, keys, and what then happens; at a desk and on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from zipfile import ZipFile

import pytest
from browsing import SIZES, check_page, looking, wait_until
from playwright.sync_api import Browser, Locator, Page, expect
from web.conftest import Gallery, RunningServer


@pytest.fixture(scope="module")
def days(make_gallery: Callable[[str], Gallery], serve: Callable[[Path], RunningServer]) -> str:
    """The address of a server over thirty-six photos of several days that fill rows."""
    gallery = make_gallery("days")
    gallery.fill(36, days_apart=0.09)
    return serve(gallery.settings.data).url


@pytest.fixture
def look(browser: Browser, days: str):
    return partial(looking, browser, days)


def say_selected(page: Page, count: int) -> None:
    expect(page.locator("#selection [role=status]")).to_have_text(f"{count} selected")


def leave(page: Page, through: Locator) -> None:
    """Click what leads to another page, or to this one again, and wait until that is there with its scripts."""
    with page.expect_navigation():
        through.click()


def shown(page: Page) -> list[str]:
    found: list[str] = page.locator(".card .picture").evaluate_all("links => links.map(link => link.pathname)")
    return found


def test_marks_ranges_days_and_keys_select_photos(look):
    with look("/") as visit:
        page = visit.page
        bar, ticked = page.locator("#selection"), page.locator(".card > .check:checked")
        expect(bar).to_be_hidden()
        cards = page.locator(".card")
        cards.nth(1).hover()
        cards.nth(1).locator(".check").click()
        expect(bar).to_be_visible()
        say_selected(page, 1)
        cards.nth(5).locator(".picture").click(modifiers=["Shift"])
        say_selected(page, 5)
        for number in range(7):
            expect(cards.nth(number).locator(".check")).to_be_checked(checked=1 <= number <= 5)
        cards.nth(3).locator(".picture").click()
        say_selected(page, 4)
        assert page.url == visit.url + "/"
        check_page(visit)
        page.keyboard.press("Escape")
        expect(bar).to_be_hidden()
        expect(ticked).to_have_count(0)
        cards.nth(2).locator(".picture").focus()
        page.keyboard.press("x")
        cards.nth(4).locator(".picture").focus()
        page.keyboard.press("Shift+X")
        say_selected(page, 3)
        page.keyboard.press("x")
        say_selected(page, 2)
        page.keyboard.press("Escape")
        day = page.locator(".stretch h3").first
        of_day = page.locator(".stretch h3 + .rows").first.locator(".card").count()
        day.hover()
        day.locator(".check").click()
        say_selected(page, of_day)
        day.locator(".check").click()
        expect(ticked).to_have_count(0)


@pytest.mark.parametrize("size", SIZES)
def test_what_is_selected_can_be_hidden_and_that_undone(look, size):
    with look("/", size) as visit:
        page = visit.page
        said, cards = page.locator(".said"), page.locator(".card")
        page.locator("[data-begin]").click()
        first = shown(page)[0]
        cards.nth(0).locator(".picture").click()
        cards.nth(1).locator(".picture").click()
        page.locator("#selection summary").click()
        check_page(visit)
        leave(page, page.locator("button[value=hide]"))
        expect(said).to_contain_text("2 photos are hidden. Their files stay as they are.")
        expect(page.locator(f'main .picture[href="{first}"]')).to_have_count(0)
        visit.check()
        visit.open("/hidden")
        expect(cards).to_have_count(2)
        page.go_back()
        visit.open("/hidden?select=1")
        page.locator(".card .check").first.click()
        leave(page, page.locator("button[value=unhide]"))
        expect(said).to_contain_text("1 photo is shown again.")
        check_page(visit)
        leave(page, page.get_by_role("button", name="Undo"))
        expect(cards).to_have_count(2)
        visit.open("/hidden?select=1")
        for number in range(2):
            page.locator(".card .check").nth(number).click()
        leave(page, page.locator("button[value=unhide]"))
        expect(said).to_contain_text("2 photos are shown again.")
        expect(cards).to_have_count(0)


def test_the_selection_survives_endless_scroll(browser, long_timeline):
    with looking(browser, long_timeline.url, "/") as visit:
        page, emptied = visit.page, visit.page.locator(".stretch[data-empty]")
        page.locator(".card").first.hover()
        page.locator(".card > .check").first.click()

        def scroll() -> bool:
            page.mouse.wheel(0, 2500)
            return emptied.count() > 0

        wait_until(page, scroll, "nothing was emptied")
        say_selected(page, 1)
        last = page.locator(".card").last
        last.scroll_into_view_if_needed()
        last.locator(".picture").click(modifiers=["Shift"])
        expect(page.locator("#selection [role=status]")).not_to_have_text("1 selected")
        number = int(page.locator("#selection [role=status]").inner_text().split()[0])
        assert number > page.locator(".card").count()  # with those of the part that was emptied
        with page.expect_download() as started:
            page.locator("button[value=download]").click()
        with ZipFile(started.value.path()) as archive:
            assert archive.testzip() is None
            assert len(archive.namelist()) == number


@pytest.mark.parametrize("size", SIZES)
def test_albums_are_made_filled_and_ordered(look, size):
    album = f"Summer at a {size}"
    with look("/search?q=red", size) as visit:
        page = visit.page
        page.locator("[data-begin]").click()
        for number in range(3):
            page.locator(".card").nth(number).locator(".picture").click()
        leave(page, page.locator("button[value=choose]"))
        check_page(visit)
        page.get_by_label("Name of the new album").fill(album)
        leave(page, page.get_by_role("button", name="Add", exact=True))
        expect(page.locator(".said")).to_contain_text(f"3 photos were added to “{album}”.")
        assert page.url.endswith("/search?q=red")
        visit.open("/albums")
        leave(page, page.locator(".tile a", has_text=album))
        before = shown(page)
        page.locator("[data-begin]").click()
        page.locator(".card").nth(2).locator(".picture").click()
        page.locator("#selection summary").click()
        check_page(visit)
        leave(page, page.locator("button[value=first]"))
        expect(page.locator(".said")).to_contain_text("1 photo was moved.")
        assert shown(page) == [before[2], *before[:2]]
        visit.check()


@pytest.mark.parametrize("size", SIZES)
def test_without_a_script_a_page_with_boxes_does_the_same(look, size):
    with look("/search?q=blue", size, java_script_enabled=False) as visit:
        page, stars = visit.page, visit.page.locator(".badge.star")
        page.get_by_role("link", name="Select", exact=True).click()
        page.wait_for_url(re.compile(r"[?&]select=1"))
        page.locator(".card .check").nth(0).check()
        page.locator(".card .check").nth(1).check()
        page.locator("button[value=favourite]").click()
        expect(page.locator(".said")).to_contain_text("2 photos are favourites now.")
        expect(stars).to_have_count(2)
        page.get_by_role("button", name="Undo").click()
        expect(page.locator(".said")).to_contain_text("Undone, for 2 photos.")
        expect(stars).to_have_count(0)
