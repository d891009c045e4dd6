"""How the pages show videos, raw files, Live and motion photos, and what others wrote about a photo."""

from __future__ import annotations

import re
from datetime import datetime
from html import unescape

import pytest

from photoindex import collections, photos
from photoindex.web import facts, wording
from photoindex.web.names import commands, name, plain


@pytest.fixture
def client(make_app):
    """A client of an application whose encoder is loaded when it is first asked: photos can be drawn before."""
    made = []

    def get(address: str) -> str:
        if not made:
            made.append(make_app().test_client())
        response = made[0].get(address)
        assert response.status_code == 200
        return response.text

    return get


def _badges(html: str) -> dict[int, list[str]]:
    """What stands on each picture of a page, as it is read aloud."""
    cards = re.findall(r'class="picture" href="/photos/(\d+)[^"]*"[^>]*>(.*?)</a>', html, re.DOTALL)
    return {int(photo_id): re.findall(r'<span class="unseen">(.*?)</span>', inside) for photo_id, inside in cards}


def test_pictures_say_what_they_are(gallery, client):
    gallery.draw("plain.jpg")
    gallery.film("holiday.webm", ["blue", "red"], duration_seconds=151.7)
    gallery.film("broken.mkv", ["green"], duration_seconds=None)
    gallery.draw("alone.cr2", "cyan", metadata={"kind": "raw", "format": "cr2"})
    gallery.draw("pair.jpg", "pink")
    gallery.draw("pair.nef", "grey", metadata={"kind": "raw", "format": "nef"})
    gallery.draw("live.heic", "brown")
    gallery.film("live.mov", ["brown"])
    gallery.draw("motion.jpg", "orange", metadata={"motion_offset": 5, "motion_bytes": 10})
    gallery.pair("pair.jpg", "live.heic")
    with gallery.database.write() as session:
        collections.set_favourite(session, 1, True)
    expected = {
        1: ["Favourite"],
        2: ["Video, 2:31"],
        3: ["Video"],
        4: ["Raw file"],
        5: ["JPEG with its raw file"],
        7: ["Live Photo"],
        9: ["Motion photo"],
    }
    timeline = client("/")
    assert _badges(timeline) == expected
    for text in ("▶ 2:31", "RAW", "RAW+JPEG", "Live", "Motion", "♥"):
        assert f'<span aria-hidden="true">{text}</span>' in timeline
    assert _badges(client("/search?q=red+show:all")) == expected
    assert _badges(client("/photos/5/similar")) == {key: value for key, value in expected.items() if key != 5}
    assert set(_badges(client("/photos/1"))) == set(expected) - {1}


def test_a_search_leads_to_the_moment_of_a_video(gallery, client):
    gallery.film("holiday.webm", ["blue", "white", "red", "green"], scene_seconds=3)
    html = client("/search?q=red")
    assert 'class="picture" href="/photos/1?t=6"' in html
    assert "100% at 0:06</span>" in html
    assert 'src="/api/v1/photos/1/original#t=6"' in client("/photos/1?t=6")
    assert 'src="/api/v1/photos/1/original#t=12"' in client("/photos/1?t=600")
    for wrong in ("", "-1", "nan", "6;x", '"><script>'):
        assert 'src="/api/v1/photos/1/original"' in client(f"/photos/1?t={wrong}")


def test_a_video_is_played_where_browsers_can(gallery, client):
    gallery.film("a.webm", ["red"])
    gallery.film("b.avi", ["red"])
    played, shown = client("/photos/1"), client("/photos/2")
    assert re.search(r'<video controls playsinline preload="metadata" poster="/api/v1/photos/1/thumbnail"', played)
    assert "data-unplayable hidden" in played
    assert "<video" not in shown
    assert "This browser can't play videos of this format (AVI)" in unescape(shown)
    for html in (played, shown):
        assert "?download=1" in html
        assert "<dt>Length</dt><dd><bdi>0:02</bdi></dd>" in html


def test_the_clip_of_a_live_or_motion_photo_can_be_played(gallery, client):
    gallery.draw("live.jpg")
    gallery.film("live.mov", ["red"])
    gallery.draw("motion.jpg", "blue", metadata={"motion_offset": 5, "motion_bytes": 10})
    gallery.draw("still.jpg", "green")
    gallery.pair("live.jpg")
    for photo_id, moving in ((1, True), (3, True), (4, False)):
        html = client(f"/photos/{photo_id}")
        assert (f'preload="none" src="/api/v1/photos/{photo_id}/motion"' in html) is moving
    companion = '<dt>With it</dt><dd><a href="/api/v1/photos/2/original?download=1"><bdi>live.mov</bdi></a>'
    assert companion in client("/photos/1")


def test_what_others_wrote_is_shown_and_escaped(gallery, client):
    with gallery.database.write() as session:
        names = photos.PlaceNames("Genève", None, "Switzerland", "Genève", None, "Suisse", "CH")
        place_id = photos.remember_place(session, 1, names)
    gallery.draw(
        "a.jpg",
        metadata={
            "taken_at": datetime(2019, 7, 4, 15, 30),
            "taken_at_source": "name",
            "title": "<b>Fountain</b>",
            "caption": "in \u202ethe\u202c lake",
            "keywords": ["water", "<i>"],
            "people": ["Ada", "Bo\u2066b"],
            "rating": 4,
            "place_id": place_id,
        },
    )
    with gallery.database.write() as session:
        collections.add_to_album(session, collections.create_album(session, "The <lake>").id, [1])
    html = client("/photos/1")
    for words in (
        "<bdi>&lt;b&gt;Fountain&lt;/b&gt;</bdi>",
        "<bdi>in \ufffdthe\ufffd lake</bdi>",
        '<a href="/search?q=keyword:water"><bdi>water</bdi></a>, ',
        '<a href="/search?q=keyword:%3Ci%3E"><bdi>&lt;i&gt;</bdi></a>',
        "<bdi>Ada</bdi></a>, ",
        '<a href="/search?q=rating:4">4 of 5</a>',
        "<bdi>Genève</bdi></a>, ",
        "<bdi>Thursday, 4 July 2019, 15:30</bdi></a>, <bdi>from the file name</bdi>",
        "<bdi>The &lt;lake&gt;</bdi></a></dd>",
    ):
        assert words in html


def test_no_name_reverses_the_writing_around_it(gallery, client):
    gallery.draw("evil\u202egpj.exe\u2067.jpg".encode())
    gallery.add_failed("bad\u202egpj.\u2066exe".encode(), "broken", "\u202ereversed")
    for address in ("/", "/photos/1", "/photos/1/similar", "/status", "/search?q=\u202ered", "/search?q=red"):
        html = client(address).partition("<main")[2]
        assert not re.search("[\u202a-\u202e\u2066-\u2069]", html), address
    assert "<bdi>evil\ufffdgpj.exe\ufffd.jpg</bdi>" in client("/photos/1")
    assert "<title>evil\ufffdgpj.exe\ufffd.jpg" in client("/photos/1")


def test_names_and_commands_are_marked_as_such():
    assert plain("a\u202eb\x1b[0m\u200d🙂\n") == "a\ufffdb\ufffd[0m\u200d🙂\n"
    assert name("<b>") == "<bdi>&lt;b&gt;</bdi>"
    assert commands("Switch <now> with: photoindex up --encoder siglip2-base; it takes time") == (
        "Switch &lt;now&gt; with: <code>photoindex up --encoder siglip2-base</code>; it takes time"
    )
    assert commands("/home/photoindex up.db: damaged") == "/home/photoindex up.db: damaged"


def test_small_photos_are_not_stretched(gallery, client):
    gallery.draw("dot.png", size=(1, 1))
    gallery.draw("large.png", "blue", size=(600, 400))
    assert 'class="stage q30 small"' in client("/photos/1")
    assert "1 × 1 pixel<" in client("/photos/1")
    assert 'class="stage q44"' in client("/photos/2")


@pytest.mark.parametrize(
    ("per_second", "rate", "speed"),
    [
        (44.8, "45/s", "44.8 photos a second"),
        (0.96, "1/s", "1.0 photos a second"),
        (0.2, "12/min", "12 photos a minute"),
        (0.017, "1/min", "1 photo a minute"),
        (0.001, "less than 1/min", "less than one photo a minute"),
    ],
)
def test_slow_indexing_is_never_nothing(per_second, rate, speed):
    assert (wording.rate(per_second), wording.speed(per_second)) == (rate, speed)


def test_depths_and_ratings_are_written_for_people(gallery, make_app, client):
    gallery.draw("a.jpg", metadata={"altitude_m": -413.2, "rating": -1})
    gallery.draw("b.jpg", "blue", metadata={"rating": 0})
    app = make_app()
    with gallery.database.read() as session:
        found = [photos.get(session, each) for each in (1, 2)]
    with app.test_request_context():
        first, second = (
            {fact.label: [part.text for part in fact.parts] for fact in facts.of(each, [])} for each in found
        )
    assert first["Position"] == ["413\u00a0m below the sea"]
    assert "Position" not in second
    assert '<a href="/search?q=is:rejected">Rejected</a>' in client("/photos/1")
    assert "of 5" not in client("/photos/2")
