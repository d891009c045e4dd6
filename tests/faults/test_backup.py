"""Backups made while photos are indexed, and brought back: nothing is lost, and nothing is encoded again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pysqlite3.dbapi2 as sqlite
import pytest
from click.testing import CliRunner
from daemon.conftest import Home, assert_invariants, eventually, home, running
from faults.stored import belongings, fill, problems

from photoindex import backups, collections
from photoindex.cli import cli
from photoindex.database import Database, open_database
from photoindex.errors import DatabaseBusyError, DatabaseError
from photoindex.lock import DaemonLock

__all__ = ["home", "running"]


def _command(home: Home, *arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(cli, [*map(str, arguments), "--data", str(home.settings.data)])
    return done.exit_code, done.output


@pytest.mark.parametrize("count", [3, pytest.param(20, marks=pytest.mark.long)])
def test_r32_backups_while_indexing_are_whole_and_lack_nothing(running: Home, tmp_path: Path, count: int) -> None:
    copies = []
    database = running.open()
    for number in range(count):
        for each in range(8):
            running.draw(f"{number}/{each}.jpg", seed=100 * number + each)
        if number:
            with database.write() as session:
                collections.set_favourite(session, number, True)
        code, said = _command(running, "backup", tmp_path / f"{number}.db")
        assert (code, "copied and checked" in said) == (0, True), said
        copies.append((tmp_path / f"{number}.db", belongings(database)))
        eventually(lambda number=number: running.counts().indexed > 8 * number)
    eventually(lambda: running.counts().indexed == 8 * count)
    assert len(database_favourites := belongings(database).favourites) == count - 1
    database.close()
    assert _command(running, "restore", copies[-1][0], "--yes")[0] == 75  # while a daemon runs
    for copy, made in copies:
        restored = open_database(copy)
        assert belongings(restored) == made
        assert problems(restored, tmp_path) == []
        restored.close()
    assert database_favourites == made.favourites


def test_r32_after_a_restore_nothing_is_encoded_again(home: Home, tmp_path: Path) -> None:
    for number in range(6):
        home.draw(f"{number}.jpg", seed=number)
    home.index()
    database = home.open()
    with database.write() as session:
        collections.set_favourite(session, 1, True)
    database.close()
    assert _command(home, "backup", tmp_path / "copy.db")[0] == 0
    encoded = home.encoder.images_encoded
    for ending in ("", "-wal", "-shm"):
        home.settings.database.with_name(f"photoindex.db{ending}").unlink(missing_ok=True)
    code, said = _command(home, "restore", tmp_path / "copy.db", "--yes")
    assert code == 0, said
    shutil.rmtree(home.settings.thumbnails)
    home.index()
    assert home.encoder.images_encoded == encoded
    assert_invariants(home)
    assert [photo.id for photo in home.photos() if photo.favourite] == [1]


def test_r32_what_is_replaced_is_kept_and_nobody_may_use_it_meanwhile(tmp_path: Path, database: Database) -> None:
    fill(database, 40)
    made = belongings(database)
    backups.make(database.path, tmp_path / "copy.db")
    with database.write() as session:
        collections.set_favourite(session, 2, True)
    with pytest.raises(DatabaseBusyError, match="is in use"):
        backups.bring_back(tmp_path / "copy.db", database.path)
    assert belongings(database) != made
    database.close()
    kept = backups.bring_back(tmp_path / "copy.db", database.path)
    restored, replaced = open_database(database.path), open_database(kept)
    assert belongings(restored) == made
    assert belongings(replaced).favourites > made.favourites
    restored.close()
    replaced.close()
    assert [each.name for each in database.path.parent.glob(".*")] == []


def test_r32_a_copy_that_is_damaged_or_newer_is_not_brought_back(home: Home, tmp_path: Path) -> None:
    home.draw("a.jpg")
    home.index()
    before = home.settings.database.read_bytes()
    good = tmp_path / "good.db"
    assert _command(home, "backup", good)[0] == 0
    assert _command(home, "backup", good)[0] == 4  # never over a file
    damaged, newer, other = tmp_path / "damaged.db", tmp_path / "newer.db", tmp_path / "other.db"
    content = bytearray(good.read_bytes())
    content[16384 * 3 + 2000 : 16384 * 3 + 12000] = bytes(10000)
    content[16384 * 3 : 16384 * 3 + 8] = b"\xff" * 8
    damaged.write_bytes(content)
    shutil.copy(good, newer)
    with sqlite.connect(newer) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    other.write_text("no database at all\n" * 100)
    words = {
        damaged: "damaged",
        newer: "newer PhotoIndex",
        other: "no copy of a database",
        tmp_path / "no": "there is no file",
    }
    for file, word in words.items():
        code, said = _command(home, "restore", file, "--yes")
        assert code == 4 and word in said and said.count("\n") == 1, said
        assert "--data" not in said  # the database in use is not what is wrong
    assert home.settings.database.read_bytes() == before
    with DaemonLock(home.settings.daemon_lock), pytest.raises(DatabaseError):
        backups.make(home.settings.database, tmp_path / "nowhere" / "copy.db")
