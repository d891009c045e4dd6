"""Forms: each address that changes something, but for the API's, wants the token of a page of ours."""

from __future__ import annotations

import re
import stat

import pytest
from posting import post, token

from photoindex.web import problems, secret

READING = {"GET", "HEAD", "OPTIONS"}


@pytest.fixture
def client(gallery, make_app):
    """A client of an application over twelve photos. In pytest-flask's all requests share one `g`."""
    gallery.fill(12)
    return make_app().test_client()


def changing_addresses(app) -> list[tuple[str, str]]:
    """Method and address of every route that changes something and is no part of the API."""
    return [
        (method, re.sub(r"<[^>]+>", "1", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - READING)
        if not problems.is_for_programs(rule.rule)
    ]


def test_no_address_that_changes_something_takes_a_form_without_the_token(client):
    addresses = changing_addresses(client.application)
    assert {"/saved", "/settings/appearance", "/search"} <= {address for _, address in addresses}
    token(client)  # the session is there, as it is in a visitor's browser
    for method, address in addresses:
        for sent in ({}, {"csrf_token": ""}, {"csrf_token": "forged"}):
            response = client.open(address, method=method, data=sent)
            assert response.status_code == 403, f"{method} {address}"
            assert response.text.count("is not ours. Go back, reload it, and try again.") == 1


def test_the_token_of_another_session_is_refused(client):
    theirs, mine = token(client.application.test_client()), token(client)
    for sent, status in ((theirs, 403), (mine, 303)):
        data = {"csrf_token": sent, "theme": "dark"}
        assert client.post("/settings/appearance", data=data).status_code == status


def test_scripts_send_the_token_as_a_header(client):
    response = client.post(
        "/settings/appearance", data={"theme": "dark"}, headers={"X-CSRFToken": token(client), "HX-Request": "true"}
    )
    assert response.status_code == 303


def test_programs_need_no_token(client):
    assert client.post("/api/v1/albums", json={"name": "Summer"}).status_code == 201


def test_every_form_that_posts_has_the_token(client, gallery):
    gallery.draw("twice.jpg", "red", seed=7)
    gallery.draw("again.jpg", "red", seed=7)
    client.post("/api/v1/saved-searches", json={"name": "Blue", "query": "blue"})
    for address in ("/search?q=red", "/saved", "/saved/new?q=red", "/saved/1", "/duplicates", "/settings"):
        page = client.get(address).text
        forms = re.findall(r'<form\b[^>]*method="post"[^>]*>(.*?)</form>', page, re.DOTALL)
        assert forms, address
        assert all(form.count('name="csrf_token"') == 1 for form in forms), address


def test_the_session_cookie_is_for_our_pages_alone_and_no_script_reads_it(client):
    cookie = client.get("/").headers["Set-Cookie"]
    assert cookie.startswith("photoindex=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_the_key_is_made_once_and_only_its_owner_reads_it(gallery, make_app):
    first = make_app().secret_key
    path = gallery.settings.data / "secret_key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().strip() == first == make_app().secret_key
    assert len(str(first)) == 64
    assert [each.name for each in gallery.settings.data.glob("secret_key*")] == ["secret_key"]


@pytest.mark.parametrize("left", ["", "short\n"])
def test_a_key_that_was_cut_short_is_made_anew_and_one_that_others_could_read_is_closed(tmp_path, left):
    path = tmp_path / "secret_key"
    path.write_text(left)
    path.chmod(0o644)
    key = secret.read(tmp_path)
    assert len(key) == 64
    assert secret.read(tmp_path) == key
    path.chmod(0o644)
    assert secret.read(tmp_path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_form_keeps_theme_and_language(client):
    response = post(client, "/settings/appearance", theme="dark", language="fr")
    assert (response.status_code, response.location) == (303, "/settings?saved=1")
    kept = response.headers.getlist("Set-Cookie")
    assert all("HttpOnly" in each and "SameSite=Lax" in each for each in kept)
    page = client.get("/").text
    assert '<html lang="fr" data-theme="dark">' in page
    post(client, "/settings/appearance", theme="system", language="")
    assert '<html lang="en" data-theme="system">' in client.get("/").text


@pytest.mark.parametrize("wrong", [{"theme": "pink"}, {"theme": "dark", "language": "xx"}, {}], ids=str)
def test_themes_and_languages_that_are_none_are_refused(client, wrong):
    assert post(client, "/settings/appearance", **wrong).status_code == 422
