"""Which `Space` answers: a snapshot when there is a sound one, else sqlite-vec."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session

from photoindex.embeddings import StoredEncoder
from photoindex.neighbours import VecSpace
from photoindex.snapshots import changes
from photoindex.snapshots.format import Snapshot, SnapshotError, open_snapshot
from photoindex.snapshots.overlay import Overlay, caught_up, empty
from photoindex.snapshots.space import SnapshotSpace
from photoindex.spaces import Space

log = logging.getLogger(__name__)

LARGEST_TAIL_SHARE = 0.5
LARGEST_TAIL = 20_000
"""Beyond both, the snapshot says little of the library, and its overlay would take as much memory."""


@dataclass(frozen=True)
class _Open:
    snapshot: Snapshot
    overlay: Overlay


class Spaces:
    """Keeps one snapshot open for each encoder of one database, for all requests of a process."""

    def __init__(self, folder: Path) -> None:
        """`folder` is where the daemon puts snapshots; it need not be there."""
        self._folder = folder
        self._lock = threading.Lock()
        self._open: dict[int, _Open] = {}
        self._bad: set[str] = set()

    def of(self, session: Session, encoder: StoredEncoder) -> Space:
        """Where to look in this transaction. Opens a snapshot that is new, and reads what has changed since.

        What other transactions have seen already is not forgotten again, so an answer may be a moment newer than the
        transaction. Raises nothing for a snapshot that can't be used.
        """
        standing = changes.standing(session, encoder.id)
        if standing is None or standing.name is None:
            self._open.pop(encoder.id, None)
            return VecSpace(encoder)
        held = self._open.get(encoder.id)
        if held is not None and held.snapshot.name == standing.name and held.overlay.sequence >= standing.last:
            return SnapshotSpace(encoder, held.snapshot, held.overlay)
        with self._lock:
            held = self._current(session, encoder, standing)
        return VecSpace(encoder) if held is None else SnapshotSpace(encoder, held.snapshot, held.overlay)

    def _current(self, session: Session, encoder: StoredEncoder, standing: changes.Standing) -> _Open | None:
        assert standing.name is not None
        held = self._open.get(encoder.id)
        if held is None or held.snapshot.name != standing.name:
            held = self._opened(encoder, standing.name)
            if held is None:
                return None
        rows = held.snapshot.header.rows
        if standing.last - held.overlay.sequence > LARGEST_TAIL:
            waiting = changes.count_changed(session, encoder.id, standing.sequence)
            if waiting > max(LARGEST_TAIL, LARGEST_TAIL_SHARE * rows):
                return None
        overlay = caught_up(session, encoder, held.snapshot, held.overlay, standing.last)
        self._open[encoder.id] = held = _Open(held.snapshot, overlay)
        return held

    def _opened(self, encoder: StoredEncoder, name: str) -> _Open | None:
        if name in self._bad:
            return None
        try:
            snapshot = open_snapshot(self._folder, name, encoder.fingerprint, encoder.dim)
        except SnapshotError as error:
            log.warning("%s; searches are slower until the daemon has built it anew", error)
            self._bad.add(name)
            return None
        return _Open(snapshot, empty(snapshot))
