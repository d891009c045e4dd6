"""The pages a person sees, as HTML."""

from __future__ import annotations

import re
from datetime import datetime
from html import unescape
from pathlib import Path

import pytest

from photoindex import libraries, photos
from photoindex.web import gallery as gallery_views
from photoindex.web import timeline_pages, wording

HOSTILE = b"<img src=x onerror=alert(1)>\"'&.jpg"


def _photo_ids(html: str) -> list[int]:
    return [int(each) for each in re.findall(r'class="picture" href="/photos/(\d+)"', html)]


def _link(html: str, rel: str) -> str | None:
    found = re.search(rf'rel="{rel}" href="([^"]+)"', html)
    return unescape(found[1]) if found else None


def test_timeline_shows_months_newest_first(client):
    html = client.get("/").text
    assert _photo_ids(html) == list(range(1, 13))
    headings = re.findall(r"<h2>(.*?)</h2>", html)
    assert headings[0] == "January\u2009–\u2009March 2024"  # few photos share their rows
    assert "12 photos" in html
    assert 'alt="photo 0000.jpg, 5 March 2024"' in html
    assert 'loading="lazy" decoding="async"' in html
    assert "rel=" not in html.partition("<main")[2]
    assert [each.partition(" · ")[0] for each in re.findall(r'<span class="label">(.*?)</span>', html)][:2] == [
        "5 Mar",
        "24 Feb",
    ]


def test_timeline_pages_lead_there_and_back(client, monkeypatch):
    monkeypatch.setattr(timeline_pages, "PAGE_SIZE", 5)
    pages, address = [], "/"
    while address:
        html = client.get(address).text
        pages.append((address, _photo_ids(html)))
        address = _link(html, "next")
    # To the end of a month, where there is one within the last two fifths of a page.
    assert [ids for _, ids in pages] == [[1, 2, 3, 4], [5, 6, 7], [8, 9, 10, 11, 12]]
    back = client.get(_link(client.get(pages[2][0]).text, "prev")).text
    assert _photo_ids(back) == [5, 6, 7]
    first = client.get(_link(back, "prev")).text
    assert _photo_ids(first) == [1, 2, 3, 4]
    assert _link(first, "prev") is None


def test_fewer_than_a_page_in_front_are_shown_on_a_full_first_page(client, gallery, monkeypatch):
    monkeypatch.setattr(timeline_pages, "PAGE_SIZE", 5)
    second = client.get(_link(client.get("/").text, "next")).text
    before = _link(second, "prev")
    gallery.draw("newest.jpg", metadata={"timeline_at": datetime(2030, 1, 1)})
    assert _photo_ids(client.get(before).text) == [13, 1, 2, 3, 4]
    assert client.get("/?before=nonsense").status_code == 400


def test_search_shows_the_best_first_with_percents(client):
    html = client.get("/search?q=a+yellow+boat").text
    assert _photo_ids(html)[0] == 4
    assert len(_photo_ids(html)) < 12
    assert re.search(r'class="percent"><span class="unseen">Match: </span>100%', html)
    assert 'href="/photos/4/similar"' in html
    assert 'href="/search?q=a+yellow+boat+%2Blike:4"' in html and 'href="/search?q=a+yellow+boat+-like:4"' in html
    assert re.search(r'role="status">\s*1 photo', html)
    assert 'value="a yellow boat"' in html
    assert 'href="/saved/new?q=a+yellow+boat"' in html


def test_all_photos_can_be_shown_best_first(client):
    html = client.get("/search?q=a+yellow+boat").text
    link = re.search(r'href="([^"]+)">Show all photos, best first', html)[1]
    html = client.get(link.replace("&amp;", "&")).text
    assert len(_photo_ids(html)) == 12 and _photo_ids(html)[0] == 4
    assert "all 12 photos, best first" in html
    assert "Everything else, nearest first" in html


def test_more_results_follow(client, monkeypatch):
    monkeypatch.setattr(gallery_views, "PAGE_SIZE", 5)
    seen, address = [], "/search?q=red+show:all"
    while address:
        html = client.get(address).text
        seen += _photo_ids(html)
        address = _link(html, "next")
    assert sorted(seen) == list(range(1, 13))
    assert 'href="/search?q=red+show:all"' in html


def test_parts_of_a_search_can_be_taken_away_one_by_one(client):
    html = client.get("/search?q=red+before:2024-02-01+-camera:canon").text
    chips = dict(
        re.findall(r'aria-label="Search without ([^"]+)"', html)
        and re.findall(r'href="([^"]+)" aria-label="Search without ([^"]+)"', html)
    )
    assert set(chips) == {"/search?q=red+before:2024-02-01", "/search?q=red+-camera:canon"}


def test_what_makes_no_sense_is_said_and_the_rest_answered(client):
    html = client.get("/search?q=red+iso:many+camra:x").text
    assert _photo_ids(html)[0] == 1
    assert "did you mean camera" in html and "iso" in html


def test_when_nothing_is_found_the_page_says_what_can_be_done(client):
    html = client.get("/search?q=a+lecture+on+accounting").text
    assert _photo_ids(html) == []
    assert "Nothing found" in html and "q=a+lecture+on+accounting+show:all" in html
    html = client.get("/search?q=red+id:4711").text
    assert "Take a part away above" in html
    assert "show:all" not in html  # that would not find anything either
    assert re.search(
        r'href="/search\?q=red">Without “Photo: 4711”</a> <span class="quiet">\d+ photos?</span>',
        html.replace("<bdi>", "").replace("</bdi>", ""),
    )


def test_a_slip_of_the_pen_is_understood_by_the_names_of_the_library(client):
    client.post("/api/v1/albums", json={"name": "Yellow things"})
    html = client.get("/search?q=yelow+before:2025").text
    assert _photo_ids(html) == []
    assert 'href="/search?q=Yellow+before:2025"' in html and "Did you mean “Yellow before:2025”?" in html
    assert "Did you mean" not in client.get("/search?q=yelow+before:2001").text  # nothing is found by that either


def test_results_are_sorted_by_date_on_request(client):
    html = client.get("/search?q=red+show:all").text
    assert "q=red+sort:newest+show:all" in html
    html = client.get("/search?q=show:all+red+sort:oldest").text
    last = _photo_ids(html.partition("Everything else")[2])
    assert len(last) > 5 and last == sorted(last, reverse=True)  # a higher number is an older photo
    assert re.search(r'aria-current="true">Oldest', html)


def test_filters_alone_list_photos(client):
    html = client.get("/search?q=before:2024-02-01").text
    assert "8 photos, newest first" in html
    assert "Match:" not in html


def test_an_empty_search_leads_to_the_timeline(client):
    response = client.get("/search?q=+")
    assert (response.status_code, response.headers["Location"]) == (302, "/")


def test_a_search_too_long_says_so_and_keeps_the_page(client):
    response = client.get("/search?q=" + 600 * "x")
    assert response.status_code == 400
    assert "512 is the most" in response.text


def test_a_photo_shows_what_is_known_of_it(gallery, make_app):
    gallery.fill(3)
    photo_id = gallery.draw(
        "in/a.jpg",
        "red",
        size=(600, 400),
        metadata={
            "timeline_at": datetime(2024, 3, 5),
            "taken_at": datetime(2024, 3, 5),
            "taken_at_offset_minutes": -90,
            "camera": "NIKON D70",
            "lens": "50mm <b>",
            "f_number": 2.8,
            "exposure_seconds": 0.004,
            "focal_length_mm": 50.0,
            "iso": 200,
            "latitude": -33.9,
            "longitude": -18.4,
            "altitude_m": 12.3,
        },
    )
    html = make_app().test_client().get(f"/photos/{photo_id}").text
    for words in (
        "Tuesday, 5 March 2024, 00:00 (UTC−1:30)",
        "NIKON D70",
        "50mm &lt;b&gt;",
        "<bdi>1/250\u00a0s</bdi> · ",
        "<bdi>f/2.8</bdi></a> · ",
        "<bdi>50\u00a0mm</bdi></a> · ",
        "<bdi>ISO\u00a0200</bdi></a></dd>",
        "600 × 400 (0.2\u00a0megapixels)",
        "33.90000°\u00a0S, 18.40000°\u00a0W</bdi></a>, <bdi>12\u00a0m above the sea",
        "/<wbr>in/<wbr>a.jpg</bdi></dd>",
        f"/api/v1/photos/{photo_id}/original?download=1",
    ):
        assert words in html
    assert _link(html, "prev") == "/photos/1"
    assert _link(html, "next") == "/photos/2"
    assert photo_id not in _photo_ids(html)
    assert len(_photo_ids(html)) == 3


def test_what_browsers_cannot_show_is_shown_as_its_thumbnail(gallery, make_app):
    gallery.draw("a.heic", "red")
    gallery.draw("b.jpg", "blue")
    client = make_app().test_client()
    assert 'src="/api/v1/photos/1/original"' not in client.get("/photos/1").text
    assert 'src="/api/v1/photos/2/original"' in client.get("/photos/2").text


def test_a_photo_whose_disk_is_away_says_so(gallery, make_app):
    gallery.draw("a.jpg", "red")
    with gallery.database.write() as session:
        libraries.set_offline(session, 1, "the disk is not connected")
    client = make_app().test_client()
    page = client.get("/photos/1")
    assert page.status_code == 200
    assert "is not connected now" in page.text
    assert 'src="/api/v1/photos/1/original"' not in page.text
    assert client.get("/api/v1/photos/1/original").status_code == 404  # its disk may not answer: it is not asked
    assert "the disk is not connected" in client.get("/status").text


def test_similar_photos_have_a_page(client):
    html = client.get("/photos/1/similar").text
    assert len(_photo_ids(html)) == 11
    assert "photo 0000.jpg" in html


@pytest.mark.parametrize("address", ["/photos/99", "/photos/99/similar", "/nothing", "/photos/0"])
def test_what_is_not_there_is_a_page(client, address):
    response = client.get(address)
    assert (response.status_code, response.mimetype) == (404, "text/html")
    assert 'role="search"' in response.text


def test_first_run_says_what_to_do(make_app):
    client = make_app().test_client()
    assert "Where are your photos?" in client.get("/").text
    assert "Nothing to search yet" in client.get("/search?q=cat").text
    assert "None yet" in client.get("/status").text


def test_a_library_without_photos_yet_shows_what_goes_on(gallery, make_app, request):
    gallery.add_pending(1234)
    client = make_app().test_client()
    assert "photoindex daemon" in client.get("/").text
    request.getfixturevalue("daemon")
    gallery.say(state="scanning", pid=1)
    assert "1,234 found so far" in client.get("/").text


@pytest.mark.usefixtures("daemon")
def test_pages_tell_of_indexing_and_of_the_encoder(gallery, make_app):
    gallery.fill(2)
    gallery.add_pending(180)
    gallery.say(
        state="indexing",
        pid=77,
        photos_per_second=44.8,
        seconds_left=4.2,
        notice="Using <the> starter encoder",
        device="cpu",
    )
    client = make_app().test_client()
    for address in ("/", "/search?q=red", "/status"):
        html = client.get(address).text
        assert "Indexing: 2 of 182, 45/s, about 4 s left" in html
        assert "Using &lt;the&gt; starter encoder" in html


def test_no_line_when_all_is_done(client):
    assert '<p id="progress" class="progress" role="status" hidden' in client.get("/").text


def test_status_lists_failures_in_plain_words(gallery, make_app):
    gallery.fill(1)
    gallery.add_failed(HOSTILE, "truncated", "OSError: <script>")
    gallery.add_failed(b"caf\xe9.jpg", "not-a-photo", "")
    client = make_app().test_client()
    html = client.get("/status").text
    assert "The end of the picture is missing" in html
    assert "This is not a picture of a kind PhotoIndex knows" in html
    html = client.get("/problems?reason=truncated").text + client.get("/problems?reason=not-a-photo").text
    assert "caf\ufffd.jpg" in html
    assert "&lt;img src=x onerror" in html
    assert "<script>" not in html.replace("<script src=", "")


def test_a_photo_without_embedding_has_a_page(gallery, make_app):
    from photoindex import embeddings

    gallery.draw("a.jpg")
    with gallery.database.write() as session:
        embeddings.delete_photos(session, [1])
    client = make_app().test_client()
    assert "no embedding yet" in client.get("/photos/1").text
    assert client.get("/photos/1/similar").status_code == 503


def test_templates_hold_no_inline_style_script_or_foreign_address():
    for template in (Path(__file__).parents[2] / "templates").glob("*.html"):
        text = template.read_text("utf-8")
        assert not re.search(r"\sstyle=|<style|\son\w+=|\|\s*safe|https?:", text), template.name
        assert not re.search(r"<script(?! src=)", text), template.name


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (wording.size(999), "999 bytes"),
        (wording.size(3_249_000), "3.2 MB"),
        (wording.size(999_700), "1.0 MB"),
        (wording.size(45_000_000_000), "45 GB"),
        (wording.duration(0), "about 1 s"),
        (wording.duration(600), "about 10 min"),
        (wording.duration(10_000), "about 3 h"),
        (wording.exposure(2.5), "2.5\u00a0s"),
        (wording.exposure(30), "30\u00a0s"),
        (wording.exposure(1 / 8000), "1/8000\u00a0s"),
    ],
)
def test_figures_are_written_for_people(written, expected):
    assert written == expected


def test_one_photo_that_waits_is_not_photos(gallery, client):
    gallery.add_pending(1)
    assert "1 photo waits to be indexed." in client.get("/").text
    gallery.add_pending(1, start=1)
    assert "2 photos wait to be indexed." in client.get("/").text


def test_search_after_the_last_library_is_removed_says_there_is_nothing_to_search(gallery, client):
    with gallery.database.write() as session:
        (library,) = libraries.list_all(session)
        photos.remove_library(session, library.id)
    html = client.get("/search?q=red").text
    assert "Nothing to search yet" in html
    assert "No more photos" not in html
