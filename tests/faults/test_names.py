"""R18: files may have any name that the file system takes."""

from __future__ import annotations

import json
import os
import shutil
import unicodedata
from contextlib import closing
from fnmatch import fnmatch
from pathlib import Path

import pytest
from blake3 import blake3
from colour_encoder import ColourEncoder
from daemon.conftest import Home
from drawing import draw_noise
from faults.invariants import assert_invariants
from hostile_names import HOSTILE
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from sqlalchemy import select

from photoindex.config import IGNORED_BY_DEFAULT
from photoindex.models import File, FileState, Photo
from photoindex.web import create_app

ODD = (
    *HOSTILE,
    b"tab\there",
    b"x" * 251 + b".png",
    b"-rf.png",
    "\u202eright to left \u05d0.png".encode(),
    "🙂 family 👩‍👩‍👧.png".encode(),
    unicodedata.normalize("NFC", "é.png").encode(),
    unicodedata.normalize("NFD", "é.png").encode(),
    b"%2e%2e%2f.png",
    b"trailing dot.",
    b"trailing space ",
    b"CON",
    b"aux.png",
    b"a:b*c?.png",
    b"\xff\xfe\x80.png",
    b"header\r\nSet-Cookie: a=b.png",
)
CONTENTS = 100


def _is_for_us(name: bytes) -> bool:
    return not any(fnmatch(os.fsdecode(name), pattern) for pattern in IGNORED_BY_DEFAULT)


def _generated(count: int) -> list[bytes]:
    """Names of random bytes, the same ones each time."""
    found: set[bytes] = set()
    plain = st.binary(max_size=60).map(lambda name: name.translate(None, b"\0/"))
    text = st.text(max_size=40).map(lambda name: name.encode("utf-8", "replace").translate(None, b"\0/"))
    name = st.one_of(plain, text, plain.map(lambda name: name + b".png"))

    @settings(max_examples=15, database=None, deadline=None, suppress_health_check=HealthCheck)
    @given(st.lists(name, min_size=60, max_size=60, unique=True))
    def generate(names: list[bytes]) -> None:
        found.update(name for name in names if name not in (b"", b".", b"..") and _is_for_us(name))

    for number in range(50):
        seed(number)(generate)()
        if len(found) >= count:
            break
    return sorted(found)[:count]


@pytest.mark.parametrize("count", [150, pytest.param(1000, marks=pytest.mark.long)])
def test_R18_any_name_is_indexed_shown_and_downloaded(home: Home, count: int) -> None:
    names = [*dict.fromkeys((*filter(_is_for_us, ODD), *_generated(count)))]
    assert len(names) > count
    contents = [draw_noise(home.root / "drawn" / f"{seed}.png", seed).read_bytes() for seed in range(CONTENTS)]
    shutil.rmtree(home.root / "drawn")
    root = os.fsencode(home.root)
    for number, name in enumerate(names):
        with open(os.path.join(root, name), "wb") as stream:
            stream.write(contents[number % CONTENTS])
    home.index()
    assert_invariants(home, ever=names)
    _assert_shown(home, {blake3(content).digest(): content for content in contents})


def _assert_shown(home: Home, contents: dict[bytes, bytes]) -> None:
    with closing(home.open()) as database, database.read() as session:
        hashes = dict(session.execute(select(Photo.id, Photo.content_hash)).all())
    app = create_app(home.settings, load_text_encoder=lambda _: ColourEncoder())
    client = app.test_client()
    listed = json.loads(client.get("/api/v1/photos?limit=200").data.decode("utf-8", "strict"))["results"]
    assert len(listed) == len(contents)
    for photo in listed[:20]:
        page = client.get(f"/photos/{photo['id']}")
        assert page.status_code == 200
        assert b"<img src=x" not in page.data
    for photo_id, content_hash in hashes.items():
        answer = client.get(f"/api/v1/photos/{photo_id}/original")
        assert (answer.status_code, answer.data) == (200, contents[content_hash])
        assert "Set-Cookie" not in answer.headers
        assert not any(ord(char) < 32 for value in answer.headers.values() for char in value)
        answer.close()
    app.extensions["photoindex"].close()


def test_R18_a_path_too_long_to_be_opened_holds_nobody_up(home: Home) -> None:
    draw_noise(home.root / "a.png", 1)
    draw_noise(home.root / "z" / "b.png", 2)
    content = (home.root / "a.png").read_bytes()
    folder = os.open(home.root, os.O_RDONLY)
    for _ in range(20):  # of 250 bytes each
        os.mkdir(b"m" * 250, dir_fd=folder)
        below = os.open(b"m" * 250, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = below
    deep = os.open(b"deep.png", os.O_WRONLY | os.O_CREAT, dir_fd=folder)
    os.write(deep, content)
    os.close(deep)
    os.close(folder)
    home.index()
    with closing(home.open()) as database, database.read() as session:
        rows = dict(session.execute(select(File.path, File.state)).all())
    assert rows[b"a.png"] == rows[b"z/b.png"] == FileState.INDEXED
    assert all(state == FileState.FAILED for path, state in rows.items() if path not in (b"a.png", b"z/b.png"))
    assert home.status().libraries[0].state == "online"
    shutil.rmtree(home.root / ("m" * 250))


def test_the_odd_names_are_there(tmp_path: Path) -> None:
    """None of them is one that this file system refuses."""
    for name in ODD:
        (Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name)))).touch()
    assert len(os.listdir(tmp_path)) == len(set(ODD))
