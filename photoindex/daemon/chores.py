"""Chores: what the daemon derives from photos when it does not index them: words, colours, duplicates and more."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from pathlib import Path

from photoindex import words
from photoindex.daemon.colouring import Colourer
from photoindex.daemon.concepts import ConceptMaker
from photoindex.daemon.grouping import Grouper
from photoindex.daemon.snapshots import Snapshots
from photoindex.daemon.trouble import TROUBLE_SECONDS, Board, Trouble
from photoindex.database import Database
from photoindex.errors import DatabaseError

log = logging.getLogger(__name__)


class Chores:
    """Called from the thread that indexes; snapshots are built from one of their own."""

    def __init__(
        self,
        database: Database,
        thumbnails: Path,
        snapshots: Path,
        stop: threading.Event,
        board: Board | None = None,
    ) -> None:
        """`stop` is set when the daemon is to end at once. What goes wrong is shown on the `board`."""
        self._database = database
        self._end = threading.Event()
        self._resting: dict[str, float] = {}
        self._troubles = {
            chore: Trouble(f"keeping the {chore} of photos", stop, board)
            for chore in ("words", "colours", "duplicates")
        }
        self._grouper: Grouper | None = Grouper(database, thumbnails, stop)
        self._colourer = Colourer(database, thumbnails, stop)
        self._concepts = ConceptMaker(database)
        self._snapshots = Snapshots(database, snapshots, lambda: stop.is_set() or self._end.is_set(), board=board)
        self._thread = threading.Thread(target=self._snapshots.run, args=(self._end,), name="snapshots", daemon=True)

    def start(self) -> None:
        """Make sure that the table of words is there and sound, and begin. Raises DatabaseError."""
        with self._database.write() as session:
            words.prepare(session)
        self._thread.start()

    def keep_words(self) -> bool:
        """Write the words of some photos that have new ones, so that they are found by them; whether there were any.

        In a transaction of its own, so that no trouble with words keeps a photo from being indexed.
        """
        if self._is_resting("words"):
            return False
        try:
            with self._database.read() as session:
                if not words.any_stale(session):
                    return False
            with self._database.write() as session:
                done = words.refresh(session) > 0
            self._troubles["words"].over()
            return done
        except DatabaseError as error:
            self._rest("words", error)
            with suppress(DatabaseError), self._database.write() as session:
                words.prepare(session, thorough=True)  # fails too on a full disk; a damaged table is made anew
            return False

    def colour(self) -> bool:
        """Find the colours of a few photos without one, as nothing else is to be done; whether there were any."""
        if self._is_resting("colours"):
            return False
        try:
            done = self._colourer.step()
            self._troubles["colours"].over()
            return done
        except (DatabaseError, OSError) as error:
            self._rest("colours", error)
            return False

    def group(self) -> bool:
        """Look for duplicates among a few photos, as nothing else is to be done; whether there were any."""
        if self._grouper is None or self._is_resting("duplicates"):
            return False
        try:
            done = self._grouper.step()
            self._troubles["duplicates"].over()
            return done
        except (DatabaseError, OSError) as error:
            self._rest("duplicates", error)
        except Exception:  # indexing matters more, and must not end for a fault here
            log.exception("looking for duplicates met an unexpected error; it is left until the next start")
            self._grouper = None
        return False

    def idle(self) -> None:
        """There is nothing to index, and won't be for a while: the time for what takes minutes."""
        self._concepts.idle()

    def busy(self) -> None:
        """Photos are being indexed, which must not have to share the cores."""
        self._concepts.busy()

    def finish(self) -> None:
        """Do what has to be done before a run ends that ends by itself."""
        self._snapshots.finish()

    def close(self) -> None:
        """Give up what is being done, and end. May be called twice."""
        self._end.set()
        self._concepts.close()
        if self._thread.is_alive():
            self._thread.join()

    def _is_resting(self, chore: str) -> bool:
        return time.monotonic() < self._resting.get(chore, 0.0)

    def _rest(self, chore: str, error: Exception) -> None:
        self._troubles[chore].say(error)
        self._resting[chore] = time.monotonic() + TROUBLE_SECONDS
