"""Daemons as processes of their own, in namespaces where that is needed, for faults that no thread can be given."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from daemon.conftest import Home, eventually

SCRIPT = Path(__file__).with_name("watching_daemon.py")
FIRST_SECONDS = 60
"""How long a daemon may take to start on a machine that is busy."""
END_SECONDS = 30
"""By then it has ended; within 10 s where the machine has nothing else to do."""


def needs_namespaces(*flags: str) -> None:
    """Skip where a user may have no namespaces of their own."""
    if shutil.which("unshare") is None or subprocess.run(["unshare", *flags, "true"], capture_output=True).returncode:
        pytest.skip("no user namespaces here")


@contextmanager
def daemon(home: Home, *prefix: str, **settings: object) -> Iterator[subprocess.Popen[bytes]]:
    """A daemon that is idle for the first time; it must end by itself after SIGTERM.

    `prefix` is the command it is started by, which must become it (`exec`).
    """
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PHOTOINDEX_")},
        "PYTHONPATH": str(SCRIPT.parents[1]),
        **{f"PHOTOINDEX_{name.upper()}": str(value) for name, value in settings.items()},
    }
    process = subprocess.Popen(
        [*prefix, sys.executable, str(SCRIPT), str(home.settings.data)], env=environment, stdin=subprocess.DEVNULL
    )
    try:
        eventually(lambda: process.poll() is not None or home.status().daemon.state == "idle", FIRST_SECONDS)
        yield process
        process.send_signal(signal.SIGTERM)
        assert process.wait(END_SECONDS) == 0
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait()
