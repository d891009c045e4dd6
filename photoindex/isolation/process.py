"""One confined process as its parent sees it: a socket to talk by, shared memory, and the right to kill it."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from photoindex.errors import IsolationError
from photoindex.isolation.confinement import Bounds
from photoindex.isolation.decoder import GiveWay
from photoindex.isolation.memory import SharedMemory
from photoindex.isolation.nursery import Nursery
from photoindex.isolation.wire import Message, WireError, receive, send

SLOW_SECONDS = 2.0
"""Whoever takes longer gives way to others."""

_HELLO_SECONDS = 30.0
_ANSWER_SECONDS = 5.0  # for the whole of an answer, once it has begun
_MOST_TIMES = 3.0
_LOWEST_PRIORITY = 19


class SilentError(Exception):
    """There was no answer in time."""


class Process:
    """Used by one thread at a time."""

    def __init__(self, nursery: Nursery, modules: frozenset[str], bounds: Bounds) -> None:
        """Forks it, and waits until it is confined. Raises NurseryLostError, IsolationError or OSError."""
        self.nursery = nursery
        self.modules = modules
        self.jobs = 0
        with contextlib.ExitStack() as kept:
            self._socket, theirs = socket.socketpair()
            kept.callback(self._socket.close)
            self._inbox, self.outbox = SharedMemory(), SharedMemory()
            kept.callback(self._inbox.close)
            kept.callback(self.outbox.close)
            with theirs:
                descriptors = (theirs.fileno(), self._inbox.descriptor, self.outbox.descriptor)
                self._pid = nursery.fork(sorted(modules), bounds, descriptors)
            try:
                hello, _ = receive(self._socket, deadline=time.monotonic() + _HELLO_SECONDS)
                self.level = str(hello["level"])
            except (EOFError, OSError, WireError, KeyError) as error:
                nursery.end(self._pid)
                raise IsolationError(f"a process to decode photos in did not start: {error!r}") from error
            kept.pop_all()

    def ask(
        self,
        job: Message,
        contents: Sequence[bytes],
        file: BinaryIO | None,
        seconds: float,
        give_way: GiveWay,
    ) -> Message:
        """Have it do a job within so many seconds, on those contents and that open file.

        Raises SilentError when it takes longer, EOFError or OSError when it has ended, WireError when its answer is
        none, IsolationError when there is no memory to hand contents over in. Any of these makes it useless.
        """
        self.jobs += 1
        self._socket.settimeout(seconds)
        used = 0
        try:
            for content in contents:
                self._inbox.write(content, used)
                used += len(content)
        except OSError as error:
            raise IsolationError(f"no memory to hand a photo over to its decoder: {error}") from error
        started, waited = time.monotonic(), self._waited_seconds()
        send(self._socket, job, () if file is None else (file.fileno(),))
        if not self._is_heard(min(SLOW_SECONDS, seconds)):
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, self._pid, _LOWEST_PRIORITY)
            with give_way():
                self._wait(started, waited, seconds)
            with contextlib.suppress(OSError):  # only root may: others get a new process for the next photo
                os.setpriority(os.PRIO_PROCESS, self._pid, os.getpriority(os.PRIO_PROCESS, 0))
        answer, _ = receive(self._socket, deadline=time.monotonic() + _ANSWER_SECONDS)
        self._inbox.tidy(used)
        return answer

    def end(self) -> int:
        """Kill it; the wait status with which it ended. Raises NurseryLostError when all have ended."""
        try:
            return self.nursery.end(self._pid)
        finally:
            self.close()

    def close(self) -> None:
        """Let go of one that has ended."""
        self._socket.close()
        self._inbox.close()
        self.outbox.close()

    def _wait(self, started: float, waited: float, seconds: float) -> None:
        """Until it answers. What it waits for a processor, on a busy machine, doesn't count, up to three times."""
        while True:
            now = time.monotonic()
            starved = self._waited_seconds() - waited
            left = seconds - (now - started) + min(starved, (_MOST_TIMES - 1) * seconds)
            if left <= 0:
                raise SilentError
            if self._is_heard(left):
                return

    def _is_heard(self, seconds: float) -> bool:
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return bool(poll.poll(max(1, int(seconds * 1000))))

    def _waited_seconds(self) -> float:
        """How long it has waited for a processor since it was forked, as far as the kernel tells."""
        try:
            return int(Path(f"/proc/{self._pid}/schedstat").read_text().split()[1]) / 1e9
        except (OSError, IndexError, ValueError):
            return 0.0
