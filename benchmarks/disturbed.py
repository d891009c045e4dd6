#!/usr/bin/env python3
"""How much slower does a search get while the daemon indexes, and while it is killed again and again?

    python benchmarks/disturbed.py [--photos 2000] [--seconds 60] [--encoder starter] [--json FILE]

A real `photoindex serve` and a real `photoindex daemon` on a scratch folder. Searches come one after the other, one in
five hundredths of a second, each with another text, so that none is answered from a cache. The phases take turns for a
few rounds, so that whatever else the machine does falls on all: idle, then so many new photos that indexing goes on,
then the same with a daemon that is killed (SIGKILL) every two seconds. A phase's p95 should be within twice idle's.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

ROUNDS = 3
KILLED_AFTER_SECONDS = 2.0
BETWEEN_SECONDS = 0.05
WORDS = ("dog", "beach", "red car", "mountain", "old man", "two cats", "night", "snow", "a plate of food", "child")

Times = dict[str, list[float]]


class Home:
    """A scratch folder with photos, and the processes on it."""

    def __init__(self, folder: Path, encoder: str) -> None:
        self.data, self.photos, self._encoder = folder / "data", folder / "photos", encoder
        self.photos.mkdir()
        self._numbers = itertools.count()
        self._run = [sys.executable, "-P", "-m", "photoindex"]

    def draw(self, count: int) -> None:
        """So many new photos of 0.3 megapixels of noise, which cost what real ones of that size do."""
        chooser = random.Random(next(self._numbers))
        for _ in range(count):
            number = next(self._numbers)
            noise = Image.frombytes("RGB", (80, 60), chooser.randbytes(80 * 60 * 3))
            noise.resize((640, 480), Image.Resampling.BICUBIC).save(self.photos / f"{number}.jpg", quality=85)

    def command(self, *arguments: str) -> None:
        subprocess.run([*self._run, *arguments, "--data", str(self.data)], check=True, stdout=subprocess.DEVNULL)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        options = ["--data", str(self.data), "--encoder", self._encoder]
        return subprocess.Popen(
            [*self._run, *arguments, *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )


class Searching:
    """Searches of one client."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._texts = (f"{word} {number}" for number in itertools.count() for word in WORDS)

    def once(self) -> float:
        """Seconds that a search took."""
        started = time.monotonic()
        self._connection.request("GET", f"/api/v1/search?q={urllib.parse.quote(next(self._texts))}")
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise SystemExit(f"the server answered {answer.status}: {body[:200]!r}")
        return time.monotonic() - started

    def get(self, address: str) -> dict[str, dict[str, int]]:
        self._connection.request("GET", address)
        found: dict[str, dict[str, int]] = json.load(self._connection.getresponse())
        return found

    def during(self, seconds: float, meanwhile: Callable[[], None]) -> list[float]:
        """The times of the searches in so many seconds."""
        taken, deadline = [], time.monotonic() + seconds
        while time.monotonic() < deadline:
            taken.append(self.once())
            meanwhile()
            time.sleep(BETWEEN_SECONDS)
        return taken


class Daemon:
    """The daemon, which may be killed and is started again."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self.process = home.start("daemon")
        self._started_at = time.monotonic()
        self.kills = 0

    def kill_now_and_then(self) -> None:
        if time.monotonic() - self._started_at > KILLED_AFTER_SECONDS:
            self.process.kill()
            self.process.wait()
            self.kills += 1
            self.process = self._home.start("daemon")
            self._started_at = time.monotonic()


@contextmanager
def ended(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def wait_for(is_so: Callable[[], bool], seconds: float = 900) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise SystemExit("it did not come to rest in time")
        time.sleep(0.2)


def measure(home: Home, photos: int, seconds: float) -> tuple[Times, int]:
    """The times of searches by phase, and how often the daemon was killed."""
    home.draw(photos)
    home.command("library", "add", str(home.photos))
    times: Times = {"idle": [], "indexing": [], "killed": []}
    with ended(home.start("serve", "--port", "0")) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline().split("/ ")[0].rsplit(":", 1)[1])
        searching, daemon = Searching(port), Daemon(home)
        try:
            for _ in range(ROUNDS):
                wait_for(lambda: _at_rest(searching, photos))
                for _ in range(20):
                    searching.once()
                times["idle"] += searching.during(seconds / ROUNDS, lambda: None)
                for phase, meanwhile in (("indexing", lambda: None), ("killed", daemon.kill_now_and_then)):
                    home.draw(photos)
                    wait_for(lambda: searching.get("/api/v1/status")["files"]["pending"] > 0, 60)
                    times[phase] += searching.during(seconds / ROUNDS, meanwhile)
        finally:
            with ended(daemon.process):
                pass
    return times, daemon.kills


def _at_rest(searching: Searching, photos: int) -> bool:
    found = searching.get("/api/v1/status")
    return found["files"]["pending"] == 0 and found["files"]["indexed"] >= photos


def percentile(times: list[float], part: float) -> float:
    return sorted(times)[min(len(times) - 1, int(part * len(times)))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=2000, help="photos at first, and new ones in each phase")
    parser.add_argument("--seconds", type=float, default=60.0, help="of searching in each phase")
    parser.add_argument("--encoder", default="starter")
    parser.add_argument("--json", type=Path, help="write the figures there too")
    given = parser.parse_args()
    os.environ["HF_HUB_OFFLINE"] = "1"
    with tempfile.TemporaryDirectory() as scratch:
        times, kills = measure(Home(Path(scratch), given.encoder), given.photos, given.seconds)
    idle = percentile(times["idle"], 0.95)
    figures: dict[str, object] = {"kills": kills}
    print(f"{'':10} searches   p50 ms   p95 ms   of idle")
    for phase, taken in times.items():
        p50, p95 = percentile(taken, 0.5), percentile(taken, 0.95)
        print(f"{phase:10} {len(taken):8} {1000 * p50:8.1f} {1000 * p95:8.1f} {p95 / idle:8.2f}x")
        figures[phase] = {"searches": len(taken), "p50_ms": 1000 * p50, "p95_ms": 1000 * p95, "of_idle": p95 / idle}
    print(f"the daemon was killed {kills} times")
    if given.json:
        given.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
