"""Search tables are made anew in parts: what others write meanwhile is in the new one, and none is left half."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from faults.stored import add_photos, fill
from sqlalchemy import event, text
from sqlalchemy.engine import Engine
from storage.test_snapshot import clustered

from photoindex import embeddings, pacing, rebuilding, vector_tables
from photoindex.database import Database
from photoindex.embeddings import StoredEncoder
from photoindex.neighbours import VecSpace

COUNT = 400


@pytest.fixture
def encoder(database: Database, monkeypatch: pytest.MonkeyPatch) -> StoredEncoder:
    """Of a library whose search table is damaged, and is filled a hundred photos at a time."""
    encoder = fill(database, COUNT)
    with database.write() as session:
        session.execute(text("DELETE FROM vec_1_vector_chunks00"))
    monkeypatch.setattr(pacing.Pace, "size", property(lambda _: 100, lambda _, _size: None), raising=False)
    return encoder


def _cut_short(database: Database, encoder: StoredEncoder) -> Iterator[None]:
    """A rebuilding ends before its first step, before its second, …, until one comes to its end."""
    for wanted in range(1000):
        steps = iter(range(wanted))
        rebuilding.rebuild(database, encoder, lambda steps=steps: next(steps, None) is None)  # type: ignore[misc]
        with database.read() as session:
            if embeddings.is_sound(session, encoder):
                return
        yield


def _nearest(database: Database, encoder: StoredEncoder, count: int = 30) -> list[int]:
    (query,) = clustered(np.random.default_rng(5), 1, encoder.dim)
    with database.read() as session:
        found: list[int] = VecSpace(encoder).nearest(session, query, count).photo_ids.tolist()
        return found


def test_a_rebuilding_that_is_cut_short_anywhere_leaves_searches_exact_and_is_begun_again(
    database: Database, encoder: StoredEncoder
) -> None:
    expected = _nearest(database, encoder)
    cuts = 0
    for _ in _cut_short(database, encoder):
        cuts += 1
        assert _nearest(database, encoder) == expected
        with database.read() as session:
            assert not embeddings.is_sound(session, encoder)
    assert cuts > 4
    assert _nearest(database, encoder) == expected
    assert rebuilding.repair(database) == 0
    with database.read() as session:
        left = text("SELECT count(*) FROM sqlite_master WHERE name LIKE 'vec_building%'")
        assert session.scalar(left) == 0
        assert session.scalar(text("PRAGMA integrity_check")) == "ok"


def test_what_is_stored_and_forgotten_while_a_table_is_rebuilt_is_in_it(
    database: Database, encoder: StoredEncoder
) -> None:
    chance, steps = np.random.default_rng(3), iter(range(1000))

    def others_write() -> bool:
        step = next(steps)
        with database.write() as session:
            gone = [int(each) for each in chance.integers(1, COUNT, 3)]
            embeddings.delete_photos(session, gone)
            again = [int(each) for each in chance.integers(1, COUNT, 3)]
            vectors = clustered(chance, len(again), encoder.dim)
            embeddings.put(session, encoder.id, dict(zip(again, vectors, strict=True)))
            add_photos(session, encoder, range(1000 + 10 * step, 1004 + 10 * step))
        assert len(_nearest(database, encoder)) == 30
        return False

    rebuilding.rebuild(database, encoder, others_write)
    assert next(steps) > 4
    with database.read() as session:
        assert embeddings.is_sound(session, encoder)
        assert vector_tables.count_wrong(session, encoder.id, encoder.dim) == 0


def test_no_part_of_a_rebuilding_holds_the_database_for_long(database: Database, encoder: StoredEncoder) -> None:
    inserted: list[int] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        if statement.startswith("INSERT INTO vec_building"):
            assert isinstance(parameters, list | tuple)
            inserted.append(len(parameters))

    event.listen(Engine, "before_cursor_execute", note)
    rebuilding.rebuild(database, encoder)
    event.remove(Engine, "before_cursor_execute", note)
    assert inserted == [100] * (COUNT // 100)
