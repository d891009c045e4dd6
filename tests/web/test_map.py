"""The map of places in a browser: clusters that open, by mouse and keyboard, and the list where no script runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browsing import CHROMIUM, SIZES, Watched, check_page, open_browser
from playwright.sync_api import Browser, expect

from photoindex import photos
from photoindex.photos import PlaceNames

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium or google-chrome is installed")

TOWNS = (
    (45.18, 5.72, PlaceNames("Grenoble", "Isère", "France", "Grenoble", "Isère", "France", "FR")),
    (45.76, 4.84, PlaceNames("Lyon", "Rhône", "France", "Lyon", "Rhône", "France", "FR")),
    (-17.7, 178.0, PlaceNames("Nadi", "Western", "Fiji", "Nadi", "Ouest", "Fidji", "FJ")),
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@pytest.fixture
def server(gallery, start_server):
    """Over six photos: three in Grenoble, two in Lyon, one in Fiji."""
    for number, town in enumerate((0, 0, 0, 1, 1, 2)):
        latitude, longitude, names = TOWNS[town]
        with gallery.database.write() as session:
            place_id = photos.remember_place(session, town, names)
        where = {"latitude": latitude, "longitude": longitude, "place_id": place_id}
        gallery.draw(f"{number}.jpg", ("red", "blue", "green")[town], seed=number, metadata=where)
    started = start_server()
    started.get("/readyz")
    return started


def _open(browser: Browser, url: str, size: str, **options: object) -> Watched:
    context = browser.new_context(viewport=SIZES[size], reduced_motion="reduce", **options)  # type: ignore[arg-type]
    visit = Watched(context.new_page(), url)
    visit.open("/places")
    return visit


@pytest.mark.parametrize("size", SIZES)
def test_clusters_part_as_one_zooms_in_and_lead_to_their_photos(browser, server, size):
    visit = _open(browser, server.url, size)
    page = visit.page
    page.wait_for_selector('#map[data-ready="yes"]')
    expect(page.get_by_role("button", name="5 photos")).to_be_visible()
    expect(page.get_by_role("button", name="1 photo", exact=True)).to_be_visible()
    assert page.locator("#map path.land").count() > 0
    visit.wait_for_pictures()
    check_page(visit)
    page.get_by_role("button", name="5 photos").click()
    expect(page.get_by_role("button", name="3 photos")).to_be_visible()
    check_page(visit)
    page.get_by_role("button", name="3 photos").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=near*")
    assert page.locator("li.card").count() == 3
    visit.check()
    page.context.close()


def test_without_scripts_there_is_the_list(browser, server):
    visit = _open(browser, server.url, "desk", java_script_enabled=False)
    page = visit.page
    assert not page.locator("#map").is_visible()
    page.get_by_role("link", name="Grenoble").click()
    assert page.locator("li.card").count() == 3
    page.context.close()
