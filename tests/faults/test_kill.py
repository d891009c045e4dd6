"""R1, R26, R27: killed or signalled at any moment, or started twice, daemons lose nothing and do little again."""

from __future__ import annotations

import random
import signal
import time

import pysqlite3.dbapi2 as sqlite
import pytest
from daemon.conftest import Home, eventually
from drawing import draw_noise
from faults.daemons import AT_WORK, SEAMS, Forge, encoded
from faults.invariants import Given, assert_invariants, given, originals

from photoindex import collections

READY_SECONDS = 30.0
"""A daemon that was killed is back by then; within 5 s where the machine has nothing else to do."""
REFUSED_SECONDS = 30.0
"""A second daemon has ended by then; within 2 s where the machine has nothing else to do."""
END_SECONDS = 30.0
"""A daemon that was asked to has ended by then; within 10 s where the machine has nothing else to do."""


def _fill(home: Home, count: int) -> None:
    for number in range(count):
        draw_noise(home.root / f"{number % 50}" / f"{number}.png", number)


def _give(home: Home) -> Given:
    """Make some photos favourites and put them into an album, as soon as there are any."""
    database = home.open()
    with database.write() as session:
        ids = [photo.id for photo in home.photos()[:5]]
        album = collections.create_album(session, "Best")
        collections.add_to_album(session, album.id, ids)
        for photo_id in ids:
            collections.set_favourite(session, photo_id, True)
    database.close()
    return given(home)


def _killed_after_a_few(forge: Forge, home: Home) -> Given:
    """Kill a daemon as soon as it has indexed five photos; what these were then given."""
    daemon = forge.start(home, encode_seconds=0.02)
    eventually(lambda: home.counts().indexed >= 5)
    daemon.kill()
    return _give(home)


def _kill_one(forge: Forge, home: Home, number: int, chooser: random.Random) -> str:
    """Start a daemon and have it killed at one of the seams, while it starts, or at any moment; where it was."""
    if number % 2:
        seam = SEAMS[number // 2 % len(SEAMS)]
        daemon = forge.start(home, seam=(seam, chooser.randint(1, 12)), encode_seconds=0.005)
        if seam == "checkpoint":
            eventually(daemon.status)
            daemon.signal(signal.SIGTERM)
        while (code := daemon.wait(0.05)) is None and not daemon.is_idle():
            assert time.monotonic() - daemon.started_at < 60, daemon.said()
        if code is None:  # it did not come to the seam so often, and may come to it now
            daemon.signal()
            code = daemon.wait()
            assert code == -signal.SIGKILL
            return "at any moment"
        assert code == -signal.SIGKILL or (code, seam) == (0, "checkpoint"), daemon.said()
        return seam if code == -signal.SIGKILL else "at any moment"
    daemon = forge.start(home, encode_seconds=0.02)
    if number % 3:
        eventually(daemon.status)
    code = daemon.wait(chooser.uniform(0, 0.3))
    assert code is None, daemon.said()
    daemon.kill()
    return "at any moment"


@pytest.mark.parametrize(
    ("kills", "count"),
    [(16, 200), pytest.param(500, 5000, marks=[pytest.mark.long, pytest.mark.timeout(1800)])],
)
def test_R1_killed_again_and_again_it_indexes_every_photo_once(
    forge: Forge, home: Home, kills: int, count: int
) -> None:
    _fill(home, count)
    before, chooser, killed_at = originals(home.root), random.Random(1), set()
    was_given = _killed_after_a_few(forge, home)
    for number in range(kills):
        killed_at.add(_kill_one(forge, home, number, chooser))
        with sqlite.connect(home.settings.database) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.close()

    daemon = forge.start(home)
    assert daemon.ready_seconds() < READY_SECONDS
    eventually(daemon.is_idle, 60 + count / 50)
    daemon.end()
    assert killed_at >= {*SEAMS, "at any moment"}
    ever = {path for path, (_, content) in before.items() if content}
    assert_invariants(home, before=before, was_given=was_given, ever=ever)
    assert home.counts().indexed == count
    done_again = encoded(home) - count
    assert done_again <= (kills + 1) * AT_WORK, "a kill undoes what was in the workers' hands, no more"


@pytest.mark.parametrize("times", [3, pytest.param(50, marks=[pytest.mark.long, pytest.mark.timeout(600)])])
def test_R27_a_signal_ends_it_in_order_and_nothing_is_done_again(forge: Forge, home: Home, times: int) -> None:
    count, chooser = 20 * times, random.Random(27)
    _fill(home, count)
    for number in range(times):
        daemon = forge.start(home, encode_seconds=0.05)
        eventually(daemon.status)
        time.sleep(chooser.uniform(0, 0.2))
        daemon.signal((signal.SIGTERM, signal.SIGINT, signal.SIGHUP)[number % 3])
        assert daemon.wait(END_SECONDS) == 0, daemon.said()
        assert home.counts().indexed == encoded(home), "what was encoded is stored"
        log = home.settings.database.with_name("photoindex.db-wal")
        assert not log.exists() or log.stat().st_size == 0, "the WAL is in the database"
    daemon = forge.start(home, "index")
    assert daemon.wait(60 + count) == 0, daemon.said()
    assert encoded(home) == count
    assert_invariants(home)


@pytest.mark.parametrize("times", [2, pytest.param(20, marks=pytest.mark.long)])
def test_R26_a_second_daemon_ends_at_once_and_says_why(forge: Forge, home: Home, times: int) -> None:
    _fill(home, 30)
    before = originals(home.root)
    first = forge.start(home)
    first.ready_seconds()
    for number in range(times):
        second = forge.start(home, ("daemon", "index")[number % 2])
        assert second.wait(REFUSED_SECONDS) == 75
        assert f"another PhotoIndex daemon (process {first.pid}) indexes" in first.said()
    eventually(first.is_idle)
    first.end()
    assert_invariants(home, before=before)
    assert encoded(home) == 30


@pytest.mark.parametrize("times", [1, pytest.param(20, marks=pytest.mark.long)])
def test_R26_of_two_daemons_that_start_together_one_runs(forge: Forge, home: Home, times: int) -> None:
    _fill(home, 10)
    for _ in range(times):
        both = [forge.start(home), forge.start(home)]
        eventually(lambda both=both: [each.status() for each in both].count(None) == 1)
        (loser,) = [each for each in both if each.status() is None]
        assert loser.wait(REFUSED_SECONDS) == 75
        (winner,) = [each for each in both if each is not loser]
        winner.end()
    assert_invariants(home)
