"""The scanner: makes file rows say what is on disk. The scan is the truth; events only tell where to look sooner."""

from __future__ import annotations

import logging
import os
import stat
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from photoindex import libraries, sightings
from photoindex.daemon.comparing import Comparison, looks_like_photo
from photoindex.daemon.health import Found, Root, Verdict, judge, limit, look_at
from photoindex.daemon.pulse import Pulse
from photoindex.daemon.recording import Recorder
from photoindex.daemon.walking import Neighbours, Sidecars, Walk
from photoindex.database import Database
from photoindex.ignoring import Ignored
from photoindex.libraries import LibraryInfo, display_path
from photoindex.media import Reason
from photoindex.media.sidecars import is_sidecar, photos_of
from photoindex.messages import say
from photoindex.models import LibraryState, utc_now
from photoindex.sightings import FileStat, KnownFile, Seen

log = logging.getLogger(__name__)

TRIED_AGAIN = (Reason.UNREADABLE, Reason.CHANGED)
"""Reasons that may be over although the file itself has not changed."""

MANY_SIDECARS = 100
"""When so many sidecars of a folder have changed, all its files are looked at: finding whose each is costs more."""


@dataclass(frozen=True)
class Outcome:
    """What a scan or check found."""

    work: int = 0
    """Files to read."""
    missing: int = 0
    """Files that are gone."""
    problem: str | None = None
    """Why the library is offline, or what it asks its owner, in plain words."""
    folders: int | None = None
    """How many folders there are, where all of the library was walked."""
    unreadable: int = 0
    """How many folders and files could not be read."""
    is_healthy: bool = False
    """Whether this was a scan of the whole library which is believed."""


class Scanner:
    """Compares one library with its rows, whole or in places. To be used from one thread."""

    def __init__(self, database: Database, ignored: Ignored, settle_seconds: float, stop: threading.Event) -> None:
        self._ignored = ignored
        self._recorder = Recorder(database, settle_seconds, stop)
        self._stop = stop

    @property
    def pulse(self) -> Pulse:
        """Shows when the disk does not answer."""
        return self._recorder.pulse

    def ignore(self, ignored: Ignored) -> None:
        """Leave these out from now on; the next scan of a library notices what that changes."""
        self._ignored = ignored

    def scan(self, library: LibraryInfo, found: Callable[[], None] = lambda: None) -> Outcome:
        """Compare a whole library with the disk. `found` is called whenever there is new work to read."""
        with self.pulse.asking():
            return self._scan(library, found)

    def check(self, library: LibraryInfo, paths: Iterable[bytes]) -> Outcome:
        """Look at some paths of a library, files or folders, and record what is there now."""
        with self.pulse.asking():
            return self._check(library, paths)

    def _scan(self, library: LibraryInfo, found: Callable[[], None]) -> Outcome:
        root = look_at(library)
        if self._stop.is_set():
            return Outcome()
        if isinstance(root, str):
            return self._refuse(library, Verdict(root, offline=True))
        with self._recorder.writing() as session:
            sightings.retry_failed(session, library.id, TRIED_AGAIN)
        walk = Walk(library.root, self._ignored, beat=self.pulse.beat)
        comparison = Comparison(self._recorder, library, walk, found)
        try:
            comparison.run()
        except OSError as error:
            problem = say("%(path)s can't be read (%(error)s)", path=library.path, error=error.strerror)
            return self._refuse(library, Verdict(problem, offline=True))
        if self._stop.is_set():
            return Outcome(comparison.work)
        gone = comparison.gone()
        verdict = judge(library, root, Found(comparison.known, len(gone), walk.entries == 0, walk.disk_error))
        if verdict.problem is not None:
            return self._refuse(library, verdict, comparison.work, walk)
        missing = self._mark_missing(library, gone)
        if not self._stop.is_set():
            self._accept(library, root)
        return Outcome(comparison.work, missing, None, walk.folders, len(walk.unreadable), is_healthy=True)

    def _check(self, library: LibraryInfo, paths: Iterable[bytes]) -> Outcome:
        root = look_at(library)
        if isinstance(root, str):
            return self._refuse(library, Verdict(root, offline=True))
        if not root.same_as_before or library.state == LibraryState.OFFLINE:
            return self._scan(library, lambda: None)
        work = 0
        lost: list[KnownFile] = []
        gone: list[bytes] = []
        single: list[bytes] = []
        folders: set[bytes] = set()
        for path in sorted(self._described(library, set(paths))):
            if not folders.isdisjoint(_above(path)):
                continue  # compared with its folder already: a folder that moves is told with all that is in it
            self.pulse.beat()
            absolute = os.path.join(library.root, path)
            kind = _kind(absolute)
            if kind is None or self._ignored.path(library.root, path) or _is_behind_symlink(absolute):
                gone.append(path)
            elif kind == stat.S_IFDIR:
                folders.add(path)
                comparison = Comparison(
                    self._recorder, library, Walk(library.root, self._ignored, path, self.pulse.beat)
                )
                comparison.run()
                lost += comparison.gone()
                work += comparison.work
            elif kind == stat.S_IFREG:
                single.append(path)
            else:
                gone.append(path)
        work += self._check_files(library, single)
        # After what is there: a renamed file has by then moved its row along, and is not gone.
        lost += self._known_at(library, gone)
        lost = self._recorder.still_known(library.id, lost)
        if len(lost) > limit(library.files):
            return self._scan(library, lambda: None)  # so many at once are believed by a scan only
        return Outcome(work, self._mark_missing(library, lost))

    def _known_at(self, library: LibraryInfo, gone: Sequence[bytes]) -> list[KnownFile]:
        """The rows at those paths and below them."""
        left = set(gone)
        known = []
        for path in gone:
            if left.isdisjoint(_above(path)):
                with self._recorder.reading() as session:
                    known += sightings.known_below(session, library.id, path)
        return known

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
                names = Walk(library.root, self._ignored, beat=self.pulse.beat).names(folder)
            except OSError:
                continue  # the root itself: the next scan says what is with it
            many = len(changed) > MANY_SIDECARS
            photos = names if many else [name for sidecar in changed for name in photos_of(sidecar, names)]
            found.update(os.path.join(folder, name) for name in photos)
        return found

    def _check_files(self, library: LibraryInfo, paths: Sequence[bytes]) -> int:
        work = 0
        for part in self._recorder.pace.portions(paths):
            with self._recorder.reading() as session:
                known = sightings.known_in(session, library.id, part)
            seen = []
            for path in part:
                self.pulse.beat()
                absolute = os.path.join(library.root, path)
                folder, name = os.path.split(absolute)
                try:
                    result = os.lstat(absolute)
                except OSError:
                    continue
                if path in known or looks_like_photo(absolute):
                    sidecar_ns = Sidecars(folder, Neighbours(folder, self._ignored)).changed_ns(name)
                    seen.append(Seen(path, FileStat.of(result, sidecar_ns)))
            work += self._recorder.record(library.id, seen)
        return work

    def _mark_missing(self, library: LibraryInfo, gone: Sequence[KnownFile]) -> int:
        return self._recorder.mark_missing(library.id, gone, lambda known: self._is_gone(library, known))

    def _is_gone(self, library: LibraryInfo, known: KnownFile) -> bool:
        self.pulse.beat()
        if self._ignored.path(library.root, known.path):
            return True
        absolute = os.path.join(library.root, known.path)
        return _kind(absolute) != stat.S_IFREG or _is_behind_symlink(absolute)

    def _accept(self, library: LibraryInfo, root: Root) -> None:
        with self._recorder.writing() as session:
            libraries.set_online(session, library.id, root.device, root.inode, utc_now(), root.file_system)
        if library.held:
            log.info("%s: what was held back is done", library.path)

    def _refuse(self, library: LibraryInfo, verdict: Verdict, work: int = 0, walk: Walk | None = None) -> Outcome:
        """Change nothing, and say why."""
        problem = verdict.problem or ""
        state = LibraryState.OFFLINE if verdict.offline else LibraryState.ONLINE
        if (library.state, library.problem, library.held, library.confirmed) != (state, problem, verdict.held, None):
            log.warning("%s%s", "library offline: " if verdict.offline else "", problem)
            with self._recorder.writing() as session:
                if verdict.offline:
                    libraries.set_offline(session, library.id, problem, verdict.held)
                else:
                    libraries.set_held(session, library.id, problem, verdict.held)
        folders = None if verdict.offline or walk is None else walk.folders
        return Outcome(work, 0, problem, folders, len(walk.unreadable) if walk else 0)


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
