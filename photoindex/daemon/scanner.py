"""The scanner: makes file rows say what is on disk. The scan is the truth; events only tell where to look sooner."""

from __future__ import annotations

import logging
import os
import stat
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from photoindex import libraries, sightings
from photoindex.daemon.pacing import Pace
from photoindex.daemon.walking import Ignored, Neighbours, Sidecars, Walk
from photoindex.database import Database
from photoindex.libraries import LibraryInfo, display_path
from photoindex.media import HEAD_BYTES, Reason, is_photo, promises_photo
from photoindex.media.sidecars import is_sidecar, photos_of
from photoindex.messages import say
from photoindex.models import FileState, LibraryState, utc_now
from photoindex.sightings import FileStat, KnownFile, Seen

log = logging.getLogger(__name__)

CHUNK = 500
"""Rows read, and changes written, at most at a time."""
FIRST_CHUNK = 100
"""Changes written in the first transaction. How long that takes tells how many fit into the next: they stay short."""

TRIED_AGAIN = (Reason.UNREADABLE, Reason.CHANGED)
"""Reasons that may be over although the file itself has not changed."""

MANY_SIDECARS = 100
"""When so many sidecars of a folder have changed, all its files are looked at: finding whose each is costs more."""

MOST_LOST = 0.1
"""A root that is not the folder it was (another disk, none) may lose this share of its files before it is believed."""


@dataclass(frozen=True)
class Outcome:
    """What a scan or check found."""

    work: int = 0
    """Files to read."""
    missing: int = 0
    """Files that are gone."""
    problem: str | None = None
    """Why the library is offline, in plain words."""


@dataclass(frozen=True)
class Root:
    """A root that could be opened, and which folder it is."""

    device: int
    inode: int
    same_as_before: bool


class Scanner:
    """Compares libraries with their rows, whole or in places. To be used from one thread."""

    def __init__(self, database: Database, ignored: Ignored, settle_seconds: float, stop: threading.Event) -> None:
        self._database = database
        self._ignored = ignored
        self._settle_seconds = settle_seconds
        self._stop = stop
        self._pace = Pace(FIRST_CHUNK, CHUNK)

    def scan(self, library: LibraryInfo, found: Callable[[], None] = lambda: None) -> Outcome:
        """Compare a whole library with the disk. `found` is called whenever there is new work to read."""
        root = self._root(library)
        if isinstance(root, str):
            return self._offline(library, root)
        if library.state == LibraryState.OFFLINE and root.same_as_before:
            self._online(library, root, scanned=False)  # its pending files may be read again
        with self._database.write() as session:
            sightings.retry_failed(session, library.id, TRIED_AGAIN)
        comparison = _Comparison(self, library, Walk(library.root, self._ignored), found)
        try:
            comparison.run()
        except OSError as error:
            return self._offline(
                library, say("%(path)s can't be read (%(error)s)", path=library.path, error=error.strerror)
            )
        if self._stop.is_set():
            return Outcome(comparison.work)
        if not root.same_as_before and comparison.lost_share() > MOST_LOST:
            return self._offline(
                library,
                say(
                    "%(path)s is not the folder it was and most of its photos are not there; is its disk mounted?",
                    path=library.path,
                ),
            )
        missing = self._mark_missing(library, comparison.gone)
        self._online(library, root, scanned=True)
        return Outcome(comparison.work, missing)

    def check(self, library: LibraryInfo, paths: Iterable[bytes]) -> Outcome:
        """Look at some paths of a library, files or folders, and record what is there now."""
        root = self._root(library)
        if isinstance(root, str):
            return self._offline(library, root)
        if not root.same_as_before:
            return self.scan(library)
        work = 0
        gone: list[bytes] = []
        single: list[bytes] = []
        folders: set[bytes] = set()
        for path in sorted(self._described(library, set(paths))):
            if not folders.isdisjoint(_above(path)):
                continue  # compared with its folder already: a folder that moves is told with all that is in it
            absolute = os.path.join(library.root, path)
            kind = _kind(absolute)
            if kind is None or self._ignored.path(library.root, path) or _is_behind_symlink(absolute):
                gone.append(path)
            elif kind == stat.S_IFDIR:
                folders.add(path)
                comparison = _Comparison(self, library, Walk(library.root, self._ignored, path))
                comparison.run()
                self._mark_missing(library, comparison.gone)
                work += comparison.work
            elif kind == stat.S_IFREG:
                single.append(path)
            else:
                gone.append(path)
        work += sum(self._check_files(library, part) for part in self._pace.portions(single))
        # After what is there: a renamed file has by then moved its row along, and is not gone.
        left = set(gone)
        missing = sum(self._check_gone(library, path) for path in gone if left.isdisjoint(_above(path)))
        return Outcome(work, missing)

    def _described(self, library: LibraryInfo, paths: set[bytes]) -> set[bytes]:
        """The paths, and those of the photos that sidecars among them tell about."""
        sidecars: dict[bytes, list[bytes]] = {}
        for path in paths:
            folder, name = os.path.split(path)
            if is_sidecar(name):
                sidecars.setdefault(folder, []).append(name)
        found = set(paths)
        for folder, changed in sidecars.items():
            try:
                names = Walk(library.root, self._ignored).names(folder)
            except OSError:
                continue  # the root itself: the next scan says what is with it
            many = len(changed) > MANY_SIDECARS
            photos = names if many else [name for sidecar in changed for name in photos_of(sidecar, names)]
            found.update(os.path.join(folder, name) for name in photos)
        return found

    def _check_files(self, library: LibraryInfo, paths: Sequence[bytes]) -> int:
        with self._database.read() as session:
            known = sightings.known_in(session, library.id, paths)
        seen = []
        for path in paths:
            absolute = os.path.join(library.root, path)
            folder, name = os.path.split(absolute)
            try:
                result = os.lstat(absolute)
            except OSError:
                continue
            if path in known or looks_like_photo(absolute):
                sidecar_ns = Sidecars(folder, Neighbours(folder, self._ignored)).changed_ns(name)
                seen.append(Seen(path, FileStat.of(result, sidecar_ns)))
        with self._database.write() as session, self._pace.timed(len(seen)):
            return sightings.record(session, library.id, seen)

    def _check_gone(self, library: LibraryInfo, path: bytes) -> int:
        with self._database.read() as session:
            known = sightings.known_below(session, library.id, path)
        return self._mark_missing(library, known)

    def _mark_missing(self, library: LibraryInfo, gone: Sequence[KnownFile]) -> int:
        """Record what is gone, after one more look at each: it may have come, or moved, meanwhile."""
        missing = 0
        for part in self._pace.portions(gone):
            with self._database.write() as session, self._pace.timed(len(part)):
                there = sightings.known_in(session, library.id, [known.path for known in part])
                ids = [known.id for known in part if known.path in there and self._is_gone(library, known)]
                missing += sightings.mark_missing(session, ids)
        return missing

    def _is_gone(self, library: LibraryInfo, known: KnownFile) -> bool:
        if self._ignored.path(library.root, known.path):
            return True
        absolute = os.path.join(library.root, known.path)
        return _kind(absolute) != stat.S_IFREG or _is_behind_symlink(absolute)

    def retry_at(self, now: FileStat) -> float | None:
        """When a file of that age may be read: one written to this moment may not be whole yet."""
        age_seconds = time.time() - now.mtime_ns / 1e9
        if 0 <= age_seconds < self._settle_seconds:  # a time in the future says nothing
            return time.time() + self._settle_seconds - age_seconds
        return None

    def _root(self, library: LibraryInfo) -> Root | str:
        """The root as it is now, or why it can't be used."""
        try:
            result = os.stat(library.root)
            with os.scandir(library.root):
                pass
        except OSError as error:
            return say(
                "%(path)s can't be read (%(error)s); is its disk connected?", path=library.path, error=error.strerror
            )
        identity = result.st_dev, sightings.signed(result.st_ino)
        same = library.inode is None or identity == (library.device, library.inode)
        return Root(*identity, same_as_before=same)

    def _online(self, library: LibraryInfo, root: Root, *, scanned: bool) -> None:
        scanned_at = utc_now() if scanned else library.scanned_at
        with self._database.write() as session:
            libraries.set_online(session, library.id, root.device, root.inode, scanned_at)

    def _offline(self, library: LibraryInfo, problem: str) -> Outcome:
        if library.state != LibraryState.OFFLINE or library.problem != problem:
            log.warning("library offline: %s. Nothing of it is forgotten", problem)
            with self._database.write() as session:
                libraries.set_offline(session, library.id, problem)
        return Outcome(problem=problem)


class _Comparison:
    """One walk beside the rows of a library, both in the byte order of their paths: memory stays flat."""

    def __init__(
        self, scanner: Scanner, library: LibraryInfo, walk: Walk, found: Callable[[], None] = lambda: None
    ) -> None:
        self._scanner = scanner
        self._library = library
        self._walk = walk
        self._found = found
        self._changes: list[Seen] = []
        self._candidates: list[KnownFile] = []
        self._seen = 0
        self.work = 0

    @property
    def gone(self) -> list[KnownFile]:
        """Rows that the walk did not meet, but for those below folders it could not read."""
        unknown = tuple(folder + b"/" for folder in self._walk.unreadable)
        hidden = set(self._walk.unreadable)
        return [known for known in self._candidates if known.path not in hidden and not known.path.startswith(unknown)]

    def lost_share(self) -> float:
        """The share of the rows that were on disk before and are not now."""
        lost = len(self.gone)
        return lost / (lost + self._seen) if lost else 0.0

    def run(self) -> None:
        """Walk to the end, or until the daemon stops."""
        rows = self._rows()
        row = next(rows, None)
        for path, now in self._walk.files():
            if self._scanner._stop.is_set():
                return
            while row is not None and row.path < path:
                self._missed(row)
                row = next(rows, None)
            if row is not None and row.path == path:
                self._seen += 1
                if row.stat != now or row.state == FileState.MISSING:
                    self._change(path, now)
                row = next(rows, None)
            elif looks_like_photo(os.path.join(self._library.root, path)):
                self._change(path, now)
        while row is not None:
            self._missed(row)
            row = next(rows, None)
        self._flush()

    def _rows(self) -> Iterator[KnownFile]:
        below = self._walk.below
        after, end = (below + b"/", below + b"0") if below else (b"", None)
        while True:
            with self._scanner._database.read() as session:
                rows = sightings.known_after(session, self._library.id, after, CHUNK)
            for row in rows:
                if end is not None and row.path >= end:
                    return
                yield row
            if len(rows) < CHUNK:
                return
            after = rows[-1].path

    def _missed(self, row: KnownFile) -> None:
        if row.state != FileState.MISSING:
            self._candidates.append(row)

    def _change(self, path: bytes, now: FileStat) -> None:
        self._changes.append(Seen(path, now, self._scanner.retry_at(now)))
        if len(self._changes) >= CHUNK:
            self._flush()

    def _flush(self) -> None:
        for part in self._scanner._pace.portions(self._changes):
            with self._scanner._database.write() as session, self._scanner._pace.timed(len(part)):
                # This looks the rows up again: an event may have been followed since they were read.
                work = sightings.record(session, self._library.id, part)
            self.work += work
            if work:
                self._found()
        self._changes.clear()


def looks_like_photo(absolute_path: bytes) -> bool:
    """Whether a file gets a row: its name promises a photo, or its first bytes are one's."""
    name = os.path.basename(absolute_path)
    if promises_photo(name):
        return True
    if is_sidecar(name):
        return False
    try:
        descriptor = os.open(absolute_path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return is_photo(name, os.read(descriptor, HEAD_BYTES))
    except OSError:
        return False
    finally:
        os.close(descriptor)


def _kind(absolute_path: bytes) -> int | None:
    """`stat.S_IFREG`, `stat.S_IFDIR`, another kind, or None when nothing is there. A symlink is a kind of its own."""
    try:
        return stat.S_IFMT(os.lstat(absolute_path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        log.warning("%s can't be looked at (%s)", display_path(absolute_path), error.strerror)
        return stat.S_IFREG  # unknown is not gone


def _is_behind_symlink(absolute_path: bytes) -> bool:
    """Whether a folder above the path is a symlink: a scan would not go there. (The root itself is a real path.)"""
    folder = os.path.dirname(absolute_path)
    return os.path.realpath(folder) != folder


def _above(path: bytes) -> Iterator[bytes]:
    """The folders above a relative path, the root not among them."""
    while path := os.path.dirname(path):
        yield path
