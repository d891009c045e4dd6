"""Running the command line as a process, and seeing what it does from outside."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from photoindex import status
from photoindex.database import open_database

COMMAND = [sys.executable, "-m", "photoindex"]


def environment(**more: str) -> dict[str, str]:
    """Without the developer's own settings, and without a network for the encoders."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PHOTOINDEX_")}
    own = {"HF_HUB_OFFLINE": "1", "COLUMNS": "200", "PHOTOINDEX_ISOLATION": "off"}  # tests/isolation has it on
    return kept | own | more


def read_status(data: Path) -> status.Status:
    """The status as it is in the database now."""
    database = open_database(data / "photoindex.db")
    try:
        with database.read() as session:
            return status.read(session, data / "daemon.lock")
    finally:
        database.close()


def wait_until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait for something that other processes do."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
