"""Walking a folder tree in the byte order of its paths, leaving out what is ignored. Never follows a symlink."""

from __future__ import annotations

import fnmatch
import logging
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from photoindex.files import FileStat
from photoindex.libraries import display_path

log = logging.getLogger(__name__)


class Ignored:
    """Which names are left out, by patterns in which `*` and `?` match. Case counts."""

    def __init__(self, patterns: Sequence[str], folder: bytes | None = None) -> None:
        """`folder`: an absolute path that is left out too, whatever its name (the data folder)."""
        self._folder = folder
        union = "|".join(fnmatch.translate(pattern) for pattern in patterns) or r"(?!)"
        self._pattern = re.compile(os.fsencode(union))

    def name(self, name: bytes) -> bool:
        """Whether a file or folder of that name is left out."""
        return self._pattern.match(name) is not None

    def path(self, root: bytes, path: bytes) -> bool:
        """Whether a path (relative to `root`) is left out, by its own name or that of a folder above it."""
        return any(self.name(part) for part in path.split(b"/")) or self.folder(os.path.join(root, path))

    def folder(self, absolute_path: bytes) -> bool:
        """Whether an absolute path is the folder left out, or lies below it."""
        return self._folder is not None and (absolute_path + b"/").startswith(self._folder + b"/")


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
        yield from self._folder(self.below)

    def _folder(self, folder: bytes) -> Iterator[tuple[bytes, FileStat]]:
        for name, is_folder in self._entries(folder):
            path = folder + b"/" + name if folder else name
            if is_folder:
                yield from self._folder(path)
                continue
            try:
                result = os.lstat(os.path.join(self.root, path))
            except OSError as error:
                if not isinstance(error, FileNotFoundError):
                    self.unreadable.append(path)
                continue
            if stat.S_ISREG(result.st_mode):
                yield path, FileStat.of(result)

    def _entries(self, folder: bytes) -> list[tuple[bytes, bool]]:
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
        # A folder sorts as its name with a slash, so that whole paths come out in byte order: a.jpg before a/b.jpg.
        return sorted(entries, key=lambda entry: entry[0] + b"/" if entry[1] else entry[0])
