"""Fixtures for the command line: one that runs in this process, and real processes that are ended with the test."""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner, Result
from command_line import COMMAND, environment
from drawing import draw_photo

from photoindex.cli import cli

Run = Callable[..., subprocess.CompletedProcess[str]]
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def invoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Result]]:
    """Run a command in this process, on the data folder `tmp_path/data`."""
    for name in [name for name in os.environ if name.startswith("PHOTOINDEX_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PHOTOINDEX_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("PHOTOINDEX_ISOLATION", "off")
    with _logging_restored():
        yield lambda *args, **named: CliRunner().invoke(cli, [str(each) for each in args], **named)


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run a command as a process and wait for its end."""
    folder = tmp_path_factory.mktemp("elsewhere")

    def command(*args: object, **named: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *map(str, args)],
            **{"cwd": folder, "env": environment(), "capture_output": True, "text": True, "timeout": 100} | named,
        )

    return command


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Start a command as a process; it, and all that it started, is gone after the module."""
    folder, started = tmp_path_factory.mktemp("started"), []

    def command(*args: object) -> subprocess.Popen[str]:
        file = folder / f"stderr-{len(started)}"
        with file.open("w") as stderr:
            process = subprocess.Popen(
                [*COMMAND, *map(str, args)],
                cwd=folder,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        process.stderr_file = file
        started.append((process, psutil.Process(process.pid)))
        return process

    yield command
    for process, known in started:
        with contextlib.suppress(psutil.NoSuchProcess):
            for each in [*known.children(recursive=True), known]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    each.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of six photos and a text file that calls itself one."""
    folder = tmp_path_factory.mktemp("photos")
    for seed, colour in enumerate(("red", "green", "blue", "yellow", "white", "black")):
        draw_photo(folder / f"{colour}.jpg", colour=colour, size=(320, 240), seed=seed)
    (folder / "text.jpg").write_text("no photo")
    return folder


@pytest.fixture(scope="session")
def indexed(run: Run, photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which `photoindex index` has indexed the photos with the starter."""
    data = tmp_path_factory.mktemp("indexed") / "data"
    done = run("index", photos, "--data", data, "--encoder", "starter")
    assert done.returncode == 0, done.stderr
    return data


@contextlib.contextmanager
def _logging_restored() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("photoindex")
    before = (root.handlers[:], root.level, ours.level)
    try:
        yield
    finally:
        root.handlers[:], level, our_level = before
        root.setLevel(level)
        ours.setLevel(our_level)
        logging.captureWarnings(False)
