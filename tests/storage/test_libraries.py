"""Libraries: which folders may be one, and what goes with one that is removed."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from faults.stored import fill, problems
from sqlalchemy import update

from photoindex import embeddings, files, libraries, photos, timeline
from photoindex.database import Database
from photoindex.errors import LibraryError, NotFoundError
from photoindex.files import FileStat
from photoindex.forgetting import forget_library
from photoindex.models import Library


def test_adding_a_folder_twice_makes_one_library(database: Database, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "data")
    with database.write() as session:
        first = libraries.add(session, tmp_path / "data")
        assert libraries.add(session, tmp_path / "link") == first
        assert (first.name, first.state, first.path) == ("data", "online", str(tmp_path / "data"))


@pytest.mark.parametrize("make", ["missing", "file", "inside", "around"])
def test_a_folder_that_can_be_no_library_is_refused_in_one_line(database: Database, tmp_path: Path, make: str) -> None:
    photos_folder = tmp_path / "photos"
    (photos_folder / "2019").mkdir(parents=True)
    (tmp_path / "file").write_text("x")
    given = {"missing": tmp_path / "nowhere", "file": tmp_path / "file", "inside": photos_folder / "2019",
             "around": tmp_path}[make]  # fmt: skip
    says = {"missing": "there is no folder", "file": "not a folder", "inside": "already watched", "around": "contains"}
    with database.write() as session:
        libraries.add(session, photos_folder)
        with pytest.raises(LibraryError, match=says[make]) as caught:
            libraries.add(session, given)
    assert "\n" not in str(caught.value)


def test_a_library_is_found_by_number_and_by_folder(database: Database, tmp_path: Path) -> None:
    with database.write() as session:
        added = libraries.add(session, tmp_path)
        assert libraries.find(session, str(added.id)) == libraries.find(session, str(tmp_path)) == added
        for name in ("99", "/nowhere"):
            with pytest.raises(NotFoundError):
                libraries.find(session, name)


def test_a_name_that_is_not_utf8_is_kept_as_bytes(database: Database, tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/caf\xe9"
    os.mkdir(folder)
    with database.write() as session:
        added = libraries.add(session, Path(os.fsdecode(folder)))
        assert added.root == folder
        assert added.path.endswith("caf\ufffd")


def test_removing_a_library_forgets_its_photos_but_not_those_that_others_hold(
    database: Database, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    with database.write() as session:
        a, b = (libraries.add(session, tmp_path / name).id for name in ("a", "b"))
        encoder = embeddings.register_encoder(
            session, name="e", fingerprint="e", dim=2, multilingual=False, text_range=(0, 1), image_range=(0, 1)
        )
        ids = [
            photos.store(session, photos.NewPhoto(bytes([n]) * 32, "png", 1, 1, 1, None, datetime(2020, 1, 1)))
            for n in range(2)
        ]
        embeddings.put(session, encoder.id, {photo_id: np.array([0.6, 0.8], dtype=np.float32) for photo_id in ids})
        for library, path, photo in ((a, b"only", ids[0]), (a, b"shared", ids[1]), (b, b"shared", ids[1])):
            files.discover(session, library, path, FileStat(1, len(path), photo * 10 + library), None)
        for work in files.next_batch(session, 10, 0):
            files.mark_indexed(session, work, work.stat, ids[0] if work.path == b"only" else ids[1])
    with database.write() as session:
        assert photos.count(session) == 2
        assert photos.remove_library(session, a) == [bytes(32)]
        assert [each.id for each in libraries.list_all(session)] == [b]
        assert [each.photo_id for each in timeline.older(session, 10)] == [ids[1]]
        assert embeddings.existing(session, encoder.id, ids) == {ids[1]}
        assert embeddings.is_sound(session, encoder)


def test_a_large_library_is_removed_part_by_part_and_nobody_takes_that_back(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("photoindex.forgetting.PORTION", 10)
    monkeypatch.setattr("photoindex.forgetting.MOST_FILES", 10)
    encoder = fill(database, 45)
    with database.write() as session:
        session.execute(update(Library).values(root=os.fsencode(tmp_path)))
    steps = iter([False, False, True])
    assert not forget_library(database, tmp_path, 1, lambda: next(steps))
    with database.write() as session:
        assert photos.count(session) < 30
        assert not [each for each in files.next_batch(session, 10, 0) if each.library_id == 1]
        libraries.set_online(session, 1, 1, 1, None)  # as a scan does that was under way
        libraries.set_offline(session, 1, "its disk is away")
        (found,) = libraries.list_all(session)
        assert (found.state, found.problem) == ("removing", None)
        with pytest.raises(LibraryError, match="is being removed"):
            libraries.add(session, tmp_path)
    assert problems(database, tmp_path) == []
    assert forget_library(database, tmp_path, 1)
    with database.read() as session:
        assert libraries.list_all(session) == []
        assert (photos.count(session), embeddings.count_searchable(session, encoder.id)) == (0, 0)
    assert problems(database, tmp_path) == []
