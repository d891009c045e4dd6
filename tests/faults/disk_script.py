"""Run in a namespace of its own: a disk that gets full or read-only below a daemon and a web server. Prints JSON.

Arguments: `full`, `readonly`, `restarted`, `inodes`, or several with commas; and an empty folder.
"""

from __future__ import annotations

import json
import logging
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from colour_encoder import ColourEncoder
from drawing import draw_photo

from photoindex import libraries
from photoindex.cli import cli
from photoindex.config import Settings, load_settings
from photoindex.daemon import service, trouble
from photoindex.database import open_database
from photoindex.doctor import Patient, examine
from photoindex.errors import PhotoIndexError
from photoindex.status import read as read_status
from photoindex.web import create_app

trouble.TROUBLE_SECONDS = 0.3
DISK_BYTES = 16 << 20
lines: list[str] = []


class Lines(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        lines.append(record.getMessage())


class Case:
    """A data folder on a disk of its own, and photos elsewhere."""

    def __init__(self, folder: Path, options: str = "") -> None:
        self.disk, self.root = folder / "disk", folder / "photos"
        for each in (self.disk, self.root):
            each.mkdir()
        mount("-t", "tmpfs", "-o", f"size={DISK_BYTES}{options}", "none", str(self.disk))
        values = {"data": self.disk / "data", "settle_seconds": 0.1, "workers": 1, "batch_size": 4}
        self.settings: Settings = load_settings(values, {})
        self.found: dict[str, Any] = {}
        self.opened: list[Any] = []
        with self.database() as database, database.write() as session:
            libraries.add(session, self.root)

    @contextmanager
    def database(self) -> Iterator[Any]:
        database = open_database(self.settings.database)
        try:
            yield database
        finally:
            database.close()

    def draw(self, numbers: range) -> None:
        for number in numbers:
            draw_photo(self.root / f"{number}.jpg", seed=number)

    def status(self) -> Any:
        with self.database() as database, database.read() as session:
            return read_status(session, self.settings.daemon_lock)

    def problems(self) -> list[str]:
        with self.database() as database:
            patient = Patient(database, self.settings.thumbnails, self.settings.snapshots, deep=True)
            return [f"{each.check}: {each.problem}" for each in examine(patient)]

    @contextmanager
    def daemon(self) -> Iterator[None]:
        stop, errors = threading.Event(), list[BaseException]()

        def run() -> None:
            try:
                load = lambda *_: (ColourEncoder(), None)  # noqa: E731
                service.run(self.settings, stop=stop, watch=True, load_encoder=load)
            except BaseException as error:
                errors.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        yield
        stop.set()
        thread.join(20)
        assert not thread.is_alive() and errors == [], errors

    def fill(self) -> None:
        with suppress(OSError), (self.disk / "filling").open("ab", buffering=0) as file:
            for size in (1 << 16, 1 << 12):
                with suppress(OSError):
                    while file.write(b"x" * size):
                        pass

    def empty(self) -> float:
        (self.disk / "filling").unlink()
        return time.monotonic()


def mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


def eventually(is_so: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, lines
        time.sleep(0.05)


def client_of(case: Case) -> Any:
    app = create_app(case.settings, load_text_encoder=lambda _: ColourEncoder(), patience_seconds=None)
    case.opened.append(app.extensions["photoindex"])
    return app.test_client()


def form(client: Any, address: str, **values: str) -> int:
    page = client.get("/").get_data(as_text=True)
    token = page.split('name="csrf-token" content="')[1].split('"')[0]
    return int(client.post(address, data={**values, "csrf_token": token}).status_code)


def answers(client: Any) -> list[int]:
    pages = ("/", "/status", "/search?q=red", "/photos/1", "/api/v1/status", "/api/v1/photos/1/thumbnail")
    return [client.get(address).status_code for address in pages]


def full(case: Case) -> None:
    case.draw(range(3))
    with case.daemon():
        eventually(lambda: case.status().files.indexed == 3)
        client = client_of(case)
        case.found["before"] = answers(client)
        case.fill()
        case.draw(range(3, 9))
        eventually(lambda: "disk is full" in str(case.status().daemon.problem))
        case.found["while full"] = answers(client)
        case.found["notice"] = "disk is full" in client.get("/").get_data(as_text=True)
        case.found["favourite while full"] = form(client, "/photos/1/favourite", favourite="yes")
        case.found["opened while full"] = answers(client_of(case))
        time.sleep(1.5)
        case.found["lines"] = [line for line in lines if "full" in line]
        freed = case.empty()
        eventually(lambda: case.status().files.indexed == 9)
        case.found["seconds"] = time.monotonic() - freed
        eventually(lambda: case.status().daemon.problem is None)
        case.found["favourite afterwards"] = form(client, "/photos/1/favourite", favourite="yes")
    case.found["limit"] = _with_small_files(case)
    case.found["problems"] = case.problems()


def restarted(case: Case) -> None:
    case.draw(range(2))
    with case.daemon():
        eventually(lambda: case.status().files.indexed == 2)
    client_of(case)
    case.fill()
    case.draw(range(2, 6))
    with case.daemon():
        time.sleep(1)
        case.found["while full"] = answers(client_of(case))
        case.empty()
        eventually(lambda: case.status().files.indexed == 6)
    case.found["problems"] = case.problems()


def _with_small_files(case: Case) -> str:
    """Files may not grow: what `ulimit -f` and quotas do."""
    with case.database() as database:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
        try:
            with database.write() as session:
                libraries.add(session, case.disk)
        except PhotoIndexError as error:
            return type(error).__name__
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
    return "written"


def inodes(case: Case) -> None:
    case.draw(range(2))
    with case.daemon():
        eventually(lambda: case.status().files.indexed == 2)
        made = 0
        with suppress(OSError):
            while True:
                (case.disk / f"filling {made}").touch(exist_ok=False)
                made += 1
        case.draw(range(2, 8))
        eventually(lambda: case.status().daemon.problem)
        client = client_of(case)
        case.found["while full"] = answers(client)
        case.found["problem"] = case.status().daemon.problem
        for number in range(made):
            (case.disk / f"filling {number}").unlink()
        eventually(lambda: case.status().files.indexed == 8)
    case.found["problems"] = case.problems()


def readonly(case: Case) -> None:
    """Of a library that is indexed already."""
    for each in case.opened:
        each.close()  # a disk on which files are open for writing stays writable
    mount("-o", "remount,ro", str(case.disk))
    client = client_of(case)
    case.found["while read-only"] = answers(client)
    case.found["favourite"] = form(client, "/photos/1/favourite", favourite="yes")
    case.found["problem"] = case.status().daemon.problem
    case.found["notice"] = "read-only" in client.get("/").get_data(as_text=True)
    for name in ("daemon", "status"):
        started = time.process_time()  # a busy machine is not our fault
        done = CliRunner().invoke(cli, [name, "--data", str(case.settings.data)])
        case.found[name] = [done.exit_code, done.stderr, time.process_time() - started]
    mount("-o", "remount,rw", str(case.disk))
    eventually(lambda: form(client, "/photos/1/favourite", favourite="yes") == 303)
    case.found["afterwards"] = answers(client)
    case.found["problems"] = case.problems()


if __name__ == "__main__":
    logging.getLogger("photoindex").addHandler(Lines())
    logging.getLogger("photoindex").setLevel(logging.INFO)
    kinds = sys.argv[1].split(",")
    made = Case(Path(sys.argv[2]), ",nr_inodes=120" if kinds == ["inodes"] else "")
    all_found = {}
    for kind in kinds:
        made.found = all_found[kind] = {}
        {"full": full, "inodes": inodes, "restarted": restarted, "readonly": readonly}[kind](made)
    sys.stdout.write(json.dumps(all_found) + "\n")
