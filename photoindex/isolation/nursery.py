"""Starts and ends the process from which decoders are forked, and asks it for them; see `forking`."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from photoindex.errors import IsolationError
from photoindex.isolation.confinement import Bounds
from photoindex.isolation.wire import Message, WireError, receive, send

_START_SECONDS = 120.0  # it imports decoders, maybe from a slow disk that others use too
_END_SECONDS = 5.0
_KEPT = ("LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "PATH", "PYTHONHOME", "SYSTEMROOT", "TZ")
"""Of the environment: it may hold passwords, which are none of a decoder's business."""
_LOCAL_TIME = "/etc/localtime"


class NurseryLostError(Exception):
    """It has ended, and so have all decoders that were forked from it."""


class Nursery:
    """May be used from any thread."""

    def __init__(self) -> None:
        """Starts the process. Raises IsolationError."""
        ours, theirs = socket.socketpair()
        self._socket = ours
        self._lock = threading.Lock()
        self._is_lost = False
        # `-c`, so that it finds what this process finds, wherever that has its modules from.
        code = "import sys; sys.path[:] = sys.argv[2:]; from photoindex.isolation import forking; "
        code += "forking.main(int(sys.argv[1]))"
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-s", "-c", code, str(theirs.fileno()), *sys.path],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                env=_environment(),
                process_group=0,  # a Ctrl-C in the terminal is for the daemon
            )
        except (OSError, ValueError) as error:
            ours.close()
            raise IsolationError(f"no process can be started to decode photos in: {error}") from error
        finally:
            theirs.close()

    def fork(self, modules: Sequence[str], bounds: Bounds, descriptors: Sequence[int]) -> int:
        """A new decoder that has those modules and descriptors; its process id, valid until `end`.

        Raises NurseryLostError, or IsolationError when the system has no room for another process.
        """
        answer = self._ask({"fork": asdict(bounds), "modules": list(modules)}, descriptors)
        if "pid" in answer:
            return int(answer["pid"])
        raise IsolationError(f"no process can be started to decode photos in: {os.strerror(answer['errno'])}")

    def end(self, pid: int) -> int:
        """Kill a decoder; the wait status with which it ended, by itself if it had. Raises NurseryLostError."""
        return int(self._ask({"end": pid})["status"])

    def close(self) -> None:
        """End the process, and with it every decoder. May be called twice."""
        self._is_lost = True
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        with self._lock:
            self._socket.close()

    def _ask(self, request: Message, descriptors: Sequence[int] = ()) -> Message:
        with self._lock:
            if self._is_lost:
                raise NurseryLostError
            try:
                self._socket.settimeout(_START_SECONDS)
                send(self._socket, request, descriptors)
                return receive(self._socket, deadline=time.monotonic() + _START_SECONDS)[0]
            except (EOFError, OSError, WireError) as error:
                self._is_lost = True
                raise NurseryLostError(str(error)) from error


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    if "TZ" not in kept and Path(_LOCAL_TIME).exists():
        kept["TZ"] = f":{_LOCAL_TIME}"  # by name, so that the C library reads it once: later it can't
    # As many decoders as there are cores: one thread each.
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {**kept, **threads, "MALLOC_ARENA_MAX": "2"}
