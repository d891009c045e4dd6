"""What the views work with: the open database, the search engine, and the few settings they need."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

from flask import current_app
from sqlalchemy.orm import Session

from photoindex import status
from photoindex.config import Settings
from photoindex.database import Database
from photoindex.isolation import Decoder
from photoindex.pictures import Pictures
from photoindex.search import SearchEngine, TextTower
from photoindex.search.suggesting import Suggester
from photoindex.status import Status
from photoindex.web.new_counts import NewCounts

EXTENSION = "photoindex"


@dataclass(frozen=True)
class Services:
    """One application's parts. Safe to use from any thread."""

    settings: Settings
    """As this server was started with; what is chosen on the pages is in the database."""
    database: Database
    engine: SearchEngine
    text_tower: TextTower
    pictures: Pictures
    new_counts: NewCounts
    suggester: Suggester
    thumbnails: Path
    daemon_lock: Path
    max_file_bytes: int
    max_pixels: int
    decoder: Decoder

    def status(self, session: Session) -> Status:
        """What PhotoIndex is doing now."""
        return status.read(session, self.daemon_lock)

    def close(self) -> None:
        """End what goes on in the background, and close the database. May be called twice."""
        self.engine.close()
        self.pictures.close()
        self.decoder.close()
        self.database.close()


def services() -> Services:
    """The parts of the application that answers the current request."""
    return cast(Services, current_app.extensions[EXTENSION])
