"""Daemons in processes of their own, to be killed and asked: the side of the tests; `forge.py` makes them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from command_line import environment
from daemon.conftest import Home

from photoindex import status

SCRIPT = Path(__file__).with_name("forge.py")
BATCH, WORKERS = 8, 2
SETTINGS = {
    "PHOTOINDEX_BATCH_SIZE": str(BATCH),
    "PHOTOINDEX_WORKERS": str(WORKERS),
    "PHOTOINDEX_SETTLE_SECONDS": "0.1",
    "PHOTOINDEX_MIN_BATTERY_PERCENT": "0",
    "PHOTOINDEX_MAX_CELSIUS": "0",
    "PHOTOINDEX_NICE": "0",
    "PHOTOINDEX_ISOLATION": "off",
}
AT_WORK = BATCH * WORKERS
"""Photos that the workers have in hand at most: what a kill undoes."""

SEAMS = (
    "decoded",
    "within a batch",
    "before commit",
    "after commit",
    "before a thumbnail",
    "after a thumbnail",
    "checkpoint",
)
"""Places at which a daemon can have itself killed."""


@dataclass
class Daemon:
    """A process of `photoindex daemon` or `photoindex index`."""

    forge: Forge
    home: Home
    pid: int
    started_at: float
    output: Path

    def signal(self, number: int = signal.SIGKILL) -> None:
        os.kill(self.pid, number)

    def wait(self, seconds: float = 60) -> int | None:
        """Its exit code, negative for a signal; None when it has not ended by then."""
        code: int | None = self.forge.ask({"do": "wait", "pid": self.pid, "seconds": seconds})["code"]
        return code

    def kill(self) -> None:
        """As the kernel does when memory is short."""
        self.signal()
        assert self.wait() == -signal.SIGKILL

    def end(self) -> None:
        """As systemd does."""
        self.signal(signal.SIGTERM)
        assert self.wait() == 0, self.said()

    def said(self) -> str:
        """What it and those before it wrote."""
        return self.output.read_text("utf-8", "replace")

    def status(self) -> status.DaemonState | None:
        """What it says of itself, None before it does."""
        found = self.home.status().daemon
        return found if found.pid == self.pid else None

    def is_idle(self) -> bool:
        """Whether it has nothing to do, as far as it knows."""
        found = self.home.status()
        return found.daemon.pid == self.pid and found.daemon.state == "idle" and found.files.pending == 0

    def ready_seconds(self, most: float = 60) -> float:
        """Wait until it says that it runs; how long that took from its start."""
        while self.status() is None:
            assert time.monotonic() - self.started_at < most, self.said()
            time.sleep(0.01)
        return time.monotonic() - self.started_at


class Forge:
    """Starts daemons on homes, fast."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def start(
        self,
        home: Home,
        command: str = "daemon",
        *,
        encode_seconds: float = 0.0,
        seam: tuple[str, int] | None = None,
        **settings: str,
    ) -> Daemon:
        """Start a daemon, slow by so much a batch, that is killed when it comes to a `seam` for the n-th time."""
        output = home.settings.data.parent / "output"
        order = {
            "do": "start",
            "arguments": [command, "--data", str(home.settings.data)],
            "environment": SETTINGS | {f"PHOTOINDEX_{name.upper()}": value for name, value in settings.items()},
            "output": str(output),
            "count": str(counter(home)),
            "encode_seconds": encode_seconds,
            "seam": seam,
        }
        started_at = time.monotonic()
        return Daemon(self, home, self.ask(order)["pid"], started_at, output)


def counter(home: Home) -> Path:
    """A file with a byte for each photo that was encoded."""
    return home.settings.data.parent / "encoded"


def encoded(home: Home) -> int:
    """How many photos all daemons of this home have encoded, killed ones too."""
    return counter(home).stat().st_size if counter(home).exists() else 0


@contextmanager
def forging() -> Iterator[Forge]:
    """A forge; it and all that it started is gone afterwards."""
    variables = environment(PYTHONPATH=str(SCRIPT.parents[1]), OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    with subprocess.Popen(
        [sys.executable, str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=variables
    ) as process:
        assert process.stdin is not None
        with closing(process.stdin):
            yield Forge(process)
        process.wait(60)
