"""The supervisor, with small shell scripts for children."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from command_line import wait_until

from photoindex.cli.supervisor import GOOD_LIFE_SECONDS, Child, Supervisor


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Stage:
    """A supervisor of one child that runs a shell script, and what it said."""

    def __init__(self, script: str) -> None:
        self.clock, self.said = Clock(), []
        self.child = Child("the child", ["sh", "-c", script])
        self.supervisor = Supervisor([self.child], self.said.append, self.clock)
        self.supervisor.start()

    def check_until(self, condition: Callable[[], object]) -> int | None:
        codes = []

        def checked() -> bool:
            codes.append(self.supervisor.check())
            return codes[-1] is not None or bool(condition())

        wait_until(checked, seconds=10)
        return codes[-1]

    def die_and_restart(self) -> float:
        """Kill the child, let it be started again; how long that was put off."""
        os.kill(self.child.process.pid, signal.SIGKILL)
        self.check_until(lambda: self.child.process is None)
        delay = self.child.start_at - self.clock.now
        self.clock.now = self.child.start_at - 0.01
        assert self.supervisor.check() is None
        assert self.child.process is None
        self.clock.now = self.child.start_at
        assert self.supervisor.check() is None
        assert self.child.process is not None
        return delay


@pytest.fixture
def stage() -> Iterator[Callable[[str], Stage]]:
    stages: list[Stage] = []

    def make(script: str) -> Stage:
        stages.append(Stage(script))
        return stages[-1]

    yield make
    for each in stages:
        each.supervisor.stop(patience_seconds=0)


def test_child_that_dies_is_started_again_with_growing_delays(stage) -> None:
    acting = stage("sleep 100")
    assert [acting.die_and_restart() for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert acting.said[0] == "the child was ended by signal 9; starting it again in 1 s"


def test_delays_begin_anew_after_a_good_life(stage) -> None:
    acting = stage("sleep 100")
    assert [acting.die_and_restart() for _ in range(3)] == [1, 2, 4]
    acting.clock.now += GOOD_LIFE_SECONDS
    assert acting.die_and_restart() == 1


@pytest.mark.parametrize("code", [2, 3, 4, 5, 6, 75])
def test_error_that_starting_again_cannot_mend_ends_everything(stage, code: int) -> None:
    acting = stage(f"echo the reason >&2; exit {code}")
    assert acting.check_until(lambda: False) == code
    assert acting.said == ["the reason"]


@pytest.mark.parametrize("code", [0, 1, 70])
def test_other_codes_are_no_reason_to_end(stage, code: int) -> None:
    acting = stage(f"exit {code}")
    assert acting.check_until(lambda: acting.child.process is None) is None
    assert acting.said == [f"the child ended with code {code}; starting it again in 1 s"]


def test_stop_asks_and_waits(stage, tmp_path: Path) -> None:
    acting = stage(
        f"trap 'sleep 0.2; echo ended > {tmp_path}/done; exit' TERM; echo ready >&2; while :; do sleep 0.05; done"
    )
    wait_until(lambda: acting.said == ["ready"])
    acting.supervisor.stop()
    assert (tmp_path / "done").exists()
    assert acting.said == ["ready"]
    acting.supervisor.stop()


def test_stop_kills_who_does_not_listen_and_what_that_started(stage) -> None:
    acting = stage("trap '' TERM; sleep 100 & echo $! >&2; wait; sleep 100")
    wait_until(lambda: bool(acting.said))
    child, grandchild = psutil.Process(acting.child.process.pid), psutil.Process(int(acting.said[0]))
    started = time.monotonic()
    acting.supervisor.stop(patience_seconds=0.3)
    assert time.monotonic() - started < 30
    _, alive = psutil.wait_procs([child, grandchild], timeout=30)
    assert not alive
    assert "did not end in time" in acting.said[-1]


def test_hurry_cuts_the_patience_short(stage) -> None:
    acting = stage("trap '' TERM; echo ready >&2; while :; do sleep 0.05; done")
    wait_until(lambda: acting.said == ["ready"])
    hurry = threading.Event()
    hurry.set()
    started = time.monotonic()
    acting.supervisor.stop(hurry, patience_seconds=60)
    assert time.monotonic() - started < 30


def test_of_a_progress_bar_only_the_end_is_said(stage) -> None:
    acting = stage(r"printf ' 1%%\r 50%%\rdone\n\n' >&2; sleep 100")
    wait_until(lambda: bool(acting.said))
    assert acting.said == ["done"]


def test_stop_when_a_child_has_just_ended(stage) -> None:
    acting = stage("exit 0")
    process = psutil.Process(acting.child.process.pid)
    wait_until(lambda: process.status() == psutil.STATUS_ZOMBIE)
    acting.supervisor.stop()
    assert not process.is_running()
    assert acting.said == []


def test_children_that_the_kernel_collects_are_started_again_too(stage) -> None:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        acting = stage("exit 0")
        assert acting.check_until(lambda: acting.child.process is None) is None
        acting.supervisor.stop()
    finally:
        signal.signal(signal.SIGCHLD, before)
