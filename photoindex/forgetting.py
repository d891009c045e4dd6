"""Forgetting libraries, and files that are long gone: rows first, then thumbnails. No file of a library is touched."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from photoindex import libraries, photos, purging
from photoindex.database import Database
from photoindex.media import thumbnail_path
from photoindex.pacing import Pace

PORTION, MOST_FILES = 100, 5000
"""Files of a library that are forgotten in the first transaction, and in any at most."""


def forget_library(
    database: Database, thumbnails: Path, library_id: int, is_stopped: Callable[[], bool] = lambda: False
) -> bool:
    """Remove its rows, and what is known of photos that no other library has. Without a row nothing happens.

    In short transactions, so that others who write are not held up. Whether it is gone: when it was stopped before, it
    is one that is being removed, and this has to be called again, as the daemon does.
    """
    with database.write(durable=True) as session:
        libraries.begin_removing(session, library_id)
    pace = Pace(PORTION, MOST_FILES)
    while not is_stopped():
        size = pace.size
        with database.write() as session:
            with pace.timed(size):
                gone = photos.remove_library(session, library_id, size)
            done = library_id not in libraries.removing(session)
        _remove(thumbnails, gone)
        if done:
            return True
    return False


def forget_gone(
    database: Database,
    thumbnails: Path,
    before: datetime,
    library_id: int | None = None,
    *,
    marked: bool = False,
    is_stopped: Callable[[], bool] = lambda: False,
) -> purging.Purge:
    """Forget what `purging.survey` counts, in short transactions, so that others who write are not held up."""
    files = forgotten = 0
    while not is_stopped():
        with database.write() as session:
            done, gone = purging.purge(session, before, library_id, marked=marked)
        _remove(thumbnails, gone)
        files, forgotten = files + done.files, forgotten + done.photos
        if done.files < purging.PORTION:
            break
    return purging.Purge(files, forgotten)


def _remove(thumbnails: Path, content_hashes: Iterable[bytes]) -> None:
    for content_hash in content_hashes:
        thumbnail_path(thumbnails, content_hash).unlink(missing_ok=True)
