"""Running the command line as a process, and seeing what it does from outside."""

from __future__ import annotations

import functools
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from photoindex import status
from photoindex.database import Database, open_database

COMMAND = [sys.executable, "-m", "photoindex"]


def environment(**more: str) -> dict[str, str]:
    """Without the developer's own settings, and without a network for the encoders."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PHOTOINDEX_")}
    own = {"HF_HUB_OFFLINE": "1", "COLUMNS": "200", "PHOTOINDEX_ISOLATION": "off"}  # tests/isolation has it on
    return kept | own | more


def read_status(data: Path) -> status.Status:
    """The status as it is in the database now, which is closed again: who ends may be the last to have it open."""
    database = reopen(data / "photoindex.db")
    try:
        with database.read() as session:
            return status.read(session, data / "daemon.lock")
    finally:
        database.close()


def reopen(path: Path) -> Database:
    """The database, for those who ask twenty times a second: with a new one each statement would be compiled anew.

    It has no connection before it is used, nor after it is closed.
    """
    if not path.exists():
        open_database(path).close()
    return _kept(path, path.stat().st_ino)


@functools.lru_cache(maxsize=8)
def _kept(path: Path, _inode: int) -> Database:
    return open_database(path)


def wait_until(condition: Callable[[], object], seconds: float = 120.0) -> None:
    """Wait for something that other processes do. Only failures take so long."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not so within {seconds} s"
        time.sleep(0.02)
