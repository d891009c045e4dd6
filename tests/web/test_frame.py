"""What stands around every page: navigation, icons, themes, and what installs the gallery as an app."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from PIL import Image
from posting import post

from photoindex.web.navigation import ENTRIES, ON_PHONES

ROOT = Path(__file__).parents[2]


@pytest.fixture
def client(gallery, make_app):
    gallery.fill(3)
    return make_app().test_client()


def test_every_entry_of_the_navigation_leads_to_a_page_that_marks_it(client):
    with client.application.test_request_context():
        addresses = {entry.address: str(entry.label) for entry in ENTRIES}
    for address, label in addresses.items():
        answer = client.get(address, follow_redirects=True)
        assert answer.status_code == 200
        rail, tabs = (
            re.findall(rf'<nav class="{each}".*?</nav>', answer.text, re.DOTALL)[0] for each in ("rail", "tabs")
        )
        for part in (rail, tabs):
            assert re.findall(r'aria-current="page">.*?<span>(.*?)</span>', part) == [label]


def test_a_page_that_belongs_to_an_entry_marks_it(client):
    client.post("/api/v1/saved-searches", json={"name": "Blue", "query": "blue"})
    assert re.search(r'href="/albums" aria-current="page"', client.get("/saved/1").text)
    assert "aria-current" not in client.get("/search?q=red").text.partition("<main")[0]


def test_a_phone_shows_the_first_entries_and_the_others_without_a_script(client):
    tabs = re.findall(r'<nav class="tabs".*?</nav>', client.get("/").text, re.DOTALL)[0]
    first, _, others = tabs.partition('<details class="more">')
    assert first.count("<a ") == ON_PHONES
    assert others.count("<a ") == len(ENTRIES) - ON_PHONES


def test_every_icon_that_is_used_is_drawn():
    drawn = set(re.findall(r"^  '(\w+)': 'M", (ROOT / "templates" / "_icons.html").read_text("utf-8"), re.MULTILINE))
    used = {entry.icon for entry in ENTRIES}
    for path in (ROOT / "templates").rglob("*.html"):
        used |= set(re.findall(r"icon\('(\w+)'", path.read_text("utf-8")))
    assert len(drawn) > 40
    assert used <= drawn


def test_browsers_are_told_how_to_install_it(client):
    address = re.findall(r'<link rel="manifest" href="(.*?)">', client.get("/").text)[0]
    answer = client.get(address, headers={"Accept-Language": "fr"})
    assert answer.mimetype == "application/manifest+json"
    manifest = answer.json
    assert manifest["display"] == "standalone" and manifest["lang"] == "fr"
    assert {icon["purpose"] for icon in manifest["icons"]} == {"any", "maskable"}
    for icon in manifest["icons"]:
        with client.get(icon["src"]) as sent:
            assert sent.mimetype == icon["type"]
            picture = Image.open(io.BytesIO(sent.data))
        assert f"{picture.width}x{picture.height}" == icon["sizes"]
    apple = re.findall(r'<link rel="apple-touch-icon" href="(.*?)">', client.get("/").text)[0]
    with client.get(apple) as sent:
        assert Image.open(io.BytesIO(sent.data)).size == (180, 180)


def test_the_chosen_theme_stands_on_the_page_and_colours_the_browser(client):
    page = client.get("/").text
    assert 'data-theme="system"' in page and page.count('name="theme-color"') == 2
    post(client, "/settings/appearance", theme="dark", language="")
    page = client.get("/").text
    assert 'data-theme="dark"' in page
    assert re.findall(r'name="theme-color" content="(.*?)"', page) == ["#16181b"]


def test_a_cookie_that_names_no_theme_or_language_is_passed_over(client):
    client.set_cookie("theme", '"><script>')
    client.set_cookie("language", "../../etc")
    assert '<html lang="en" data-theme="system">' in client.get("/").text


def test_all_that_stands_beside_a_kept_file_is_kept_as_well_and_old_addresses_are_not(client):
    script = re.findall(r'<script src="(/static/v-\w+/js/photoindex.js)" type="module">', client.get("/").text)[0]
    for address, kept in (
        (script, "immutable"),
        (script.replace("photoindex.js", "typing.js"), "immutable"),
        (re.sub(r"v-\w+", "v-000000000000", script), "no-cache"),
    ):
        with client.get(address) as answer:
            assert answer.status_code == 200
            assert kept in answer.headers["Cache-Control"]
    with client.get(re.sub(r"js/.*", "../../../pyproject.toml", script)) as answer:
        assert answer.status_code == 404


def test_style_sheets_and_scripts_stay_small():
    for path in [*(ROOT / "static" / "css").glob("*.css"), *(ROOT / "static" / "js").glob("*.js")]:
        if path.name == "ratios.css":  # made by a script, for no one to read
            continue
        assert path.read_text("utf-8").count("\n") < 300, path.name
