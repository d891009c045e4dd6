"""What repairing and copying a large library costs: `python benchmarks/storage.py [--photos 100000] [--dim 512]`.

Photos are rows with made-up embeddings in a folder that is removed in the end. Prints seconds.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from sqlalchemy import text

from photoindex import backups, embeddings, rebuilding, vector_tables, words
from photoindex.database import Database, open_database
from photoindex.doctor import Patient, examine
from photoindex.doctor.salvage import salvage
from photoindex.neighbours import VecSpace

_AT = "2024-01-01 00:00:00.000000"
_LIBRARY = "INSERT INTO library (id, root, name, state, added_at) VALUES (1, x'2f6c', 'l', 'online', '2024-01-01')"
_PHOTO = (
    "INSERT INTO photo (id, content_hash, kind, format, width, height, size_bytes, timeline_at, keywords, people, "
    "favourite, visible, indexed_at) VALUES (:id, :content, 'photo', 'jpeg', 4000, 3000, 3000000, :at, '[]', '[]', 0, "
    "1, :at)"
)
_FILE = (
    "INSERT INTO file (library_id, path, size_bytes, mtime_ns, inode, ctime_ns, sidecar_ns, stem, name, state, "
    "attempts, photo_id) VALUES (1, :path, 10, 1, :id, 0, 0, :path, '', 'indexed', 0, :id)"
)
_BATCH = 2000


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print how long the block takes."""
    started, worked = time.perf_counter(), time.process_time()
    yield
    elapsed, cpu = time.perf_counter() - started, time.process_time() - worked
    print(f"{what:<44} {elapsed:8.2f} s {cpu:8.2f} s of the processor", flush=True)


def fill(database: Database, photos: int, dim: int) -> embeddings.StoredEncoder:
    """Rows of so many photos, with embeddings."""
    chooser = np.random.default_rng(1)
    with database.write() as session:
        session.execute(text(_LIBRARY))
        encoder = embeddings.register_encoder(
            session, name="made up", fingerprint="1", dim=dim, multilingual=False, text_range=(0, 1), image_range=(0, 1)
        )
    for start in range(1, photos + 1, _BATCH):
        ids = range(start, min(photos + 1, start + _BATCH))
        rows = [{"id": n, "content": n.to_bytes(32), "path": b"%d/%d.jpg" % (n % 99, n), "at": _AT} for n in ids]
        vectors = chooser.standard_normal((len(ids), dim), dtype=np.float32) + 0.3
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        with database.write() as session:
            session.execute(text(_PHOTO), rows)
            session.execute(text(_FILE), rows)
            embeddings.put(session, encoder.id, dict(zip(ids, vectors, strict=True)))
    return encoder


def measure(folder: Path, photos: int, dim: int) -> None:
    """Everything, on one library."""
    database = open_database(folder / "photoindex.db", checkpoints=True)
    with timed(f"made {photos:,} photos"):
        encoder = fill(database, photos, dim)
    with database.write() as session:
        words.prepare(session)
    database.checkpoint()
    print(f"{'database':<48} {database.path.stat().st_size / 1e6:8.0f} MB")
    with timed("is the search table sound (at each start)"), database.read() as session:
        assert embeddings.is_sound(session, encoder)
    with timed("the search table compared vector by vector"), database.read() as session:
        assert vector_tables.count_wrong(session, encoder.id, dim) == 0
    query = np.full(dim, dim**-0.5, dtype=np.float32)
    with timed("a search"), database.read() as session:
        VecSpace(encoder).nearest(session, query, 50)
    with database.write() as session:
        session.execute(text(f"DROP TABLE vec_{encoder.id}_chunks"))
    with timed("a search with the table damaged"), database.read() as session:
        VecSpace(encoder).nearest(session, query, 50)
    with timed("the search table made anew"):
        assert rebuilding.repair(database) == 1
    with timed("a backup, checked"):
        made = backups.make(database.path, folder / "copy.db")
    print(f"{'backup':<48} {made.size_bytes / 1e6:8.0f} MB")
    with timed("doctor"):
        found = list(examine(Patient(database, folder / "thumbnails", folder / "snapshots")))
    assert [each.check for each in found] == ["thumbnails"], found
    database.close()
    with timed("restored"):
        backups.bring_back(folder / "copy.db", database.path)
    with timed("salvaged"):
        salvage(database.path)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=512)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="photoindex-storage-") as name:
        measure(Path(name), given.photos, given.dim)
