"""The write-ahead log: what is written durably, who brings it in, and how large it may become."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from daemon.conftest import Home, home
from faults.stored import add_photos, fill, problems
from sqlalchemy import Connection, event, text
from sqlalchemy.engine import Engine

from photoindex import collections, embeddings, layout, wal
from photoindex.database import Database, check_sqlite_version, open_database
from photoindex.errors import DatabaseBusyError, DatabaseError
from photoindex.lock import DaemonLock
from photoindex.status import read as read_status

__all__ = ["home"]

LEVELS = {1: "NORMAL", 2: "FULL"}


@pytest.fixture
def committed() -> Iterator[list[str]]:
    """How each commit that writes is brought to the disk."""
    levels: list[str] = []

    def note(connection: Connection) -> None:
        if connection.get_execution_options().get("durable") is not None:
            level = connection.exec_driver_sql("PRAGMA synchronous").scalar_one()
            levels.append(LEVELS[level])

    event.listen(Engine, "commit", note)
    yield levels
    event.remove(Engine, "commit", note)


def test_r4_sqlite_that_corrupts_logs_is_refused_and_ours_is_not_such() -> None:
    check_sqlite_version()
    with pytest.raises(DatabaseError, match=r"3\.40\.1 can corrupt"):
        check_sqlite_version((3, 40, 1))


@pytest.mark.parametrize("seconds", [pytest.param(60, marks=[pytest.mark.long, pytest.mark.timeout(200)]), 0.7])
def test_r4_writers_and_checkpointers_beside_each_other_corrupt_nothing(database: Database, seconds: float) -> None:
    encoder = fill(database, 60)
    opened = [open_database(database.path, checkpoints=True) for _ in range(2)]
    end, problem = time.monotonic() + seconds, list[BaseException]()

    def work(mine: Database, number: int) -> None:
        try:
            step = 0
            while time.monotonic() < end:
                step += 1
                if number < 2:
                    with mine.write() as session:
                        collections.set_favourite(session, 1 + step % 60, bool(step % 2))
                        embeddings.delete_photos(session, [30 * number + 1 + step % 30], encoder.id)
                else:
                    mine.checkpoint()
        except BaseException as error:
            problem.append(error)

    threads = [threading.Thread(target=work, args=(opened[number % 2], number)) for number in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    for mine in opened:
        mine.close()
    assert problem == []
    assert problems(database, database.path.parent) == []


def test_what_users_do_is_durable_and_what_the_daemon_derives_is_not(home: Home, committed: list[str]) -> None:
    home.draw("a.jpg", seed=1)
    committed.clear()
    home.index()
    assert set(committed) == {"NORMAL"}
    from photoindex.web import create_app

    app = create_app(home.settings, load_text_encoder=lambda _: home.encoder, patience_seconds=None)
    client = app.test_client()
    app.config["WTF_CSRF_ENABLED"] = False
    (photo,) = home.photos()
    token = client.get("/").get_data(as_text=True).split('name="csrf-token" content="')[1].split('"')[0]

    def done(method: str, address: str, **values: object) -> str:
        committed.clear()
        headers = {"X-CSRFToken": token}
        answer = client.open(address, method=method, headers=headers, **values)
        assert answer.status_code < 400, (address, answer.get_data(as_text=True))
        return ",".join(committed)

    writes = (
        ("POST", f"/photos/{photo.id}/favourite", {"data": {"favourite": "yes"}}),
        ("POST", f"/photos/{photo.id}/rating", {"data": {"rating": "4"}}),
        ("POST", "/albums", {"data": {"name": "Trip"}}),
        ("POST", "/api/v1/saved-searches", {"json": {"name": "Red", "query": "red"}}),
    )
    for method, address, values in writes:
        assert "FULL" in done(method, address, **values), address
    assert "FULL" not in done("GET", "/search?q=a+red+thing")
    client.application.extensions["photoindex"].close()  # waits for the cache to be written
    assert committed and set(committed) == {"NORMAL"}


def test_the_daemon_brings_the_log_in_and_the_web_server_only_without_one(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wal, "KEEP_BYTES", 400_000)
    monkeypatch.setattr(wal, "RESCUE_BYTES", 800_000)
    encoder = fill(database, 40)
    web = open_database(database.path)

    def write(mine: Database, start: int) -> int:
        largest = 0
        for step in range(12):
            with mine.write() as session:
                add_photos(session, encoder, range(start + 20 * step, start + 20 * step + 20))
            largest = max(largest, wal.size_of(mine.path))
        return largest

    assert write(database, 1000) < 1_500_000
    with DaemonLock(database.path.with_name(layout.DAEMON_LOCK)):
        assert write(web, 2000) > 1_600_000  # the daemon's business
        database.tend()
        assert wal.size_of(database.path) == 0
    assert write(web, 3000) < 2_000_000
    web.close()


def test_r33_a_reader_that_stays_bounds_the_log_is_told_and_forgotten(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wal, "KEEP_BYTES", 300_000)
    monkeypatch.setattr(wal, "WARN_BYTES", 1_000_000)
    monkeypatch.setattr(wal, "LIMIT_BYTES", 2_000_000)
    encoder = fill(database, 40)
    reader = open_database(database.path)
    step = 0
    with reader.read() as reading:
        reading.execute(text("SELECT count(*) FROM photo")).all()
        with pytest.raises(DatabaseBusyError, match="its log has grown to 2 MB"):
            while True:
                step += 1
                with database.write() as session:
                    add_photos(session, encoder, range(1000 + 20 * step, 1020 + 20 * step))
        assert wal.size_of(database.path) < 3_000_000
        with reader.read() as session:
            problem = read_status(session, database.path.with_name("daemon.lock")).daemon.problem
        assert problem is not None and "its log has grown" in problem
        with database.write(durable=True) as session:  # what users do comes through
            collections.set_favourite(session, 1, True)
    with database.write() as session:
        collections.set_favourite(session, 2, True)
    assert wal.size_of(database.path) < 600_000
    reader.close()


@pytest.mark.long
@pytest.mark.timeout(900)
def test_r33_ten_minutes_of_reading_while_photos_are_indexed(database: Database) -> None:
    """Shortened to two minutes, in which more is written than indexing does in ten."""
    encoder = fill(database, 40, dim=512)
    reader, largest, step = open_database(database.path), 0, 0
    end = time.monotonic() + 120
    with reader.read() as reading:
        reading.execute(text("SELECT count(*) FROM photo")).all()
        while time.monotonic() < end:
            step += 1
            try:
                with database.write() as session:
                    add_photos(session, encoder, range(1000 + 32 * step, 1032 + 32 * step))
            except DatabaseBusyError:
                time.sleep(0.5)
            largest = max(largest, wal.size_of(database.path))
    logging.getLogger(__name__).info("saved %d photos; the log was %d MB at most", 32 * step, largest // 1_000_000)
    assert largest < wal.LIMIT_BYTES + 50_000_000
    time.sleep(wal.PAUSE_SECONDS)
    database.tend()  # as an idle daemon does each second
    assert wal.size_of(database.path) == 0
    reader.close()
