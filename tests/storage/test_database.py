"""The database file: how it is made, migrated, refused and locked."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import threading
import time
from datetime import datetime
from pathlib import Path

import pysqlite3.dbapi2 as sqlite
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from photoindex import libraries
from photoindex.database import (
    APPLICATION_ID,
    SCHEMA_REVISION,
    Database,
    check_sqlite_version,
    open_database,
)
from photoindex.errors import DatabaseError, DatabaseTooNewError
from photoindex.models import Base, Embedding, Encoder, FileState
from photoindex.resources import resource_folder


def test_a_new_database_has_the_settings_that_everything_relies_on(database: Database) -> None:
    with database.read() as session:
        found = {
            name: session.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("page_size", "journal_mode", "foreign_keys", "application_id", "mmap_size", "synchronous")
        }
    assert found == {
        "page_size": 16384, "journal_mode": "wal", "foreign_keys": 1,
        "application_id": APPLICATION_ID, "mmap_size": 0, "synchronous": 1,
    }  # fmt: skip


def test_no_commit_checkpoints_by_itself(tmp_path: Path) -> None:
    for checkpoints in (True, False):
        opened = open_database(tmp_path / "a.db", checkpoints=checkpoints)
        with opened.read() as session:
            assert session.execute(text("PRAGMA wal_autocheckpoint")).scalar() == 0
        opened.close()


def test_database_and_folder_are_the_users_alone(database: Database) -> None:
    assert database.path.stat().st_mode & 0o777 == 0o600
    assert database.path.parent.stat().st_mode & 0o777 == 0o700


def test_the_migrations_make_exactly_the_tables_of_the_models(database: Database) -> None:
    with database._engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def _tallies(database: Database) -> tuple[list[tuple[object, ...]], ...]:
    """What the tallies say, without the zeros that are left when all is gone."""
    with database.read() as session:
        return tuple(
            [tuple(row) for row in session.execute(text(f"SELECT * FROM {name}_tally ORDER BY 1, 2")) if row[-1]]
            for name in ("file", "photo", "embedding", "month")
        )


def _counted(database: Database) -> tuple[list[tuple[object, ...]], ...]:
    """What counting says."""
    queries = (
        "SELECT library_id, state, count(*) FROM file GROUP BY 1, 2 ORDER BY 1, 2",
        "SELECT visible, count(*) FROM photo GROUP BY 1 ORDER BY 1",
        "SELECT encoder_id, count(*) FROM embedding JOIN photo ON photo.id = photo_id "
        "WHERE frame = 0 AND visible GROUP BY 1 ORDER BY 1",
        "SELECT strftime('%Y-%m', timeline_at), count(*) FROM photo WHERE visible GROUP BY 1 ORDER BY 1",
    )
    with database.read() as session:
        return tuple([tuple(row) for row in session.execute(text(query))] for query in queries)


def _fill(database: Database) -> None:
    """Two libraries, two encoders, and 60 photos and files in all states."""
    with database.write() as session:
        for number in (1, 2):
            library = {"id": number, "root": b"/%d" % number, "at": str(datetime(2020, 1, 1))}
            session.execute(
                text("INSERT INTO library (id, root, name, state, added_at) VALUES (:id, :root, '', 'online', :at)"),
                library,
            )
            values = {"text_low": 0.0, "text_high": 1.0, "image_low": 0.0, "image_high": 1.0}
            session.add(Encoder(id=number, name="", fingerprint=str(number), dim=4, multilingual=False, **values))
        session.flush()
        for number in range(1, 61):
            when, visible = datetime(2020, 1 + number % 5, 1), number % 4 > 0
            for statement, values in (  # not by the models, as an older schema has fewer columns
                (
                    "INSERT INTO photo (id, content_hash, kind, format, width, height, size_bytes, timeline_at, "
                    "keywords, people, favourite, visible, indexed_at) VALUES "
                    "(:id, :hash, 'photo', 'jpeg', 1, 1, 1, :at, '[]', '[]', 0, :visible, :at)",
                    {"id": number, "hash": number.to_bytes(32), "visible": visible, "at": str(when)},
                ),
                (
                    "INSERT INTO file (library_id, path, photo_id, size_bytes, mtime_ns, inode, ctime_ns, sidecar_ns, "
                    "stem, state, attempts) VALUES (:library, :path, :id, 1, 1, :id, 0, 0, x'', :state, 0)",
                    {
                        "id": number,
                        "library": 1 + number % 2,
                        "path": b"%d" % number,
                        "state": list(FileState)[number % 7 % 4],
                    },
                ),
            ):
                session.execute(text(statement), values)
        session.flush()
        for number in range(1, 51):
            for frame in range(1 + number % 3):
                session.add(Embedding(encoder_id=1 + number % 5 % 2, photo_id=number, frame=frame, vector=b""))


def test_tallies_are_what_counting_says_whatever_happens_to_rows(database: Database) -> None:
    assert _tallies(database) == _counted(database) == ([], [], [], [])
    _fill(database)
    assert _tallies(database) == _counted(database)
    for statement in (
        "UPDATE file SET state = 'missing' WHERE id % 5 = 0",
        "UPDATE file SET library_id = 2, state = 'pending' WHERE id % 7 = 0",
        "UPDATE file SET attempts = attempts + 1",
        "UPDATE photo SET visible = NOT visible WHERE id % 3 = 0",
        "UPDATE photo SET visible = 1 WHERE id < 9",
        "UPDATE photo SET timeline_at = '2021-12-31 23:59:59.000000' WHERE id % 9 = 0",
        "UPDATE photo SET timeline_at = '2019-01-01 00:00:00.000000', visible = NOT visible WHERE id % 8 < 2",
        "DELETE FROM embedding WHERE photo_id % 6 = 1 AND frame = 0",
        "DELETE FROM file WHERE id % 11 = 0",
        "DELETE FROM photo WHERE id % 10 < 3",  # its embeddings go too
        "INSERT INTO embedding (encoder_id, photo_id, frame, vector) SELECT 2, id, 0, '' FROM photo WHERE id > 50",
        "DELETE FROM library WHERE id = 1",  # its files go too
        "DELETE FROM encoder WHERE id = 1",  # its embeddings go too
        "DELETE FROM photo",
        "DELETE FROM library",
    ):
        with database.write() as session:
            session.execute(text(statement))
        assert _tallies(database) == _counted(database), statement


def test_what_was_there_before_there_were_tallies_is_counted(tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    shutil.copytree(resource_folder("migrations"), folder, ignore=shutil.ignore_patterns("__pycache__"))
    newer = [script for script in (folder / "versions").iterdir() if script.name >= "0003"]
    for script in newer:
        script.unlink()
    old = open_database(tmp_path / "photoindex.db", migrations=folder)
    _fill(old)
    expected = _counted(old)
    old.close()
    new = open_database(tmp_path / "photoindex.db")
    assert _tallies(new) == _counted(new) == expected
    new.close()


def test_the_newest_migration_is_the_one_the_code_expects() -> None:
    assert ScriptDirectory(str(resource_folder("migrations"))).get_current_head() == SCHEMA_REVISION


def test_the_sqlite_in_use_is_free_of_the_wal_reset_bug() -> None:
    check_sqlite_version()


@pytest.mark.parametrize("version", [(3, 7, 0), (3, 40, 1), (3, 44, 5), (3, 50, 6), (3, 51, 2)])
def test_sqlite_with_the_wal_reset_bug_is_refused(version: tuple[int, int, int]) -> None:
    with pytest.raises(DatabaseError, match=r"pip install --upgrade 'pysqlite3>=0\.6\.1'"):
        check_sqlite_version(version)


@pytest.mark.parametrize("version", [(3, 44, 6), (3, 50, 7), (3, 51, 3), (3, 53, 4)])
def test_sqlite_without_the_wal_reset_bug_is_taken(version: tuple[int, int, int]) -> None:
    check_sqlite_version(version)


def test_a_database_from_a_newer_version_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "photoindex.db"
    open_database(path).close()
    with sqlite.connect(str(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    before = hashlib.sha256(path.read_bytes()).digest()
    with pytest.raises(DatabaseTooNewError, match="upgrade PhotoIndex"):
        open_database(path)
    assert hashlib.sha256(path.read_bytes()).digest() == before
    assert not (tmp_path / "backups").exists()


def test_some_other_database_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "photoindex.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE precious (a)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(DatabaseError, match="is not a PhotoIndex database"):
        open_database(path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "photoindex.db"
    path.write_bytes(b"my holiday diary\n" * 100)
    with pytest.raises(DatabaseError, match="damaged or not a database"):
        open_database(path)
    assert path.read_bytes() == b"my holiday diary\n" * 100


@pytest.fixture
def next_migrations(tmp_path: Path) -> Path:
    """Our migrations, and one more that only this test knows."""
    folder = tmp_path / "migrations"
    shutil.copytree(resource_folder("migrations"), folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "9000_test.py").write_text(
        "from alembic import op\nimport sqlalchemy as sa\n"
        f"revision = '9000'\ndown_revision = '{SCHEMA_REVISION}'\nbranch_labels = depends_on = None\n"
        "def upgrade():\n    op.add_column('library', sa.Column('colour', sa.String()))\n"
    )
    return folder


def _library_columns(path: Path) -> list[str]:
    with sqlite.connect(str(path)) as connection:
        names = [row[1] for row in connection.execute("PRAGMA table_info(library)")]
    connection.close()
    return names


def test_an_older_database_is_migrated_after_a_backup_that_opens(tmp_path: Path, next_migrations: Path) -> None:
    path = tmp_path / "data" / "photoindex.db"
    opened = open_database(path)
    with opened.write() as session:
        libraries.add(session, tmp_path)
    opened.close()
    open_database(path, migrations=next_migrations).close()
    assert "colour" in _library_columns(path)
    (backup,) = (path.parent / "backups").iterdir()
    assert "colour" not in _library_columns(backup)
    restored = open_database(backup)
    with restored.read() as session:
        assert [each.root for each in libraries.list_all(session)] == [bytes(tmp_path)]
    restored.close()


def test_a_migration_that_fails_leaves_the_database_as_it_was(tmp_path: Path, next_migrations: Path) -> None:
    path = tmp_path / "data" / "photoindex.db"
    open_database(path).close()
    script = next_migrations / "versions" / "9000_test.py"
    script.write_text(script.read_text() + "    raise RuntimeError('power cut')\n")
    with pytest.raises(RuntimeError, match="power cut"):
        open_database(path, migrations=next_migrations)
    assert "colour" not in _library_columns(path)
    open_database(path).close()


def test_only_the_newest_backups_are_kept(tmp_path: Path, next_migrations: Path) -> None:
    path = tmp_path / "data" / "photoindex.db"
    for _ in range(4):
        path.unlink(missing_ok=True)
        open_database(path).close()
        open_database(path, migrations=next_migrations).close()
    assert len(list((path.parent / "backups").iterdir())) == 2


def test_many_processes_may_open_a_new_database_at_once(tmp_path: Path) -> None:
    problems: list[Exception] = []

    def open_it() -> None:
        try:
            open_database(tmp_path / "data" / "photoindex.db").close()
        except Exception as error:
            problems.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


def test_writers_wait_for_each_other(database: Database, tmp_path: Path) -> None:
    other = open_database(database.path)
    problems: list[Exception] = []

    def write(opened: Database) -> None:
        try:
            for _ in range(50):
                with opened.write() as session:
                    session.execute(text("UPDATE library SET name = name || '.'"))
        except Exception as error:
            problems.append(error)

    with database.write() as session:
        libraries.add(session, tmp_path)
        before = libraries.list_all(session)[0].name
    threads = [threading.Thread(target=write, args=(each,)) for each in (database, other, database, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as session:
        assert libraries.list_all(session)[0].name == before + "." * 200
    assert problems == []
    other.close()


def test_an_error_rolls_the_whole_transaction_back(database: Database, tmp_path: Path) -> None:
    with pytest.raises(KeyError), database.write() as session:
        libraries.add(session, tmp_path)
        raise KeyError("stop")
    with database.read() as session:
        assert libraries.list_all(session) == []


def test_a_database_whose_making_was_interrupted_is_made_again(tmp_path: Path) -> None:
    path = tmp_path / "photoindex.db"
    with sqlite.connect(str(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")  # writes the header, before there is any table
    connection.close()
    assert path.stat().st_size > 0
    open_database(path).close()


@pytest.mark.parametrize("name", ["what?", "100%25", "a#b"])
def test_odd_characters_in_the_data_folder_are_part_of_its_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name / "photoindex.db"
    open_database(path).close()
    assert path.is_file()
    open_database(path).close()


def test_a_reader_does_not_hold_the_last_checkpoint_up(database: Database, tmp_path: Path) -> None:
    with database.read() as reading:
        reading.execute(text("SELECT count(*) FROM photo")).all()
        with database.write() as session:
            libraries.add(session, tmp_path)
        started = time.monotonic()
        database.checkpoint()
        assert time.monotonic() - started < 10
