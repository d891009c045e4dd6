"""`photoindex doctor`: what is sound is called so, and what is not too."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import text
from storage.test_snapshot import fill, make

from photoindex import embeddings
from photoindex.database import Database, open_database
from photoindex.media import thumbnail_path, write_thumbnail
from photoindex.snapshots.format import CODES

Invoke = Callable[..., Result]


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Database]:
    """The database of the data folder that `invoke` uses, with 300 photos."""
    database = open_database(tmp_path / "data" / "photoindex.db")
    with database.write() as session:
        fill(session, 300)
        session.execute(
            text("INSERT INTO library (id, root, name, state, added_at) VALUES (1, x'2f', '', 'online', '')")
        )
        columns = "library_id, path, size_bytes, mtime_ns, inode, ctime_ns, sidecar_ns, stem, name, state, attempts"
        values = "1, CAST(id AS BLOB), 1, 1, id, 0, 0, x'', '', 'indexed', 0, id"
        session.execute(text(f"INSERT INTO file ({columns}, photo_id) SELECT {values} FROM photo"))
        contents = session.scalars(text("SELECT content_hash FROM photo")).all()
    for content_hash in contents:
        write_thumbnail(thumbnail_path(tmp_path / "data" / "thumbnails", content_hash), b"jpeg")
    yield database
    database.close()


@pytest.fixture
def snapshot(library: Database, tmp_path: Path) -> Path:
    with library.read() as session:
        encoder = embeddings.active_encoder(session)
    assert encoder is not None
    folder = tmp_path / "data" / "snapshots"
    return folder / make(library, encoder, folder)


def test_an_empty_data_folder_is_sound(invoke: Invoke) -> None:
    done = invoke("doctor", "--recall")
    assert done.exit_code == 0
    assert "nothing is indexed yet" in done.output


def test_a_small_library_is_searched_exactly(invoke: Invoke, library: Database) -> None:
    done = invoke("doctor", "--recall")
    assert done.exit_code == 0
    lines = done.output.splitlines()
    assert lines[0] == "encoder    test (active): 300 photos, search table sound"
    assert lines[1] == "snapshot   none: the library is not large"
    assert "sqlite-vec answers" in lines[2]


def test_a_damaged_search_table_is_told(invoke: Invoke, library: Database) -> None:
    with library.write() as session:
        session.execute(text("DELETE FROM vec_1 WHERE photo_id < 10"))
    done = invoke("doctor", "--json")
    assert done.exit_code == 1
    found = json.loads(done.output)
    assert (found["sound"], found["encoders"][0]["sound"], found["snapshot"]) == (False, False, None)
    assert "search table damaged" in invoke("doctor").output


def test_a_sound_snapshot_is_told_with_what_changed_since(invoke: Invoke, library: Database, snapshot: Path) -> None:
    with library.write() as session:
        embeddings.delete_photos(session, [1, 2])
    done = invoke("doctor")
    assert done.exit_code == 0
    assert "snapshot   sound: 300 embeddings, 2 photos changed since" in done.output
    assert "298 photos, 2 without" in done.output


def test_a_damaged_snapshot_is_told(invoke: Invoke, snapshot: Path) -> None:
    os.truncate(snapshot / CODES, 10)
    done = invoke("doctor")
    assert done.exit_code == 1
    assert f"the snapshot {snapshot.name} is damaged" in done.output


@pytest.mark.usefixtures("snapshot")
def test_recall_is_measured_with_photos_and_texts(invoke: Invoke) -> None:
    done = invoke("doctor", "--recall", "--queries", "7", "--json")
    assert done.exit_code == 0
    assert "texts are made up" in done.stderr  # an encoder called `test` can't be loaded
    photos, texts = json.loads(done.stdout)["recall"]
    assert (photos["kind"], texts["kind"], photos["queries"]) == ("photos", "made-up texts", 7)
    for each in (photos, texts):
        assert 0.95 <= each["recall_at_10"] <= 1 and 0.95 <= each["recall_at_50"] <= 1
        assert each["snapshot_ms"] > 0 and each["exact_ms"] > 0
    assert "of the nearest 10" in invoke("doctor", "--recall", "--queries", "3").output
