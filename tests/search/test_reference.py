"""The sample a library is judged by: the same for whoever asks, and steady while the library grows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import event, text, update
from sqlalchemy.orm import Session

from photoindex import embeddings, photos
from photoindex.database import Database
from photoindex.embeddings import StoredEncoder
from photoindex.models import Photo
from photoindex.search import TextTower, reference
from photoindex.search.asking import Asker
from photoindex.search.reference import Judges, PromptEmbeddings

DIM = 8


def embed(texts: Sequence[str]) -> NDArray[np.float32]:
    rows = np.stack([np.random.default_rng(len(text)).normal(size=DIM) for text in texts])
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def register(session: Session, fingerprint: str = "one") -> StoredEncoder:
    return embeddings.register_encoder(
        session, name="test", fingerprint=fingerprint, dim=DIM, multilingual=False, text_range=(0.0, 1.0),
        image_range=(0.2, 1.0),
    )  # fmt: skip


def add(session: Session, encoder: StoredEncoder, count: int, start: int = 0) -> list[int]:
    when = datetime(2020, 1, 1)
    ids = [
        photos.store(session, photos.NewPhoto((start + n).to_bytes(32, "big"), "jpeg", 4, 3, 10, None, when))
        for n in range(count)
    ]
    session.execute(update(Photo).values(visible=True))
    rows = np.random.default_rng(start).normal(size=(count, DIM))
    unit = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    embeddings.put(session, encoder.id, dict(zip(ids, unit, strict=True)))
    return ids


def test_a_small_library_is_its_own_sample(database: Database) -> None:
    with database.write() as session:
        encoder = register(session)
        ids = add(session, encoder, 20)
        sample = reference.sample_ids(session, encoder.id)
    assert set(sample) <= set(ids)
    assert len(sample) >= 16


def test_hidden_photos_and_those_without_an_embedding_are_not_sampled(database: Database) -> None:
    with database.write() as session:
        encoder = register(session)
        ids = add(session, encoder, 12)
        session.execute(update(Photo).where(Photo.id == ids[0]).values(visible=False))
        embeddings.delete_photos(session, [ids[1]])
        sample = reference.sample_ids(session, encoder.id)
    assert set(sample) == set(ids[2:])


def test_the_sample_of_a_large_library_is_bounded_and_spread_over_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reference, "SAMPLE_PHOTOS", 50)
    with database.write() as session:
        encoder = register(session)
        ids = add(session, encoder, 600)
        sample = reference.sample_ids(session, encoder.id)
    assert len(sample) == 50
    assert sample == sorted(sample)
    newest = ids[0] + 599 / 1.2
    assert 15 <= sum(photo_id < ids[0] + (newest - ids[0]) / 2 for photo_id in sample) <= 35


def test_the_sample_stays_as_it_is_until_the_library_has_grown_by_a_fifth(database: Database) -> None:
    with database.write() as session:
        encoder = register(session)
        add(session, encoder, 101)
        before = reference.sample_ids(session, encoder.id)
        states = []
        for step in range(30):
            add(session, encoder, 1, start=1000 + step)
            states.append(reference.sample_ids(session, encoder.id))
    assert 1 <= len({tuple(state) for state in [before, *states]}) <= 4
    assert len(states[-1]) > len(before)


def test_a_library_whose_early_photos_are_gone_still_has_a_sample(database: Database) -> None:
    with database.write() as session:
        encoder = register(session)
        ids = add(session, encoder, 30)
        embeddings.delete_photos(session, ids[:-1])
        assert reference.sample_ids(session, encoder.id) == ids[-1:]


def test_an_empty_library_has_no_judge(database: Database) -> None:
    with database.write() as session:
        encoder = register(session)
        assert Judges().judge(session, encoder, lambda: reference.embed_prompts(embed)) is None


def test_two_processes_draw_the_line_at_the_same_distance(database: Database) -> None:
    query = embed(["a dog"])[0]
    with database.write() as session:
        encoder = register(session)
        add(session, encoder, 80)
        found = [Judges().judge(session, encoder, lambda: reference.embed_prompts(embed)) for _ in range(2)]
    first, second = (judge.bounds(query) for judge in found if judge is not None)
    assert first.strong_distance == second.strong_distance
    assert first.weak_distance == second.weak_distance


def test_a_judge_is_made_once_and_again_when_the_library_or_the_encoder_is_another(database: Database) -> None:
    asked = []

    def embedded() -> PromptEmbeddings:
        asked.append(1)
        return reference.embed_prompts(embed)

    judges = Judges()
    with database.write() as session:
        encoder = register(session)
        add(session, encoder, 60)
        first = judges.judge(session, encoder, embedded)
        assert judges.judge(session, encoder, embedded) is first
        add(session, encoder, 1, start=500)  # too few to matter
        assert judges.judge(session, encoder, embedded) is first
        add(session, encoder, 40, start=600)
        assert judges.judge(session, encoder, embedded) is not first
        other = register(session, "two")
        assert judges.judge(session, other, embedded) is None
    assert len(asked) == 2


def test_an_unchanged_library_costs_a_search_two_short_queries(database: Database) -> None:
    judges = Judges()
    with database.write() as session:
        encoder = register(session)
        add(session, encoder, 60)
        judges.judge(session, encoder, lambda: reference.embed_prompts(embed))
        statements: list[str] = []
        connection = session.connection()
        event.listen(connection, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))
        judges.judge(session, encoder, lambda: reference.embed_prompts(embed))
    assert len(statements) <= 2


class Texts:
    """Embeds as `embed` does, and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += 1
        return embed(texts)


def through_the_cache(database: Database, encoder: StoredEncoder, texts: Texts) -> PromptEmbeddings:
    """The prompts as a process of its own has them."""
    asker = Asker(database, TextTower(lambda _stored: texts), None)
    try:
        return reference.embed_prompts(partial(asker.prompts, encoder))
    finally:
        asker.close()


def test_embedded_prompts_survive_a_cache_and_others_are_refused(database: Database) -> None:
    with database.write() as session:
        encoder = register(session)
    texts, others = Texts(), Texts()
    embedded = through_the_cache(database, encoder, texts)
    again = through_the_cache(database, encoder, others)
    assert (texts.asked > 0, others.asked) == (True, 0)
    assert np.array_equal(again.things, embedded.things)
    assert np.array_equal(again.neutral, embedded.neutral)
    through_the_cache(database, replace(encoder, dim=DIM + 1), others)
    assert others.asked > 0
    with database.write() as session:
        session.execute(text("UPDATE query_embedding SET vector = substr(vector, 1, length(vector) - 2)"))
    before = others.asked
    through_the_cache(database, encoder, others)
    assert others.asked > before
