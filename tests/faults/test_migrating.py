"""Databases of other versions: newer ones are left alone, older ones migrate, and a kill leaves old or new."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pysqlite3.dbapi2 as sqlite
import pytest
from sqlalchemy import event, text
from sqlalchemy.engine import Engine

from photoindex import backups, migrating
from photoindex.database import SCHEMA_REVISION, Database, open_database
from photoindex.errors import DatabaseTooNewError
from photoindex.resources import resource_folder

SCRIPTS = sorted((resource_folder("migrations") / "versions").glob("[0-9]*.py"))
REVISIONS = [script.name[:4] for script in SCRIPTS]
_ALBUMS_SINCE = "0002"
_AT = "2024-01-01 00:00:00.000000"
_ROWS: tuple[tuple[str, dict[str, object]], ...] = (
    ("library", {"id": 1, "root": b"/l", "name": "l", "state": "online", "added_at": _AT}),
    (
        "photo",
        {
            "id": 1,
            "content_hash": bytes(32),
            "kind": "photo",
            "format": "jpeg",
            "width": 1,
            "height": 1,
            "size_bytes": 1,
            "timeline_at": _AT,
            "keywords": "[]",
            "people": "[]",
            "favourite": 1,
            "visible": 1,
            "indexed_at": _AT,
        },
    ),
    ("album", {"id": 1, "name": "Trip", "created_at": _AT}),
    ("album_photo", {"album_id": 1, "photo_id": 1, "added_at": _AT}),
)
_JOINED = (
    "SELECT p.favourite, a.name FROM photo p LEFT JOIN album_photo l ON l.photo_id = p.id "
    "LEFT JOIN album a ON a.id = l.album_id"
)


def _schema(path: Path) -> set[tuple[str, str]]:
    with sqlite.connect(f"file:{path}?mode=ro", uri=True) as connection:
        found = set(connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
    connection.close()
    return found


def _revision(path: Path) -> str:
    with sqlite.connect(f"file:{path}?mode=ro", uri=True) as connection:
        (found,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    connection.close()
    return str(found)


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A database of an older schema, as that version made it, with a library, a photo, a favourite and an album."""
    made: dict[str, Path] = {}

    def make(revision: str) -> Path:
        if revision not in made:
            folder = tmp_path_factory.mktemp(f"schema-{revision}")
            shutil.copytree(resource_folder("migrations"), folder / "m", ignore=shutil.ignore_patterns("__pycache__"))
            for script in (folder / "m" / "versions").iterdir():
                if script.name[:4] > revision:
                    script.unlink()
            path = folder / "photoindex.db"
            migrating.migrate(path, None, folder / "m")
            with sqlite.connect(path) as connection:
                for table, values in _ROWS:
                    known = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
                    if not known:
                        continue  # a table of later versions
                    row = {name: value for name, value in values.items() if name in known}
                    marks = ", ".join("?" * len(row))
                    connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))
            connection.close()
            made[revision] = path
        return made[revision]

    return make


def _assert_all_is_there(path: Path, revision: str) -> None:
    opened = open_database(path)
    with opened.read() as session:
        found = session.execute(text(_JOINED)).all()
    opened.close()
    made = (1, "Trip") if revision >= _ALBUMS_SINCE else (0, None)
    assert [tuple(row) for row in found] == [made]


_EACH = [pytest.param(each, marks=[] if each == "0001" else pytest.mark.long) for each in REVISIONS[:-1]]


@pytest.mark.parametrize("revision", _EACH)
def test_r25_an_older_database_is_migrated_with_all_that_is_in_it(
    revision: str, older: Callable[[str], Path], tmp_path: Path, empty_database: Path
) -> None:
    path = tmp_path / "photoindex.db"
    shutil.copy(older(revision), path)
    _assert_all_is_there(path, revision)
    assert _revision(path) == SCHEMA_REVISION
    assert {name for name, _ in _schema(path)} == {name for name, _ in _schema(empty_database)}
    (kept,) = (tmp_path / "backups").glob("*.db")
    assert _revision(kept) == revision


@pytest.mark.parametrize("revision", ["9999", "unheard of"])
def test_r25_a_newer_or_unknown_database_is_refused_and_not_a_byte_changes(
    revision: str, tmp_path: Path, empty_database: Path
) -> None:
    path = tmp_path / "photoindex.db"
    shutil.copy(empty_database, path)
    with sqlite.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    before = hashlib.sha256(path.read_bytes()).digest()
    for checkpoints in (False, True):
        with pytest.raises(DatabaseTooNewError, match="upgrade PhotoIndex") as caught:
            open_database(path, checkpoints=checkpoints)
        assert caught.value.exit_code == 4
    assert hashlib.sha256(path.read_bytes()).digest() == before
    assert not (tmp_path / "backups").exists()


_LONG = [pytest.mark.long, pytest.mark.timeout(900)]


def _killed_at(path: Path, statement: int) -> bool:
    """Migrate in a process that is killed before its n-th statement; whether it was."""
    process = os.fork()
    if process == 0:
        try:
            left = statement

            def count(*_: object) -> None:
                nonlocal left
                left -= 1
                if left < 0:
                    os.kill(os.getpid(), signal.SIGKILL)

            event.listen(Engine, "before_cursor_execute", count)
            event.listen(Engine, "commit", count)
            open_database(path).close()
        finally:
            sys.stdout.flush()
            os._exit(0)
    _, status = os.waitpid(process, 0)
    return os.WIFSIGNALED(status)


def _sound(path: Path) -> Database:
    with sqlite.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    return open_database(path)


@pytest.mark.parametrize(
    ("revision", "kills"),
    [("0009", 4), *(pytest.param(each, 50, marks=_LONG) for each in REVISIONS[:-1])],
)
def test_r25_a_migration_that_is_killed_leaves_the_old_or_the_new_schema(
    revision: str, kills: int, older: Callable[[str], Path], tmp_path: Path, empty_database: Path
) -> None:
    source, seen = older(revision), set[str]()
    old, new = _schema(source), {name for name, _ in _schema(empty_database)}
    last, step = 0, 1
    while True:  # how many statements there are
        path = tmp_path / f"count-{step}" / "photoindex.db"
        path.parent.mkdir()
        shutil.copy(source, path)
        if not _killed_at(path, step):
            break
        last, step = step, 2 * step
    for number in range(kills):
        path = tmp_path / str(number) / "photoindex.db"
        path.parent.mkdir()
        shutil.copy(source, path)
        _killed_at(path, round(number * step / max(1, kills - 1)))
        if _revision(path) == revision:
            assert _schema(path) == old
        else:
            assert {name for name, _ in _schema(path)} == new
        seen.add(_revision(path))
        _sound(path).close()
        _assert_all_is_there(path, revision)
        for kept in (path.parent / "backups").glob("*.db"):
            backups.verify(kept)
    assert seen == {revision, SCHEMA_REVISION}
    assert last > 1
