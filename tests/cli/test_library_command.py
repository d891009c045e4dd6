"""`photoindex library`."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from drawing import draw_photo

from photoindex.files import FileStat, Work, mark_indexed
from photoindex.media import thumbnail_path, write_thumbnail
from photoindex.models import File, utc_now
from photoindex.photos import NewPhoto, store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "holiday"
    draw_photo(folder / "beach.jpg")
    return folder


def test_added_libraries_are_listed(invoke, folder: Path) -> None:
    assert f"watching {folder} (library 1, holiday)" in invoke("library", "add", folder).stdout
    assert invoke("library", "list").stdout == f"1\tholiday\tonline\t0\t{folder}\n"
    (listed,) = json.loads(invoke("library", "list", "--json").stdout)
    assert listed == {
        "id": 1, "name": "holiday", "path": str(folder), "state": "online", "problem": None, "files": 0
    }  # fmt: skip


def test_adding_twice_is_fine(invoke, folder: Path) -> None:
    assert invoke("library", "add", folder, folder).exit_code == 0
    assert invoke("library", "add", folder).exit_code == 0
    assert len(json.loads(invoke("library", "list", "--json").stdout)) == 1


def test_no_library_yet(invoke) -> None:
    assert "library add DIR" in invoke("library", "list").stdout


def test_data_folder_inside_a_library_is_fine(invoke, tmp_path: Path) -> None:
    assert invoke("library", "add", tmp_path).exit_code == 0


@pytest.mark.parametrize("name", ["1", "holiday", "{folder}", "{folder}/"])
def test_library_is_removed_by_id_name_or_folder(invoke, folder: Path, name: str) -> None:
    invoke("library", "add", folder)
    removed = invoke("library", "remove", "--yes", name.format(folder=folder))
    assert removed.exit_code == 0
    assert "were not touched" in removed.stdout
    assert (folder / "beach.jpg").exists()
    assert invoke("library", "list", "--json").stdout.strip() == "[]"


def test_two_libraries_of_one_name_are_told_apart_by_id(invoke, tmp_path: Path) -> None:
    for parent in ("a", "b"):
        (tmp_path / parent / "photos").mkdir(parents=True)
        invoke("library", "add", tmp_path / parent / "photos")
    result = invoke("library", "remove", "--yes", "photos")
    assert (result.exit_code, "1, 2" in result.stderr) == (1, True)


def test_folder_named_like_a_number_is_found_by_its_name(invoke, tmp_path: Path) -> None:
    (tmp_path / "2024").mkdir()
    invoke("library", "add", tmp_path / "2024")
    assert invoke("library", "remove", "--yes", "2024").exit_code == 0


def test_unknown_library(invoke) -> None:
    result = invoke("library", "remove", "--yes", "attic")
    assert (result.exit_code, "attic is not a library" in result.stderr) == (1, True)


def test_removing_without_anybody_to_ask_needs_yes(invoke, folder: Path) -> None:
    invoke("library", "add", folder)
    result = invoke("library", "remove", "holiday")
    assert (result.exit_code, "--yes" in result.stderr) == (2, True)
    assert invoke("library", "list").stdout.startswith("1\t")


def test_removing_deletes_the_thumbnails_of_photos_that_are_gone(invoke, folder: Path, tmp_path: Path) -> None:
    from photoindex.database import open_database

    invoke("library", "add", folder)
    thumbnail = thumbnail_path(tmp_path / "data" / "thumbnails", b"h" * 32)
    write_thumbnail(thumbnail, b"jpeg")
    database = open_database(tmp_path / "data" / "photoindex.db")
    with database.write() as session:
        new = NewPhoto(b"h" * 32, "jpeg", 4, 3, 9, taken_at=None, timeline_at=utc_now())
        session.add(row := File(library_id=1, path=b"beach.jpg", size_bytes=9, mtime_ns=1, inode=2))
        session.flush()
        work = Work(row.id, 1, os.fsencode(folder), b"beach.jpg", FileStat(9, 1, 2), 0)
        assert mark_indexed(session, work, work.stat, store(session, new))
    database.close()
    assert invoke("library", "remove", "--yes", "holiday").exit_code == 0
    assert not thumbnail.exists()


def test_escape_sequences_in_names_do_not_reach_the_terminal(invoke, tmp_path: Path) -> None:
    evil = tmp_path / "red\x1b[31m\nnext"
    evil.mkdir()
    invoke("library", "add", evil)
    listed = invoke("library", "list").stdout
    assert "\x1b" not in listed
    assert len(listed.splitlines()) == 1


def test_name_that_is_not_utf8_is_shown(invoke, tmp_path: Path) -> None:
    odd = os.fsencode(tmp_path) + b"/caf\xe9"
    os.mkdir(odd)
    assert invoke("library", "add", os.fsdecode(odd)).exit_code == 0
    assert "caf\ufffd" in invoke("library", "list").stdout
    missing = invoke("library", "add", os.fsdecode(odd + b"-not-there"))
    assert (missing.exit_code, len(missing.stderr.splitlines())) == (3, 1)


@pytest.fixture
def gone(invoke, folder: Path, tmp_path: Path):
    """A library of which three photos have been missing for 100 days: a favourite, one in an album, and another."""
    from datetime import timedelta

    from photoindex import collections, photos, sightings
    from photoindex.database import open_database

    invoke("library", "add", folder)
    database = open_database(tmp_path / "data" / "photoindex.db")
    with database.write() as session:
        ids = []
        for number in range(3):
            new = NewPhoto(bytes([number]) * 32, "jpeg", 4, 3, 9, taken_at=None, timeline_at=utc_now())
            session.add(row := File(library_id=1, path=b"%d.jpg" % number, size_bytes=9, mtime_ns=1, inode=number))
            session.flush()
            work = Work(row.id, 1, os.fsencode(folder), row.path, FileStat(9, 1, number), 0)
            assert mark_indexed(session, work, work.stat, store(session, new))
            write_thumbnail(thumbnail_path(tmp_path / "data" / "thumbnails", new.content_hash), b"jpeg")
            ids.append(row.id)
        sightings.mark_missing(session, ids)
        photo_ids = list(photos.ids_of(session, [bytes([number]) * 32 for number in range(3)]).values())
        collections.set_favourite(session, photo_ids[0], True)
        collections.add_to_album(session, collections.create_album(session, "Best").id, [photo_ids[1]])
        for row in session.query(File):
            row.missing_since = utc_now() - timedelta(days=100)
    yield database
    database.close()


def _left(database) -> list[bytes]:
    with database.read() as session:
        return [row.path for row in session.query(File).order_by(File.path)]


def test_purging_counts_first_and_keeps_what_the_user_marked(invoke, gone, tmp_path: Path) -> None:
    shown = invoke("library", "purge").stdout
    assert "would forget 1 file" in shown
    assert "1 photo of which no file is left" in shown
    assert "kept 2 photos" in shown
    assert len(_left(gone)) == 3
    assert "would forget 0 files" in invoke("library", "purge", "--older-than", 200).stdout
    assert "forgot 1 file" in invoke("library", "purge", "holiday", "--yes").stdout
    assert _left(gone) == [b"0.jpg", b"1.jpg"]
    thumbnails = [thumbnail_path(tmp_path / "data" / "thumbnails", bytes([number]) * 32) for number in range(3)]
    assert [each.exists() for each in thumbnails] == [True, True, False]
    assert "forgot 2 files" in invoke("library", "purge", "--marked", "--yes").stdout
    assert _left(gone) == []


def test_nothing_of_a_library_that_is_offline_is_purged(invoke, gone) -> None:
    from photoindex import libraries

    with gone.write() as session:
        libraries.set_offline(session, 1, "its disk is away")
    shown = invoke("library", "purge", "--marked", "--yes").stdout
    assert "is offline" in shown
    assert "forgot 0 files" in shown
    assert len(_left(gone)) == 3


def test_a_library_that_asks_nothing_can_not_be_confirmed(invoke, folder: Path) -> None:
    from photoindex import libraries
    from photoindex.database import open_database

    invoke("library", "add", folder)
    refused = invoke("library", "confirm", "holiday")
    assert (refused.exit_code, "nothing to confirm" in refused.stderr) == (3, True)
    database = open_database(Path(os.environ["PHOTOINDEX_DATA"]) / "photoindex.db")
    with database.write() as session:
        libraries.set_held(session, 1, "600 of the 1,000 files are gone", 600)
    assert "600 of the 1,000 files are gone" in invoke("status").stdout
    assert "600 files" in invoke("library", "confirm", 1).stdout
    with database.read() as session:
        assert libraries.get(session, 1).confirmed == 600
    database.close()


@pytest.mark.parametrize(("given", "kept"), [("60", 60.0), ("0.5", None), ("soon", None), ("default", None)])
def test_how_often_a_library_is_scanned_is_set(invoke, folder: Path, given: str, kept: float | None) -> None:
    invoke("library", "add", folder)
    result = invoke("library", "set", "holiday", "--poll", given)
    assert result.exit_code == (0 if given in ("60", "default") else 2)
    (listed,) = json.loads(invoke("status", "--json").stdout)["libraries"]
    assert listed["poll_seconds"] == kept
