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

from photoindex.derived import drop_virtual_table, forget_virtual_table
from photoindex.models import Embedding

FRAME_SHIFT = 40
_PRIME = 1_000_003  # sums of products of numbers below it are far from 2⁶³
_SAMPLED = 8
"""Vectors at the beginning of each chunk of a thousand that are compared with the rows."""


def row_key(photo_id: int, frame: int) -> int:
    """The key of a photo's frame."""
    return frame << FRAME_SHIFT | photo_id


def name_of(encoder_id: int) -> str:
    """The table of an encoder."""
    return f"vec_{encoder_id}"


def building_name(encoder_id: int) -> str:
    """The table that is filled to become that of an encoder."""
    return f"vec_building_{encoder_id}"


def create(connection: Connection, encoder_id: int, dim: int) -> None:
    """Make the table of an encoder, unless it is there or being filled."""
    if _name_now(connection, encoder_id) is None:
        _create(connection, name_of(encoder_id), dim)


def insert(connection: Connection, encoder_id: int, vectors: Iterable[tuple[int, NDArray[np.float16]]]) -> None:
    """Add rows whose keys are new: key, (dim,). While there is no table, nothing: it is made from the embeddings."""
    name = _name_now(connection, encoder_id)
    if name is not None:
        _insert(connection, name, vectors)


def delete(connection: Connection, encoder_id: int, keys: Iterable[int]) -> None:
    """Remove rows: sqlite-vec deletes by key only, and INSERT OR REPLACE fails there."""
    name = _name_now(connection, encoder_id)
    if name is not None:
        statement = text(f"DELETE FROM {name} WHERE photo_id = :id")
        for key in keys:
            connection.execute(statement, {"id": key})


def _name_now(connection: Connection, encoder_id: int) -> str | None:
    """Where the vectors of an encoder are: its table, or else the one that is filled to become it."""
    names = name_of(encoder_id), building_name(encoder_id)
    there = text("SELECT name FROM sqlite_master WHERE name IN (:whole, :building) ORDER BY length(name) LIMIT 1")
    found: str | None = connection.scalar(there, {"whole": names[0], "building": names[1]})
    return found


def _create(connection: Connection, name: str, dim: int) -> None:
    connection.execute(
        text(
            f"CREATE VIRTUAL TABLE {name} USING vec0("
            f"photo_id INTEGER PRIMARY KEY, embedding FLOAT[{dim}] distance_metric=cosine)"
        )
    )


def _insert(connection: Connection, name: str, vectors: Iterable[tuple[int, NDArray[np.float16]]]) -> None:
    connection.execute(
        text(f"INSERT INTO {name} (photo_id, embedding) VALUES (:photo_id, :embedding)"),
        [{"photo_id": key, "embedding": vector.astype(np.float32).tobytes()} for key, vector in vectors],
    )


# --- making one anew ---------------------------------------------------------------------------------------------

FIRST = (0, -1)
"""Before the first photo and frame."""


def give_up(session: Session, encoder_id: int) -> None:
    """There is no table of an encoder any more: from now on nobody writes to what is left of it."""
    for name in (name_of(encoder_id), building_name(encoder_id)):
        forget_virtual_table(session.connection(), name)


def remove_chunks(session: Session, name: str, most: int) -> int:
    """Remove the vectors of up to so many chunks of a table that was given up. Returns of how many."""
    chunks = f"{name}_vector_chunks00"
    if not session.scalar(text("SELECT count(*) FROM sqlite_master WHERE name = :name"), {"name": chunks}):
        return 0
    removed = session.execute(
        text(f"DELETE FROM {chunks} WHERE rowid IN (SELECT rowid FROM {chunks} LIMIT :most) RETURNING rowid"),
        {"most": most},
    )
    return len(removed.all())


def begin(session: Session, encoder_id: int, dim: int) -> None:
    """Drop the table of an encoder, whatever is left of it, and make an empty one beside its place."""
    connection = session.connection()
    for name in (name_of(encoder_id), building_name(encoder_id)):
        drop_virtual_table(connection, name)
    _create(connection, building_name(encoder_id), dim)


def fill(session: Session, encoder_id: int, dim: int, after: tuple[int, int], most: int) -> tuple[int, tuple[int, int]]:
    """Put up to so many embeddings after a photo and frame into the new table, and not those that are there.

    Returns how many were looked at, and the last photo and frame. A row of another length is left out.
    """
    rows = session.execute(
        select(Embedding.photo_id, Embedding.frame, Embedding.vector)
        .where(Embedding.encoder_id == encoder_id, tuple_(Embedding.photo_id, Embedding.frame) > tuple_(*after))
        .order_by(Embedding.photo_id, Embedding.frame)
        .limit(most)
    ).all()
    name = building_name(encoder_id)
    keyed = {row_key(row[0], row[1]): np.frombuffer(row[2], dtype="<f2") for row in rows if len(row[2]) == 2 * dim}
    there = session.scalars(
        text(f"SELECT rowid FROM {name}_rowids WHERE rowid IN (SELECT value FROM json_each(:keys))"),
        {"keys": json.dumps(list(keyed))},
    )
    for key in there.all():
        del keyed[key]
    if keyed:
        _insert(session.connection(), name, keyed.items())
    return len(rows), (rows[-1][0], rows[-1][1]) if rows else after


def put_in_place(session: Session, encoder_id: int) -> None:
    """Let the new table be that of the encoder. sqlite-vec leaves it to us to rename what it keeps its content in."""
    new, name = building_name(encoder_id), name_of(encoder_id)
    parts = session.scalars(
        text("SELECT name FROM sqlite_master WHERE type = 'table' AND substr(name, 1, :length) = :start"),
        {"start": f"{new}_", "length": len(new) + 1},
    ).all()
    session.execute(text(f"ALTER TABLE {new} RENAME TO {name}"))
    for part in parts:
        session.execute(text(f"ALTER TABLE {part} RENAME TO {name}{part.removeprefix(new)}"))


# --- checking ----------------------------------------------------------------------------------------------------


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
