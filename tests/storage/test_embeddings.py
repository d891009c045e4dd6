"""Embeddings: exact neighbours, exact pages, and a sqlite-vec table that can always be made again."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from photoindex import embeddings, neighbours, photos, rebuilding
from photoindex.database import Database
from photoindex.embeddings import StoredEncoder
from photoindex.models import Photo
from photoindex.neighbours import Neighbour

DIM = 8


def register(session: Session, name: str = "test", dim: int = DIM) -> StoredEncoder:
    return embeddings.register_encoder(
        session,
        name=name,
        fingerprint=f"{name}-1",
        dim=dim,
        multilingual=False,
        text_range=(0.0, 1.0),
        image_range=(0.0, 1.0),
    )


def add_photos(session: Session, count: int, start: int = 0) -> list[int]:
    when = datetime(2020, 1, 1)
    ids = [
        photos.store(session, photos.NewPhoto((start + n).to_bytes(32, "big"), "jpeg", 4, 3, 10, None, when))
        for n in range(count)
    ]
    session.execute(update(Photo).values(visible=True))
    return ids


def unit(rows: NDArray[np.float64]) -> NDArray[np.float32]:
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


def by_brute_force(
    vectors: dict[int, NDArray[np.float32]], query: NDArray[np.float32], hidden: set[int]
) -> list[tuple[int, float]]:
    rounded = {photo_id: vector.astype(np.float16).astype(np.float64) for photo_id, vector in vectors.items()}
    distances = {
        photo_id: 1 - float(row @ query / np.linalg.norm(row) / np.linalg.norm(query))
        for photo_id, row in rounded.items()
        if photo_id not in hidden
    }
    return sorted(distances.items(), key=lambda item: item[1])


def test_the_first_encoder_answers_searches_and_the_next_waits_its_turn(database: Database) -> None:
    with database.write() as session:
        first, second = register(session, "first"), register(session, "second", 16)
        assert (first.state, second.state) == ("active", "building")
        embeddings.activate(session, second.id)
        active = embeddings.active_encoder(session)
        assert active is not None and active.name == "second"
        assert register(session, "first").state == "building"  # chosen again: it builds up, then takes over
        assert register(session, "second").state == "active"


def test_embeddings_of_different_encoders_never_meet(database: Database) -> None:
    with database.write() as session:
        a, b = register(session, "a"), register(session, "b", 4)
        one, two = add_photos(session, 2)
        embeddings.put(session, a.id, {one: unit(np.ones(DIM))})
        embeddings.put(session, b.id, {two: unit(np.ones(4))})
        assert [n.photo_id for n in neighbours.nearest(session, a, unit(np.ones(DIM)), 10)] == [one]
        assert [n.photo_id for n in neighbours.nearest(session, b, unit(np.ones(4)), 10)] == [two]
        assert embeddings.lacking(session, a.id, 10) == [two]
        assert embeddings.count_lacking(session, b.id) == 1


def test_putting_an_embedding_again_replaces_it(database: Database) -> None:
    with database.write() as session:
        encoder = register(session)
        (photo,) = add_photos(session, 1)
        east, north = np.eye(DIM, dtype=np.float32)[:2]
        embeddings.put(session, encoder.id, {photo: east})
        embeddings.put(session, encoder.id, {photo: north})
        (found,) = neighbours.nearest(session, encoder, north, 10)
        assert found == Neighbour(photo, pytest.approx(0.0, abs=1e-6))
        stored = embeddings.get(session, encoder.id, photo)
        assert stored is not None and np.array_equal(stored, north)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 120), page=st.integers(1, 40), spread=st.integers(1, 30))
def test_pages_hold_every_visible_photo_once_nearest_first(
    database: Database, seed: int, count: int, page: int, spread: int
) -> None:
    """Against brute force; few distinct vectors (`spread`) make many ties, and a fifth of the photos is hidden."""
    chooser = np.random.default_rng(seed)
    kinds = unit(chooser.normal(size=(spread, DIM)))
    with database.write() as session:
        session.execute(text("DELETE FROM embedding"))
        session.execute(text("DELETE FROM photo"))
        encoder = register(session)
    rebuilding.rebuild(database, encoder)
    with database.write() as session:
        ids = add_photos(session, count)
        vectors = {photo_id: kinds[chooser.integers(spread)] for photo_id in ids}
        embeddings.put(session, encoder.id, vectors)
        hidden = {photo_id for photo_id in ids if chooser.random() < 0.2}
        session.execute(update(Photo).where(Photo.id.in_(hidden)).values(visible=False))
        query = unit(chooser.normal(size=DIM))

        found: list[Neighbour] = []
        while True:
            part = neighbours.nearest(session, encoder, query, page, found[-1] if found else None)
            found.extend(part)
            if len(part) < page:
                break
        expected = by_brute_force(vectors, query, hidden)
        assert [n.photo_id for n in found] == [
            n.photo_id for n in sorted(found, key=lambda n: (n.distance, n.photo_id))
        ]
        assert {n.photo_id for n in found} == {photo_id for photo_id, _ in expected}
        assert len(found) == len(expected) == embeddings.count_searchable(session, encoder.id)
        assert [n.distance for n in found] == pytest.approx([distance for _, distance in expected], abs=2e-6)


def test_thousands_of_equal_photos_are_paged_without_loss(database: Database) -> None:
    with database.write() as session:
        encoder = register(session)
        ids = add_photos(session, 5000)
        east = np.eye(DIM, dtype=np.float32)[0]
        embeddings.put(session, encoder.id, dict.fromkeys(ids, east))
        found: list[Neighbour] = []
        while part := neighbours.nearest(session, encoder, east, 1000, found[-1] if found else None):
            found.extend(part)
        assert [n.photo_id for n in found] == ids


def test_deleted_photos_leave_both_tables(database: Database) -> None:
    with database.write() as session:
        encoder = register(session)
        ids = add_photos(session, 3)
        embeddings.put(session, encoder.id, {photo_id: unit(np.ones(DIM)) for photo_id in ids})
        embeddings.delete_photos(session, ids[:2])
        assert list(session.scalars(text(f"SELECT photo_id FROM vec_{encoder.id}"))) == ids[2:]
        assert embeddings.existing(session, encoder.id, ids) == set(ids[2:])


DAMAGES = {
    "dropped": ["DROP TABLE vec_1"],
    "rows lost": ["DELETE FROM vec_1 WHERE photo_id < 10"],
    "vectors lost": ["DELETE FROM vec_1_vector_chunks00"],
    "vectors cut short": ["UPDATE vec_1_vector_chunks00 SET vectors = x'00'"],
    "shadow table lost": ["DROP TABLE vec_1_chunks"],
    "a key too many": ["INSERT INTO vec_1 (photo_id, embedding) SELECT 99, embedding FROM vec_1 WHERE photo_id = 1"],
    "another key": ["UPDATE vec_1_rowids SET rowid = 99 WHERE rowid = 5"],
    "places mixed up": ["UPDATE vec_1_rowids SET chunk_offset = 39 - chunk_offset"],
    "keys mixed up": ["UPDATE vec_1_chunks SET rowids = zeroblob(length(rowids))"],
    "marks lost": ["UPDATE vec_1_chunks SET validity = zeroblob(length(validity))"],
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_search_table_is_made_again_from_the_rows(database: Database, damage: str) -> None:
    with database.write() as session:
        encoder = register(session)
        chooser = np.random.default_rng(1)
        vectors = {photo_id: unit(chooser.normal(size=DIM)) for photo_id in add_photos(session, 40)}
        embeddings.put(session, encoder.id, vectors)
        query = unit(chooser.normal(size=DIM))
        before = neighbours.nearest(session, encoder, query, 40)
    assert rebuilding.repair(database) == 0
    with database.write() as session:
        for statement in DAMAGES[damage]:
            session.execute(text(statement))
    assert rebuilding.repair(database) == 1
    with database.read() as session:
        assert neighbours.nearest(session, encoder, query, 40) == before
        assert session.execute(text("PRAGMA integrity_check")).scalar() == "ok"


def test_a_video_is_found_by_its_nearest_frame_and_once(database: Database) -> None:
    rng = np.random.default_rng(7)
    with database.write() as session:
        encoder = register(session, dim=4)
        photo_ids = add_photos(session, 40)
        vectors = {photo_id: unit(rng.standard_normal((5, 4) if photo_id % 3 == 0 else (4,))) for photo_id in photo_ids}
        moments = {photo_id: [0.0, 1.5, 3.0, 60.0, 151.0] for photo_id in photo_ids if photo_id % 3 == 0}
        embeddings.put(session, encoder.id, vectors, moments)
    for seed in range(20):
        query = unit(np.random.default_rng(seed).standard_normal(4))
        rows = {key: np.atleast_2d(vector).astype(np.float16).astype(np.float32) for key, vector in vectors.items()}
        best = {key: 1 - (each @ query) / np.linalg.norm(each, axis=1) for key, each in rows.items()}
        expected = sorted((float(each.min()), key) for key, each in best.items())
        found: list[Neighbour] = []
        with database.read() as session:
            while page := neighbours.nearest(session, encoder, query, 7, found[-1] if found else None):
                found += page
            assert embeddings.count_searchable(session, encoder.id) == 40
        assert [n.photo_id for n in found] == [key for _, key in expected]
        assert [n.distance for n in found] == pytest.approx([distance for distance, _ in expected], abs=1e-5)
        for each in found:
            at = moments[each.photo_id][int(best[each.photo_id].argmin())] if each.photo_id in moments else None
            assert each.at_seconds == at


def test_the_frames_of_a_video_come_and_go_together(database: Database) -> None:
    with database.write() as session:
        encoder = register(session, dim=4)
        [photo_id] = add_photos(session, 1)
        embeddings.put(session, encoder.id, {photo_id: np.eye(4, dtype=np.float32)}, {photo_id: [0, 1, 2, 3]})
        assert embeddings.get(session, encoder.id, photo_id) == pytest.approx(np.full(4, 0.5))
        embeddings.put(session, encoder.id, {photo_id: np.eye(4, dtype=np.float32)[:2]}, {photo_id: [0, 9]})
    rebuilding.rebuild(database, encoder)
    assert rebuilding.repair(database) == 0
    with database.write() as session:
        [found] = neighbours.nearest(session, encoder, np.eye(4, dtype=np.float32)[1], 5)
        assert (found.photo_id, found.at_seconds) == (photo_id, 9)
        embeddings.delete_photos(session, [photo_id])
        assert neighbours.nearest(session, encoder, np.eye(4, dtype=np.float32)[1], 5) == []
