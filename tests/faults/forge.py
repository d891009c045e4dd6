"""Makes daemons by forking: it has imported all they need, so that each start costs a twentieth of a new process.

A program of its own, driven by `daemons.py`: one JSON order a line on stdin, one JSON answer a line on stdout. What it
makes are real processes of `photoindex daemon` and `photoindex index`, but for the encoder, and end with it.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import watchdog.observers  # noqa: F401 - so that the daemons need not
from colour_encoder import ColourEncoder
from numpy.typing import NDArray
from PIL import Image
from sqlalchemy import event
from sqlalchemy.orm import Session

from photoindex.cli import cli
from photoindex.daemon import reading, service
from photoindex.database import Database
from photoindex.isolation import HereDecoder
from photoindex.media import thumbnails

_PR_SET_PDEATHSIG = 1


class CountingEncoder(ColourEncoder):
    """Takes its time, and tells how many photos it was given even when it is killed afterwards."""

    def __init__(self, count: Path, seconds: float) -> None:
        super().__init__()
        self._count, self._seconds = count, seconds

    def encode_images(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        with self._count.open("ab", buffering=0) as stream:
            stream.write(b"x" * len(images))
        time.sleep(self._seconds)
        return super().encode_images(images)


def _die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _countdown(times: int) -> Callable[..., None]:
    """Dies when it is called for that time."""
    left = [times]

    def pass_by(*_: object) -> None:
        left[0] -= 1
        if left[0] == 0:
            _die()

    return pass_by


def _die_at(seam: str, times: int) -> None:
    """Have this process killed when it comes to a place for that time."""
    pass_by = _countdown(times)
    if seam in ("before commit", "after commit"):
        event.listen(Session, seam.replace(" ", "_"), pass_by)
    elif seam == "decoded":
        _after(HereDecoder, "decode", pass_by)
    elif seam == "within a batch":
        from photoindex import files

        _after(files, "mark_indexed", pass_by)
    elif seam == "before a thumbnail":
        _before(os, "replace", pass_by)
    elif seam == "after a thumbnail":
        _after(thumbnails, "write_thumbnail", pass_by)
        _after(reading, "write_thumbnail", pass_by)
    elif seam == "checkpoint":
        checkpoint = Database.checkpoint

        def slowly_killed(database: Database) -> None:
            threading.Timer(times / 10_000, _die).start()
            checkpoint(database)

        Database.checkpoint = slowly_killed  # type: ignore[method-assign]
    else:
        raise ValueError(seam)


def _after(module: Any, name: str, pass_by: Callable[..., None]) -> None:
    function = getattr(module, name)

    def wrapped(*args: Any, **named: Any) -> Any:
        result = function(*args, **named)
        pass_by()
        return result

    setattr(module, name, wrapped)


def _before(module: Any, name: str, pass_by: Callable[..., None]) -> None:
    function = getattr(module, name)

    def wrapped(*args: Any, **named: Any) -> Any:
        pass_by()
        return function(*args, **named)

    setattr(module, name, wrapped)


def _become(order: dict[str, Any]) -> None:
    """Run the command line in this process, which was forked for it."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    output = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.environ.update(order["environment"])
    encoder = CountingEncoder(Path(order["count"]), order["encode_seconds"])
    service.choose_encoder = lambda *_: (encoder, None)  # type: ignore[assignment]
    if order["seam"]:
        _die_at(*order["seam"])
    cli.main(order["arguments"], prog_name="photoindex")


def _wait(pid: int, seconds: float) -> int | None:
    deadline = time.monotonic() + seconds
    while True:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() >= deadline:
            return None
        time.sleep(0.005)


def main() -> None:
    """Until stdin ends."""
    Image.init()
    while line := sys.stdin.readline():
        order = json.loads(line)
        if order["do"] == "start":
            pid = os.fork()
            if pid == 0:
                _become(order)
            answer: dict[str, Any] = {"pid": pid}
        else:
            answer = {"code": _wait(order["pid"], order["seconds"])}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
