"""Headers of every response, the names the server answers to, and what browsers may keep."""

from __future__ import annotations

from dataclasses import replace

import pytest

from photoindex.errors import ConfigError
from photoindex.web.headers import CONTENT_SECURITY_POLICY
from photoindex.web.server import check_host

PAGES = ("/", "/search?q=red", "/photos/1", "/photos/1/similar", "/status", "/api/v1/photos", "/api/v1/search?q=red")
OTHERS = ("/nothing", "/api/nothing", "/healthz", "/readyz", "/search", "/static/css/base.css", "/photos/99")
MEDIA = ("/api/v1/photos/1/thumbnail", "/api/v1/photos/1/original", "/api/v1/photos/99/original")


@pytest.mark.parametrize("address", PAGES + OTHERS + MEDIA)
def test_every_response_is_confined(client, address):
    with client.get(address) as response:
        headers = response.headers
    expected = "default-src 'none'; sandbox" if address in MEDIA else CONTENT_SECURITY_POLICY
    assert headers["Content-Security-Policy"] == expected
    assert "unsafe" not in expected
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert "Access-Control-Allow-Origin" not in headers
    assert "private" in headers["Cache-Control"]


def test_pages_are_not_kept_and_static_files_are(client):
    page = client.get("/")
    assert page.headers["Cache-Control"] == "private, no-store"
    address = page.text.partition('<link rel="stylesheet" href="')[2].partition('"')[0]
    with client.get(address) as response:
        assert response.headers["Cache-Control"] == "private, max-age=31536000, immutable"
        etag = response.headers["ETag"]
    with client.get(address, headers={"If-None-Match": etag}) as response:
        assert response.status_code == 304
    with client.get("/static/css/base.css") as response:
        assert "no-cache" in response.headers["Cache-Control"]


LOCAL = ("localhost", "localhost:8460", "127.0.0.1:1", "[::1]:8460", "LOCALHOST", "localhost.")
FOREIGN = ("evil.example", "127.0.0.1.evil.example:8460", "192.168.1.5", "localhost.evil.example", "x y", "[::2]", "")


@pytest.mark.parametrize("host", LOCAL)
def test_local_names_are_answered(client, host):
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", FOREIGN)
def test_foreign_names_are_refused(client, host):
    problem = client.get("/api/v1/photos", headers={"Host": host})
    assert (problem.status_code, problem.content_type) == (400, "application/problem+json")
    page = client.get("/", headers={"Host": host})
    assert (page.status_code, page.mimetype) == (400, "text/html")
    assert "trusted_hosts" in page.text
    assert client.get("/static/css/base.css", headers={"Host": host}).status_code == 400


def test_a_forwarded_host_is_not_believed(client):
    assert client.get("/", headers={"Host": "evil.example", "X-Forwarded-Host": "localhost"}).status_code == 400


def test_names_in_the_settings_are_answered(gallery, make_app):
    settings = replace(gallery.settings, host="192.168.1.5", trusted_hosts=("photos.home",))
    client = make_app(settings=settings).test_client()
    for host, status in (("photos.home:8460", 200), ("192.168.1.5:8460", 200), ("192.168.1.6", 400)):
        assert client.get("/healthz", headers={"Host": host}).status_code == status


@pytest.mark.parametrize("wildcard", ["0.0.0.0", "::"])
def test_listening_everywhere_any_address_is_answered_but_no_foreign_name(gallery, make_app, wildcard):
    client = make_app(settings=replace(gallery.settings, host=wildcard)).test_client()
    for host, status in (("10.0.0.7:8460", 200), ("[fd00::7]", 200), ("localhost", 200), ("evil.example", 400)):
        assert client.get("/healthz", headers={"Host": host}).status_code == status


def test_only_this_machine_may_look_unless_wanted():
    for host in ("127.0.0.1", "localhost", "::1", "[::1]", "127.8.8.8"):
        check_host(host, insecure=False)
    for host in ("0.0.0.0", "::", "192.168.1.5", "photos.home", ""):
        with pytest.raises(ConfigError, match="--insecure-no-auth"):
            check_host(host, insecure=False)
        check_host(host, insecure=True)
