"""Through the whole daemon: a file that ends its decoder is tried twice, then left alone until it changes."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from daemon.conftest import Home, assert_invariants, eventually
from isolation.conftest import make_decoders
from isolation.probes import MARK, probe
from sqlalchemy import text

from photoindex import files
from photoindex.daemon import indexer, service
from photoindex.isolation import Decoders, process
from photoindex.media import Decoded, Reason


class Counting(Decoders):
    """Counts how often each content was handed to a decoder."""

    seen: Counter[bytes]

    def decode(self, content: bytes, **options: object) -> Decoded:
        self.seen[content] += 1
        return super().decode(content, **options)  # type: ignore[arg-type]


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Counter[bytes]:
    """The daemon decodes in processes that tests can tell to crash; what it has decoded."""
    counter: Counter[bytes] = Counter()

    def make(*_: object, **__: object) -> Decoders:
        made = make_decoders(4.0)
        made.__class__ = Counting
        made.seen = counter  # type: ignore[attr-defined]
        return made

    monkeypatch.setattr(service, "make_decoder", make)
    monkeypatch.setattr(indexer, "RETRY_SECONDS", 0.2)
    return counter


def test_a_file_that_ends_its_decoder_is_tried_twice_and_then_not_until_it_changes(
    home: Home, seen: Counter[bytes]
) -> None:
    for number in range(12):
        home.draw(f"{number}.jpg", seed=number)
    bad = {"0bad.jpg": probe("crash"), "5bad.jpg": probe("kill"), "9bad.jpg": probe("eat")}
    for name, content in bad.items():
        (home.root / name).write_bytes(content)
    (home.root / "copy of 0bad.jpg").write_bytes(bad["0bad.jpg"])
    home.index()
    assert home.failures() == {
        "0bad.jpg": Reason.CRASHED,
        "copy of 0bad.jpg": Reason.CRASHED,
        "5bad.jpg": Reason.CRASHED,
        "9bad.jpg": Reason.OUT_OF_MEMORY,
    }
    assert len(home.photos()) == 12
    assert {content: count for content, count in seen.items() if content.startswith(MARK)} == dict.fromkeys(
        bad.values(), 2
    )
    assert home.status().daemon.isolation is None  # none runs
    seen.clear()
    home.index()
    assert not seen
    for name in (*bad, "copy of 0bad.jpg"):
        home.draw(name, "blue", seed=hash(name) % 1000)
    home.index()
    assert home.failures() == {}
    assert len(home.photos()) == 16
    assert_invariants(home)


def test_files_that_hang_keep_no_other_waiting(
    home: Home, seen: Counter[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "SLOW_SECONDS", 0.2)
    for name in ("0.jpg", "1.jpg"):  # as many as there are workers; each holds up the batch it is in
        (home.root / name).write_bytes(probe("sleep", int(name[0])))
    for number in range(2, 40):
        home.draw(f"{number:02}.jpg", seed=number)
    indexed: list[int] = []
    fail = files.mark_failed

    def note(session: object, *arguments: object) -> bool:
        indexed.append(session.scalar(text("SELECT count(*) FROM file WHERE state = 'indexed'")))  # type: ignore[attr-defined]
        return fail(session, *arguments)  # type: ignore[arg-type]

    postpone = files.postpone

    def note_first(session: object, *arguments: object, **options: object) -> None:
        indexed.append(session.scalar(text("SELECT count(*) FROM file WHERE state = 'indexed'")))  # type: ignore[attr-defined]
        postpone(session, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(files, "mark_failed", note)
    monkeypatch.setattr(files, "postpone", note_first)
    home.index()
    assert home.failures() == dict.fromkeys(("0.jpg", "1.jpg"), Reason.TIMED_OUT)
    assert indexed[0] >= 38 - 2 * 7  # all but the batches of the two, while they hung
    assert len(home.photos()) == 38


def test_that_a_file_is_being_read_is_written_down_before(home: Home) -> None:
    """A daemon that is killed meanwhile knows at its next start what it was at, and reads that last and alone."""
    (home.root / "0.jpg").write_bytes(probe("sleep"))
    script = (
        "import sys; sys.path[:0] = [sys.argv[1]]\n"
        "import threading\n"
        "from colour_encoder import ColourEncoder; from isolation.conftest import make_decoders\n"
        "from photoindex.config import load_settings; from photoindex.daemon import service\n"
        "service.make_decoder = lambda *_, **__: make_decoders(60)\n"
        "settings = load_settings({'data': sys.argv[2], 'workers': 1, 'batch_size': 8, 'settle_seconds': 0.1}, {})\n"
        "service.run(settings, stop=threading.Event(), watch=True, load_encoder=lambda *_: (ColourEncoder(), None))"
    )
    arguments = [str(Path(__file__).parents[1]), str(home.settings.data)]
    with subprocess.Popen([sys.executable, "-c", script, *arguments]) as daemon:
        try:
            eventually(lambda: tries(home) == [1])
            assert home.status().daemon.isolation is not None
        finally:
            daemon.kill()
    assert tries(home) == [1]
    for number in range(1, 9):
        home.draw(f"{number}.jpg", seed=number)
    home.index()  # in this process, where the probe is only no picture
    assert home.failures() == {"0.jpg": Reason.NOT_A_PHOTO}
    assert len(home.photos()) == 8


def tries(home: Home) -> list[int]:
    database = home.open()
    with database.read() as session:
        found = list(session.scalars(text("SELECT tries FROM file ORDER BY path")))
    database.close()
    return found


def test_a_daemon_that_is_stopped_leaves_no_suspicion(home: Home, seen: Counter[bytes]) -> None:
    (home.root / "0.jpg").write_bytes(probe("sleep"))
    stop = threading.Event()
    thread = threading.Thread(
        target=service.run,
        args=(home.settings,),
        kwargs={"stop": stop, "watch": True, "load_encoder": home.load_encoder},
    )
    thread.start()
    eventually(lambda: tries(home) == [1])
    eventually(lambda: seen)
    started = time.monotonic()
    stop.set()
    thread.join(60)
    assert not thread.is_alive()
    assert time.monotonic() - started < 30, "it sleeps for an hour"
    assert tries(home) == [0]
