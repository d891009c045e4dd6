"""The keeper: libraries come and go; each has a thread that tends it, and is offline when its disk does not answer."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from photoindex import libraries
from photoindex.daemon.changes import Changes
from photoindex.daemon.pulse import silence
from photoindex.daemon.tending import LOOK_SECONDS, Care, Tender
from photoindex.daemon.trouble import Board, Trouble
from photoindex.database import Database
from photoindex.errors import DatabaseError
from photoindex.ignoring import Ignored
from photoindex.libraries import LibraryInfo

log = logging.getLogger(__name__)

END_SECONDS = 4.0
"""How long threads have to end; those that wait for a disk which does not answer are left behind."""


class Keeper:
    """Runs in a thread of its own."""

    def __init__(
        self,
        database: Database,
        care: Care,
        changes: Changes,
        *,
        stop: threading.Event,
        work: threading.Event,
        ignoring: Callable[[], Ignored | None] = lambda: None,
        forget: Callable[[int, Callable[[], bool]], object] = lambda _library_id, _is_stopped: None,
        board: Board | None = None,
    ) -> None:
        """`work` is set whenever there may be files to read, or a scan is over.

        `forget` goes on to remove a library that is being removed, until it is told to stop.

        `ignoring` is asked again and again, and gives what is to be left out when that has changed.
        """
        self._database = database
        self._care = care
        self._changes = changes
        self._stop = stop
        self._work = work
        self._ignoring = ignoring
        self._forget = forget
        self._trouble = Trouble("watching", stop, board)
        self._tenders: dict[int, Tender] = {}
        self._ended_scans = 0
        self._has_begun = False

    @property
    def busy(self) -> bool:
        """Whether a scan or check is under way or due. A disk that does not answer is not waited for."""
        tenders = list(self._tenders.values())
        return not self._has_begun or any(each.busy and not each.hangs for each in tenders)

    @property
    def scans_done(self) -> int:
        """How many scans have ended, whatever they found."""
        return self._ended_scans + sum(each.scans_done for each in list(self._tenders.values()))

    def run(self) -> None:
        """Until `stop` is set."""
        while not self._stop.is_set():
            try:
                self._look_at_libraries()
                self._trouble.over()
            except (DatabaseError, OSError) as error:
                self._trouble.met(error)
                continue
            if not self._has_begun:
                self._has_begun = True
                self._work.set()
            self._stop.wait(LOOK_SECONDS)
        deadline = time.monotonic() + END_SECONDS
        for tender in self._tenders.values():
            if not tender.join(max(0.0, deadline - time.monotonic())):
                log.warning("%s does not answer; it is not waited for", tender.library.path)

    def _look_at_libraries(self) -> None:
        """Begin with libraries that are new, end with those removed, and see whether the others' disks answer."""
        if (ignored := self._ignoring()) is not None:
            self._care = replace(self._care, ignored=ignored)
            for tender in self._tenders.values():
                tender.ignore(ignored)
        with self._database.read() as session:
            removing = libraries.removing(session)
            known = {each.id: each for each in libraries.list_all(session) if each.id not in removing}
        for library_id in set(self._tenders) - set(known):
            tender = self._tenders.pop(library_id)
            tender.end()
            self._changes.forget(library_id)
            self._ended_scans += tender.scans_done
        for library in known.values():
            tender_of = self._tenders.get(library.id)
            if tender_of is None:
                self._begin(library)
            else:
                tender_of.library = library
                self._see_whether_it_hangs(tender_of)
        until = time.monotonic() + LOOK_SECONDS
        for library_id in removing:
            self._forget(library_id, lambda: self._stop.is_set() or time.monotonic() > until)

    def _begin(self, library: LibraryInfo) -> None:
        tender = Tender(
            self._database,
            library,
            self._care,
            self._changes,
            stop=self._stop,
            work=self._work,
            trouble=self._trouble,
        )
        self._tenders[library.id] = tender
        tender.start()

    def _see_whether_it_hangs(self, tender: Tender) -> None:
        if tender.hangs or not tender.is_stuck:
            return
        problem = silence(tender.library.path)
        log.warning("library offline: %s", problem)
        with self._database.write() as session:
            libraries.set_offline(session, tender.library.id, problem)
        tender.hangs = True
        self._work.set()
