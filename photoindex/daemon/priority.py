"""Priority: has the daemon's computing and reading stand back for others. Not on Linux: `nice` only."""

from __future__ import annotations

import ctypes
import os
import platform

# ioprio_set(2), ioprio_get(2): glibc has no function for them, and their numbers differ.
_CALLS = {
    "x86_64": (251, 252),
    "aarch64": (30, 31),
    "riscv64": (30, 31),
    "armv7l": (314, 315),
    "armv6l": (314, 315),
    "i686": (289, 290),
    "ppc64le": (273, 274),
    "s390x": (282, 283),
}
_WHO_PROCESS, _CLASS_SHIFT = 1, 13
_BEST_EFFORT, _IDLE = 2, 3
_WANTED = {"low": _BEST_EFFORT << _CLASS_SHIFT | 7, "idle": _IDLE << _CLASS_SHIFT}


def stand_back(nice: int, io_priority: str) -> None:
    """Lower the priority of this process: `nice` 0 to 19, `io_priority` `normal`, `low` or `idle`. Never raises it.

    To be called before threads are started, which inherit it. What the system refuses is left as it is.
    """
    if nice > os.getpriority(os.PRIO_PROCESS, 0):
        os.setpriority(os.PRIO_PROCESS, 0, nice)
    wanted = _WANTED.get(io_priority)
    if wanted is not None:
        _io_call(0, wanted)


def describe() -> str:
    """How this process stands: `nice 10, disk low`."""
    current = _io_call(1)
    kind, level = (current >> _CLASS_SHIFT, current & 7) if current > 0 else (0, 0)
    low = kind == _BEST_EFFORT and level == 7
    disk = "idle" if kind == _IDLE else "low" if low else "normal"
    return f"nice {os.getpriority(os.PRIO_PROCESS, 0)}, disk {disk}"


def _io_call(which: int, *values: int) -> int:
    """The kernel's answer, -1 where it has none."""
    numbers = _CALLS.get(platform.machine())
    if numbers is None or platform.system() != "Linux":
        return -1
    try:
        return int(ctypes.CDLL(None).syscall(numbers[which], _WHO_PROCESS, 0, *values))
    except (OSError, AttributeError):
        return -1
