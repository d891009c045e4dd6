"""The pages in two languages: every text can be translated, and is."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import datetime
from html import unescape
from pathlib import Path

import pytest
from posting import post

from photoindex import photos
from photoindex.errors import QueryError
from photoindex.messages import Message, mark, number, said, say
from photoindex.photos import PlaceNames
from photoindex.web import translating, wording

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
NAMES = ("PhotoIndex", "RAW", "photoindex", "up", "library", "add", "daemon", "link", "px")
"""Words that are the same in every language, or part of a command."""
SHOWN_ATTRIBUTES = re.compile(r'\b(?:aria-label|title|placeholder|alt)="([^"]*)"')


@pytest.fixture
def client(gallery, make_app):
    gallery.fill(12, days_apart=10)
    return make_app().test_client()


@pytest.fixture
def french(client):
    """A request whose page is in French."""
    with client.application.test_request_context(headers={"Accept-Language": "fr"}):
        yield


def test_the_catalogues_are_complete_and_up_to_date():
    command = [sys.executable, "scripts/translate.py", "--check"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr[:3000]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_have_no_text_outside_of_what_is_translated(path):
    source = re.sub(r"\{#.*?#\}", "", path.read_text("utf-8"), flags=re.DOTALL)
    source = re.sub(r"\{% block main_attributes %\}.*?\{% endblock %\}", "", source)
    bare = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", source, flags=re.DOTALL)
    shown = [*re.sub(r"<[^>]*>", "\n", re.sub(r"<!--.*?-->", "", bare)).split("\n"), *SHOWN_ATTRIBUTES.findall(bare)]
    words = [word for line in shown for word in re.findall(r"[^\W\d_]{2,}", line) if word not in NAMES]
    assert words == []


def test_no_text_hides_in_an_f_string_where_it_is_not_found():
    for path in (ROOT / "photoindex").rglob("*.py"):
        assert not re.search(r"\{(?:_|n?gettext|lazy_gettext|say|mark)\(", path.read_text("utf-8")), path


PAGES = ("/", "/search?q=red", "/photos/1", "/explore", "/saved", "/duplicates", "/status", "/settings", "/nothing")


@pytest.mark.parametrize("address", PAGES)
def test_pages_are_in_the_language_of_the_browser_or_in_the_chosen_one(client, address):
    english, french = (client.get(address, headers={"Accept-Language": each}).text for each in ("en", "fr-CA,fr;q=0.9"))
    assert '<html lang="en"' in english and "Skip to the content" in english
    assert '<html lang="fr"' in french and "Aller au contenu" in french
    assert '<html lang="en"' in client.get(address, headers={"Accept-Language": "de"}).text
    post(client, "/settings/appearance", theme="system", language="fr")
    assert '<html lang="fr"' in client.get(address, headers={"Accept-Language": "en"}).text


def test_dates_sizes_and_numbers_are_written_as_each_language_does(client):
    at = datetime(2024, 3, 5, 14, 3)
    said_in = {}
    for language in ("en", "fr"):
        with client.application.test_request_context(headers={"Accept-Language": language}):
            said_in[language] = [
                wording.moment(at), wording.day(at), wording.month(at), wording.size(3_249_000), wording.number(12345),
                wording.speed(44.8), wording.coordinates(48.85837, -2.29448), wording.rate(0.2),
            ]  # fmt: skip
    assert said_in["en"] == [
        "Tuesday, 5 March 2024, 14:03", "5 March 2024", "March 2024", "3.2 MB", "12,345",
        "44.8 photos a second", "48.85837°\u00a0N, 2.29448°\u00a0W", "12/min",
    ]  # fmt: skip
    assert said_in["fr"] == [
        "mardi 5 mars 2024 à 14:03", "5 mars 2024", "Mars 2024", "3,2\u00a0Mo", "12\u202f345",
        "44,8 photos par seconde", "48,85837°\u00a0N; 2,29448°\u00a0O", "12/min",
    ]  # fmt: skip


def test_problems_of_a_search_are_said_in_french_and_stay_english_for_programs(client):
    query = "red after:nonsense"
    page = unescape(client.get("/search", query_string={"q": query}, headers={"Accept-Language": "fr"}).text)
    assert "nonsense n’est pas une date" in page
    problems = client.get("/api/v1/search", query_string={"q": query}, headers={"Accept-Language": "fr"}).json
    assert problems["problems"][0]["message"].startswith("nonsense is no date; write 2019")


def test_errors_are_said_in_french_on_pages_and_in_english_to_programs(client):
    page = unescape(client.get("/photos/99", headers={"Accept-Language": "fr"}).text)
    assert "il n’y a pas de photo 99" in page
    assert client.get("/api/v1/photos/99", headers={"Accept-Language": "fr"}).json["detail"] == "there is no photo 99"


@pytest.mark.usefixtures("french")
def test_a_message_is_its_english_text_and_knows_its_french_one():
    inner = say("it has the most pixels, %(width)s × %(height)s", width=number(4000), height=number(30))
    assert inner == "it has the most pixels, 4,000 × 30"
    assert translating.translate(inner) == "elle a le plus de pixels, 4\u202f000 × 30"
    outer = say("the picture can't be read: %(reason)s", reason=inner)
    assert translating.translate(outer).endswith("lue\u00a0: elle a le plus de pixels, 4\u202f000 × 30")
    assert translating.translate("Photos.jpg") == "Photos.jpg"
    assert translating.translate(say("an untranslated 100 % line")) == "an untranslated 100 % line"


def test_why_a_photo_was_found_names_places_as_the_page_does(gallery, make_app):
    names = PlaceNames("Geneva", "Geneva", "Switzerland", "Genève", "Genève", "Suisse", "CH")
    with gallery.database.write() as session:
        place_id = photos.remember_place(session, 1, names)
    gallery.draw("a.jpg", "red", metadata={"place_id": place_id})
    client = make_app().test_client()
    for query, english, french in (("switzerland", "Switzerland", "Suisse"), ("genève geneva", "Geneva", "Genève")):
        for language, expected in (("en", english), ("fr", french)):
            answer = client.get(
                "/search", query_string={"q": f"{query} show:all"}, headers={"Accept-Language": language}
            )
            assert re.findall(r'class="why"><bdi>(.*?)</bdi>', answer.text) == [expected]


def test_what_an_exception_says_keeps_its_template():
    assert isinstance(said(QueryError(say("an album needs a name"))), Message)
    assert said(QueryError("a plain line")) == "a plain line"
    assert mark("a text") == "a text"


@pytest.mark.usefixtures("french")
def test_lines_that_were_stored_are_known_again_also_when_one_holds_another():
    notice = str(
        say(
            "This library uses the starter encoder. %(switch)s",
            switch="For better search, and in many languages, switch with: photoindex up --encoder siglip2-base",
        )
    )
    french = translating.recall(notice)
    assert french.startswith("Cette photothèque utilise l’encodeur de départ. Pour mieux chercher")
    assert french.endswith(": photoindex up --encoder siglip2-base")
    why = translating.recall(
        "Using the starter encoder, because siglip2-base can't be downloaded: no connection to example.org. "
        "For better search, and in many languages, switch with: photoindex up --encoder siglip2-base"
    )
    assert "siglip2-base ne peut pas être téléchargé\u00a0: pas de connexion avec example.org. Pour mieux" in why
    problem = translating.recall("/photos/100%/a can't be read (Input/output error); is its disk connected?")
    assert problem == "/photos/100%/a ne peut pas être lu (Input/output error)\u00a0; son disque est-il branché\u00a0?"
    assert translating.recall("something else") == "something else"


def test_pages_in_english_say_stored_lines_as_they_are(client):
    with client.application.test_request_context(headers={"Accept-Language": "en"}):
        assert translating.recall("The file is empty.") == "The file is empty."
