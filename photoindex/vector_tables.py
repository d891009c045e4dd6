"""The sqlite-vec tables, one an encoder: `vec_<encoder id>`. Only this file and `neighbours.py` know sqlite-vec.

They are derived from the table `embedding`, and nothing is lost with one. The key of a row, called `photo_id`, is the
photo's id for frame 0 and has the number of the frame above its lower 40 bits for a video's others.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select, text, tuple_
from sqlalchemy.orm import Session

from photoindex.derived import drop_virtual_table
from photoindex.models import Embedding

FRAME_SHIFT = 40
_PRIME = 1_000_003  # sums of products of numbers below it are far from 2⁶³
_SAMPLED = 8
"""Vectors at the beginning of each chunk of a thousand that are compared with the rows."""


def row_key(photo_id: int, frame: int) -> int:
    """The key of a photo's frame."""
    return frame << FRAME_SHIFT | photo_id


def create(connection: Connection, encoder_id: int, dim: int) -> None:
    """Make the table of an encoder, unless it is there."""
    connection.execute(
        text(
            f"CREATE VIRTUAL TABLE IF NOT EXISTS vec_{encoder_id} USING vec0("
            f"photo_id INTEGER PRIMARY KEY, embedding FLOAT[{dim}] distance_metric=cosine)"
        )
    )


def insert(connection: Connection, encoder_id: int, vectors: Iterable[tuple[int, NDArray[np.float16]]]) -> None:
    """Add rows whose keys are new: key, (dim,)."""
    connection.execute(
        text(f"INSERT INTO vec_{encoder_id} (photo_id, embedding) VALUES (:photo_id, :embedding)"),
        [{"photo_id": key, "embedding": vector.astype(np.float32).tobytes()} for key, vector in vectors],
    )


def delete(connection: Connection, encoder_id: int, key: int) -> None:
    """Remove a row: sqlite-vec deletes by key only, and INSERT OR REPLACE fails there."""
    connection.execute(text(f"DELETE FROM vec_{encoder_id} WHERE photo_id = :id"), {"id": key})


def rebuild(session: Session, encoder_id: int, dim: int) -> None:
    """Make the table anew from the stored embeddings, whatever is left of it. A row of another length is left out."""
    connection = session.connection()
    drop_virtual_table(connection, f"vec_{encoder_id}")
    create(connection, encoder_id, dim)
    after = (0, -1)
    while True:
        rows = session.execute(
            select(Embedding.photo_id, Embedding.frame, Embedding.vector)
            .where(Embedding.encoder_id == encoder_id, tuple_(Embedding.photo_id, Embedding.frame) > tuple_(*after))
            .order_by(Embedding.photo_id, Embedding.frame)
            .limit(1000)
        ).all()
        if not rows:
            return
        keyed = [
            (row_key(row[0], row[1]), np.frombuffer(row[2], dtype="<f2")) for row in rows if len(row[2]) == 2 * dim
        ]
        if keyed:
            insert(connection, encoder_id, keyed)
        after = rows[-1][0], rows[-1][1]


def is_sound(session: Session, encoder_id: int, dim: int) -> bool:
    """Whether the table has the keys of the rows, each in its place, room for a vector there, and the first ones right.

    Reads the keys and few vectors, one chunk at a time: a million photos take a second and no memory.
    """
    opened = text(f"SELECT embedding FROM vec_{encoder_id} WHERE photo_id = 0")
    try:
        with session.begin_nested():
            session.execute(opened).all()
            return _has_the_keys(session, encoder_id) and _has_whole_chunks(session, encoder_id, dim)
    except Exception:  # a damaged virtual table raises whatever sqlite-vec makes of it; the rows are the truth
        return False


def count_wrong(session: Session, encoder_id: int, dim: int) -> int:
    """How many vectors are not those of the rows. Reads all of both; the table must be sound else."""
    chunks = session.execute(
        text(
            f"SELECT c.rowids, c.validity, v.vectors FROM vec_{encoder_id}_chunks c "
            f"JOIN vec_{encoder_id}_vector_chunks00 v ON v.rowid = c.chunk_id"
        )
    )
    stored = text(
        "SELECT e.vector FROM json_each(:keys) k LEFT JOIN embedding e ON e.encoder_id = :encoder "
        f"AND e.photo_id = k.value & {(1 << FRAME_SHIFT) - 1} AND e.frame = k.value >> {FRAME_SHIFT} ORDER BY k.key"
    )
    wrong = 0
    for rowids, validity, vectors in chunks.yield_per(1):
        places = np.flatnonzero(np.unpackbits(np.frombuffer(validity, dtype=np.uint8), bitorder="little"))
        keys = np.frombuffer(rowids, dtype="<i8")[places]
        found = session.scalars(stored, {"encoder": encoder_id, "keys": json.dumps(keys.tolist())}).all()
        whole = [each if each is not None and len(each) == 2 * dim else bytes(2 * dim) for each in found]
        rows = np.frombuffer(b"".join(whole), "<f2").reshape(-1, dim).astype("<f4")
        kept = np.frombuffer(vectors, "<f4").reshape(-1, dim)[places]
        wrong += int((rows.view(np.uint32) != kept.view(np.uint32)).any(axis=1).sum())
    return wrong


def _same(wide: bytes, vector: bytes, dim: int) -> bool:
    if (len(wide), len(vector)) != (4 * dim, 2 * dim):
        return False
    return np.frombuffer(vector, "<f2").astype("<f4").tobytes() == wide


def _has_the_keys(session: Session, encoder_id: int) -> bool:
    both = text(
        f"SELECT count(*), count(v.rowid) FROM embedding e LEFT JOIN vec_{encoder_id}_rowids v "
        f"ON v.rowid = (e.frame << {FRAME_SHIFT}) + e.photo_id WHERE e.encoder_id = {encoder_id}"
    )
    rows, found = session.execute(both).one()
    keys = session.scalar(text(f"SELECT count(*) FROM vec_{encoder_id}_rowids"))
    return bool(rows == found == keys)


def _has_whole_chunks(session: Session, encoder_id: int, dim: int) -> bool:
    """sqlite-vec keeps twice where the vector of a key lies: the two must agree in number and in a sum over all."""
    sums = text(
        "SELECT count(*), coalesce(sum(v.rowid % :prime * (v.chunk_id * c.size + v.chunk_offset) % :prime), 0) "
        f"FROM vec_{encoder_id}_rowids v LEFT JOIN vec_{encoder_id}_chunks c ON c.chunk_id = v.chunk_id"
    )
    chunks = text(
        "SELECT c.chunk_id, c.size, c.validity, c.rowids, length(v.vectors) "
        f"FROM vec_{encoder_id}_chunks c LEFT JOIN vec_{encoder_id}_vector_chunks00 v ON v.rowid = c.chunk_id"
    )
    count = total = 0
    for chunk_id, size, validity, rowids, vectors_bytes in session.execute(chunks).all():
        if vectors_bytes != size * dim * 4:
            return False
        places = np.flatnonzero(np.unpackbits(np.frombuffer(validity, dtype=np.uint8), bitorder="little"))
        keys = np.frombuffer(rowids, dtype="<i8")[places]
        count += len(keys)
        total += int((keys % _PRIME * (chunk_id * size + places) % _PRIME).sum())
        if not _begins_well(session, encoder_id, dim, chunk_id, places[:_SAMPLED], keys[:_SAMPLED]):
            return False
    return tuple(session.execute(sums, {"prime": _PRIME}).one()) == (count, total)


def _begins_well(
    session: Session,
    encoder_id: int,
    dim: int,
    chunk_id: int,
    places: NDArray[np.int64],
    keys: NDArray[np.int64],
) -> bool:
    """Whether the first vectors of a chunk are those of their rows: one that was overwritten shows."""
    stored = text("SELECT vector FROM embedding WHERE encoder_id = :encoder AND photo_id = :photo AND frame = :frame")
    driver = session.connection().connection.driver_connection
    assert driver is not None
    blob = driver.open_blob(f"vec_{encoder_id}_vector_chunks00", "vectors", chunk_id, True)  # reads only what is asked
    try:
        for place, key in itertools.starmap(lambda *both: map(int, both), zip(places, keys, strict=True)):
            at = {"encoder": encoder_id, "photo": key & ((1 << FRAME_SHIFT) - 1), "frame": key >> FRAME_SHIFT}
            blob.seek(place * dim * 4)
            if not _same(blob.read(dim * 4), session.scalar(stored, at) or b"", dim):
                return False
    finally:
        blob.close()
    return True
