"""Snapshots: the same answers as sqlite-vec, whatever happened since they were built, and whatever happened to them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import text
from sqlalchemy.orm import Session
from storage.test_embeddings import add_photos, register, unit

from photoindex import embeddings, reckoning
from photoindex.database import Database
from photoindex.embeddings import StoredEncoder
from photoindex.neighbours import VecSpace
from photoindex.snapshots import SnapshotSpace, Spaces, changes
from photoindex.snapshots.building import build, lists_of
from photoindex.snapshots.format import (
    new_name,
)
from photoindex.spaces import Found, Space

DIM = 16


def clustered(chooser: np.random.Generator, count: int, dim: int = DIM) -> NDArray[np.float32]:
    """Rows as of a CLIP: a common mean, and clusters."""
    centres = chooser.standard_normal((12, dim))
    rows = 1.5 + centres[chooser.integers(12, size=count)] + 0.5 * chooser.standard_normal((count, dim))
    return unit(rows)


def fill(session: Session, count: int, seed: int = 0) -> StoredEncoder:
    encoder = register(session, dim=DIM)
    ids = add_photos(session, count)
    embeddings.put(session, encoder.id, dict(zip(ids, clustered(np.random.default_rng(seed), count), strict=True)))
    return encoder


def make(database: Database, encoder: StoredEncoder, folder: Path, lists_from: int = 10**9) -> str:
    """Build a snapshot and let it count, as the daemon does."""
    name = new_name()
    with database.write() as session:
        changes.prepare(session, encoder.id)
    header = build(database, encoder, folder, name, None, lists_from)
    with database.write() as session:
        changes.register(session, encoder.id, name, header.sequence)
    return name


def pairs(found: Found) -> list[tuple[int, float]]:
    return list(zip(found.photo_ids.tolist(), found.distances.tolist(), strict=True))


def assert_same_answers(session: Session, space: Space, encoder: StoredEncoder, seed: int, deep: bool = True) -> None:
    """Everything that a space can be asked gives what sqlite-vec gives, bit for bit."""
    exact, chooser = VecSpace(encoder), np.random.default_rng(seed)
    (query,) = clustered(chooser, 1)
    (text_like,) = unit(chooser.standard_normal((1, DIM)))
    all_ids = list(session.scalars(text("SELECT id FROM photo")))
    for vector in (query, text_like):
        for limit in (1, 10, 50):
            assert pairs(space.nearest(session, vector, limit)) == pairs(exact.nearest(session, vector, limit))
        some = chooser.choice(all_ids, 40).tolist()
        assert pairs(space.distances(session, vector, some)) == pairs(exact.distances(session, vector, some))
        every = exact.distances(session, vector, all_ids)
        for share in (0.0, 0.01, 0.3, 1.0) if deep else (0.01,):
            bound = float(every.distances[int(share * (len(every) - 1))])
            within = pairs(space.within(session, vector, bound))
            assert within == [each for each in pairs(every) if each[1] <= bound]
            assert within == pairs(exact.within(session, vector, bound))


def test_float16_rows_are_widened_exactly() -> None:
    every = np.arange(65536, dtype=np.uint16).view(np.float16)
    finite = every[np.isfinite(every)].reshape(-1, 2)
    assert np.array_equal(reckoning.widened(finite), finite.astype(np.float32))


@pytest.mark.parametrize("lists_from", [10**9, 0], ids=["codes", "codes in lists"])
def test_codes_miss_little_and_what_is_found_has_its_exact_distance(
    database: Database, tmp_path: Path, lists_from: int
) -> None:
    with database.write() as session:
        encoder = fill(session, 4000)
    make(database, encoder, tmp_path, lists_from)
    exact, hits, wanted = VecSpace(encoder), 0, 0
    with database.read() as session:
        space = Spaces(tmp_path).of(session, encoder)
        assert isinstance(space, SnapshotSpace)
        assert space.snapshot.header.lists == (0 if lists_from else lists_of(4000))
        assert space._depth(50) is not None  # else every row is looked at
        chooser = np.random.default_rng(5)
        for vector in (*clustered(chooser, 20), *unit(chooser.standard_normal((20, DIM)))):
            truth = pairs(exact.nearest(session, vector, 50))
            for found in (space.nearest(session, vector, 50), space.within(session, vector, truth[-1][1])):
                hits, wanted = hits + len(set(pairs(found)) & set(truth)), wanted + 50
                assert pairs(found) == sorted(pairs(found), key=lambda pair: (pair[1], pair[0]))
    assert hits / wanted >= 0.98


def test_a_small_snapshot_answers_exactly_as_sqlite_vec_does(database: Database, tmp_path: Path) -> None:
    with database.write() as session:
        encoder = fill(session, 300)
    make(database, encoder, tmp_path)
    with database.read() as session:
        space = Spaces(tmp_path).of(session, encoder)
        assert isinstance(space, SnapshotSpace)
        for seed in range(4):
            assert_same_answers(session, space, encoder, seed)
