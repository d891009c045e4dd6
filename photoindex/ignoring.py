"""Which names of files and folders are left out: the patterns, which ones make sense, and what they would leave out."""

from __future__ import annotations

import fnmatch
import os
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from photoindex.errors import ConfigError
from photoindex.messages import can_be_shown, number, say
from photoindex.models import File, FileState
from photoindex.mounts import is_within

MOST_PATTERNS = 200
LONGEST_PATTERN = 255
"""No name is longer."""
_SPECIAL = re.compile(r"[*?\[]")


class Ignored:
    """Which names are left out, by patterns in which `*` and `?` match. Case counts."""

    def __init__(self, patterns: Sequence[str], folder: bytes | None = None) -> None:
        """`folder`: an absolute path that is left out too, whatever its name (the data folder)."""
        self._folder = folder
        # Almost all patterns are a whole name, or one with a `*` at either end: those are no work to look for.
        names, starts, ends, others = [], [], [], []
        for pattern in patterns:
            if not _SPECIAL.search(pattern):
                names.append(pattern)
            elif pattern.endswith("*") and not _SPECIAL.search(pattern[:-1]):
                starts.append(pattern[:-1])
            elif pattern.startswith("*") and not _SPECIAL.search(pattern[1:]):
                ends.append(pattern[1:])
            else:
                others.append(pattern)
        self._names = frozenset(map(os.fsencode, names))
        self._starts, self._ends = tuple(map(os.fsencode, starts)), tuple(map(os.fsencode, ends))
        self._others = re.compile(os.fsencode("|".join(map(fnmatch.translate, others)))) if others else None

    def name(self, name: bytes) -> bool:
        """Whether a file or folder of that name is left out."""
        return (
            name.startswith(self._starts)
            or name.endswith(self._ends)
            or name in self._names
            or (self._others is not None and self._others.match(name) is not None)
        )

    def path(self, root: bytes, path: bytes) -> bool:
        """Whether a path (relative to `root`) is left out, by its own name or that of a folder above it."""
        return any(self.name(part) for part in path.split(b"/")) or self.folder(os.path.join(root, path))

    def folder(self, absolute_path: bytes) -> bool:
        """Whether an absolute path is the folder left out, or lies below it."""
        return self._folder is not None and is_within(absolute_path, self._folder)


@dataclass(frozen=True)
class LeftOut:
    """How many of the files that are known and on disk some patterns would leave out."""

    files: int
    of: int
    """So many were looked at."""
    all_of_them: bool
    """False when the time was not enough for all."""


def check_patterns(lines: Iterable[str]) -> tuple[str, ...]:
    """The patterns in some lines, each once, without empty lines. Raises ConfigError for one that makes no sense."""
    patterns = tuple(dict.fromkeys(stripped for line in lines if (stripped := line.strip())))
    if len(patterns) > MOST_PATTERNS:
        raise ConfigError(say("that are more than %(most)s patterns", most=number(MOST_PATTERNS)))
    for pattern in patterns:
        _check(pattern)
    return patterns


def would_leave_out(session: Session, patterns: Sequence[str], budget_seconds: float = 1.0) -> LeftOut:
    """How many of the files on disk have a name, or lie in a folder of a name, that a pattern matches."""
    ignored = Ignored(patterns)
    folders: dict[bytes, bool] = {b"": False}
    until = time.monotonic() + budget_seconds
    left_out = seen = 0
    paths = session.scalars(select(File.path).where(File.state != FileState.MISSING).execution_options(yield_per=2000))
    for path in paths:
        seen += 1
        folder, _, name = path.rpartition(b"/")
        if folder not in folders:
            folders[folder] = any(ignored.name(part) for part in folder.split(b"/"))
        left_out += folders[folder] or ignored.name(name)
        if seen % 2000 == 0 and time.monotonic() > until:
            return LeftOut(left_out, seen, False)
    return LeftOut(left_out, seen, True)


def _check(pattern: str) -> None:
    if not can_be_shown(pattern):
        raise ConfigError(say("a pattern has characters that can't be shown"))
    if "/" in pattern:
        raise ConfigError(
            say("%(pattern)s has a slash: patterns are compared with single names, not with paths", pattern=pattern)
        )
    if len(os.fsencode(pattern)) > LONGEST_PATTERN:
        raise ConfigError(say("%(pattern)s… is longer than any name", pattern=pattern[:40]))
    if not pattern.strip("*"):
        raise ConfigError(say("%(pattern)s would leave out everything", pattern=pattern))
