"""What of the machine this process may use, and how it keeps the memory it was given."""

from __future__ import annotations

import ctypes
import math
import os
import platform
from dataclasses import dataclass
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")
_PROC = Path("/proc")
_UNLIMITED = 1 << 60  # cgroup version 1 says so by a number near 2**63

# glibc, malloc.h. Blocks above the first threshold are mapped and given back one by one, each with all its page faults:
# 2 to 3 ms a photo. 32 MiB is the largest that glibc takes.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_MAPPED_BYTES, _TRIMMED_BYTES = 32 << 20, 64 << 20


@dataclass(frozen=True)
class Machine:
    """What this process may use."""

    cpu: str
    """The processor's name, as far as it is known."""
    cores: int
    """Whole cores by affinity and by the quota of its control group, at least 1."""
    memory_bytes: int
    """Memory that is free for it now, by the system and by its control group."""


def this_machine(cgroup: Path = _CGROUP, proc: Path = _PROC) -> Machine:
    """Look at the machine. Files that are not there or not as expected limit nothing; raises nothing."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    groups = _groups(cgroup, proc)
    quotas = [quota for group in groups if (quota := _cores_of(group)) is not None]
    free = [room for group in groups if (room := _memory_of(group)) is not None]
    return Machine(
        cpu=_cpu_name(proc) or platform.processor() or platform.machine(),
        cores=max(1, min([cores, *(math.ceil(quota) for quota in quotas)])),
        memory_bytes=max(0, min([_available(proc), *free])),
    )


def keep_memory() -> bool:
    """Let the C library keep blocks up to 32 MiB for the next photo; whether it can. Once for the whole process.

    Bounded by 64 MiB for each thread; without glibc nothing happens.
    """
    try:
        library = ctypes.CDLL(None)
        library.gnu_get_libc_version  # noqa: B018 - another library may give mallopt's numbers another meaning
        return bool(
            library.mallopt(_M_MMAP_THRESHOLD, _MAPPED_BYTES) and library.mallopt(_M_TRIM_THRESHOLD, _TRIMMED_BYTES)
        )
    except (OSError, AttributeError, TypeError):
        return False


def _groups(cgroup: Path, proc: Path) -> list[Path]:
    """The control group of this process and those above it (version 2), and the roots of version 1."""
    groups = [cgroup, cgroup / "cpu", cgroup / "memory"]
    for line in _text(proc / "self" / "cgroup").splitlines():
        if line.startswith("0::/") and ".." not in line:
            inner = cgroup / line[4:]
            groups += [each for each in (inner, *inner.parents) if each.is_relative_to(cgroup) and each != cgroup]
    return groups


def _cores_of(group: Path) -> float | None:
    quota, _, period = _text(group / "cpu.max").strip().partition(" ")
    if not period:
        quota, period = _text(group / "cpu.cfs_quota_us"), _text(group / "cpu.cfs_period_us")
    share, whole = _number(quota), _number(period)
    return share / whole if share and whole and share > 0 else None


def _memory_of(group: Path) -> int | None:
    for limit, used in (("memory.max", "memory.current"), ("memory.limit_in_bytes", "memory.usage_in_bytes")):
        most, now = _number(_text(group / limit)), _number(_text(group / used))
        if most is not None and most < _UNLIMITED:
            # pages of files count as used, and are given up when memory is asked for
            return most - (now or 0) + _field(group / "memory.stat", "inactive_file", 1)
    return None


def _available(proc: Path) -> int:
    found = _field(proc / "meminfo", "MemAvailable:", 1024)
    return found or os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _field(file: Path, name: str, unit: int) -> int:
    for line in _text(file).splitlines():
        words = line.split()
        if len(words) > 1 and words[0] == name:
            return (_number(words[1]) or 0) * unit
    return 0


def _cpu_name(proc: Path) -> str:
    for line in _text(proc / "cpuinfo").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return ""


def _number(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace")
    except OSError:
        return ""
