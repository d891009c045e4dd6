"""The timeline's pages: where they begin and end, dates, sizes, and whatever names and metadata there are."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest

from photoindex.errors import QueryError
from photoindex.timeline import MonthCount
from photoindex.web import dates, timeline, timeline_pages

HOSTILE_NAMES = (
    b"<img src=x onerror=alert(1)>.jpg",
    b"\"'&><svg onload=alert(1)>.jpg",
    b"two\nlines\r\t.jpg",
    "\u202egpj.evil\u2066.jpg".encode(),
    "\u0627\u0644\u0635\u0648\u0631\u0629.jpg".encode(),
    b"\xff\xfe\x80 not utf-8.jpg",
    b"n" * 251 + b".jpg",
    b"{{ 7 * 7 }}{% raw %}.jpg",
)


def _photo_ids(html: str) -> list[int]:
    return [int(each) for each in re.findall(r'class="picture" href="/photos/(\d+)"', html)]


def _stretch(html: str) -> dict[str, str]:
    found = re.search(r'<div class="stretch" ([^>]*)>', html)
    assert found is not None
    return {name: unescape(value) for name, value in re.findall(r'data-([a-z]+)="([^"]*)"', found[1])}


def test_parts_join_in_both_directions_and_can_be_had_again(client, monkeypatch):
    monkeypatch.setattr(timeline_pages, "PAGE_SIZE", 4)
    html = client.get("/").text
    first, seen = _stretch(html), _photo_ids(html)
    part = first
    while part["older"]:
        html = client.get("/timeline", query_string={"after": part["older"]}).text
        assert "<html" not in html
        again = client.get("/timeline", query_string={"first": _stretch(html)["first"], "last": _stretch(html)["last"]})
        assert _photo_ids(again.text) == _photo_ids(html)
        address = _stretch(html)["address"]
        assert _photo_ids(client.get(address).text)[: len(_photo_ids(html))] == _photo_ids(html)
        part = _stretch(html)
        seen += _photo_ids(html)
    assert seen == list(range(1, 13))
    back: list[int] = []
    while part["newer"]:
        html = client.get("/timeline", query_string={"before": part["newer"]}).text
        part, back = _stretch(html), _photo_ids(html) + back
    assert back == seen[: len(back)] and len(back) >= 8


def test_what_is_gone_leaves_an_empty_part(client):
    cursor = timeline.encode(timeline.Position(datetime(1990, 1, 1), 1))
    for address in (f"/timeline?after={cursor}", f"/timeline?first={cursor}&last={cursor}"):
        response = client.get(address)
        assert response.status_code == 200 and _photo_ids(response.text) == []
    assert "No photos here any more" in client.get(f"/?after={cursor}").text


@pytest.mark.parametrize(
    ("at", "first"),
    [("2024", 1), ("2024-03", 1), ("2024-02", 2), ("2024-2", 2), ("2024-02-14", 3), ("2023-12", 8), ("2050", 1)],
)
def test_a_date_leads_to_the_newest_photo_from_before_its_end(client, at, first):
    assert _photo_ids(client.get(f"/?at={at}").text)[0] == first


def test_before_all_photos_are_the_oldest(client):
    assert _photo_ids(client.get("/?at=1950").text)[-1] == 12
    assert _photo_ids(client.get("/?at=9999-12").text)[0] == 1


@pytest.mark.parametrize("at", ["soon", "2024-13", "2024-02-30", "0000", "2024-02-01-01", "２０２４", "2024-"])
def test_what_is_no_date_is_refused_in_one_line(client, at):
    response = client.get("/", query_string={"at": at})
    assert response.status_code == 400 and "2019-07-14" in response.text
    with pytest.raises(QueryError):
        timeline.until(at)


def test_months_are_listed_with_their_counts_in_the_language_of_the_page(gallery, make_app):
    gallery.fill(12, days_apart=10)
    client = make_app().test_client()
    html = client.get("/").text
    assert '<a href="/?at=2024-02" data-at="2024-02" data-heading="February 2024">' in html
    assert "<span>February</span> <small>3</small>" in html
    assert re.search(r'<li class="year h0"><a href="/\?at=2023"[^>]*><span>2023</span>', html)
    french = client.get("/", headers={"Accept-Language": "fr"}).text
    assert "<span>Février</span>" in french
    assert re.findall(r"<h2>(.*?)</h2>", french)[0] == "Janvier\u2009–\u2009mars 2024"
    assert "5 mars" in re.findall(r'<span class="label">(.*?)</span>', french)


def test_a_thousand_months_are_listed_by_years(app):
    months = [MonthCount(2020 - number // 12, 12 - number % 12, 3) for number in range(1000)]
    with app.test_request_context():
        found = dates.entries(months)
        assert len(found) == 84 and all(each.is_year for each in found)
        assert found[0].address == "/?at=2020" and found[0].photos == 36
        few = dates.entries(months[:24])
    assert len(few) == 26 and few[1].heading == "December 2020"
    assert max(each.height for each in dates_of(app, [MonthCount(2020, 1, 10**9)])) == dates.HIGHEST


def dates_of(app, months):
    with app.test_request_context():
        return dates.entries(months)


def test_the_size_of_pictures_is_kept_in_a_cookie_and_the_place_in_the_address(client):
    html = client.get("/?at=2024-02").text
    link = re.search(r'href="([^"]+)">Small</a>', html)
    assert link is not None
    response = client.get(unescape(link[1]))
    assert response.status_code == 302
    assert parse_qs(urlsplit(response.headers["Location"]).query) == {"at": ["2024-02"]}
    assert "HttpOnly" in response.headers["Set-Cookie"] and "SameSite=Lax" in response.headers["Set-Cookie"]
    small = client.get("/?at=2024-02").text
    assert re.search(r'aria-current="true">Small</a>', small)
    assert re.search(r'class="card ([^"]*)"', small)[1] != re.search(r'class="card ([^"]*)"', html)[1]
    assert "Set-Cookie" not in client.get("/?density=nonsense").headers


def test_each_picture_has_its_size_its_colour_and_only_the_first_are_asked_for_at_once(gallery, make_app):
    gallery.draw("red.jpg", metadata={"colour": 0xFF0000})
    gallery.fill(20)
    html = make_app().test_client().get("/").text
    assert re.search(r'class="card q\d+ [^"]* k100"', html)
    assert html.count('width="160" height="120"') >= 4
    assert html.count("<img") - html.count('loading="lazy"') == 8 + 1  # and the logo


def test_days_with_many_photos_have_headings_that_go_on_over_pages(gallery, make_app, monkeypatch):
    monkeypatch.setattr(timeline_pages, "PAGE_SIZE", 8)
    gallery.fill(20, days_apart=0.01)
    client = make_app().test_client()
    html = client.get("/").text
    assert "<h3>Tuesday 5 March</h3>" in html and "<h2>March 2024</h2>" in html
    html = client.get("/timeline", query_string={"after": _stretch(html)["older"]}).text
    assert '<h3 class="again">Tuesday 5 March</h3>' in html and '<h2 class="again">March 2024</h2>' in html


def test_copies_and_bursts_are_marked(gallery, make_app):
    from photoindex import likeness
    from photoindex.models import LikenessKind

    gallery.draw("a.jpg", seed=1)
    gallery.draw("copy of a.jpg", seed=1)
    others = [gallery.draw(f"burst {number}.jpg", "blue", seed=number) for number in (2, 3, 4)]
    with gallery.database.write() as session:
        likeness.assign(session, LikenessKind.BURST, dict.fromkeys(others, others[0]))
    html = make_app().test_client().get("/").text
    assert html.count("2 files with this content") == 1
    assert html.count("One of a burst of 3") == 3


@pytest.mark.parametrize("address", ["/", "/timeline", "/?at=2024-03", "/search?q=red+show:all", "/photos/1/similar"])
def test_no_name_or_metadata_is_ever_more_than_text(gallery, make_app, address):
    for number, name in enumerate(HOSTILE_NAMES):
        gallery.draw(
            name,
            seed=number,
            metadata={
                "timeline_at": datetime(2024, 3, 5) - timedelta(hours=number),
                "title": "<script>alert(2)</script>",
                "camera": "\"><b onmouseover='x'>",
                "caption": "\u202e\x00\x1b[31m</style>",
                "keywords": ["</li></ul>", "'\"<"],
            },
        )
    html = make_app().test_client().get(address).text
    main = html.partition("<main")[2] or html
    assert len(_photo_ids(html)) >= len(HOSTILE_NAMES) - 1
    for hostile in (
        "<img src=x",
        "<svg onload",
        "<script>",
        "<b onmouse",
        "</style>",
        "\u202e",
        "\u2066",
        "\x1b",
        ">49<",
    ):
        assert hostile not in main, hostile
    for tag in re.findall(r"<(?:img|a|li)\b[^>]*>", main):
        assert not re.search(r"\son\w+\s*=", re.sub(r'"[^"]*"', '""', tag)), tag
