"""R9, R37: files that are being written, for long or for ever, are read when they are whole, and hold nobody up."""

from __future__ import annotations

import os
import random
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from daemon.conftest import Home, eventually
from drawing import draw_noise
from faults.invariants import assert_invariants
from PIL import Image
from sqlalchemy import select

from photoindex.isolation import HereDecoder
from photoindex.models import File

PIECE_BYTES = 65_536
PIECE_SECONDS = 0.2
SETTLE_SECONDS = 1.5
"""A writer that a busy machine holds up for longer is indeed one that rests."""


@pytest.fixture
def home(home: Home) -> Home:
    return replace(home, settings=replace(home.settings, settle_seconds=SETTLE_SECONDS))


@pytest.fixture
def decodes(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each file was decoded, by its name."""
    counted: Counter[str] = Counter()
    decode = HereDecoder.decode

    def counting(self: HereDecoder, content: bytes, *, name: bytes = b"", **named: Any) -> Any:
        counted[os.fsdecode(name)] += 1
        return decode(self, content, name=name, **named)

    monkeypatch.setattr(HereDecoder, "decode", counting)
    return counted


def _large(path: Path, seed: int, pieces: int) -> bytes:
    """A photo of at least so many pieces."""
    edge = int((pieces * PIECE_BYTES / 3) ** 0.5) + 1
    Image.frombytes("RGB", (edge, edge), random.Random(seed).randbytes(edge * edge * 3)).save(path, "BMP")
    return path.read_bytes()


def _slowly(path: Path, content: bytes, most: int | None = None) -> None:
    with path.open("r+b" if path.exists() else "wb", buffering=0) as stream:
        for number, start in enumerate(range(0, len(content), PIECE_BYTES)):
            if number == most:
                return
            stream.write(content[start : start + PIECE_BYTES])
            time.sleep(PIECE_SECONDS)


def _like_rsync(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.Xb3Fq1")
    _slowly(temporary, content)
    os.rename(temporary, path)


def _like_a_download(path: Path, content: bytes) -> None:
    temporary = path.with_name(f"{path.name}.part")
    _slowly(temporary, content)
    os.rename(temporary, path)


def _sparse(path: Path, content: bytes) -> None:
    with path.open("wb") as stream:
        stream.truncate(len(content))
    _slowly(path, content)


WAYS: dict[str, Callable[[Path, bytes], None]] = {
    "slow.bmp": _slowly,
    "rsync.bmp": _like_rsync,
    "download.bmp": _like_a_download,
    "sparse.bmp": _sparse,
}


@pytest.mark.parametrize("pieces", [12, pytest.param(100, marks=pytest.mark.long)])
def test_R9_a_file_that_is_being_written_is_read_when_it_is_whole(
    running: Home, decodes: Counter[str], tmp_path: Path, pieces: int
) -> None:
    contents = {name: _large(tmp_path / name, seed, pieces) for seed, name in enumerate((*WAYS, "copy", "half.bmp"))}
    writers = [threading.Thread(target=way, args=(running.root / name, contents[name])) for name, way in WAYS.items()]
    writers.append(
        threading.Thread(target=_slowly, args=(running.root / "half.bmp", contents["half.bmp"], pieces // 2))
    )
    for writer in writers:
        writer.start()
    shutil.copy(tmp_path / "copy", running.root / "copy.bmp")
    eventually(lambda: running.counts().indexed == 1)
    for writer in writers:
        writer.join()
    eventually(lambda: running.counts().indexed == 5 and running.failures().keys() == {"half.bmp"})
    time.sleep(SETTLE_SECONDS)  # nothing of it is tried again
    assert running.encoder.images_encoded == 5, "nothing partial was encoded"
    assert all(decodes[name] <= 2 for name in (*WAYS, "copy.bmp", "half.bmp")), decodes
    with closing(running.open()) as database, database.read() as session:
        rows = {row.path: row.attempts for row in session.execute(select(File.path, File.attempts))}
    assert rows.keys() == {os.fsencode(name) for name in (*WAYS, "copy.bmp", "half.bmp")}
    assert rows[b"half.bmp"] <= 2
    assert_invariants(running, unreadable=[b"half.bmp"])


@pytest.mark.parametrize("seconds", [3, pytest.param(60, marks=pytest.mark.long)])
def test_R37_a_file_saved_in_a_loop_is_read_once_it_rests_and_others_at_once(
    running: Home, decodes: Counter[str], seconds: int
) -> None:
    pictures = [draw_noise(running.root.parent / "busy" / f"{seed}.png", seed).read_bytes() for seed in range(50)]
    stop, saved = threading.Event(), 0

    def save_again_and_again() -> None:
        nonlocal saved
        while not stop.wait(0.006):  # 10,000 a minute
            (running.root / "busy.png").write_bytes(pictures[saved % 50])
            saved += 1

    saving = threading.Thread(target=save_again_and_again)
    saving.start()
    others, deadline = 0, time.monotonic() + seconds
    while time.monotonic() < deadline:
        running.draw(f"{others}.jpg", seed=others)
        others += 1
        eventually(lambda others=others: running.counts().indexed >= others)
    stop.set()
    saving.join()
    eventually(lambda: (found := running.counts()).indexed == others + 1 and found.pending == 0)
    assert saved > 10 * SETTLE_SECONDS, "it was saved far more often than it may be read"
    assert decodes["busy.png"] <= seconds / running.settings.settle_seconds + 1
    assert_invariants(running)
