"""Power cuts: whatever part of the log has reached the disk, the database opens, whole, as after one of its commits."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pysqlite3.dbapi2 as sqlite
import pytest
from daemon.conftest import Home, assert_invariants
from drawing import draw_photo
from faults.daemons import Forge
from faults.stored import add_photos, belongings, fill, problems
from sqlalchemy import text

from photoindex import collections
from photoindex.database import Database, open_database

FRAME_BYTES = 24 + 16384
HEADER_BYTES = 32


def test_r3_a_log_cut_anywhere_leaves_the_state_after_a_commit(tmp_path: Path, database: Database) -> None:
    encoder = fill(database, 60)
    database.checkpoint()
    states = [(60, belongings(database))]
    for step in range(6):
        with database.write() as session:
            add_photos(session, encoder, range(100 + 8 * step, 108 + 8 * step))
            collections.set_favourite(session, 100 + 8 * step, True)
        with database.read() as session:
            photos = session.execute(text("SELECT count(*) FROM photo")).scalar_one()
        states.append((photos, belongings(database)))
    log = database.path.with_name(database.path.name + "-wal").read_bytes()
    chooser, seen = random.Random(3), set[int]()
    frames = (len(log) - HEADER_BYTES) // FRAME_BYTES
    for number in range(8):
        end = HEADER_BYTES + FRAME_BYTES * chooser.randint(0, frames) + (number % 3 - 1)
        tail = chooser.randbytes(chooser.choice((0, 7, FRAME_BYTES))) if number % 4 == 3 else b""
        copy = tmp_path / str(number) / "photoindex.db"
        copy.parent.mkdir()
        shutil.copy(database.path, copy)
        copy.with_name(copy.name + "-wal").write_bytes(log[: max(0, end)] + tail)
        opened = open_database(copy)
        with opened.read() as session:
            photos = session.execute(text("SELECT count(*) FROM photo")).scalar_one()
        assert (photos, belongings(opened)) in states
        assert problems(opened, copy.parent) == []
        seen.add(photos)
        opened.close()
    assert len(seen) > 1


def _is_in(log: Path, least: int) -> Callable[[], bool]:
    return lambda: log.exists() and log.stat().st_size >= least


@pytest.mark.long
@pytest.mark.timeout(3000)
def test_r3_two_hundred_power_cuts_of_a_daemon_at_work(forge: Forge, home: Home, tmp_path: Path) -> None:
    """The daemon is stopped at random moments, and what is on the disk then copied, with a log that lost its end."""
    for number in range(400):
        draw_photo(home.root / f"{number % 7}" / f"{number:03}.jpg", size=(64, 48), seed=number)
    chooser = random.Random(3)
    process = forge.start(home, encode_seconds=0.2)
    process.ready_seconds()
    copies = []
    while len(copies) < 200:
        time.sleep(chooser.uniform(0, 0.12))
        os.kill(process.pid, signal.SIGSTOP)
        copy = tmp_path / "cut" / str(len(copies)) / "photoindex.db"
        copy.parent.mkdir(parents=True)
        shutil.copy(home.settings.database, copy)
        wal = home.settings.database.with_name("photoindex.db-wal")
        content = wal.read_bytes() if wal.exists() else b""
        os.kill(process.pid, signal.SIGCONT)
        frames = max(0, len(content) - HEADER_BYTES) // FRAME_BYTES
        keep = HEADER_BYTES + FRAME_BYTES * chooser.randint(0, frames) + chooser.choice((-1, 0, 1))
        lost = chooser.random() < 0.7
        tail = chooser.randbytes(chooser.randint(0, FRAME_BYTES)) if lost and chooser.random() < 0.5 else b""
        copy.with_name("photoindex.db-wal").write_bytes(content[: max(0, keep)] + tail if lost else content)
        copies.append(copy)
    process.kill()
    for copy in copies:
        with sqlite.connect(copy) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.close()
        opened = open_database(copy)
        found = [each for each in problems(opened, copy.parent) if "search table" not in each]
        assert found == []
        opened.close()
    for copy in copies[:: max(1, len(copies) // 10)]:  # and ten of them go on to the end
        for name in ("photoindex.db-wal", "photoindex.db-shm"):
            (home.settings.data / name).unlink(missing_ok=True)
        shutil.copy(copy, home.settings.data / "photoindex.db")  # its log was brought in when it was closed
        home.index()
        assert_invariants(home)
    assert len(copies) == 200
