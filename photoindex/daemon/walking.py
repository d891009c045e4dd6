"""Walking a folder tree in the byte order of its paths, leaving out what is ignored. Never follows a symlink."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, field

from photoindex.daemon.health import DISK_ERRORS
from photoindex.ignoring import Ignored
from photoindex.libraries import display_path
from photoindex.media.sidecars import is_sidecar, sidecars_of
from photoindex.sightings import signed

log = logging.getLogger(__name__)


class Sidecars:
    """When the sidecars of the files in one folder last changed."""

    def __init__(self, folder: bytes, names: Container[bytes]) -> None:
        """`folder`: its absolute path. `names`: those of the sidecars in it, or of all its files."""
        self._folder = folder
        self._names = names
        self._times: dict[bytes, tuple[int, int] | None] = {}

    def changed_ns(self, name: bytes) -> int:
        """`FileStat.sidecar_ns` of the file of that name."""
        found = sidecars_of(name, self._names)
        # By inode: where case does not count, two names are one file.
        times = dict(time for sidecar in found if (time := self._time(sidecar)) is not None)
        return max(times.values()) + len(times) - 1 if times else 0

    def _time(self, name: bytes) -> tuple[int, int] | None:
        if name not in self._times:
            self._times[name] = _inode_and_time(os.path.join(self._folder, name))
        return self._times[name]


class Neighbours:
    """The names of the regular files in a folder, each looked for when it is asked for: nothing is listed."""

    def __init__(self, folder: bytes, ignored: Ignored) -> None:
        self._folder = folder
        self._ignored = ignored

    def __contains__(self, name: object) -> bool:
        return (
            isinstance(name, bytes)
            and not self._ignored.name(name)
            and _inode_and_time(os.path.join(self._folder, name)) is not None
        )


def _inode_and_time(path: bytes) -> tuple[int, int] | None:
    try:
        result = os.lstat(path)
    except (OSError, ValueError):
        return None
    return (result.st_ino, max(result.st_mtime_ns, result.st_ctime_ns)) if stat.S_ISREG(result.st_mode) else None


RUN = 64
"""Files that are looked at one after the other before anything else is done."""
Figures = tuple[int, int, int, int, int]
"""Those of `FileStat`, in its order. A scan compares millions of them; only what has changed becomes an object."""


@dataclass
class Walk:
    """One walk: iterate over `files`; folders that could not be read are then in `unreadable`."""

    root: bytes
    ignored: Ignored
    below: bytes = b""
    """Where to begin, relative to the root; empty for the whole."""
    beat: Callable[[], None] = lambda: None
    """Called whenever the disk has answered."""
    unreadable: list[bytes] = field(default_factory=list)
    """Relative paths of folders about which nothing is known: nothing below them may be taken as gone."""
    disk_error: tuple[str, str] | None = None
    """The first path that could not be read, and why, when that is the fault of the disk."""
    folders: int = 0
    """How many folders were read, that to begin with among them."""
    entries: int = 0
    """How much was in them that is not ignored."""

    def files(self) -> Iterator[tuple[bytes, Figures]]:
        """Path (relative to the root) and figures of every regular file, in the byte order of the paths."""
        for run in self.runs():
            yield from run

    def runs(self) -> Iterator[list[tuple[bytes, Figures]]]:
        """As `files`, some at a time: a step for each of a million files takes longer than what is done with it."""
        open_folders = [self._entries(self.below)]  # no recursion: folders may be nested deeper than Python's calls
        while open_folders:
            found = next(open_folders[-1], None)
            if found is None:
                open_folders.pop()
            elif isinstance(found, bytes):
                open_folders.append(self._entries(found))
            else:
                yield found

    def names(self, folder: bytes) -> list[bytes]:
        """The names of the regular files directly in a folder (relative to the root), none if it can't be read."""
        return [entry.name for is_folder, entry in self._listed(folder) if not is_folder]

    def _entries(self, folder: bytes) -> Iterator[bytes | list[tuple[bytes, Figures]]]:
        """What is in a folder: the path of each folder, path and figures of some files."""
        entries = self._listed(folder)
        names = frozenset(entry.name for is_folder, entry in entries if not is_folder and is_sidecar(entry.name))
        sidecars = Sidecars(os.path.join(self.root, folder), names) if names else None
        # A folder sorts as its name with a slash, so that whole paths come out in byte order: a.jpg before a/b.jpg.
        entries.sort(key=_place)
        above = folder + b"/" if folder else b""
        run: list[tuple[bytes, Figures]] = []
        for is_folder, entry in entries:
            path = above + entry.name
            if is_folder:
                if run:
                    yield run
                    run = []
                yield path
                continue
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError as error:
                if not isinstance(error, FileNotFoundError):
                    self._failed(path, error)
                continue
            if status.st_mode & _KIND == stat.S_IFREG:  # it may have been replaced since the folder was listed
                run.append((path, _figures(status, sidecars.changed_ns(entry.name) if sidecars else 0)))
                if len(run) == RUN:
                    self.beat()
                    yield run
                    run = []
        self.beat()
        if run:
            yield run

    def _listed(self, folder: bytes) -> list[tuple[bool, os.DirEntry[bytes]]]:
        absolute = os.path.join(self.root, folder) if folder else self.root
        if self.ignored.folder(absolute):
            return []
        entries: list[tuple[bool, os.DirEntry[bytes]]] = []
        ignored, beat = self.ignored.name, self.beat
        try:
            with os.scandir(absolute) as listing:
                self.folders += 1
                for entry in listing:
                    if len(entries) % RUN == 0:
                        beat()
                    is_folder = entry.is_dir(follow_symlinks=False)
                    if (is_folder or entry.is_file(follow_symlinks=False)) and not ignored(entry.name):
                        entries.append((is_folder, entry))
        except FileNotFoundError:
            if not folder:
                raise
            return []  # gone since its parent was listed
        except OSError as error:
            if not folder:
                raise
            self._failed(folder, error)
            return []
        self.entries += len(entries)
        return entries

    def _failed(self, path: bytes, error: OSError) -> None:
        shown = display_path(os.path.join(self.root, path))
        log.warning("%s can't be read (%s); what is known of it stays", shown, error.strerror)
        self.unreadable.append(path)
        if self.disk_error is None and error.errno in DISK_ERRORS:
            self.disk_error = shown, error.strerror or str(error)


_KIND = 0o170000
_LOWEST, _BEYOND = -(1 << 63), 1 << 63


def _place(entry: tuple[bool, os.DirEntry[bytes]]) -> bytes:
    return entry[1].name + b"/" if entry[0] else entry[1].name


def _figures(status: os.stat_result, sidecar_ns: int) -> Figures:
    """As `FileStat.of`, without the object: almost every number is one that SQLite can hold."""
    mtime_ns, inode, ctime_ns = status.st_mtime_ns, status.st_ino, status.st_ctime_ns
    if not (_LOWEST <= mtime_ns < _BEYOND and inode < _BEYOND and _LOWEST <= ctime_ns < _BEYOND):
        mtime_ns, inode, ctime_ns = signed(mtime_ns), signed(inode), signed(ctime_ns)
    return status.st_size, mtime_ns, inode, ctime_ns, sidecar_ns
