"""`photoindex up`, for real: processes, signals and what they leave behind."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from command_line import read_status, wait_until
from drawing import draw_photo

END_SECONDS = 30
"""All has ended by then; within 10 s where the machine has nothing else to do."""


@dataclass
class Up:
    """A running `photoindex up`."""

    process: subprocess.Popen[str]
    data: Path
    url: str

    @property
    def said(self) -> str:
        return self.process.stderr_file.read_text()

    def family(self) -> list[psutil.Process]:
        own = psutil.Process(self.process.pid)
        return [own, *own.children(recursive=True)]

    def child(self, command: str) -> psutil.Process | None:
        """The child that runs a command, but not one that has ended and was not collected yet."""
        for each in self.family()[1:]:
            with contextlib.suppress(psutil.ZombieProcess, psutil.NoSuchProcess):
                if command in each.cmdline():
                    return each
        return None

    def is_idle(self) -> bool:
        found = read_status(self.data)
        return found.daemon.state == "idle" and found.files.pending == 0 and found.files.indexed > 0


def begin(start, data: Path, *arguments: object) -> Up:
    process = start("up", *arguments, "--data", data, "--port", "0", "--encoder", "starter")
    line = process.stdout.readline()
    assert line.startswith("PhotoIndex is at http://127.0.0.1:"), process.stderr_file.read_text()
    return Up(process, data, line.split()[3].rstrip("/"))


@pytest.fixture(scope="module")
def up(start, photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    running = begin(start, tmp_path_factory.mktemp("up") / "data", photos)
    wait_until(running.is_idle)
    wait_until(lambda: "indexed 6 photos" in running.said)
    return running


def test_page_answers_while_the_encoder_is_still_loading(start, photos: Path, tmp_path: Path) -> None:
    running = begin(start, tmp_path / "data", photos)
    wait_until(lambda: running.child("daemon") is not None)
    daemon = running.child("daemon")
    daemon.suspend()  # before it is ready, on whatever machine
    wait_until(lambda: answers(running.url))
    assert read_status(running.data).daemon.state != "idle"
    daemon.resume()
    stop(running, signal.SIGINT)


def test_everything_is_indexed_and_said_in_a_few_lines(up: Up) -> None:
    assert "indexed 6 photos, 1 failed (see: photoindex status --failed)\n" in up.said
    assert "Traceback" not in up.said
    assert len(up.said.splitlines()) <= 6


def test_search_asks_the_running_server(up: Up, run) -> None:
    done = run("search", "--json", "-k", "2", "a red photo show:all", "--data", up.data)
    answer = json.loads(done.stdout)
    assert (len(answer["results"]), answer["encoder"]) == (2, "starter")
    for line in run("search", "-k", "2", "a red photo show:all", "--data", up.data).stdout.splitlines():
        assert line.split("\t")[2].endswith(".jpg")


def test_search_beside_a_server_imports_nothing_heavy(up: Up) -> None:
    import sys

    script = (
        "import sys\nfrom photoindex.cli import cli\n"
        f"try: cli.main(['search', 'red show:all', '--data', {str(up.data)!r}])\n"
        "except SystemExit as end: assert not end.code\n"
        "heavy = {'torch', 'transformers', 'flask', 'sqlalchemy', 'numpy', 'PIL'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert ".jpg" in done.stdout


def test_status_names_the_server(up: Up, run) -> None:
    assert f"server     {up.url}/\n" in run("status", "--data", up.data).stdout


@pytest.mark.parametrize("command", [["up", "--port", "0"], ["daemon"], ["index"]])
def test_second_daemon_is_refused_in_one_line(up: Up, run, command: list[str]) -> None:
    done = run(*command, "--data", up.data, "--encoder", "starter")
    assert (done.returncode, done.stdout) == (75, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("photoindex: another PhotoIndex daemon")


def test_folder_given_to_index_is_handed_to_the_running_daemon(up: Up, run, tmp_path: Path) -> None:
    before = read_status(up.data).files.indexed
    draw_photo(tmp_path / "pink.jpg", colour="pink", seed=99)
    done = run("index", tmp_path, "--data", up.data)
    assert (done.returncode, "running daemon" in done.stdout) == (0, True)
    wait_until(lambda: read_status(up.data).files.indexed == before + 1)


@pytest.mark.parametrize("command", ["daemon", "serve"])
def test_child_that_is_killed_is_started_again(up: Up, command: str) -> None:
    killed = up.child(command)
    killed.kill()
    wait_until(lambda: (found := up.child(command)) is not None and found.pid != killed.pid)
    wait_until(lambda: "was ended by signal 9; starting it again in 1 s" in up.said)
    wait_until(lambda: answers(up.url))
    wait_until(up.is_idle)


def test_ctrl_c_ends_everything_in_time(up: Up) -> None:
    """The last test of those that share this `up`."""
    stop(up, signal.SIGINT)
    assert not (up.data / "server.json").exists()
    assert "Traceback" not in up.said
    assert read_status(up.data).daemon.state == "stopped"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signals_while_starting_end_everything_too(start, photos: Path, tmp_path: Path, number: signal.Signals) -> None:
    running = begin(start, tmp_path / "data", photos)
    wait_until(lambda: running.child("daemon") is not None)
    stop(running, number)
    assert "Traceback" not in running.said


def test_kill_9_leaves_no_process(start, photos: Path, tmp_path: Path) -> None:
    running = begin(start, tmp_path / "data", photos)
    wait_until(lambda: answers(running.url) and running.child("daemon") is not None)
    family = running.family()
    running.process.kill()
    _, alive = psutil.wait_procs(family, timeout=END_SECONDS)
    assert alive == []


def test_kill_9_while_the_children_start_leaves_no_process(start, photos: Path, tmp_path: Path) -> None:
    running = begin(start, tmp_path / "data", photos)
    wait_until(lambda: len(running.family()) > 2)
    family = running.family()
    running.process.kill()
    _, alive = psutil.wait_procs(family, timeout=END_SECONDS)
    assert alive == []


def test_encoder_that_can_not_be_had_ends_everything(run, photos: Path, tmp_path: Path) -> None:
    done = run("up", photos, "--data", tmp_path / "data", "--port", "0", "--encoder", "someone/something")
    assert done.returncode == 5
    (line,) = [each for each in done.stderr.splitlines() if each.startswith("photoindex: ")]
    assert "someone/something" in line
    assert "Traceback" not in done.stderr


def test_without_a_library_it_starts_and_says_how_to_add_one(start, tmp_path: Path) -> None:
    running = begin(start, tmp_path / "data")
    wait_until(lambda: "add one with: photoindex library add DIR" in running.said)
    stop(running, signal.SIGTERM)


def stop(running: Up, number: signal.Signals) -> None:
    family = running.family()
    running.process.send_signal(number)
    assert running.process.wait(timeout=END_SECONDS) == 0, running.said
    _, alive = psutil.wait_procs(family, timeout=END_SECONDS)
    assert alive == []


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=10) as answer:
            return answer.status == 200
    except OSError:
        return False
