"""Forgetting a library: what was indexed of it goes, its photos on the disk stay as they are."""

from __future__ import annotations

from pathlib import Path

from photoindex import photos
from photoindex.database import Database
from photoindex.media import thumbnail_path


def forget_library(database: Database, thumbnails: Path, library_id: int) -> None:
    """Remove its rows, and what is known of photos that no other library has. Without a row nothing happens."""
    with database.write() as session:
        gone = photos.remove_library(session, library_id)
    for content_hash in gone:
        thumbnail_path(thumbnails, content_hash).unlink(missing_ok=True)
