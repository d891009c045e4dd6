"""/healthz and /readyz, and searching while the encoder is not there."""

from __future__ import annotations

import threading

import pytest

from photoindex.errors import EncoderUnavailableError
from photoindex.web import start_warming, stop_warming


def test_ready_without_an_index_unless_someone_is_making_it(gallery, make_app):
    client = make_app().test_client()
    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/readyz").status_code == 200


@pytest.mark.usefixtures("daemon")
def test_not_ready_while_the_first_photos_are_indexed(make_app):
    response = make_app().test_client().get("/readyz")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
    assert response.content_type == "application/problem+json"


def test_not_ready_before_the_encoder_is_warm(gallery, make_app):
    gallery.fill(2)
    app = make_app(warm=False)
    assert app.test_client().get("/readyz").status_code == 503
    app.extensions["photoindex"].text_tower.warm(_stored(gallery))
    assert app.test_client().get("/readyz").status_code == 503
    app.extensions["photoindex"].engine.prepare()
    assert app.test_client().get("/readyz").status_code == 200


def test_search_before_the_encoder_is_warm_says_try_again(gallery, make_app):
    gallery.fill(2)
    client = make_app(warm=False, patience_seconds=0.05).test_client()
    response = client.get("/api/v1/search?q=red")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
    page = client.get("/search?q=red")
    assert page.status_code == 503
    assert page.headers["Retry-After"] == "2"
    assert '<meta http-equiv="refresh" content="2">' in page.text
    assert 'value="red"' in page.text


def test_an_encoder_that_cannot_be_loaded_leaves_the_rest_working(gallery, make_app, caplog):
    gallery.fill(2)

    def fail(_: object) -> None:
        raise EncoderUnavailableError("the weights are not here")

    app = make_app(warm=False, load=fail)
    start_warming(app)
    client = app.test_client()
    try:
        for address in ("/api/v1/search?q=red", "/readyz"):
            _until(lambda address=address: "weights are not here" in client.get(address).text)
            assert client.get(address).status_code == 503
        assert "weights are not here" in client.get("/search?q=red").text
        assert client.get("/").status_code == client.get("/healthz").status_code == 200
        assert client.get("/api/v1/photos/1/similar").status_code == 200
    finally:
        stop_warming(app)
    assert caplog.text.count("weights are not here") == 1


def test_the_warmer_loads_the_encoder_as_soon_as_there_is_one(gallery, make_app, monkeypatch):
    monkeypatch.setattr("photoindex.web.warming.NO_ENCODER_SECONDS", 0.02)
    app = make_app(warm=False)
    start_warming(app)
    try:
        gallery.fill(1)
        _until(lambda: app.extensions["photoindex"].text_tower.is_warm(_stored(gallery)))
    finally:
        stop_warming(app)
        stop_warming(app)
    assert "text-encoder-warmer" not in [thread.name for thread in threading.enumerate()]


def test_a_broken_database_is_told_in_one_line(gallery, make_app, monkeypatch):
    client = make_app().test_client()
    gallery.settings.database.write_bytes(b"not a database" * 1000)
    for suffix in ("-wal", "-shm"):
        gallery.settings.database.with_name(gallery.settings.database.name + suffix).unlink(missing_ok=True)
    response = client.get("/healthz")
    assert response.status_code == 503
    assert "photoindex restore FILE" in response.json["detail"]


def _stored(gallery):
    from photoindex import embeddings

    with gallery.database.read() as session:
        return embeddings.active_encoder(session)


def _until(true, seconds: float = 5.0) -> None:
    waiting = threading.Event()
    for _ in range(int(seconds / 0.02)):
        if true():
            return
        waiting.wait(0.02)
    raise AssertionError("it did not come in time")
