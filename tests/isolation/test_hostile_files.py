"""Thousands of broken and hostile files through the daemon, and mutants of sound ones through confined decoders."""

from __future__ import annotations

import hashlib
import os
import random
import resource
import subprocess
import sys
import tarfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import SHARED_DATA
from daemon.conftest import Home
from drawing import draw_image
from media.hostile_files import CASES
from media.samples import WRITTEN, write
from media.video_files import make_video
from sqlalchemy import text

from photoindex import libraries
from photoindex.config import load_settings
from photoindex.database import open_database
from photoindex.errors import UnreadableFileError
from photoindex.isolation import Decoders, Seconds
from photoindex.media import REASONS
from photoindex.media.formats import MP4

DAEMON = """
import sys, threading
sys.path[:0] = [sys.argv[1]]
from colour_encoder import ColourEncoder
from photoindex.config import load_settings
from photoindex.daemon import service
settings = load_settings({"data": sys.argv[2], "workers": 2, "batch_size": 8}, {})
stop = threading.Event()
def enough(progress):  # which photos are the same shot is not looked for: by their colours nearly all are
    if progress.state == "idle" and progress.counts.indexed:
        stop.set()
service.run(
    settings, stop=stop, watch=False, load_encoder=lambda *_: (ColourEncoder(), None), on_progress=enough
)
"""
MUTANTS = int(os.environ.get("MUTANTS", "100000"))
"""How many the long test makes, of all formats together."""


def index(root: Path, data: Path) -> tuple[Home, dict[bytes, str], float]:
    """Index by a real daemon process, into a new data folder; state or reason of each file, and processor seconds."""
    settings = load_settings({"data": data}, {})
    database = open_database(settings.database)
    with database.write() as session:
        libraries.add(session, root)
    database.close()
    started = _processor_seconds()
    arguments = [sys.executable, "-c", DAEMON, str(Path(__file__).parents[1]), str(data)]
    assert subprocess.run(arguments, timeout=900, check=False).returncode == 0
    seconds = _processor_seconds() - started
    home = Home(settings, root)
    database = home.open()
    with database.read() as session:
        rows = session.execute(text("SELECT path, state, reason FROM file")).all()
    database.close()
    return home, {row.path: row.reason or row.state for row in rows}, seconds


def _processor_seconds() -> float:
    """Of all processes that have ended; on a machine that others use too the clock would tell of them."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def digest(root: Path) -> str:
    found = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        if path.is_file():
            found.update(bytes(path.relative_to(root)) + path.read_bytes())
    return found.hexdigest()


def test_sixty_hostile_files_cost_the_daemon_nothing(tmp_path: Path) -> None:
    root = tmp_path / "photos"
    root.mkdir()
    for name, content, _ in CASES:
        (root / f"{name.replace('/', ' ')}.jpg").write_bytes(content)
    draw_image(seed=1).save(root / "good.jpg")
    before = digest(root)
    _, found, seconds = index(root, tmp_path / "data")
    assert digest(root) == before
    assert found[b"good.jpg"] == "indexed"
    assert len(found) == len(CASES) + 1
    assert set(found.values()) <= {"indexed", *REASONS}
    for name, _, expected in CASES:
        outcome = found[f"{name.replace('/', ' ')}.jpg".encode()]
        assert name == "video" or outcome.replace("indexed", "ok") in expected, name  # which `decode` alone refuses
    assert seconds < 60


def test_there_are_no_more_reasons_than_people_can_learn() -> None:
    assert len(REASONS) <= 12


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_other_peoples_broken_files_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive = SHARED_DATA / "hostile.tar.xz"
    if not archive.exists():
        pytest.skip("no shared hostile files beside the checkout")
    root = tmp_path / "photos"
    root.mkdir()
    with tarfile.open(archive) as packed:
        packed.extractall(root, filter="data")
    before = digest(root)
    outcomes = []
    for number in range(2):
        home, found, seconds = index(root, tmp_path / f"data{number}")
        with capsys.disabled():
            sys.stdout.write(
                f"\n{len(found)} files in {seconds:.0f} s: {dict(Counter(found.values()).most_common())}\n"
            )
        assert set(found.values()) <= {"indexed", *REASONS}
        assert seconds < 300
        assert digest(root) == before
        outcomes.append(found)
    assert outcomes[0] == outcomes[1]
    assert home.counts().pending == 0


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_mutants_of_every_format(capsys: pytest.CaptureFixture[str]) -> None:
    """Bit flips, cuts, doubled and zeroed pieces, wrong lengths; each has a named outcome, and none costs a decoder."""
    sound = {format.name: write(draw_image(seed=2, size=(96, 64)), format) for format in WRITTEN}
    sound["mp4"] = make_video([((200, 20, 20), 1), ((20, 20, 200), 1)])
    decoders = Decoders(max_bytes=50_000_000, max_pixels=20_000_000, seconds=Seconds(20, 30))
    names = list(sound)
    outcomes: Counter[str] = Counter()

    def look(number: int) -> str:
        name = names[number % len(names)]
        content = mutate(sound[name], random.Random(number))
        edges = {"shortest_edge": 64, "longest_edge": 128, "max_pixels": 20_000_000}
        try:
            if name == "mp4":
                with open(os.memfd_create("mutant"), "w+b") as file:
                    file.write(content)
                    file.flush()
                    decoders.read_video(file, format=MP4, **edges)
            else:
                decoders.decode(content, name=f"a.{name}".encode(), **edges)
        except UnreadableFileError as error:
            return error.reason
        return "decoded"

    try:
        with ThreadPoolExecutor(2) as pool:
            for at in range(0, MUTANTS, 2000):
                outcomes.update(pool.map(look, range(at, min(at + 2000, MUTANTS))))
    finally:
        decoders.close()
        with capsys.disabled():
            sys.stdout.write(f"\n{sum(outcomes.values())} mutants: {dict(outcomes.most_common())}\n")
    assert outcomes.keys() <= {"decoded", *REASONS}
    assert sum(outcomes.values()) == MUTANTS


def mutate(content: bytes, chooser: random.Random) -> bytes:
    data = bytearray(content)
    for _ in range(chooser.choice((1, 1, 2, 5))):
        at, length = chooser.randrange(len(data)), chooser.choice((1, 2, 4, 8, 64))
        match chooser.randrange(6):
            case 0:
                data[at] ^= 1 << chooser.randrange(8)
            case 1:
                del data[max(1, at) :]
            case 2:
                data[at:at] = data[at : at + length * 8]
            case 3:
                data[at : at + length] = bytes(len(data[at : at + length]))
            case 4:
                data[at : at + 4] = chooser.choice(
                    (b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\0", b"\0\0\xff\xff")
                )
            case _:
                at = chooser.randrange(min(len(data), 64))  # the header, where sizes are
                data[at] = chooser.randrange(256)
    return bytes(data)
