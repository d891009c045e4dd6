"""R2, R10, R34: under load, for long, and while processes are killed, what was acknowledged stays and nothing grows."""

from __future__ import annotations

import itertools
import json
import os
import random
import sys
import threading
import time
from collections import Counter, deque
from contextlib import closing
from dataclasses import asdict, dataclass, field
from itertools import count
from pathlib import Path

import numpy as np
import psutil
import pytest
from daemon.conftest import Home, eventually
from drawing import draw_noise
from faults.daemons import Forge, encoded
from faults.invariants import assert_invariants
from faults.visitors import Use, Visitor, percentile, reader, searcher, serving, spread_out, use_of, visited
from sqlalchemy import func, select

from photoindex.models import File, FileState, Photo

pytestmark = [pytest.mark.long, pytest.mark.timeout(5400)]

MB = 1_000_000
CLIENTS = 6
"""That make favourites at the same time."""
SOAK_MINUTES = float(os.environ.get("SOAK_MINUTES", "60"))
"""How long R34 takes; a release is soaked for eight hours."""
LOAD_MINUTES = float(os.environ.get("LOAD_MINUTES", "inf"))
"""After so long R2 is content with fewer favourites: for a machine that is busy."""
LOAD_FILES = int(os.environ.get("LOAD_FILES", "100000"))
"""How many files R10 drops at once."""


def _tell(capsys: pytest.CaptureFixture[str], **figures: object) -> None:
    """Figures for docs/reliability.md."""
    with capsys.disabled():
        sys.stdout.write(f"\n{json.dumps(figures, default=str)}\n")


class Favouriting:
    """Makes photos favourites, each once, as soon as it is indexed; and keeps which were acknowledged."""

    def __init__(self, home: Home, part: int, parts: int) -> None:
        """Of all photos those of one part."""
        self._home, self._part, self._parts = home, part, parts
        self._waiting: deque[int] = deque()
        self._seen = 0
        self.acknowledged: set[int] = set()

    def next_request(self) -> tuple[str, str, dict[str, object] | None] | None:
        if not self._waiting:
            with closing(self._home.open()) as database, database.read() as session:
                mine = (Photo.id > self._seen) & (Photo.id % self._parts == self._part)
                self._waiting.extend(session.scalars(select(Photo.id).where(mine).order_by(Photo.id)))
            if not self._waiting:
                return None
            self._seen = self._waiting[-1]
        return "PATCH", f"/api/v1/photos/{self._waiting[0]}", {"favourite": True}

    def done(self, _address: str, status: int) -> None:
        if status == 200:
            self.acknowledged.add(self._waiting.popleft())


@pytest.mark.parametrize("photos", [10_000])
def test_R2_no_acknowledged_favourite_is_lost_when_daemon_and_web_workers_are_killed(
    forge: Forge, home: Home, capsys: pytest.CaptureFixture[str], photos: int
) -> None:
    """Most photos are indexed before, so that clients have something to do at once; others come with each kill."""
    numbers = count()

    def draw(more: int) -> None:
        for number in itertools.islice(numbers, more):
            draw_noise(home.root / f"{number % 100}" / f"{number}.png", number)

    draw(photos)
    chooser = random.Random(2)
    killed: Counter[str] = Counter()
    first = forge.start(home)
    eventually(lambda: home.counts().indexed == photos, 3000)
    first.end()
    with serving(home) as web:
        favouriting = [Favouriting(home, part, CLIENTS) for part in range(CLIENTS)]
        clients = [Visitor(web, each.next_request, each.done) for each in favouriting]
        readers = [reader(web, number, 0.5) for number in range(4)]
        daemon = forge.start(home)
        with visited([*clients, *readers]):
            started = time.monotonic()
            deadline = started + LOAD_MINUTES * 60
            while sum(len(each.acknowledged) for each in favouriting) < photos and time.monotonic() < deadline:
                draw(chooser.randint(5, 40))
                time.sleep(chooser.uniform(0.5, 5))
                daemon.kill()
                killed["daemon"] += 1
                daemon = forge.start(home)
                worker = web.worker() if chooser.random() < 0.2 else None
                if worker is not None:
                    worker.kill()
                    killed["web worker"] += 1
            seconds = time.monotonic() - started
        eventually(daemon.is_idle, 600)
        daemon.end()
    with closing(home.open()) as database, database.read() as session:
        kept = set(session.scalars(select(Photo.id).where(Photo.favourite)))
    answers = sum((each.answers for each in (*clients, *readers)), Counter[int]())
    acknowledged = {photo_id for each in favouriting for photo_id in each.acknowledged}
    lost = len(acknowledged - kept)
    _tell(capsys, test="R2", acknowledged=len(acknowledged), lost=lost, killed=killed, answers=answers, seconds=seconds)
    assert acknowledged <= kept
    assert killed["daemon"] and killed["web worker"]
    assert [status for status in answers if status >= 500 and status != 503] == []
    assert_invariants(home)


def test_R10_a_hundred_thousand_files_at_once(forge: Forge, home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    files = LOAD_FILES
    contents = [draw_noise(home.root.parent / "contents" / f"{number}.png", number) for number in range(1000)]
    daemon = forge.start(home)
    eventually(daemon.is_idle)
    draw_noise(home.root / "first.png", 5000)
    eventually(lambda: home.counts().indexed == 1)
    process = psutil.Process(daemon.pid)
    idle_bytes = use_of(process).rss_bytes
    with serving(home) as web:
        searching = searcher(web, 0.1)
        with visited([searching]):
            eventually(lambda: len(searching.times) > 100)
            dropped_at = time.monotonic()
            spread_out(home, files, contents, 100)
            most_bytes = 0
            while home.counts().indexed < files + 1:
                most_bytes = max(most_bytes, use_of(process).rss_bytes)
                assert time.monotonic() - dropped_at < 5000
                time.sleep(0.5)
            done_at = time.monotonic()
            eventually(daemon.is_idle, 600)
            time.sleep(10)
        p95 = {
            "idle before": percentile(searching, 0.95, until=dropped_at),
            "while indexing": percentile(searching, 0.95, dropped_at, done_at),
        }
    eventually(daemon.is_idle, 600)
    time.sleep(30)  # what it does when there is nothing else to do
    used = process.cpu_times()
    time.sleep(60)
    now = process.cpu_times()
    idle_cpu = (now.user + now.system - used.user - used.system) / 60
    _tell(
        capsys, test="R10", files=files, seconds=done_at - dropped_at, growth_mb=(most_bytes - idle_bytes) / MB,
        idle_cpu_percent=100 * idle_cpu, encoded=encoded(home), p95_seconds=p95,
    )  # fmt: skip
    with closing(home.open()) as database, database.read() as session:
        rows = session.execute(select(File.state, func.count()).group_by(File.state)).all()
    assert dict(rows) == {FileState.INDEXED: files + 1}
    assert encoded(home) == min(files, 1000) + 1
    assert most_bytes - idle_bytes < 300 * MB
    daemon.end()
    assert_invariants(home)


@dataclass
class Churn:
    """One change a second: a file comes, moves, or goes."""

    home: Home
    chooser: random.Random = field(default_factory=lambda: random.Random(34))
    numbers: count[int] = field(default_factory=count)
    there: list[Path] = field(default_factory=list)

    def step(self) -> None:
        kind = self.chooser.choice(("add", "add", "move", "delete")) if len(self.there) < 500 else "delete"
        number = next(self.numbers)
        if kind == "add" or not self.there:
            self.there.append(draw_noise(self.home.root / f"{number % 20}" / f"{number}.png", number))
            return
        at = self.chooser.randrange(len(self.there))
        if kind == "move":
            moved = self.home.root / f"{number % 20}" / f"moved {number}.png"
            moved.parent.mkdir(exist_ok=True)
            self.there[at] = self.there[at].rename(moved)
        else:
            self.there.pop(at).unlink()


def _mb_an_hour(uses: list[Use]) -> float:
    return float(np.polyfit([use.at / 3600 for use in uses], [use.rss_bytes / MB for use in uses], 1)[0])


def test_R34_a_soak_leaves_memory_descriptors_threads_and_speed_as_they_were(
    forge: Forge, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    seconds = SOAK_MINUTES * 60
    warm_up = min(3600.0, seconds / 3)
    daemon = forge.start(home)
    eventually(daemon.is_idle)
    churn, uses = Churn(home), {"daemon": list[Use](), "web": list[Use]()}
    with serving(home) as web:
        eventually(lambda: web.worker() is not None)
        searching = searcher(web, 0.2)
        with visited([searching]):
            started = time.monotonic()
            pause = threading.Event()
            while time.monotonic() - started < seconds:
                churn.step()
                worker = web.worker()
                assert worker is not None
                uses["daemon"].append(use_of(psutil.Process(daemon.pid)))
                uses["web"].append(use_of(worker))
                pause.wait(1.0)
            ended = time.monotonic()
    eventually(lambda: daemon.is_idle() and home.counts().indexed == len(churn.there))
    daemon.end()
    assert_invariants(home)
    warm = {name: [use for use in found if use.at - started > warm_up] for name, found in uses.items()}
    slopes = {name: _mb_an_hour(found) for name, found in warm.items()}
    part = (seconds - warm_up) / 4
    first = percentile(searching, 0.95, started + warm_up, started + warm_up + part)
    last = percentile(searching, 0.95, ended - part, ended)
    _tell(
        capsys, test="R34", minutes=SOAK_MINUTES, mb_an_hour=slopes, changes=next(churn.numbers),
        searches=len(searching.times), answers=searching.answers, p95_first_ms=1000 * first, p95_last_ms=1000 * last,
        first={name: asdict(found[0]) for name, found in warm.items()},
        last={name: asdict(found[-1]) for name, found in warm.items()},
    )  # fmt: skip
    for name, found in warm.items():
        for what in ("descriptors", "threads"):
            values = [getattr(use, what) for use in found]
            assert max(values) - min(values) <= 8, (name, what)  # connections and threads that come for a while
            assert abs(int(np.median(values[-10:])) - int(np.median(values[:10]))) <= 2, (name, what)
        grown = slopes[name] * (seconds - warm_up) / 3600
        assert grown < (1 if seconds > 3600 else 25), (name, slopes)
    assert set(searching.answers) == {200}
    assert "Traceback" not in daemon.said()
