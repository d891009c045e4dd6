"""A library as rows alone, for faults of the database: made in a moment, with everything that users could lose."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session
from storage.test_snapshot import clustered

from photoindex import collections, embeddings, saved_searches, words
from photoindex.companions import refresh_all_visibility
from photoindex.database import Database
from photoindex.doctor import Patient, examine
from photoindex.embeddings import StoredEncoder

DIM = 16
_LIBRARY = "INSERT INTO library (id, root, name, state, added_at) VALUES (1, x'2f6c', 'l', 'online', '2024-01-01')"
_PHOTO = (
    "INSERT INTO photo (id, content_hash, kind, format, width, height, size_bytes, timeline_at, title, keywords, "
    "people, favourite, visible, indexed_at) VALUES (:id, :content, 'photo', 'jpeg', 4, 3, 10, :at, 'a photo of "
    "something', '[]', '[]', 0, 1, :at)"
)
_FILE = (
    "INSERT INTO file (library_id, path, size_bytes, mtime_ns, inode, ctime_ns, sidecar_ns, stem, name, state, "
    "attempts, photo_id) VALUES (1, :path, 10, 1, :id, 0, 0, :path, '', 'indexed', 0, :id)"
)


@dataclass(frozen=True)
class Belongings:
    """What users made: by content and name, as ids may change."""

    favourites: frozenset[bytes]
    ratings: dict[bytes, int]
    hidden: frozenset[bytes]
    albums: dict[str, frozenset[bytes]]
    searches: dict[str, str]


def fill(database: Database, count: int = 400, seed: int = 0, dim: int = DIM) -> StoredEncoder:
    """`count` photos, a tenth of them favourites, with albums, ratings, hidden ones and saved searches."""
    with database.write() as session:
        return _fill(session, count, seed, dim)


def _fill(session: Session, count: int, seed: int, dim: int) -> StoredEncoder:
    session.execute(text(_LIBRARY))
    encoder = embeddings.register_encoder(
        session, name="test", fingerprint="test-1", dim=dim, multilingual=False, text_range=(0, 1), image_range=(0, 1)
    )
    add_photos(session, encoder, range(1, count + 1), seed)
    for number in range(1, count + 1, 10):
        collections.set_favourite(session, number, True)
        collections.set_rating(session, number + 1, 1 + number % 5)
    session.execute(text("UPDATE photo SET hidden = 1 WHERE id % 50 = 7"))
    for name in ("Trip", "Été"):
        album = collections.create_album(session, name)
        collections.add_to_album(session, album.id, list(range(len(name), count, 7)))
    saved_searches.create(session, "Beaches", "beach -people")
    refresh_all_visibility(session)
    words.prepare(session)
    return encoder


def add_photos(session: Session, encoder: StoredEncoder, ids: range, seed: int = 0) -> None:
    """Photos with files and embeddings."""
    at = "2024-01-01 00:00:00.000000"
    rows = [{"id": each, "content": each.to_bytes(32), "path": b"%d/photo %d.jpg" % (each % 9, each)} for each in ids]
    session.execute(text(_PHOTO), [{**row, "at": at} for row in rows])
    session.execute(text(_FILE), rows)
    vectors = clustered(np.random.default_rng([seed, ids.start]), len(ids), encoder.dim)
    embeddings.put(session, encoder.id, dict(zip(ids, vectors, strict=True)))


def belongings(database: Database) -> Belongings:
    """What users made, as the database has it now."""
    with database.read() as session:

        def contents(condition: str) -> frozenset[bytes]:
            return frozenset(session.scalars(text(f"SELECT content_hash FROM photo WHERE {condition}")))

        names = session.execute(text("SELECT id, name FROM album")).all()
        return Belongings(
            contents("favourite"),
            dict(session.execute(text("SELECT content_hash, rating FROM photo WHERE rated")).all()),
            contents("hidden"),
            {name: contents(f"id IN (SELECT photo_id FROM album_photo WHERE album_id = {id})") for id, name in names},
            dict(session.execute(text("SELECT name, query FROM saved_search")).all()),
        )


def problems(database: Database, folder: Path) -> list[str]:
    """What the doctor finds, but for thumbnails, of which there are none."""
    found = examine(Patient(database, folder / "thumbnails", folder / "snapshots"))
    return [f"{each.check}: {each.problem}" for each in found if each.check != "thumbnails"]
