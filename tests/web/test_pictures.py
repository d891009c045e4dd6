"""Searching by a picture that is sent."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from drawing import draw_image
from posting import token
from werkzeug.datastructures import FileStorage
from werkzeug.test import stream_encode_multipart


def png(colour: str, size: tuple[int, int] = (160, 120)) -> io.BytesIO:
    stream = io.BytesIO()
    draw_image(colour=colour, size=size, seed=99).save(stream, "PNG")
    stream.seek(0)
    return stream


@pytest.fixture
def app(gallery, make_app):
    gallery.fill(12, days_apart=10)
    return make_app()


def send(client, address: str, colour: str = "blue", **fields: str):
    if not address.startswith("/api/"):
        fields["csrf_token"] = token(client)
    return client.post(address, data={"image": (png(colour), "boat.png"), **fields}, content_type="multipart/form-data")


def test_photos_like_a_picture_are_found(client) -> None:
    answer = send(client, "/api/v1/search?limit=3").json
    assert answer["results"][0]["filename"] == "photo 0002.jpg"  # the blue one
    assert answer["results"][0]["match"] == "strong"
    (chip,) = answer["understood"]
    assert chip["label"] == {"en": "Like the picture", "fr": "Comme l'image"}


def test_the_query_of_the_answer_asks_for_the_same_again(client) -> None:
    answer = send(client, "/api/v1/search").json
    again = client.get("/api/v1/search", query_string={"q": answer["query"]}).json
    assert [each["id"] for each in again["results"]] == [each["id"] for each in answer["results"]]


def test_words_narrow_down_what_looks_like_it(client) -> None:
    answer = send(client, "/api/v1/search", q="show:all before:2024-02-01").json
    assert answer["total"] == 8
    assert all(each["taken_at"] < "2024-02-01" for each in answer["results"])


def test_the_page_leads_to_the_results(client) -> None:
    response = send(client, "/search")
    assert response.status_code == 303
    page = client.get(response.location).text
    assert "Like the picture" in page
    assert "photo 0002.jpg" in page


def test_a_large_picture_is_taken_and_too_large_a_one_refused(client, app) -> None:
    content = png("red", (1600, 1200)).getvalue() + bytes(2_000_000)
    large = FileStorage(io.BytesIO(content), "large.png", "image")
    stream, _, boundary = stream_encode_multipart({"image": large}, threshold=10_000_000)
    form = {"data": stream.read(), "content_type": f"multipart/form-data; boundary={boundary}"}
    assert client.post("/api/v1/search", **form).status_code == 200
    app.extensions["photoindex"] = replace(app.extensions["photoindex"], max_file_bytes=1_000_000)
    assert client.post("/api/v1/search", **form).status_code == 413


@pytest.mark.parametrize(
    ("data", "status", "says"),
    [
        ({}, 400, "there is no picture"),
        ({"q": "boat"}, 400, "there is no picture"),
        ({"image": (io.BytesIO(b"no picture"), "a.png")}, 400, "can't be read"),
        ({"image": (io.BytesIO(b""), "a.png")}, 400, "can't be read"),
    ],
)
def test_what_is_no_picture_is_refused_in_one_line(client, data, status, says) -> None:
    response = client.post("/api/v1/search", data=data, content_type="multipart/form-data")
    assert response.status_code == status
    assert says in response.json["detail"] and "\n" not in response.json["detail"]


def test_json_is_refused(client) -> None:
    assert client.post("/api/v1/search", json={"q": "boat"}).status_code == 415


def test_a_page_of_another_site_can_send_none(client) -> None:
    response = client.post("/search", data={"image": (png("red"), "a.png")}, headers={"Sec-Fetch-Site": "cross-site"})
    assert response.status_code == 403
