"""`photoindex index`, `photoindex daemon` and `photoindex serve`, for real."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import urllib.request
from pathlib import Path

from command_line import COMMAND, environment, read_status, wait_until
from drawing import draw_photo


def test_index_ends_with_a_line_that_counts(run, indexed: Path, photos: Path) -> None:
    done = run("index", "--data", indexed, "--encoder", "starter")
    assert done.returncode == 0
    assert re.fullmatch(r"indexed 6 photos, 1 failed \(see: photoindex status --failed\), in \d+ s\n", done.stdout), (
        done.stdout
    )
    assert "Traceback" not in done.stderr


def test_index_draws_a_bar_on_a_terminal(photos: Path, tmp_path: Path) -> None:
    mine, theirs = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, "index", str(photos), "--data", str(tmp_path / "data"), "--encoder", "starter"],
        env=environment(TERM="xterm-256color"),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        shown = b"".join(iter(lambda: _read(mine), b"")).decode()
        assert process.wait(timeout=60) == 0
    os.close(mine)
    assert "━" in shown
    assert "loading the encoder" in shown
    assert "indexed 6 photos, 1 failed" in shown.splitlines()[-1]


def test_index_is_interrupted_and_goes_on_the_next_time(run, start, tmp_path: Path) -> None:
    for seed in range(16):
        draw_photo(tmp_path / "photos" / f"{seed}.jpg", size=(1600, 1200), seed=seed)
    data = tmp_path / "data"
    process = start("index", tmp_path / "photos", "--data", data, "--encoder", "starter", "--once")
    wait_until(lambda: (data / "photoindex.db").exists() and read_status(data).files.pending > 0)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 130
    assert "to go on: photoindex index" in process.stdout.read()
    assert run("index", "--data", data, "--encoder", "starter").stdout.startswith("indexed 16 photos, in ")


def test_daemon_logs_lines_and_ends_cleanly(start, photos: Path, run, tmp_path: Path) -> None:
    data = tmp_path / "data"
    run("library", "add", photos, "--data", data)
    process = start("daemon", "--data", data, "--encoder", "starter")
    wait_until(lambda: read_status(data).files.indexed == 6)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=15) == 0
    logged = process.stderr_file.read_text()
    assert "encoder starter on cpu" in logged
    assert all(line.startswith(("INFO ", "WARNING ")) for line in logged.splitlines())


def test_serve_prints_its_address_and_ends_cleanly(start, indexed: Path, tmp_path: Path) -> None:
    process = start("serve", "--data", indexed, "--port", "0")
    line = process.stdout.readline()
    url = line.split()[3]
    with urllib.request.urlopen(f"{url}api/v1/status", timeout=20) as answer:
        assert answer.status == 200
    assert (indexed / "server.json").exists()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=15) == 0
    assert not (indexed / "server.json").exists()
    assert "Traceback" not in process.stderr_file.read_text()


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # Linux says so when the other end of a terminal is closed
        return b""


def test_index_without_a_library_says_at_once_what_to_do(run, tmp_path: Path) -> None:
    done = run("index", "--data", tmp_path / "data", "--encoder", "no-such-encoder")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "there is no library yet; name the folder of your photos: photoindex index DIR\n"
