"""Imported into confined processes by tests: content that begins with MARK makes its decoder do what it names."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from typing import Any

from photoindex.errors import UnreadableFileError
from photoindex.isolation import worker
from photoindex.media import Reason

MARK = b"PROBE:"


def probe(action: str, salt: int = 0) -> bytes:
    """Content that makes a decoder do that; `salt` makes it another content."""
    return MARK + action.encode() + b":%d" % salt


def _crash() -> None:
    ctypes.string_at(0)


def _kill_itself() -> None:
    signal.raise_signal(signal.SIGKILL)


def _leave() -> None:
    os._exit(3)


def _spin() -> None:
    while True:
        pass


def _sleep() -> None:
    time.sleep(3600)


def _eat() -> None:
    """More than the limit of 2 GiB in these tests, and less than most machines have."""
    bytearray(3 << 30)


def _reach_out() -> None:
    """Try what a decoder that was taken over would try, and tell what came of it."""
    tries: dict[str, Callable[[], object]] = {
        "read": lambda: os.open("/etc/passwd", os.O_RDONLY),
        "write": lambda: os.open("/tmp/photoindex-probe", os.O_WRONLY | os.O_CREAT),
        "list": lambda: os.listdir("/"),
        "remove": lambda: os.rmdir("/tmp/photoindex-probe-folder"),
        "socket": socket.socket,
        "unix socket": lambda: socket.socket(socket.AF_UNIX),
        "fork": os.fork,
        "run": lambda: subprocess.run(["/bin/true"], check=True),
        "exec": lambda: os.execv("/bin/true", ["true"]),
        "signal": lambda: os.kill(os.getppid(), 0),
        "memory that others see": lambda: os.memfd_create("probe"),
        "device": lambda: os.open("/dev/zero", os.O_RDONLY),
        "more files": lambda: __import__("resource").setrlimit(7, (4096, 4096)),
    }
    refused, done = [], []
    for name, attempt in tries.items():
        try:
            attempt()
        except OSError as error:
            refused.append(f"{name} {errno.errorcode.get(error.errno or 0)}")
        except ValueError:
            refused.append(name)
        else:
            done.append(name)
    raise UnreadableFileError(Reason.BROKEN, f"done {'+'.join(done) or 'nothing'}, refused {len(refused)}")


_ACTIONS: Mapping[str, Callable[[], None]] = {
    "crash": _crash,
    "kill": _kill_itself,
    "leave": _leave,
    "spin": _spin,
    "sleep": _sleep,
    "eat": _eat,
    "reach": _reach_out,
}


def _decode(job: Mapping[str, Any], inbox: int, outbox: int, descriptors: list[int]) -> dict[str, Any]:
    content = os.pread(inbox, min(job["bytes"], 100), 0)
    if content.startswith(MARK):
        action = content[len(MARK) :].split(b":")[0].decode()
        if action == "lie":
            return {"format": "jpeg", "width": 1, "height": 1, "sizes": [[30_000, 30_000]], "poster": 0, "moments": []}
        if action == "promise":  # pixels that it doesn't send
            return {"format": "jpeg", "width": 9, "height": 9, "sizes": [[3000, 3000]], "poster": 0, "moments": [],
                    "metadata": {}}  # fmt: skip
        _ACTIONS[action]()
    return _real_decode(job, inbox, outbox, descriptors)


_real_decode = worker.JOBS["decode"]
worker.JOBS["decode"] = _decode
with contextlib.suppress(OSError):
    ctypes.CDLL(None)
