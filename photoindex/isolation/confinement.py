"""Confines this process for good: limits, no file system, no network, no new processes; as far as the system can."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
from dataclasses import dataclass

from photoindex.isolation.landlock import restrict_files
from photoindex.isolation.seccomp import restrict_calls

FULL = "full"
"""The level of a process that has all of it."""

_OPEN_FILES = 64
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE = 1, 4


@dataclass(frozen=True)
class Bounds:
    """What a confined process may use."""

    memory_bytes: int
    """Of address space."""
    written_bytes: int
    """The length of any file it writes: of the memory it answers through, as it can open no other."""


def die_with_parent(parent: int) -> None:
    """End when the process `parent`, by which this one was forked, ends. Ends at once if it already has."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)


def confine(bounds: Bounds) -> str:
    """Confine this process. Everything it imports must be imported. Returns the level: `full`, or what is missing."""
    _set_limits(bounds)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)  # nobody looks into it, and it leaves no core
    missing = []
    if not restrict_files():
        missing.append("Landlock")
    if not restrict_calls():
        missing.append("seccomp")
    return f"no {', no '.join(missing)}" if missing else FULL


def _set_limits(bounds: Bounds) -> None:
    limits = {
        "RLIMIT_AS": bounds.memory_bytes,
        "RLIMIT_FSIZE": bounds.written_bytes,
        "RLIMIT_NOFILE": _OPEN_FILES,
        # No RLIMIT_NPROC: it counts threads, of all the user's processes, and libheif wants to have one. The filter of
        # system calls refuses processes.
        "RLIMIT_CORE": 0,
    }
    for name, value in limits.items():
        kind = getattr(resource, name, None)
        if kind is None:
            continue
        _, hard = resource.getrlimit(kind)
        most = value if hard == resource.RLIM_INFINITY else min(value, hard)
        with contextlib.suppress(OSError, ValueError):  # macOS refuses some
            resource.setrlimit(kind, (most, most))
