"""How a search can be narrowed."""

from __future__ import annotations

import re
from datetime import datetime
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from browsing import CHROMIUM, SIZES, Watched, check_page, open_browser
from sqlalchemy import update

from photoindex.models import Photo


@pytest.fixture
def four(gallery):
    """Two red photos and two blue ones, of two years and two cameras."""
    for number, (colour, camera) in enumerate(
        [("red", "X<b>100"), ("red", "Pixel"), ("blue", "Pixel"), ("blue", None)]
    ):
        photo_id = gallery.draw(f"{'old' if number % 2 else 'new'}/{number}.jpg", colour, seed=number)
        with gallery.database.write() as session:
            at = datetime(2019 + number % 2, 5, 1)
            session.execute(update(Photo).where(Photo.id == photo_id).values(camera=camera, timeline_at=at))
    return gallery


def choices(page: str) -> dict[str, tuple[str, int]]:
    found = re.findall(r'<li><a href="([^"]*)"><bdi>(.*?)</bdi></a> <span class="quiet">(\d+)</span>', page)
    return {unescape(label): (unescape(address), int(count)) for address, label, count in found}


def test_each_choice_leads_to_as_many_photos_as_it_says(four, make_app):
    client = make_app().test_client()
    page = client.get("/search/narrow?q=type:photo").text
    found = choices(page)
    assert {label: count for label, (_, count) in found.items()} == {
        "2020": 2, "2019": 2, "Pixel": 2, "X<b>100": 1, "new": 2, "old": 2,
    }  # fmt: skip
    for address, count in found.values():
        (query,) = parse_qs(urlsplit(address).query)["q"]
        answer = client.get("/api/v1/search", query_string={"q": query}).json
        assert (answer["total"], answer["problems"]) == (count, [])


def test_what_is_asked_for_already_is_not_offered_again(four, make_app):
    client = make_app().test_client()
    found = choices(client.get("/search/narrow?q=red+camera:Pixel|X+-folder:old").text)
    assert "Pixel" not in found
    assert client.get("/search/narrow?q=").status_code == 302
    assert "<html" not in client.get("/search/narrow?q=red", headers={"HX-Request": "true"}).text
    assert client.get("/search/narrow?q=nothing+type:video").status_code == 200


@pytest.mark.parametrize("size", SIZES)
def test_the_choices_open_beside_the_results(long_timeline, size):
    if CHROMIUM is None:
        pytest.skip("no chromium or google-chrome is installed")
    with open_browser() as browser:
        context = browser.new_context(viewport=SIZES[size])
        visit = Watched(context.new_page(), long_timeline.url)
        visit.open("/search?q=type:photo")
        visit.page.locator("details.narrow summary").click()
        visit.page.locator(".facets section").first.wait_for()
        check_page(visit)
        visit.page.locator(".facets a").first.click()
        visit.page.wait_for_url("**year*")
        visit.check()
        context.close()
