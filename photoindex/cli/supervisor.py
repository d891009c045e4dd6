"""Keeps child processes running: starts them, starts one that died again, and ends them all."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import IO

FATAL_EXIT_CODES = frozenset({2, 3, 4, 5, 6, 7, 75})
"""Codes of errors that starting again can't mend: see photoindex.errors."""
FIRST_DELAY_SECONDS = 1.0
LONGEST_DELAY_SECONDS = 60.0
GOOD_LIFE_SECONDS = 60.0
"""A child that lived this long did nothing wrong at its start: the delay begins anew."""
PATIENCE_SECONDS = 8.0

Say = Callable[[str], None]


@dataclass
class Child:
    """A process to keep running."""

    name: str
    """As people call it: "the daemon"."""
    command: Sequence[str]
    descriptors: Sequence[int] = ()
    """Open files it inherits."""
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    delay_seconds: float = FIRST_DELAY_SECONDS
    reader: threading.Thread | None = field(default=None, repr=False)


class Supervisor:
    """Runs children until `stop`. What they write to stderr is said line by line.

    To be used by one thread, the main one: Linux ends a child that asked for it when the *thread* that started it
    ends (prctl(2), PR_SET_PDEATHSIG).
    """

    def __init__(self, children: Sequence[Child], say: Say, clock: Callable[[], float] = time.monotonic) -> None:
        self._children = children
        self._say = say
        self._clock = clock

    def start(self) -> None:
        """Start all children."""
        for child in self._children:
            self._start(child)

    def check(self) -> int | None:
        """Start again who died and whose time has come; an exit code that ends everything, or None."""
        for child in self._children:
            if child.process is None:
                if self._clock() >= child.start_at:
                    self._start(child)
            elif _has_ended(child.process):
                code = self._bury(child)
                if code in FATAL_EXIT_CODES:
                    return code
                self._schedule(child, code)
        return None

    def stop(self, hurry: threading.Event | None = None, patience_seconds: float = PATIENCE_SECONDS) -> None:
        """Ask all children to end; kill them, and what they started, after some time or when `hurry` is set.

        May be called twice.
        """
        running = [child for child in self._children if child.process is not None]
        for child in running:
            assert child.process is not None
            with contextlib.suppress(ProcessLookupError):
                os.kill(child.process.pid, signal.SIGTERM)  # Popen.terminate would collect one that has ended
        deadline = time.monotonic() + patience_seconds
        for child in running:
            assert child.process is not None
            if not _ends_before(child.process, deadline, hurry or threading.Event()):
                self._say(f"{child.name} did not end in time; killing it")
            self._bury(child)

    def _start(self, child: Child) -> None:
        process = subprocess.Popen(
            child.command,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=child.descriptors,
            process_group=0,  # Ctrl-C at a terminal is for us; we end the children in order
        )
        assert process.stderr is not None
        child.process, child.started_at = process, self._clock()
        child.reader = threading.Thread(target=self._read, args=(process.stderr,), name=child.name, daemon=True)
        child.reader.start()

    def _read(self, stderr: IO[bytes]) -> None:
        with stderr:
            for line in stderr:
                # Of a progress bar only what it ended with.
                text = line.decode("utf-8", "replace").rstrip().rpartition("\r")[2]
                if text:
                    self._say(text)

    def _bury(self, child: Child) -> int:
        """End the child's group and collect the child; its exit code, negative for a signal."""
        assert child.process is not None and child.reader is not None
        # The child is not collected yet, so the number still stands for its group and nobody else's.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.process.pid, signal.SIGKILL)
        code = child.process.wait()
        child.reader.join(timeout=1.0)
        child.process = None
        return code

    def _schedule(self, child: Child, code: int) -> None:
        now = self._clock()
        if now - child.started_at >= GOOD_LIFE_SECONDS:
            child.delay_seconds = FIRST_DELAY_SECONDS
        reason = f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"
        self._say(f"{child.name} {reason}; starting it again in {child.delay_seconds:g} s")
        child.start_at = now + child.delay_seconds
        child.delay_seconds = min(2 * child.delay_seconds, LONGEST_DELAY_SECONDS)


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether it ended, without collecting it."""
    try:
        return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:  # who started us ignores SIGCHLD, so the kernel collects our children
        return True


def _ends_before(process: subprocess.Popen[bytes], deadline: float, hurry: threading.Event) -> bool:
    while not _has_ended(process):
        if time.monotonic() >= deadline or hurry.wait(0.02):
            return False
    return True
