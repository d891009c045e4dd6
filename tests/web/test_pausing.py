"""Pausing and resuming indexing from the status page and by the API."""

from __future__ import annotations

from datetime import timedelta

import pytest
from posting import post

from photoindex import pausing
from photoindex.models import utc_now


@pytest.fixture
def client(make_app):
    return make_app().test_client()


def test_status_page_pauses_and_resumes(gallery, client):
    assert "Pause indexing" in client.get("/status").text
    assert post(client, "/status/pause", hours="2").status_code == 303
    with gallery.database.read() as session:
        found = pausing.read(session)
    assert timedelta(hours=1.9) < found.until - utc_now() <= timedelta(hours=2)
    assert "Resume indexing" in client.get("/status").text
    assert post(client, "/status/resume").status_code == 303
    with gallery.database.read() as session:
        assert pausing.read(session) is None


def test_a_pause_of_the_page_may_have_no_end_but_no_odd_length(gallery, client):
    assert post(client, "/status/pause", hours="").status_code == 303
    with gallery.database.read() as session:
        assert pausing.read(session).until is None
    assert post(client, "/status/pause", hours="1000").status_code == 422


@pytest.mark.usefixtures("daemon")
def test_status_page_says_why_indexing_rests(gallery, client):
    gallery.add_pending(2)
    gallery.say(
        state="paused", resting="waiting for 22:00, as the setting index_hours says", priority="nice 10, disk low"
    )
    page = client.get("/status").text
    for shown in ("waiting for 22:00, as the setting", "nice 10, disk low", "Indexing rests; 2 photos wait"):
        assert shown in page
    french = client.get("/status", headers={"Accept-Language": "fr"}).text
    assert "en attente jusqu’à 22:00" in french
    assert client.get("/api/v1/status").json["daemon"]["resting"].startswith("waiting for 22:00")


def test_the_api_pauses_and_resumes(client):
    page = client.post("/api/v1/pause", json={"seconds": 60}).json
    assert page["pause"]["until"] > page["pause"]["since"]
    assert client.post("/api/v1/pause", json={"seconds": None}).json["pause"]["until"] is None
    assert client.get("/api/v1/status").json["pause"] is not None
    assert client.post("/api/v1/resume").json["pause"] is None


@pytest.mark.parametrize("body", [{}, {"seconds": 0}, {"seconds": 10**9}, {"seconds": "2h"}, {"for": 1}])
def test_the_api_refuses_a_pause_that_is_none(client, body):
    assert client.post("/api/v1/pause", json=body).status_code == 422


def test_a_page_of_another_site_can_not_pause(client):
    assert client.post("/status/pause", data={"hours": "2"}).status_code == 403
    assert (
        client.post("/api/v1/pause", json={"seconds": 60}, headers={"Origin": "http://else.where"}).status_code == 403
    )
