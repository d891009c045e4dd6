"""A real web server on a home, and visitors that ask it things, note what it answers, and outlive its death."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from command_line import environment
from daemon.conftest import Home

SERVER = Path(__file__).parents[1] / "web" / "colour_server.py"
READING = ("/", "/api/v1/search?q=red", "/api/v1/status", "/api/v1/photos?limit=20", "/search?q=blue+car")


@dataclass
class Web:
    """A server of two processes: the one that listens, and its worker."""

    process: subprocess.Popen[str]
    port: int

    def worker(self) -> psutil.Process | None:
        """The process that answers; None while there is none."""
        return next(iter(psutil.Process(self.process.pid).children()), None)


@contextmanager
def serving(home: Home) -> Iterator[Web]:
    """A gallery that knows colours."""
    variables = environment(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    errors = (home.settings.data.parent / "server").open("w")
    with errors, subprocess.Popen(
        [sys.executable, str(SERVER), str(home.settings.data)],
        stdout=subprocess.PIPE, stderr=errors, text=True, env=variables,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        try:
            yield Web(process, int(process.stdout.readline().rsplit(":", 1)[1]))
        finally:
            process.terminate()
            process.wait(20)


@dataclass
class Visitor:
    """Asks again and again in a thread of its own, until `stop`."""

    web: Web
    next_request: Callable[[], tuple[str, str, dict[str, object] | None] | None]
    """Method, address and body; None when there is nothing to ask for now."""
    done: Callable[[str, int], None] = lambda _address, _status: None
    every_seconds: float = 0.0
    answers: Counter[int] = field(default_factory=Counter)
    times: list[tuple[float, float]] = field(default_factory=list)
    """When an answer came, and how long it took; those of status 200 only."""

    def run(self, stop: threading.Event) -> None:
        connection: http.client.HTTPConnection | None = None
        while not stop.wait(self.every_seconds):
            request = self.next_request()
            if request is None:
                stop.wait(0.05)
                continue
            method, address, body = request
            started = time.monotonic()
            try:
                if connection is None:
                    connection = http.client.HTTPConnection("127.0.0.1", self.web.port, timeout=30)
                headers = {"Content-Type": "application/json"} if body is not None else {}
                connection.request(method, address, None if body is None else json.dumps(body), headers)
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):  # it was killed: whether it did what was asked nobody knows
                if connection is not None:
                    connection.close()
                connection = None
                stop.wait(0.05)
                continue
            self.answers[answer.status] += 1
            if answer.status == 200:
                self.times.append((time.monotonic(), time.monotonic() - started))
            self.done(address, answer.status)
        if connection is not None:
            connection.close()


@contextmanager
def visited(visitors: list[Visitor]) -> Iterator[None]:
    """All of them at once, until the block ends."""
    stop = threading.Event()
    threads = [threading.Thread(target=each.run, args=(stop,)) for each in visitors]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(40)


def reader(web: Web, number: int, every_seconds: float = 0.05) -> Visitor:
    """One that looks at pages and searches."""
    at = iter(range(number, sys.maxsize))
    return Visitor(web, lambda: ("GET", READING[next(at) % len(READING)], None), every_seconds=every_seconds)


def searcher(web: Web, every_seconds: float) -> Visitor:
    """One that searches for something else each time."""
    at = iter(range(sys.maxsize))
    return Visitor(web, lambda: ("GET", f"/api/v1/search?q=red+thing+{next(at)}", None), every_seconds=every_seconds)


def percentile(visitor: Visitor, part: float, since: float = 0.0, until: float = float("inf")) -> float:
    """Seconds that so large a part of its answers took at most, of those that came within a time."""
    taken = sorted(took for at, took in visitor.times if since <= at <= until)
    assert taken, "nothing was answered"
    return taken[min(len(taken) - 1, int(part * len(taken)))]


@dataclass(frozen=True)
class Use:
    """What a process holds."""

    at: float
    rss_bytes: int
    descriptors: int
    threads: int


def use_of(process: psutil.Process) -> Use:
    """What it holds now."""
    with process.oneshot():
        return Use(time.monotonic(), process.memory_info().rss, process.num_fds(), process.num_threads())


def spread_out(home: Home, count: int, contents: list[Path], folders: int) -> None:
    """So many hard links to a few contents, below so many folders."""
    for folder in range(folders):
        (home.root / f"{folder:03}").mkdir()
    for number in range(count):
        os.link(contents[number % len(contents)], home.root / f"{number % folders:03}" / f"{number:06}.png")
