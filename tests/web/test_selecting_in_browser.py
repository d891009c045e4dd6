"""Selecting in a real browser: clicks, ranges, days, keys, and what then happens; at a desk and on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest
from browsing import CHROMIUM, SIZES, Watched, check_page, open_browser
from playwright.sync_api import Browser, expect

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium or google-chrome is installed")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@pytest.fixture
def visit(browser: Browser, gallery, start_server) -> Iterator[Callable[..., Watched]]:
    gallery.fill(36, days_apart=0.09)  # several days that fill rows
    server = start_server()
    server.get("/readyz")
    contexts = []

    def open(size: str = "desk", **options: object) -> Watched:
        contexts.append(browser.new_context(viewport=SIZES[size], **options))
        return Watched(contexts[-1].new_page(), server.url)

    yield open
    for context in contexts:
        context.close()


def count(visit: Watched) -> str:
    return visit.page.locator("#selection [role=status]").inner_text()


def ticked(visit: Watched) -> int:
    return visit.page.locator(".card > .check:checked").count()


def test_marks_ranges_days_and_keys_select_photos(visit):
    here = visit()
    here.open("/")
    page = here.page
    bar = page.locator("#selection")
    expect(bar).to_be_hidden()
    cards = page.locator(".card")
    cards.nth(1).hover()
    cards.nth(1).locator(".check").click()
    expect(bar).to_be_visible()
    assert count(here) == "1 selected"
    cards.nth(5).locator(".picture").click(modifiers=["Shift"])
    assert count(here) == "5 selected"
    assert [cards.nth(number).locator(".check").is_checked() for number in range(7)] == [False] + 5 * [True] + [False]
    cards.nth(3).locator(".picture").click()
    assert (count(here), page.url) == ("4 selected", here.url + "/")
    check_page(here)
    page.keyboard.press("Escape")
    expect(bar).to_be_hidden()
    assert ticked(here) == 0
    cards.nth(2).locator(".picture").focus()
    page.keyboard.press("x")
    cards.nth(4).locator(".picture").focus()
    page.keyboard.press("Shift+X")
    assert count(here) == "3 selected"
    page.keyboard.press("x")
    assert count(here) == "2 selected"
    page.keyboard.press("Escape")
    day = page.locator(".stretch h3").first
    of_day = page.locator(".stretch h3 + .rows").first.locator(".card").count()
    day.hover()
    day.locator(".check").click()
    assert count(here) == f"{of_day} selected"
    day.locator(".check").click()
    assert ticked(here) == 0
    here.check()


@pytest.mark.parametrize("size", SIZES)
def test_what_is_selected_can_be_hidden_and_that_undone(visit, size):
    here = visit(size)
    here.open("/")
    page = here.page
    page.locator("[data-begin]").click()
    first = page.locator(".card").first.locator(".picture").get_attribute("href")
    page.locator(".card").nth(0).locator(".picture").click()
    page.locator(".card").nth(1).locator(".picture").click()
    page.locator("#selection summary").click()
    check_page(here)
    page.locator("button[value=hide]").click()
    expect(page.locator(".said")).to_contain_text("2 photos are hidden. Their files stay as they are.")
    expect(page.locator(f'main .picture[href="{first}"]')).to_have_count(0)
    check_page(here)
    here.open("/hidden")
    assert page.locator(".card").count() == 2
    check_page(here)
    page.go_back()
    here.open("/hidden?select=1")
    page.locator(".card .check").first.click()
    page.locator("button[value=unhide]").click()
    expect(page.locator(".said")).to_contain_text("1 photo is shown again.")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".card")).to_have_count(2)
    check_page(here)


def test_the_selection_survives_endless_scroll(browser, long_timeline):
    context = browser.new_context(viewport=SIZES["desk"])
    here = Watched(context.new_page(), long_timeline.url)
    here.open("/")
    page = here.page
    page.locator(".card").first.hover()
    page.locator(".card > .check").first.click()
    for _ in range(60):
        page.mouse.wheel(0, 2500)
        page.wait_for_timeout(40)
        if page.locator(".stretch[data-empty]").count():
            break
    assert page.locator(".stretch[data-empty]").count() > 0, "nothing was emptied"
    assert count(here) == "1 selected"
    last = page.locator(".card").last
    last.scroll_into_view_if_needed()
    last.locator(".picture").click(modifiers=["Shift"])
    number = int(count(here).split()[0])
    assert number > page.locator(".card").count()  # with those of the part that was emptied
    with page.expect_download() as started:
        page.locator("button[value=download]").click()
    with ZipFile(started.value.path()) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == number
    here.check()
    context.close()


@pytest.mark.parametrize("size", SIZES)
def test_albums_are_made_filled_and_ordered(visit, size, tmp_path: Path):
    here = visit(size)
    page = here.page
    here.open("/search?q=red")
    page.locator("[data-begin]").click()
    for number in range(3):
        page.locator(".card").nth(number).locator(".picture").click()
    page.locator("button[value=choose]").click()
    check_page(here)
    page.get_by_label("Name of the new album").fill("Summer")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".said")).to_contain_text("3 photos were added to “Summer”.")
    assert page.url.endswith("/search?q=red")
    here.open("/albums")
    check_page(here)
    page.locator(".tile a", has_text="Summer").click()
    hrefs = [each.get_attribute("href") for each in page.locator(".card .picture").all()]
    page.locator("[data-begin]").click()
    page.locator(".card").nth(2).locator(".picture").click()
    page.locator("#selection summary").click()
    check_page(here)
    page.locator("button[value=first]").click()
    expect(page.locator(".said")).to_contain_text("1 photo was moved.")
    moved = [each.get_attribute("href") for each in page.locator(".card .picture").all()]
    assert moved == [hrefs[2], *hrefs[:2]]
    check_page(here)


@pytest.mark.parametrize("size", SIZES)
def test_without_a_script_a_page_with_boxes_does_the_same(visit, size):
    here = visit(size, java_script_enabled=False)
    page = here.page
    page.goto(here.url + "/search?q=blue")
    page.get_by_role("link", name="Select", exact=True).click()
    assert re.search(r"[?&]select=1", page.url)
    page.locator(".card .check").nth(0).check()
    page.locator(".card .check").nth(1).check()
    page.locator("button[value=favourite]").click()
    expect(page.locator(".said")).to_contain_text("2 photos are favourites now.")
    assert page.locator(".badge.star").count() == 2
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".said")).to_contain_text("Undone, for 2 photos.")
    assert page.locator(".badge.star").count() == 0
    assert here.wrongs == []
