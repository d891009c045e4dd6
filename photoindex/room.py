"""Whether the data folder has room and can be written: what anybody can see, also when no daemon is there to tell."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from photoindex import wal
from photoindex.messages import mark, say

FULL = mark("%(path)s: the disk is full; free some space, nothing is lost")

LEAST_BYTES = 8 << 20
"""With less free space the next batch of photos may not fit."""
LEAST_FILES = 16


def is_full(error: OSError) -> bool:
    """Whether there is no room, on the disk or for this user."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def problem_of(database: Path) -> str | None:
    """What is wrong with the disk of a database, in one line; None when nothing is."""
    folder = database.parent
    try:
        disk = os.statvfs(folder)
    except OSError as error:
        return say("the data folder %(path)s can't be used: %(reason)s", path=folder, reason=error.strerror)
    if disk.f_flag & os.ST_RDONLY or not os.access(folder, os.W_OK) or not os.access(database, os.W_OK):
        return say(
            "%(path)s: it is read-only; photos can be looked at and searched, but nothing new is kept until this user "
            "may write there",
            path=folder,
        )
    if disk.f_bavail * disk.f_frsize < LEAST_BYTES:
        return say(FULL, path=folder)
    if disk.f_files and disk.f_favail < LEAST_FILES:
        return say("%(path)s: the disk takes no more files; delete some, nothing is lost", path=folder)
    return wal.problem_of(database)
