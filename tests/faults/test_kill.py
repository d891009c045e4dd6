"""Killed at any moment, the daemon loses nothing and indexes nothing twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pysqlite3.dbapi2 as sqlite
import pytest
from daemon.conftest import Home, assert_invariants
from drawing import draw_photo

from photoindex import libraries
from photoindex.config import load_settings
from photoindex.database import open_database

BATCH, WORKERS = 8, 2
SCRIPT = Path(__file__).with_name("colour_daemon.py")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "photos").mkdir()
    settings = load_settings({"data": tmp_path / "data"}, {})
    database = open_database(settings.database)
    with database.write() as session:
        libraries.add(session, tmp_path / "photos")
    database.close()
    return Home(settings, tmp_path / "photos")


def start(home: Home, log: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(SCRIPT.parents[1])}
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), str(home.settings.data), str(log)],
        stdout=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip


@pytest.mark.parametrize(("kills", "count"), [(9, 100), pytest.param(25, 300, marks=pytest.mark.long)])
def test_killed_again_and_again_it_indexes_every_photo_once(home: Home, tmp_path: Path, kills: int, count: int) -> None:
    for number in range(count):
        draw_photo(home.root / f"{number % 7}" / f"{number:03}.jpg", size=(320, 240), seed=number)
    chooser, log = random.Random(25), tmp_path / "encoded"
    log.touch()
    for number in range(kills):
        process = start(home, log)
        assert process.stdout is not None
        if number % 3:  # else killed at any point of its start
            process.stdout.readline()
        try:
            process.wait(chooser.uniform(0, 0.5 if number % 3 else 1.5))
        except subprocess.TimeoutExpired:
            process.kill()
        assert process.wait() == -signal.SIGKILL
        process.stdout.close()
        with sqlite.connect(home.settings.database) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.close()

    process = start(home, log)
    assert process.stdout is not None
    assert "idle\n" in iter(process.stdout.readline, "")
    process.terminate()
    process.communicate()
    assert process.returncode == 0
    assert_invariants(home)
    assert len(home.photos()) == count
    # What a kill undoes is what was in the workers' hands, no more.
    assert log.stat().st_size <= count + kills * BATCH * WORKERS
