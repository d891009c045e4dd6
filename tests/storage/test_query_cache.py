"""The query cache: embeddings of what was searched for."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import text

from photoindex import embeddings, query_cache
from photoindex.database import Database
from photoindex.embeddings import StoredEncoder

DIM = 4


def register(database: Database, name: str = "test") -> StoredEncoder:
    with database.write() as session:
        return embeddings.register_encoder(
            session, name=name, fingerprint=name, dim=DIM, multilingual=False, text_range=(0, 1), image_range=(0, 1)
        )


def test_what_is_kept_is_found_by_its_encoder_alone(database: Database) -> None:
    first, second = register(database, "first"), register(database, "second")
    vector = np.array([0.1, -0.2, 0.3, 0.9], dtype=np.float32)
    with database.write() as session:
        query_cache.put(session, first.id, {"a dog": vector})
    with database.read() as session:
        found = query_cache.get(session, first, "a dog")
        assert found is not None and np.array_equal(found, vector)
        assert query_cache.get(session, first, "a cat") is None
        assert query_cache.get(session, second, "a dog") is None


def test_a_row_of_another_size_is_no_embedding(database: Database) -> None:
    encoder = register(database)
    with database.write() as session:
        query_cache.put(session, encoder.id, {"a dog": np.zeros(DIM, dtype=np.float32)})
        session.execute(text("UPDATE query_embedding SET vector = x'00'"))
    with database.read() as session:
        assert query_cache.get(session, encoder, "a dog") is None


def test_those_used_longest_ago_go_first(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_cache, "KEPT", 3)
    encoder = register(database)
    for number in range(4):
        with database.write() as session:
            query_cache.put(session, encoder.id, {str(number): np.full(DIM, number, dtype=np.float32)})
    with database.write() as session:
        query_cache.put(session, encoder.id, {"1": np.ones(DIM, dtype=np.float32)})
        query_cache.put(session, encoder.id, {"5": np.ones(DIM, dtype=np.float32)})
    with database.read() as session:
        kept = {key for key in map(str, range(6)) if query_cache.get(session, encoder, key) is not None}
    assert kept == {"1", "3", "5"}
