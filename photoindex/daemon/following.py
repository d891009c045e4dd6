"""Following settings that may be chosen anew on the pages while the daemon runs."""

from __future__ import annotations

import time
from typing import Any

from photoindex import chosen
from photoindex.chosen import Use
from photoindex.config import Origin, Settings, with_chosen
from photoindex.database import Database

LOOK_SECONDS = 1.0
"""How often it is looked whether a setting has changed."""


class Followed:
    """One setting, by its name. To be used from one thread."""

    def __init__(self, database: Database, settings: Settings, name: str) -> None:
        """`settings` as the daemon was started with."""
        self._database = database
        self._settings = settings
        self._name = name
        self._taken: Any = None
        self._looked_at = float("-inf")

    def take(self) -> Settings:
        """The settings as they are now, of which this one is gone by; the pages can tell. Raises DatabaseError."""
        now = self._read()
        value = getattr(now, self._name)
        use = Use(value, now.origins.get(self._name, Origin.DEFAULT))
        with self._database.write() as session:
            chosen.note_uses(session, {self._name: use})
        self._taken = value
        return now

    def has_changed(self) -> bool:
        """Whether it is something else now than what was taken, or nothing was. Raises DatabaseError."""
        if self._taken is not None and time.monotonic() - self._looked_at < LOOK_SECONDS:
            return False
        self._looked_at = time.monotonic()
        return bool(getattr(self._read(), self._name) != self._taken)

    def _read(self) -> Settings:
        with self._database.read() as session:
            return with_chosen(self._settings, chosen.read(session))
