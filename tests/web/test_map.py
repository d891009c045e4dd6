"""The map of places in a browser: clusters that open, by mouse and keyboard, and the list where no script runs."""

from __future__ import annotations

import pytest
from browsing import SIZES, check_page, looking
from playwright.sync_api import expect

from photoindex import photos
from photoindex.photos import PlaceNames

TOWNS = (
    (45.18, 5.72, PlaceNames("Grenoble", "Isère", "France", "Grenoble", "Isère", "France", "FR")),
    (45.76, 4.84, PlaceNames("Lyon", "Rhône", "France", "Lyon", "Rhône", "France", "FR")),
    (-17.7, 178.0, PlaceNames("Nadi", "Western", "Fiji", "Nadi", "Ouest", "Fidji", "FJ")),
)


@pytest.fixture(scope="module")
def server(make_gallery, serve):
    """Over six photos: three in Grenoble, two in Lyon, one in Fiji."""
    gallery = make_gallery("places")
    for number, town in enumerate((0, 0, 0, 1, 1, 2)):
        latitude, longitude, names = TOWNS[town]
        with gallery.database.write() as session:
            place_id = photos.remember_place(session, town, names)
        where = {"latitude": latitude, "longitude": longitude, "place_id": place_id}
        gallery.draw(f"{number}.jpg", ("red", "blue", "green")[town], seed=number, metadata=where)
    return serve(gallery.settings.data)


@pytest.mark.parametrize("size", SIZES)
def test_clusters_part_as_one_zooms_in_and_lead_to_their_photos(browser, server, size):
    with looking(browser, server.url, "/places", size) as visit:
        page = visit.page
        page.wait_for_selector('#map[data-ready="yes"]')
        expect(page.get_by_role("button", name="5 photos")).to_be_visible()
        expect(page.get_by_role("button", name="1 photo", exact=True)).to_be_visible()
        expect(page.locator("#map path.land").first).to_be_attached()
        visit.wait_for_pictures()
        check_page(visit)
        page.get_by_role("button", name="5 photos").click()
        expect(page.get_by_role("button", name="3 photos")).to_be_visible()
        check_page(visit)
        page.get_by_role("button", name="3 photos").press("Enter")
        page.wait_for_url("**/search?q=near*")
        expect(page.locator("li.card")).to_have_count(3)


def test_without_scripts_there_is_the_list(browser, server):
    with looking(browser, server.url, "/places", java_script_enabled=False) as visit:
        expect(visit.page.locator("#map")).to_be_hidden()
        visit.page.get_by_role("link", name="Grenoble").click()
        expect(visit.page.locator("li.card")).to_have_count(3)
