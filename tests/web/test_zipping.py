"""Originals as one zip file: what is in it, under which names, and what ends it."""

from __future__ import annotations

import hashlib
import io
import os
import re
import time
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener
from zipfile import ZIP_STORED, ZipFile

import psutil
import pytest
from drawing import draw_photo
from posting import post

from photoindex import photos
from photoindex.web.zipping import LEFT_OUT, Names, safe_name, stream


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("photo 1.jpg", "photo 1.jpg"),
        ("été ☀.jpg", "été ☀.jpg"),
        ("../../etc/passwd", "_._etc_passwd"),
        ("/root.jpg", "_root.jpg"),
        ("C:\\x.jpg", "C__x.jpg"),
        ("a\nb\x00\u202ec.jpg", "a_b__c.jpg"),
        ("..", "photo"),
        ("", "photo"),
        ("   .jpg", "jpg"),
        ("CON.jpg", "_CON.jpg"),
        ("nul", "_nul"),
        ("x" * 300 + ".jpg", "x" * 196 + ".jpg"),
        ("é" * 300 + ".jpg", "é" * 98 + ".jpg"),
    ],
)
def test_a_name_is_safe_on_every_system(name, safe):
    assert safe_name(name) == safe


def test_names_are_unique_whatever_a_system_takes_for_the_same():
    names = Names([LEFT_OUT])
    given = ["a.jpg", "A.JPG", "a.jpg", "a (2).jpg", "é.jpg", "e\u0301.jpg", LEFT_OUT.upper()]
    made = [names.free(each) for each in given]
    assert made[:4] == ["a.jpg", "A (2).JPG", "a (3).jpg", "a (2) (2).jpg"]
    assert len({each.casefold() for each in made}) == len(given)
    assert LEFT_OUT.casefold() not in {each.casefold() for each in made}


def download(client, ids: list[int]):
    return post(client, "/selection", do="download", id=ids, back="/")


def test_the_zip_file_has_every_original_as_it_is(gallery, make_app):
    (gallery.root / "a").mkdir()
    (gallery.root / "b").mkdir()
    ids = [gallery.draw("a/one.jpg", "red"), gallery.draw("b/one.jpg", "blue"), gallery.draw("b/été.jpg", "green")]
    answer = download(make_app().test_client(), ids)
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    assert re.fullmatch(r'attachment; filename="PhotoIndex [0-9-]+\.zip"', answer.headers["Content-Disposition"])
    with ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["one.jpg", "one (2).jpg", "été.jpg"]
        assert {each.compress_type for each in archive.infolist()} == {ZIP_STORED}
        assert archive.read("one (2).jpg") == (gallery.root / "b/one.jpg").read_bytes()
        assert archive.getinfo("one.jpg").date_time == (2024, 3, 5, 14, 3, 7 - 7 % 2)


def test_originals_that_are_gone_or_are_links_now_are_named_and_nothing_else_is_sent(gallery, make_app, tmp_path):
    ids = [gallery.draw("here.jpg", "red"), gallery.draw("gone.jpg", "blue"), gallery.draw("link.jpg", "green")]
    secret = tmp_path / "secret.jpg"
    (gallery.root / "link.jpg").rename(secret)
    (gallery.root / "link.jpg").symlink_to(secret)
    (gallery.root / "gone.jpg").unlink()
    client = make_app().test_client()
    with ZipFile(io.BytesIO(download(client, ids).data)) as archive:
        assert archive.namelist() == ["here.jpg", LEFT_OUT]
        assert archive.read(LEFT_OUT).decode().split() == ["gone.jpg", "link.jpg"]
    refused = download(client, ids[1:])
    assert refused.status_code == 404
    assert "none of these originals is there now" in refused.text


def test_an_original_is_closed_when_nobody_reads_on(gallery):
    path = Path(draw_photo(gallery.root / "big.png", colour="red"))
    with path.open("ab") as file:
        file.write(os.urandom(3_000_000))
    photo_id = gallery.index(b"big.png")
    with gallery.database.read() as session:
        found = photos.get_many(session, [photo_id])
    pieces = stream(found)
    next(pieces)
    assert str(path.resolve()) in {each.path for each in psutil.Process().open_files()}
    pieces.close()
    assert str(path.resolve()) not in {each.path for each in psutil.Process().open_files()}


def test_a_real_server_streams_it_and_lives_on_when_the_client_stops_reading(gallery, start_server):
    ids = []
    for number in range(6):
        draw_photo(gallery.root / f"{number}.png", colour="red", seed=number)
        with (gallery.root / f"{number}.png").open("ab") as file:
            file.write(os.urandom(8_000_000))
        ids.append(gallery.index(b"%d.png" % number))
    server = start_server(5.0, 1.0)
    opener = build_opener(HTTPCookieProcessor())
    page = opener.open(server.url + "/settings", timeout=20).read().decode()
    token = re.search(r'<meta name="csrf-token" content="(.+?)">', page)[1]
    form = urlencode([("csrf_token", token), ("do", "download"), *(("id", each) for each in ids)]).encode()

    with opener.open(Request(server.url + "/selection", form), timeout=20) as answer:
        whole = answer.read()
    with ZipFile(io.BytesIO(whole)) as archive:
        for name in archive.namelist():
            assert _digest(archive.read(name)) == _digest((gallery.root / name).read_bytes())
    assert len(archive.namelist()) == 6

    with opener.open(Request(server.url + "/selection", form), timeout=20) as answer:
        answer.read(1000)
    assert server.get("/healthz")
    root = str(gallery.root.resolve())
    for _ in range(100):
        if not _opened_below(root, server.process.pid):
            break
        time.sleep(0.05)
    assert _opened_below(root, server.process.pid) == []
    code, _out, err = server.stop()
    assert (code, err) == (0, "")


def _opened_below(root: str, pid: int) -> list[str]:
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return [file.path for each in family for file in each.open_files() if Path(file.path).is_relative_to(root)]


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
