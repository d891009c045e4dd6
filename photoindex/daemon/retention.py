"""Retention: after a scan that is believed, files that have been gone for long enough are forgotten."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from photoindex import libraries
from photoindex.database import Database
from photoindex.forgetting import forget_gone
from photoindex.libraries import LibraryInfo
from photoindex.models import utc_now

log = logging.getLogger(__name__)

GAP = timedelta(days=30)
"""A library that was not scanned for so long, or a clock that has jumped so far, waits so long before it forgets."""
BACK = timedelta(days=1)
"""A clock that was set back by more than this has jumped too."""


@dataclass(frozen=True)
class Retention:
    """How long is kept what is gone."""

    database: Database
    thumbnails: Path
    days: int
    """0 keeps all."""

    def after_scan(self, library: LibraryInfo, is_stopped: Callable[[], bool]) -> None:
        """A scan of a library has just ended well; `library` is what it was before. Raises DatabaseError."""
        if self.days == 0 or self._has_to_wait(library, utc_now()):
            return
        before = utc_now() - timedelta(days=self.days)
        done = forget_gone(self.database, self.thumbnails, before, library.id, is_stopped=is_stopped)
        if done.files:
            what = "%s: forgot %d files that were gone for %d days, %d photos"
            log.info(what, library.path, done.files, self.days, done.photos)

    def _has_to_wait(self, library: LibraryInfo, now: datetime) -> bool:
        """Whether it was not looked at for so long, or the clock is so wrong, that no age can be believed yet."""
        last = library.scanned_at
        if last is None or not -BACK <= now - last <= GAP:
            self._wait_until(library, now + GAP)
            return True
        if library.purge_after is None:
            return False
        if library.purge_after > now + GAP:  # the clock was ahead when this was written down
            self._wait_until(library, now + GAP)
            return True
        return now < library.purge_after

    def _wait_until(self, library: LibraryInfo, moment: datetime) -> None:
        with self.database.write() as session:
            libraries.set_purge_after(session, library.id, moment)
