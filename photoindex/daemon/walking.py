"""Walking a folder tree in the byte order of its paths, leaving out what is ignored. Never follows a symlink."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Container, Iterator
from dataclasses import dataclass, field

from photoindex.files import FileStat
from photoindex.ignoring import Ignored
from photoindex.libraries import display_path
from photoindex.media.sidecars import is_sidecar, sidecars_of

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


@dataclass
class Walk:
    """One walk: iterate over `files`; folders that could not be read are then in `unreadable`."""

    root: bytes
    ignored: Ignored
    below: bytes = b""
    """Where to begin, relative to the root; empty for the whole."""
    unreadable: list[bytes] = field(default_factory=list)
    """Relative paths of folders about which nothing is known: nothing below them may be taken as gone."""

    def files(self) -> Iterator[tuple[bytes, FileStat]]:
        """Path (relative to the root) and figures of every regular file, in the byte order of the paths."""
        open_folders = [self._entries(self.below)]  # no recursion: folders may be nested deeper than Python's calls
        while open_folders:
            entry = next(open_folders[-1], None)
            if entry is None:
                open_folders.pop()
                continue
            path, sidecars = entry
            if sidecars is _FOLDER:
                open_folders.append(self._entries(path))
                continue
            try:
                result = os.lstat(os.path.join(self.root, path))
            except OSError as error:
                if not isinstance(error, FileNotFoundError):
                    self.unreadable.append(path)
                continue
            if stat.S_ISREG(result.st_mode):
                yield path, FileStat.of(result, sidecars.changed_ns(os.path.basename(path)) if sidecars else 0)

    def names(self, folder: bytes) -> list[bytes]:
        """The names of the regular files directly in a folder (relative to the root), none if it can't be read."""
        return [name for name, is_folder in self._listed(folder) if not is_folder]

    def _entries(self, folder: bytes) -> Iterator[tuple[bytes, Sidecars | None]]:
        """Paths in a folder, each file with the sidecars it may have, each folder with `_FOLDER`."""
        entries = self._listed(folder)
        beside = frozenset(name for name, is_folder in entries if not is_folder and is_sidecar(name))
        sidecars = Sidecars(os.path.join(self.root, folder), beside) if beside else None
        # A folder sorts as its name with a slash, so that whole paths come out in byte order: a.jpg before a/b.jpg.
        entries.sort(key=lambda entry: entry[0] + b"/" if entry[1] else entry[0])
        above = folder + b"/" if folder else b""
        return ((above + name, _FOLDER if is_folder else sidecars) for name, is_folder in entries)

    def _listed(self, folder: bytes) -> list[tuple[bytes, bool]]:
        absolute = os.path.join(self.root, folder) if folder else self.root
        if self.ignored.folder(absolute):
            return []
        entries: list[tuple[bytes, bool]] = []
        try:
            with os.scandir(absolute) as listing:
                for entry in listing:
                    is_folder = entry.is_dir(follow_symlinks=False)
                    if not self.ignored.name(entry.name) and (is_folder or entry.is_file(follow_symlinks=False)):
                        entries.append((entry.name, is_folder))
        except FileNotFoundError:
            if not folder:
                raise
            return []  # gone since its parent was listed
        except OSError as error:
            if not folder:
                raise
            shown = display_path(absolute)
            log.warning("the folder %s can't be read (%s); what is known of it stays", shown, error.strerror)
            self.unreadable.append(folder)
            return []
        return entries


_FOLDER = Sidecars(b"", ())
