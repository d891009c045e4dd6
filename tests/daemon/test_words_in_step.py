"""Words and the daemon: what a file is called on disk is what finds it, within seconds."""

from __future__ import annotations

import os

import pytest
from daemon.conftest import Home, eventually
from sqlalchemy import text

from photoindex import collections, words
from photoindex.daemon import chores
from photoindex.errors import DatabaseError


def found(home: Home, query: str) -> list[str]:
    """Names of the photos that have every word."""
    database = home.open()
    with database.read() as session:
        matches = words.find(session, query)
        ids = set(matches.photo_ids[matches.complete].tolist())
    database.close()
    return [photo.filename for photo in home.photos() if photo.id in ids]


def test_a_new_and_a_renamed_file_are_found_by_name_within_seconds(running: Home) -> None:
    running.draw("trip/harbour.jpg")
    eventually(lambda: found(running, "harbour trip") == ["harbour.jpg"])
    os.rename(running.root / "trip" / "harbour.jpg", running.root / "trip" / "quay.jpg")
    eventually(lambda: found(running, "quay") == ["quay.jpg"])
    assert found(running, "harbour") == []
    os.unlink(running.root / "trip" / "quay.jpg")
    eventually(lambda: found(running, "quay") == [])


def test_what_another_process_changes_is_followed_while_the_daemon_is_idle(running: Home) -> None:
    running.draw("1.jpg")
    eventually(lambda: running.counts().indexed == 1)
    (photo,) = running.photos()
    database = running.open()
    with database.write() as session:
        album = collections.create_album(session, "Wedding")
        collections.add_to_album(session, album.id, [photo.id])
    database.close()
    eventually(lambda: found(running, "wedding") == ["1.jpg"])


def test_a_run_that_ends_by_itself_leaves_no_words_to_write(home: Home) -> None:
    for number in range(3):
        home.draw(f"harbour {number}.jpg", seed=number)
    home.index()
    assert len(found(home, "harbour")) == 3
    database = home.open()
    with database.write() as session:
        session.execute(text("INSERT INTO words_stale SELECT id, 0 FROM photo"))
        session.execute(text("DELETE FROM word_index WHERE rowid > 0"))
    database.close()
    home.index()
    assert len(found(home, "harbour")) == 3


def test_a_damaged_table_is_made_anew_at_the_start(home: Home) -> None:
    home.draw("harbour.jpg")
    home.index()
    database = home.open()
    with database.write() as session:
        session.execute(text("UPDATE word_index_data SET block = zeroblob(9)"))
    database.close()
    assert found(home, "harbour") == []
    home.index()
    assert found(home, "harbour") == ["harbour.jpg"]


def test_trouble_with_words_keeps_no_photo_from_being_indexed(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise DatabaseError("no")

    monkeypatch.setattr(chores.words, "refresh", fail)
    home.draw("harbour.jpg")
    home.draw("red.jpg", "red", seed=2)
    assert home.index().counts.indexed == 2
    assert found(home, "harbour") == []
    monkeypatch.undo()
    home.index()
    assert found(home, "harbour") == ["harbour.jpg"]
