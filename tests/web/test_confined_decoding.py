"""The web server decodes pictures that are sent, and photos whose thumbnail is missing, in confined processes."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from drawing import draw_image
from flask.testing import FlaskClient
from isolation.conftest import make_decoders
from isolation.probes import probe

from photoindex import media, web
from photoindex.isolation import Decoders


@pytest.fixture
def decoders(monkeypatch: pytest.MonkeyPatch) -> Iterator[Decoders]:
    made = make_decoders(2.0)
    monkeypatch.setattr(web, "make_decoder", lambda *_, **__: made)
    yield made
    made.close()


def test_a_picture_that_ends_its_decoder_is_refused_in_one_line_and_the_next_is_found(
    decoders: Decoders, gallery, make_app
) -> None:
    photo_id = gallery.draw("a.jpg", "blue")
    client: FlaskClient = make_app().test_client()

    def send(content: bytes):
        sent = {"image": (io.BytesIO(content), "boat.png")}
        return client.post("/api/v1/search", data=sent, content_type="multipart/form-data")

    for action, said in (("crash", "crashes"), ("sleep", "longer than"), ("eat", "more memory")):
        answer = send(probe(action))
        assert answer.status_code == 400
        assert said in answer.json["detail"]
    picture = io.BytesIO()
    draw_image(colour="blue", size=(160, 120), seed=99).save(picture, "PNG")
    assert send(picture.getvalue()).status_code == 200
    # Thumbnails that are not there are made by the same processes.
    for path in gallery.settings.thumbnails.rglob("*.jpg"):
        path.unlink()
    jobs = decoders._jobs
    found = client.get(f"/api/v1/photos/{photo_id}/thumbnail")
    assert found.status_code == 200
    assert found.data.startswith(b"\xff\xd8")
    assert decoders._jobs == jobs + 1
    assert list(gallery.settings.thumbnails.rglob("*.jpg")) != []
    assert media.detect(found.data) is media.FORMATS[0]
