"""Colouring: in idle moments, finds the dominant colours of photos that were indexed before there were any."""

from __future__ import annotations

import threading
from pathlib import Path

from photoindex import colours
from photoindex.database import Database
from photoindex.media import thumbnail_path
from photoindex.media.dominant import read_dominant_colour

STEP_PHOTOS = 128
"""Photos a step, which takes some tenths of a second: so long may a new file wait."""


class Colourer:
    """`step` is called from one thread when there is nothing else to do."""

    def __init__(self, database: Database, thumbnails: Path, stop: threading.Event) -> None:
        """`stop` is set when the daemon is to end at once."""
        self._database = database
        self._thumbnails = thumbnails
        self._stop = stop

    def step(self) -> bool:
        """Colour some photos; whether there were any. Raises DatabaseError or OSError."""
        with self._database.read() as session:
            lacking = colours.lacking(session, STEP_PHOTOS)
        found: dict[int, int] = {}
        for photo_id, content_hash in lacking.items():
            if self._stop.is_set():
                break
            found[photo_id] = read_dominant_colour(thumbnail_path(self._thumbnails, content_hash))
        if found:
            with self._database.write() as session:
                colours.put(session, found)
        return bool(lacking)
