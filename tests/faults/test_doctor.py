"""`photoindex doctor` on a real library: finds what was done to it, mends what it may, and leaves originals alone."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from click.testing import CliRunner
from daemon.conftest import Home, assert_invariants, home
from sqlalchemy import text

from photoindex.cli import cli
from photoindex.media import thumbnail_path

__all__ = ["home"]


def _doctor(home: Home, *options: str) -> tuple[int, list[dict[str, Any]]]:
    done = CliRunner().invoke(cli, ["doctor", "--json", "--data", str(home.settings.data), *options])
    return done.exit_code, json.loads(done.stdout)["findings"]


def test_an_original_that_the_disk_damaged_is_found_by_looking_deep(home: Home) -> None:
    for number in range(3):
        home.draw(f"{number}.jpg", seed=number)
    home.index()
    code, found = _doctor(home, "--deep")
    assert [each["check"] for each in found] == ["encoder"]  # the one of the tests can't be loaded by its name
    path = home.root / "1.jpg"
    before, content = path.stat(), bytearray(path.read_bytes())
    content[-30] ^= 64
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    (home.root / "2.jpg").unlink()
    assert _doctor(home)[1] == []
    code, found = _doctor(home, "--deep")
    damaged, gone = (each["problem"] for each in found if each["check"] == "originals")
    assert code == 1 and damaged.startswith(f"{path}: its content is not what it was")
    assert "1 file gone since the last scan" in gone
    assert path.read_bytes() == content


def test_what_is_derived_is_mended_and_the_daemon_does_the_rest(home: Home) -> None:
    for number in range(4):
        home.draw(f"{number}.jpg", seed=number)
    home.index()
    photos = home.photos()
    thumbnail_path(home.settings.thumbnails, photos[0].content_hash).write_bytes(b"no JPEG")
    thumbnail_path(home.settings.thumbnails, photos[1].content_hash).unlink()
    database = home.open()
    with database.write() as session:
        session.execute(text("DELETE FROM vec_1_rowids"))
        session.execute(text("DROP TABLE word_index"))
        session.execute(text("UPDATE file_tally SET files = 77"))
    database.close()
    code, found = _doctor(home, "--deep")
    assert code == 1
    assert {each["check"] for each in found} == {"counts", "search table", "words", "thumbnails", "encoder"}
    assert all(each["advice"] for each in found)
    code, found = _doctor(home, "--deep", "--repair")
    assert {each["check"] for each in found if not each["repaired"]} == {"encoder"}
    home.index()
    assert _doctor(home) == (0, [])
    assert_invariants(home)
    assert all(thumbnail_path(home.settings.thumbnails, each.content_hash).stat().st_size > 100 for each in photos)


@pytest.mark.long
def test_salvage_is_a_command_that_keeps_the_damaged_file(home: Home) -> None:
    for number in range(3):
        home.draw(f"{number}.jpg", seed=number)
    home.index()
    encoded = home.encoder.images_encoded
    done = CliRunner().invoke(cli, ["doctor", "--salvage", "--json", "--data", str(home.settings.data)])
    assert done.exit_code == 0, done.output
    saved = json.loads(done.stdout)
    assert (saved["rows"]["photo"], saved["rows"]["embedding"], saved["incomplete"]) == (3, 3, [])
    assert os.path.exists(saved["kept"])
    home.index()
    assert home.encoder.images_encoded == encoded
    assert_invariants(home)
