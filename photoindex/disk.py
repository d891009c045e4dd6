"""The folders of this machine's disks, one level at a time, for choosing one to be a library.

Names of folders only: no file is opened, none is named. What is hidden, and what belongs to the system, is kept out.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from photoindex import mounts
from photoindex.errors import LibraryError
from photoindex.folders import in_order
from photoindex.libraries import display_path
from photoindex.messages import say
from photoindex.mounts import is_within

SYSTEM = frozenset(
    b"/bin /boot /dev /etc /lib /lib32 /lib64 /libx32 /lost+found /proc /run /sbin /snap /sys /usr".split()
)
REMOVABLE = b"/run/media"
"""Where desktops mount disks: no part of the system although it lies in one."""
MOUNTED_BELOW = (b"/media", REMOVABLE, b"/mnt", b"/Volumes")
MOST_LISTED = 10_000
"""Folders with more entries are listed up to here."""
MOST_COUNTED = 1000
COUNT_SECONDS = 0.15
"""How long one page may spend on counting pictures; folders it does not come to show no count."""


@dataclass(frozen=True)
class DiskFolder:
    """A folder to go to."""

    path: bytes
    """Absolute, as the file system's bytes."""
    name: str
    """For display: lossy where the bytes are not UTF-8."""
    pictures: int | None = None
    """How many pictures and videos lie in it itself, by their names; None where nobody counted."""
    more: bool = False
    """Whether there may be more of them than that."""

    @property
    def is_root(self) -> bool:
        """Whether it is the whole of this machine."""
        return self.path == b"/"


@dataclass(frozen=True)
class Listing:
    """What lies in one folder."""

    path: bytes
    above: tuple[DiskFolder, ...]
    """The folders on the way to it, from the root on, and it itself at the end."""
    folders: tuple[DiskFolder, ...]
    """Those in it, in the order of their names."""


def check_shown(path: bytes) -> None:
    """Refuse an absolute path that is hidden or belongs to the system, or leads there. Raises LibraryError."""
    _check_one(os.path.normpath(path))
    try:
        leads_to = os.path.realpath(path)
    except OSError as error:
        raise _unreadable(path, error) from error
    _check_one(leads_to)


def _check_one(path: bytes) -> None:
    if any(part.startswith(b".") for part in path.split(b"/")):
        raise LibraryError(say("%(path)s is hidden, and so left out here", path=display_path(path)))
    if _is_system(path):
        raise LibraryError(say("%(path)s belongs to the system", path=display_path(path)))


def _unreadable(path: bytes, error: OSError) -> LibraryError:
    return LibraryError(say("%(path)s can't be read (%(error)s)", path=display_path(path), error=error.strerror))


def listing(path: bytes, is_picture: Callable[[bytes], bool], count_seconds: float = COUNT_SECONDS) -> Listing:
    """What lies in the folder at an absolute path. `is_picture` tells it by the name of a file.

    Raises LibraryError when it is kept out, or can't be read.
    """
    path = os.path.normpath(path)
    check_shown(path)
    until, mounted = time.monotonic() + count_seconds, mounts.points()
    found = []
    for name in sorted(_folder_names(path), key=lambda name: (in_order(display_path(name)), name)):
        below = os.path.join(path, name)
        # A mount may be of a disk or a server that is away: looking into it could take for ever.
        pictures, more = None, False
        if below not in mounted and time.monotonic() < until:
            pictures, more = _count(below, is_picture)
        found.append(DiskFolder(below, display_path(name), pictures, more))
    return Listing(path, tuple(_above(path)), tuple(found))


def starting_points(home: Path) -> list[DiskFolder]:
    """Where photos may be: the user's home, their folder of pictures, mounted disks, and the whole of this machine."""
    own = [each for each in (os.fsencode(home), *_picture_folders(home)) if _is_offered(each)]
    found = [*own, *sorted(_mounted()), b"/"]
    return [DiskFolder(path, display_path(os.path.basename(path)) or "/") for path in dict.fromkeys(found)]


def _is_offered(path: bytes) -> bool:
    try:
        check_shown(path)
    except LibraryError:
        return False
    return os.path.isdir(path)


def _is_system(path: bytes) -> bool:
    if is_within(path, REMOVABLE):
        return False
    return any(is_within(path, each) for each in SYSTEM)


def _folder_names(path: bytes) -> Iterator[bytes]:
    try:
        with os.scandir(path) as entries:
            for number, entry in enumerate(entries):
                if number >= MOST_LISTED:
                    return
                if entry.name.startswith(b".") or _is_system(os.path.join(path, entry.name)):
                    continue
                if _is_folder(entry):
                    yield entry.name
    except OSError as error:
        raise _unreadable(path, error) from error


def _is_folder(entry: os.DirEntry[bytes]) -> bool:
    try:
        if not entry.is_symlink():
            return entry.is_dir()
        check_shown(entry.path)
        return entry.is_dir()
    except (OSError, LibraryError):
        return False


def _count(path: bytes, is_picture: Callable[[bytes], bool]) -> tuple[int | None, bool]:
    found = 0
    try:
        with os.scandir(path) as entries:
            for number, entry in enumerate(entries):
                if number >= MOST_COUNTED:
                    return found, True
                found += not entry.name.startswith(b".") and is_picture(entry.name)
    except OSError:
        return None, False
    return found, False


def _above(path: bytes) -> Iterator[DiskFolder]:
    yield DiskFolder(b"/", "/")
    parts = path.split(b"/")[1:] if path != b"/" else []
    for number, part in enumerate(parts):
        yield DiskFolder(b"/" + b"/".join(parts[: number + 1]), display_path(part))


def _picture_folders(home: Path) -> Iterator[bytes]:
    """The desktop's folder of pictures, which has a name in the user's language; else the usual ones."""
    named = []
    try:
        lines = (home / ".config" / "user-dirs.dirs").read_bytes().splitlines()
        named = [line.partition(b"=")[2].strip(b'"') for line in lines if line.startswith(b"XDG_PICTURES_DIR=")]
    except OSError:
        pass
    usual = [b"$HOME/Pictures", b"$HOME/Photos"]
    for each in dict.fromkeys([*named, *usual]):
        path = os.path.normpath(each.replace(b"$HOME", os.fsencode(home)))
        if path != os.fsencode(home) and os.path.isdir(path):
            yield path


def _mounted() -> Iterator[bytes]:
    for point in mounts.points():
        if any(point.startswith(each + b"/") for each in MOUNTED_BELOW) and not os.path.basename(point).startswith(
            b"."
        ):
            yield point
