"""Comparing: one walk beside the rows of a library, both in the byte order of their paths: memory stays flat."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from photoindex import sightings
from photoindex.daemon.recording import CHUNK, Recorder
from photoindex.daemon.walking import Figures, Walk
from photoindex.libraries import LibraryInfo
from photoindex.media import HEAD_BYTES, is_photo, promises_photo
from photoindex.media.reading import OPEN_FLAGS
from photoindex.media.sidecars import is_sidecar
from photoindex.models import FileState
from photoindex.sightings import FileStat, KnownFile, Seen

ROWS = 2000
"""Rows read at a time. A scan of what has not changed is mostly that and asking the disk."""


class Comparison:
    """What a walk found otherwise than the rows say is recorded as it goes; what it did not find is in `gone`."""

    def __init__(
        self, recorder: Recorder, library: LibraryInfo, walk: Walk, found: Callable[[], None] = lambda: None
    ) -> None:
        self._recorder = recorder
        self._library = library
        self._walk = walk
        self._found = found
        self._changes: list[Seen] = []
        self._candidates: list[KnownFile] = []
        self.known = 0
        """How many rows that were on disk before were met."""
        self.work = 0
        """How many files have to be read."""

    def gone(self) -> list[KnownFile]:
        """Rows that the walk did not meet, but for those below folders it could not read, and those that have moved."""
        if self._walk.disk_error is not None:
            return []
        unknown = tuple(folder + b"/" for folder in self._walk.unreadable)
        hidden = set(self._walk.unreadable)
        gone = [each for each in self._candidates if each.path not in hidden and not each.path.startswith(unknown)]
        return self._recorder.still_known(self._library.id, gone)

    def run(self) -> None:
        """Walk to the end, or until the daemon stops. Raises OSError when the root can't be read."""
        is_stopped = self._recorder.stop.is_set
        rows = self._rows()
        row = next(rows, None)
        known = 0
        for run in self._walk.runs():
            if is_stopped():
                return
            for path, now in run:
                while row is not None and row[1] < path:
                    self._missed(row)
                    row = next(rows, None)
                if row is not None and row[1] == path:
                    missing = row[7] == FileState.MISSING
                    known += not missing
                    if missing or row[2:7] != now:
                        self._change(path, now)
                    row = next(rows, None)
                else:
                    self._new(path, now)
        while row is not None:
            self._missed(row)
            row = next(rows, None)
        self.known = known
        self._flush()

    def _rows(self) -> Iterator[Sequence[Any]]:
        """Rows as `sightings.figures_after` gives them."""
        below = self._walk.below
        after, end = (below + b"/", below + b"0") if below else (b"", None)
        while True:
            with self._recorder.reading() as session:
                rows = sightings.figures_after(session, self._library.id, after, ROWS)
            if end is not None and rows and rows[-1][1] >= end:
                yield from (row for row in rows if row[1] < end)
                return
            yield from rows
            if len(rows) < ROWS:
                return
            after = rows[-1][1]

    def _missed(self, row: Sequence[Any]) -> None:
        file_id, path, *figures, state = row
        if state != FileState.MISSING:
            self._candidates.append(KnownFile(file_id, path, FileStat(*figures), state))

    def _new(self, path: bytes, now: Figures) -> None:
        self._recorder.pulse.beat()
        if looks_like_photo(os.path.join(self._library.root, path)):
            self._change(path, now)

    def _change(self, path: bytes, now: Figures) -> None:
        figures = FileStat(*now)
        self._changes.append(Seen(path, figures, self._recorder.retry_at(figures)))
        if len(self._changes) >= CHUNK:
            self._flush()

    def _flush(self) -> None:
        self.work += self._recorder.record(self._library.id, self._changes, self._found)
        self._changes.clear()


def looks_like_photo(absolute_path: bytes) -> bool:
    """Whether a file gets a row: its name promises a photo, or its first bytes are one's."""
    name = os.path.basename(absolute_path)
    if promises_photo(name):
        return True
    if is_sidecar(name):
        return False
    try:
        descriptor = os.open(absolute_path, OPEN_FLAGS)
    except OSError:
        return False
    try:
        return is_photo(name, os.read(descriptor, HEAD_BYTES))
    except OSError:
        return False
    finally:
        os.close(descriptor)
