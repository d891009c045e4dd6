"""Mounts: on which file system a folder lies, and whether the kernel tells all that changes there."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")

WITHOUT_EVENTS = frozenset(
    {
        *(
            "nfs",
            "nfs4",
            "cifs",
            "smb3",
            "smbfs",
            "ncpfs",
            "afs",
            "ceph",
            "lustre",
            "gpfs",
            "beegfs",
            "coda",
            "orangefs",
        ),
        *("9p", "virtiofs", "vboxsf", "vmhgfs", "prl_fs", "drvfs", "fakeowner", "osxfs", "grpcfuse"),
        "fuse",
    }
)
"""File systems that others change too, of which the kernel here hears nothing: those on a network, those that a virtual
machine or Docker Desktop has from its host, and programs (FUSE). A disk formatted for Windows, `fuseblk`, is none."""

_ESCAPED = re.compile(rb"\\([0-7]{3})")


@dataclass(frozen=True)
class Mount:
    """What is mounted somewhere."""

    point: bytes
    type: str
    """As the kernel names it: `ext4`, `nfs4`, `fuse.sshfs`."""

    @property
    def tells_changes(self) -> bool:
        """Whether the kernel tells every change there."""
        return self.type.partition(".")[0] not in WITHOUT_EVENTS


def mount_of(folder: bytes, table: bytes | None = None) -> Mount | None:
    """The mount that a folder (a real, absolute path) lies on, by the kernel's table; None where there is none.

    Nothing is asked of the folder's disk.
    """
    found: Mount | None = None
    for mount in _mounts(table):
        # Of two mounts at one place the later one is seen.
        if is_within(folder, mount.point) and (not found or len(mount.point) >= len(found.point)):
            found = mount
    return found


def points() -> frozenset[bytes]:
    """Where something is mounted; nothing where the kernel has no table of it."""
    return frozenset(mount.point for mount in _mounts(None))


def _mounts(table: bytes | None) -> list[Mount]:
    if table is None:
        try:
            table = MOUNTS.read_bytes()
        except OSError:
            return []  # not Linux, or no /proc
    return [mount for mount in map(_parse, table.splitlines()) if mount is not None]


def _parse(line: bytes) -> Mount | None:
    left, dash, right = line.partition(b" - ")
    fields, kind = left.split(), right.split(maxsplit=1)
    if not dash or len(fields) < 5 or not kind:
        return None
    point = _ESCAPED.sub(lambda match: bytes([int(match[1], 8) & 0xFF]), fields[4])
    return Mount(point, os.fsdecode(kind[0]))


def is_within(path: bytes, folder: bytes) -> bool:
    """Whether an absolute path is a folder, or lies below it."""
    return path == folder or path.startswith(folder.rstrip(b"/") + b"/")
