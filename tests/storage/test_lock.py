"""The daemon's lock."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from photoindex.errors import DaemonRunningError
from photoindex.lock import DaemonLock, is_held, told

HOLD = """
import sys, time
from pathlib import Path
from photoindex.lock import DaemonLock
with DaemonLock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_daemon_is_told_who_is_the_first(tmp_path: Path) -> None:
    path = tmp_path / "daemon.lock"
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        assert is_held(path)
        with pytest.raises(DaemonRunningError, match=f"process {holder.pid}") as caught:
            DaemonLock(path).acquire(patience_seconds=0.1)
        assert caught.value.exit_code == 75
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.communicate()
    assert not is_held(path)
    with DaemonLock(path):
        assert is_held(path)
    assert not is_held(path)


def test_without_a_lock_file_no_daemon_runs(tmp_path: Path) -> None:
    assert not is_held(tmp_path / "daemon.lock")
    assert list(tmp_path.iterdir()) == []


def test_the_holder_can_say_what_is_wrong_without_the_file_growing(tmp_path: Path) -> None:
    path = tmp_path / "daemon.lock"
    assert told(path) is None
    with DaemonLock(path) as held:
        size = path.stat().st_size
        assert told(path) is None
        held.tell("the disk is full;\nfree some é space" + 5000 * "!")
        assert str(told(path)).startswith("the disk is full; free some é space!")
        assert path.stat().st_size == size
        with pytest.raises(DaemonRunningError, match=f"process {os.getpid()}\\)"):
            DaemonLock(path).acquire(patience_seconds=0.1)
        held.tell(None)
        assert told(path) is None
        held.tell("gone with its process")
    assert told(path) is None
