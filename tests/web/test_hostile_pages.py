"""Every page, when whatever has a name has a hostile one: files, folders, cameras, places, albums… Nothing runs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from browsing import CHROMIUM, SIZES, Watched, open_browser
from flask import Flask
from flask.testing import FlaskClient
from posting import post
from web.conftest import Gallery, RunningServer
from web.every_page import addresses
from web.hostile_gallery import EVIL, EVIL_LINES, NAMES, fill
from werkzeug.test import TestResponse

from photoindex import embeddings
from photoindex.database import Database
from photoindex.web import create_app

OVERRIDES = re.compile("[\u202a-\u202e\u2066-\u2069]")
DISPOSITION = re.compile(
    r"""(inline|attachment);\ filename="(?P<plain>[\x20!#-\[\]-~]+)"(;\ filename\*=UTF-8''(?P<exact>[\w.%~-]+))?""",
    re.VERBOSE,
)
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
ADDRESSES = {"href", "src", "action", "data-clip", "data-more", "data-address", "hx-get", "hx-post"}


Serve = Callable[[Path], RunningServer]


class Reading(HTMLParser):
    """What a browser would make of a page, as far as it could run."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.wrongs: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if tag in ("x-evil", "iframe", "object", "embed", "base", "style") or (tag == "script" and "src" not in given):
            self.wrongs.append(f"<{tag}>")
        if len(given) != len(attributes):
            self.wrongs.append(f"<{tag}> says something twice: {attributes}")
        for name, value in attributes:
            if name in ("alt", "title", "aria-label"):
                self.text.append(value or "")
            if name.startswith("on") or (name == "autofocus" and tag != "input") or name == "style":
                self.wrongs.append(f"<{tag} {name}={value!r}>")
            if name in ADDRESSES and value and not value.startswith(("/", "?", "#")):
                self.wrongs.append(f"<{tag} {name}={value!r}>")

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[Path], Database]) -> Gallery:
    made = fill(tmp_path_factory.mktemp("hostile"), new_database)
    made.database.close()
    return made


@pytest.fixture(scope="module")
def app(hostile: Gallery) -> Iterator[Flask]:
    made = create_app(hostile.settings, load_text_encoder=lambda _: hostile.encoder)
    made.testing = True
    parts = made.extensions["photoindex"]
    with parts.database.read() as session:
        parts.text_tower.warm(embeddings.active_encoder(session))
    parts.engine.prepare()
    yield made
    parts.close()


@pytest.fixture
def visitor(app: Flask) -> FlaskClient:
    return app.test_client()


def check(answer: TestResponse, where: str) -> None:
    """Nothing in the answer runs, and no header of it was written by somebody else."""
    assert answer.status_code < 500 or answer.status_code == 503, (where, answer.status)
    assert "evil" not in (answer.headers.get("Set-Cookie") or ""), where
    for name, value in answer.headers:
        assert not CONTROLS.search(value), (where, name)
        assert "\n" not in value, (where, name)
    kind = answer.mimetype
    if kind == "text/html":
        reading = Reading()
        reading.feed(answer.text)
        assert reading.wrongs == [], where
        shown = "".join(reading.text)
        turned = OVERRIDES.search(shown)
        assert turned is None, (where, shown[max(0, turned.start() - 200) : turned.end()])
        assert not CONTROLS.search(shown), where
        assert "49" not in re.findall(r"\{\{7\*7\}\}|\b49\b", shown), where
    elif kind.endswith("json"):
        json.loads(answer.text)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    answer.close()


def test_whatever_names_say_no_page_runs_any_of_it(app, visitor):
    asked = 0
    for _, address in addresses(app, EVIL_LINES):
        check(visitor.get(address), address)
        asked += 1
    assert asked > 60


def test_each_photo_has_its_page_whatever_its_name(visitor):
    for photo_id in range(1, len(NAMES) + 1):
        page = visitor.get(f"/photos/{photo_id}")
        assert page.status_code == 200
        check(page, f"photo {photo_id}")
        assert "&lt;x-evil" in page.text


def test_names_cannot_add_to_the_headers_of_a_download(visitor):
    for photo_id in range(1, len(NAMES) + 1):
        for address in ("original", "original?download=1", "thumbnail"):
            answer = visitor.get(f"/api/v1/photos/{photo_id}/{address}")
            assert answer.status_code == 200
            said = answer.headers.get("Content-Disposition", 'inline; filename="photo"')
            found = DISPOSITION.fullmatch(said)
            assert found, said
            assert not {"/", "\\", "\r", "\n", "\x00"} & set(unquote(found["exact"] or found["plain"])), said
            check(answer, address)


@pytest.mark.parametrize(
    ("address", "fields"),
    [
        ("/albums", {"name": EVIL[:100]}),
        ("/albums", {"name": EVIL_LINES}),
        ("/albums/1/rename", {"name": EVIL * 9}),
        ("/saved", {"name": EVIL[:100], "query": EVIL}),
        ("/saved/1/change", {"name": EVIL * 9, "query": EVIL_LINES}),
        ("/selection", {"action": EVIL, "id": EVIL}),
        ("/selection", {"action": "favourite", "id": "1", "back": "javascript:pwned()"}),
        ("/selection/undo", {"token": EVIL, "back": "//evil.example/"}),
        ("/settings/appearance", {"theme": EVIL, "language": EVIL_LINES}),
        ("/photos/1/rating", {"stars": EVIL}),
        (f"/duplicates/{quote(EVIL, safe='')}/dismiss", {}),
    ],
)
def test_what_is_sent_comes_back_as_mere_text(visitor, address, fields):
    answer = post(visitor, address, **fields)
    check(answer, address)
    assert answer.headers.get("Location", "/").startswith("/")
    assert not answer.headers.get("Location", "/").startswith("//")


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium or google-chrome is installed")
def test_a_browser_runs_nothing_of_it_and_no_page_breaks(app: Flask, hostile: Gallery, serve: Serve) -> None:
    pages = {
        endpoint: address
        for endpoint, address in addresses(app, EVIL)
        if not endpoint.startswith(("api.", "media.", "health.", "albums.", "saved_searches."))
    }
    url = serve(hostile.settings.data).url
    with open_browser() as browser:
        context = browser.new_context(viewport=SIZES["phone"], locale="fr")
        context.add_init_script(
            "window.ran = []; window.pwned = () => ran.push('a script');"
            "document.addEventListener('securitypolicyviolation', (e) => ran.push(e.violatedDirective));"
        )
        visit = Watched(context.new_page(), url)
        shown = 0
        for address in pages.values():
            answer = visit.page.goto(url + address, wait_until="domcontentloaded")
            assert answer is not None
            if answer.headers["content-type"].startswith("text/html"):
                assert visit.page.evaluate("ran") == [], address
                assert visit.page.locator("x-evil").count() == 0, address
                visit.wrongs = [wrong for wrong in visit.wrongs if "status of 4" not in wrong and "503" not in wrong]
                visit.check()
                shown += 1
        assert shown > 20
        context.close()
