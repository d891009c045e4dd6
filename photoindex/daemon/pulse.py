"""The pulse of a thread that reads a disk: shows when that disk has not answered for long, as a dead mount does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from photoindex.messages import Message, say

HANG_SECONDS = 20.0
"""A disk that has not answered for so long hangs. A sleeping one spins up within ten."""


class Pulse:
    """Beaten by one thread, looked at by another."""

    def __init__(self) -> None:
        self._asked_at: float | None = None

    def beat(self) -> None:
        """The disk has just answered, and is asked again."""
        self._asked_at = time.monotonic()

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Nothing is asked of the disk in this block, however long it takes."""
        before, self._asked_at = self._asked_at, None
        try:
            yield
        finally:
            if before is not None:
                self.beat()

    @contextmanager
    def asking(self) -> Iterator[None]:
        """The disk is asked in this block."""
        self.beat()
        try:
            yield
        finally:
            self._asked_at = None

    def seconds(self) -> float:
        """How long the disk has been owing an answer."""
        asked_at = self._asked_at
        return 0.0 if asked_at is None else time.monotonic() - asked_at

    def is_stuck(self) -> bool:
        """Whether the disk hangs."""
        return self.seconds() > HANG_SECONDS


def silence(path: str) -> Message:
    """What to say of a library whose disk hangs."""
    return say("%(path)s does not answer; is its disk, or its server, there?", path=path)
