"""The health of a library: whether its root is the folder it was, and whether what a scan found may be believed."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass

from photoindex.libraries import LibraryInfo
from photoindex.messages import number, say
from photoindex.sightings import signed

FEW = 50
"""So many files may go at once without a question, however small the library is."""
MOST_LOST = 0.1
"""So large a share may go at once without a question. A root that is not the folder it was may not lose more at all."""

DISK_ERRORS = frozenset(
    getattr(errno, name)
    for name in ("EIO", "ESTALE", "ENOTCONN", "ETIMEDOUT", "ENODEV", "ENXIO", "EHOSTDOWN", "EHOSTUNREACH", "ENETDOWN",
                 "ENETUNREACH", "ENETRESET", "ECONNABORTED", "ECONNRESET", "EREMOTEIO", "ENOLINK", "ESHUTDOWN",
                 "ENOMEDIUM", "EUCLEAN")
    if hasattr(errno, name)
)  # fmt: skip
"""Errors that tell of the disk or the way to it, and not of one file: what is not found then is not gone."""


@dataclass(frozen=True)
class Root:
    """A root that could be opened, and which folder it is."""

    device: int
    inode: int
    file_system: int
    same_as_before: bool


@dataclass(frozen=True)
class Found:
    """What a scan of a whole library found."""

    known: int
    """Rows that were on disk before, and are."""
    gone: int
    """Rows that were on disk before, and are not."""
    is_empty: bool
    """Whether the root holds nothing at all."""
    disk_error: tuple[str, str] | None = None
    """A path that could not be read though it is there, and why, when that is the fault of the disk."""


@dataclass(frozen=True)
class Verdict:
    """What to make of a scan. Without a `problem` it is believed."""

    problem: str | None = None
    offline: bool = False
    held: int = 0
    """How many files are gone if the user says so."""


def look_at(library: LibraryInfo) -> Root | str:
    """The root as it is now, or why it can't be used, in plain words."""
    try:
        result = os.stat(library.root)
        with os.scandir(library.root):
            pass
        file_system = os.statvfs(library.root).f_fsid
    except OSError as error:
        return say(
            "%(path)s can't be read (%(error)s); is its disk connected?", path=library.path, error=error.strerror
        )
    device, inode, file_system = result.st_dev, signed(result.st_ino), signed(file_system)
    return Root(device, inode, file_system, _is_same(library, device, inode, file_system))


def _is_same(library: LibraryInfo, device: int, inode: int, file_system: int) -> bool:
    if library.inode is None:
        return True  # never scanned
    if library.inode != inode:
        return False
    if library.file_system and file_system:
        return library.file_system == file_system  # a disk plugged in again may have another device number
    return library.device == device


def identity(root: bytes) -> tuple[int, int] | None:
    """Which folder a root is at this moment; None when it can't be looked at."""
    try:
        result = os.stat(root)
    except OSError:
        return None
    return result.st_dev, result.st_ino


def limit(present: int) -> int:
    """How many of so many files may go at once without a question."""
    return max(FEW, int(MOST_LOST * present))


def judge(library: LibraryInfo, root: Root, found: Found) -> Verdict:
    """Whether to believe a scan, and what to say if not."""
    if found.disk_error is not None:
        path, error = found.disk_error
        problem = say("%(path)s can't be read (%(error)s); is its disk sound?", path=path, error=error)
        return Verdict(problem, offline=True)
    before = found.known + found.gone
    if not found.gone or (library.confirmed is not None and found.gone <= library.confirmed + limit(before)):
        return Verdict()
    words = {"path": library.path, "gone": number(found.gone), "before": number(before), "library": library.id}
    if not root.same_as_before and found.gone > MOST_LOST * before:
        problem = say(
            "%(path)s is not the folder it was, and %(gone)s of its %(before)s files are not there; is its disk "
            "mounted? If this is how it is meant to be: photoindex library confirm %(library)s",
            **words,
        )
        return Verdict(problem, offline=True, held=found.gone)
    if found.is_empty:
        problem = say(
            "%(path)s is empty, and %(before)s files were there; is its disk mounted? If you emptied it: photoindex "
            "library confirm %(library)s",
            **words,
        )
        return Verdict(problem, offline=True, held=found.gone)
    if found.gone > limit(before):
        problem = say(
            "%(gone)s of the %(before)s files in %(path)s are gone; nothing is changed until you say that this is "
            "right: photoindex library confirm %(library)s",
            **words,
        )
        return Verdict(problem, held=found.gone)
    return Verdict()
