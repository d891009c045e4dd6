"""Building a snapshot from the rows of the database: matrix, codes, and how to search them."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text
from sqlalchemy.orm import Session

from photoindex import reckoning
from photoindex.database import Database
from photoindex.embeddings import StoredEncoder
from photoindex.snapshots import changes, queries, tuning
from photoindex.snapshots.codes import Codes
from photoindex.snapshots.format import CODES, NORMS, PHOTOS, VECTORS, Header, SnapshotError, seal, writing

log = logging.getLogger(__name__)

LISTS_FROM = 50_000
"""Rows from which on inverted lists pay."""
ROWS_AT_ONCE = 20_000
TRAINING_ROWS_A_LIST = 64
LEAST_TRAINING_ROWS = 20_000
MOST_TRAINING_ROWS = 100_000
"""FAISS advises 39 rows a list and more; half a minute and 200 MB at most."""


def build(
    database: Database,
    encoder: StoredEncoder,
    folder: Path,
    name: str,
    texts: NDArray[np.float32] | None,
    lists_from: int = LISTS_FROM,
) -> Header:
    """Build the snapshot `folder/name` of all visible embeddings. Minutes for a million; memory is bounded.

    `texts` (m, dim) are embeddings of real texts to measure recall with; without them some are made up. Raises
    SnapshotError when there is nothing to be found, DatabaseError or OSError.
    """
    started = time.monotonic()
    with writing(folder, name) as part:
        with database.read() as session:
            sequence = changes.last_sequence(session)
            rows, photos = _copy(session, encoder, part)
        vectors = np.memmap(part / VECTORS, "<f2", "r", shape=(rows, encoder.dim))
        inverse = np.fromfile(part / NORMS, "<f4")
        chooser = np.random.default_rng(rows)
        codes = _coded(vectors, lists_of(rows) if rows >= lists_from else 0, chooser)
        codes.save(part / CODES)
        images = queries.like_images(vectors, chooser, queries.COUNT)
        asked = queries.like_texts(vectors, chooser, queries.COUNT) if texts is None else texts
        kinds = {
            "images": images,
            "texts": asked,
            tuning.TURNED: queries.turned(vectors, chooser, asked, encoder.image_range),
        }
        header = Header(
            fingerprint=encoder.fingerprint,
            dim=encoder.dim,
            rows=rows,
            photos=photos,
            sequence=sequence,
            lists=codes.lists,
            depths=tuning.depths(vectors, inverse, codes, kinds),
            text_queries="made up" if texts is None else "encoded",
        )
        del vectors
        seal(part, folder, name, header)
    log.info("built a snapshot of %d embeddings in %.0f s", rows, time.monotonic() - started)
    return header


def lists_of(rows: int) -> int:
    """How many inverted lists so many rows are spread over: a power of two, from 1.5 to 3 times their square root.

    More than 2048 would take longer to train than they save.
    """
    return min(2048, int(2 ** math.ceil(math.log2(1.5 * max(rows, 1) ** 0.5))))


def _copy(session: Session, encoder: StoredEncoder, part: Path) -> tuple[int, int]:
    """Write matrix, ids and norms; how many rows and photos there are."""
    rows, photos, last = 0, 0, -1
    with (
        (part / VECTORS).open("wb") as to_vectors,
        (part / PHOTOS).open("wb") as to_photos,
        (part / NORMS).open("wb") as to_norms,
    ):
        for some in visible_rows(session, encoder):
            to_vectors.write(some.vectors.tobytes())
            to_photos.write(some.photo_ids.astype("<i8").tobytes())
            to_norms.write(reckoning.inverse_norms(some.vectors).astype("<f4").tobytes())
            before = np.concatenate(([last], some.photo_ids[:-1]))
            rows, photos = rows + len(some), photos + int(np.count_nonzero(some.photo_ids != before))
            last = int(some.photo_ids[-1])
    if rows == 0:
        raise SnapshotError("there is no embedding to build a snapshot of")
    return rows, photos


def visible_rows(session: Session, encoder: StoredEncoder) -> Iterator[reckoning.Rows]:
    """Every embedding of a visible photo, by photo id and frame, some thousands at a time."""
    query = text(
        "SELECT e.photo_id, e.vector FROM embedding e JOIN photo p ON p.id = e.photo_id "
        "WHERE e.encoder_id = :encoder AND p.visible ORDER BY e.photo_id, e.frame"
    )
    found = session.execute(query, {"encoder": encoder.id}, execution_options={"yield_per": 4096})
    for some in found.partitions():
        yield reckoning.rows_of([row[0] for row in some], [row[1] for row in some], encoder.dim)


def _coded(vectors: NDArray[np.float16], lists: int, chooser: np.random.Generator) -> Codes:
    count = min(len(vectors), MOST_TRAINING_ROWS, max(LEAST_TRAINING_ROWS, TRAINING_ROWS_A_LIST * lists))
    chosen = np.sort(chooser.choice(len(vectors), count, replace=False))
    codes = Codes.trained(reckoning.widened(vectors[chosen]), lists)
    for start in range(0, len(vectors), ROWS_AT_ONCE):
        codes.add(reckoning.widened(vectors[start : start + ROWS_AT_ONCE]))
    return codes
