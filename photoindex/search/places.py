"""The names of the places of a library, by which sentences are understood."""

from __future__ import annotations

import threading
from collections.abc import Callable

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from photoindex.models import Place
from photoindex.search.spoken_places import place_key

_NAMES = (Place.city, Place.region, Place.country, Place.city_fr, Place.region_fr, Place.country_fr)


class KnownPlaces:
    """Reads the names when there are new ones. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._newest: int | None = None
        self._keys: frozenset[str] = frozenset()

    def of(self, session: Session) -> Callable[[str], bool]:
        """Whether a name, as `sentences.place_key` writes it, is one of a place where photos were taken."""
        newest = session.scalar(select(func.max(Place.id)))
        with self._lock:
            if newest != self._newest:
                rows = session.execute(select(*_NAMES)).all()
                self._keys = frozenset(place_key(name) for row in rows for name in row if name)
                self._newest = newest
            return self._keys.__contains__
