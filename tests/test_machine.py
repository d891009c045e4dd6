"""What of the machine the process may use."""

from __future__ import annotations

import os
from pathlib import Path

from photoindex.machine import keep_memory, this_machine


def _write(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_text(content)
    return folder


def _proc(folder: Path, group: str = "0::/") -> Path:
    proc = _write(
        folder / "proc", meminfo="MemTotal: 9 kB\nMemAvailable:  8000000 kB\n", cpuinfo="model name\t: Fast\n"
    )
    _write(proc / "self", cgroup=group)
    return proc


def test_this_machine_has_cores_and_memory():
    machine = this_machine()
    assert 1 <= machine.cores <= len(os.sched_getaffinity(0))
    assert machine.memory_bytes > 0


def test_a_quota_limits_cores_and_memory(tmp_path):
    group = _write(tmp_path / "cgroup", cpu__max="50000 100000", memory__max="3000000", memory__current="2500000")
    _write(group, memory__stat="anon 1\ninactive_file 100000\n")
    machine = this_machine(group, _proc(tmp_path))
    assert (machine.cpu, machine.cores, machine.memory_bytes) == ("Fast", 1, 600_000)


def test_the_groups_above_count_too(tmp_path):
    group = _write(tmp_path / "cgroup" / "user" / "app", cpu__max="max 100000", memory__max="max")
    _write(group.parent, memory__max="1000", memory__current="5000")
    machine = this_machine(tmp_path / "cgroup", _proc(tmp_path, "0::/user/app\n"))
    assert machine.memory_bytes == 0


def test_version_1_without_limits_limits_nothing(tmp_path):
    group = _write(tmp_path / "cgroup" / "cpu", cpu__cfs_quota_us="-1", cpu__cfs_period_us="100000").parent
    _write(group / "memory", memory__limit_in_bytes="9223372036854771712", memory__usage_in_bytes="5")
    machine = this_machine(group, _proc(tmp_path))
    assert machine.cores == len(os.sched_getaffinity(0))
    assert machine.memory_bytes == 8_000_000 * 1024


def test_damaged_files_limit_nothing(tmp_path):
    group = _write(tmp_path / "cgroup", cpu__max="many", memory__max="\udcff".encode("utf-8", "replace").decode())
    assert this_machine(group, _proc(tmp_path, "0::/../../etc")).memory_bytes == 8_000_000 * 1024
    assert this_machine(tmp_path / "none", tmp_path / "none").memory_bytes > 0


def test_memory_is_kept_where_the_library_can():
    assert keep_memory() in (True, False)
    assert bytes(40 << 20)  # and memory can still be had
