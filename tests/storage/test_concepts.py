"""Concepts as stored."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from photoindex import concepts, embeddings, photos
from photoindex.concepts import NewConcept
from photoindex.database import Database
from photoindex.embeddings import StoredEncoder
from photoindex.models import Concept, ConceptRun, EmbeddingTally, Photo, utc_now
from photoindex.photos import Details, NewPhoto, PlaceNames

DIM = 8


def encoder(session: Session, name: str = "one") -> StoredEncoder:
    ranges = {"text_range": (0.0, 1.0), "image_range": (0.0, 1.0)}
    return embeddings.register_encoder(session, name=name, fingerprint=name, dim=DIM, multilingual=False, **ranges)


def index(session: Session, stored: StoredEncoder, count: int, first: int = 0) -> list[int]:
    at = datetime(2020, 1, 1)
    made = []
    for number in range(first, first + count):
        made.append(photos.store(session, NewPhoto(number.to_bytes(32, "big"), "png", 1, 1, 1, at, at)))
        vector = np.random.default_rng(number).normal(size=DIM).astype(np.float32)
        embeddings.put(session, stored.id, {made[-1]: vector / np.linalg.norm(vector)})
    session.execute(update(Photo).values(visible=True))
    return made


def concept(key: str, *examples: int, photos: int = 5) -> NewConcept:
    return NewConcept(key, "label", key.title(), key, key, photos, examples, np.eye(DIM, dtype=np.float32)[0])


def test_a_concept_found_again_keeps_its_id_and_others_go(database: Database) -> None:
    with database.write() as session:
        stored = encoder(session)
        ids = index(session, stored, 4)
        concepts.replace_all(session, stored.id, [concept("dog", *ids), concept("cat", ids[1])], 4, "labels")
        first = {each.name_en: each.id for each in concepts.list_all(session)}
        concepts.replace_all(
            session, stored.id, [concept("sea", ids[2]), concept("dog", ids[3], photos=7)], 4, "labels"
        )
        found = concepts.list_all(session)
    assert [(each.name_en, each.photos, each.cover_photo_id) for each in found] == [
        ("Sea", 5, ids[2]),
        ("Dog", 7, ids[3]),
    ]
    assert found[1].id == first["Dog"]
    assert found[0].id not in first.values()


def test_the_cover_is_an_example_that_is_still_shown(database: Database) -> None:
    with database.write() as session:
        stored = encoder(session)
        ids = index(session, stored, 3)
        concepts.replace_all(session, stored.id, [concept("dog", *ids), concept("cat", ids[0])], 3, "labels")
        session.execute(update(Photo).where(Photo.id == ids[0]).values(visible=False))
        (found,) = concepts.list_all(session)
    assert (found.name_en, found.cover_photo_id, found.examples) == ("Dog", ids[1], (ids[1], ids[2]))


def test_only_concepts_of_the_encoder_in_use_are_shown(database: Database) -> None:
    with database.write() as session:
        assert concepts.list_all(session) == []
        stored, other = encoder(session), encoder(session, "two")
        ids = index(session, stored, 1)
        concepts.replace_all(session, stored.id, [concept("dog", *ids)], 1, "labels")
        concepts.replace_all(session, other.id, [concept("cat", *ids)], 1, "labels")
        assert [each.name_en for each in concepts.list_all(session)] == ["Dog"]
        embeddings.activate(session, other.id)
        assert [each.name_en for each in concepts.list_all(session)] == ["Cat"]


@pytest.mark.parametrize(("photos_then", "enough"), [(20, 1), (200, 10), (2000, 100)])
def test_concepts_are_due_when_a_twentieth_of_the_library_changed(
    database: Database, photos_then: int, enough: int
) -> None:
    with database.write() as session:
        stored = encoder(session)
        assert not concepts.is_due(session, stored, "labels")
        ids = index(session, stored, 1)
        assert concepts.is_due(session, stored, "labels")
        concepts.replace_all(session, stored.id, [], 1, "labels")
        assert not concepts.is_due(session, stored, "labels")
        for change, due in ((enough - 1, False), (enough, True), (-enough, True)):
            session.execute(update(ConceptRun).values(photos=photos_then, newest_photo_id=ids[0]))
            session.expire_all()
            session.execute(EmbeddingTally.__table__.update(), {"photos": photos_then + change})
            assert concepts.is_due(session, stored, "labels") is due


def test_photos_that_took_the_place_of_others_make_concepts_due(database: Database) -> None:
    with database.write() as session:
        stored = encoder(session)
        old = index(session, stored, 2)
        concepts.replace_all(session, stored.id, [], 2, "labels")
        index(session, stored, 2, first=10)
        session.execute(update(Photo).where(Photo.id.in_(old)).values(visible=False))
        assert concepts.is_due(session, stored, "labels")


def test_another_list_of_labels_makes_concepts_due_after_a_day(database: Database) -> None:
    with database.write() as session:
        stored = encoder(session)
        index(session, stored, 1)
        concepts.replace_all(session, stored.id, [], 1, "")
        assert not concepts.is_due(session, stored, "labels")
        session.execute(update(ConceptRun).values(made_at=utc_now() - timedelta(days=1, minutes=1)))
        session.expire_all()
        assert concepts.is_due(session, stored, "labels")
        assert not concepts.is_due(session, stored, "")


def test_label_vectors_are_those_of_the_same_texts_only(database: Database) -> None:
    vectors = np.linspace(-1, 1, 3 * DIM, dtype=np.float32).reshape(3, DIM)
    with database.write() as session:
        stored = encoder(session)
        assert concepts.label_vectors(session, stored, "a") is None
        concepts.put_label_vectors(session, stored.id, "b", vectors[:1])
        concepts.put_label_vectors(session, stored.id, "a", vectors)
        found = concepts.label_vectors(session, stored, "a")
        assert concepts.label_vectors(session, stored, "b") is None
    assert found is not None
    np.testing.assert_allclose(found, vectors, atol=1e-3)


def test_a_sample_of_a_small_library_is_all_of_it(database: Database) -> None:
    with database.write() as session:
        stored = encoder(session)
        ids = index(session, stored, 9)
        embeddings.put(session, stored.id, {ids[3]: np.eye(DIM, dtype=np.float32)[:3]}, {ids[3]: [0.0, 1.0, 2.0]})
        session.execute(update(Photo).where(Photo.id == ids[5]).values(visible=False))
        found = concepts.sample(session, stored, 100)
    assert found.photo_ids.tolist() == [each for each in ids if each != ids[5]]
    assert found.searchable == 8
    np.testing.assert_array_equal(found.vectors[3], np.eye(DIM)[0])


def test_a_sample_of_a_large_library_is_even_and_stays_when_it_grows(database: Database) -> None:
    with database.write() as session:
        stored = encoder(session)
        index(session, stored, 900)
        small = concepts.sample(session, stored, 200)
        index(session, stored, 300, first=900)
        large = concepts.sample(session, stored, 200)
    assert 190 <= len(small.photo_ids) <= 210
    assert 190 <= len(large.photo_ids) <= 210
    assert small.searchable == 900
    quarters = np.histogram(large.photo_ids, bins=4, range=(0, 1201))[0]
    assert quarters.min() >= 40
    assert set(large.photo_ids[large.photo_ids <= small.photo_ids.max()].tolist()) <= set(small.photo_ids.tolist())


def test_sampling_stops_when_told(database: Database) -> None:
    def check() -> None:
        raise InterruptedError

    with database.write() as session:
        stored = encoder(session)
        index(session, stored, 2)
        with pytest.raises(InterruptedError):
            concepts.sample(session, stored, 100, check)


def test_circumstances_are_where_and_when(database: Database) -> None:
    at = datetime(2019, 7, 14, 12)
    with database.write() as session:
        place = photos.remember_place(
            session, 1, PlaceNames("Geneva", "Geneva", "Switzerland", "Genève", "Genève", "Suisse", "CH")
        )
        known = photos.store(session, NewPhoto(bytes(32), "png", 1, 1, 1, at, at, Details(place_id=place)))
        unknown = photos.store(session, NewPhoto(b"x" * 32, "png", 1, 1, 1, None, at))
        found = concepts.circumstances(session, [known, unknown])
    assert found[known] == concepts.Circumstance("Geneva", "Genève", at)
    assert found[unknown] == concepts.Circumstance(None, None, None)


def test_known_centroids_come_in_their_order(database: Database) -> None:
    with database.write() as session:
        stored = encoder(session)
        concepts.replace_all(session, stored.id, [concept("b"), concept("a")], 0, "labels")
        assert list(concepts.known_centroids(session, stored.id)) == ["b", "a"]
        assert session.scalars(select(Concept.position).order_by(Concept.id)).all() == [0, 1]
