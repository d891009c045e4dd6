"""The search engine: a description, or a photo, to pages of photos with scores."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from datetime import datetime

import numpy as np
import pytest
from colour_encoder import COLOURS, ColourEncoder
from drawing import draw_image
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sqlalchemy import update

from photoindex import embeddings, photos
from photoindex.database import Database
from photoindex.embeddings import StoredEncoder
from photoindex.errors import EncoderError, NotFoundError, NotReadyError, QueryError
from photoindex.models import Photo
from photoindex.search import ResultPage, SearchEngine, TextTower
from photoindex.search.query import MAX_LENGTH, normalise

ENCODER = ColourEncoder()
PER_COLOUR = 5


@pytest.fixture
def ids(database: Database) -> dict[str, list[int]]:
    """Some photos of each colour: ids by colour."""
    found: dict[str, list[int]] = {}
    info = ENCODER.info
    with database.write() as session:
        encoder = embeddings.register_encoder(
            session, name=info.name, fingerprint=info.fingerprint, dim=info.dim, multilingual=False,
            text_range=info.text_range, image_range=info.image_range,
        )  # fmt: skip
        for index, colour in enumerate(COLOURS):
            for number in range(PER_COLOUR):
                content = bytes([index, number]) * 16
                new = photos.NewPhoto(content, "png", 64, 48, 10, None, datetime(2020, 1, 1))
                photo_id = photos.store(session, new)
                image = ENCODER.prepare(draw_image(colour=colour, seed=100 * index + number))
                embeddings.put(session, encoder.id, {photo_id: ENCODER.encode_images([image])[0]})
                found.setdefault(colour, []).append(photo_id)
        session.execute(update(Photo).values(visible=True))
    return found


@pytest.fixture
def engine(database: Database) -> SearchEngine:
    return SearchEngine(database, TextTower(lambda _stored: ENCODER))


def test_a_description_finds_what_it_describes(engine: SearchEngine, ids: dict[str, list[int]]) -> None:
    for colour in COLOURS:
        page = engine.search(f"something {colour}", limit=PER_COLOUR)
        assert {result.photo.id for result in page.results} == set(ids[colour])
        assert page.total == len(COLOURS) * PER_COLOUR
        assert page.encoder == "colour"


def test_scores_fall_from_one_towards_zero_and_percents_say_the_same(
    engine: SearchEngine, ids: dict[str, list[int]]
) -> None:
    results = engine.search("red", limit=65).results
    scores = [result.score for result in results]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > 0.9 and scores[-1] == 0.0
    assert all(result.percent == round(100 * result.score) for result in results)


def test_a_video_is_found_at_its_moment(database: Database, engine: SearchEngine, ids: dict[str, list[int]]) -> None:
    with database.write() as session:
        encoder = embeddings.active_encoder(session)
        assert encoder is not None
        new = photos.NewPhoto(b"v" * 32, "mp4", 64, 48, 10, None, datetime(2020, 1, 1), kind="video")
        video = photos.store(session, new)
        frames = [ENCODER.prepare(draw_image(colour=colour)) for colour in ("white", "teal", "red")]
        embeddings.put(session, encoder.id, {video: ENCODER.encode_images(frames)}, {video: [0.0, 60.5, 151.25]})
        session.execute(update(Photo).values(visible=True))
    found = {each.photo.id: each.moment_seconds for each in engine.search("red", limit=PER_COLOUR + 1).results}
    assert found == {video: 151.25, **dict.fromkeys(ids["red"])}


def _pages(first: ResultPage, following: object) -> list[int]:
    found, page = [], first
    while True:
        found += [result.photo.id for result in page.results]
        if page.next_cursor is None:
            return found
        page = following(page.next_cursor)  # type: ignore[operator]


@pytest.mark.parametrize("limit", [1, 7, 64, 65, 200])
def test_following_the_cursors_gives_every_photo_once(
    engine: SearchEngine, ids: dict[str, list[int]], limit: int
) -> None:
    everything = sorted(photo_id for group in ids.values() for photo_id in group)
    found = _pages(engine.search("teal", limit), lambda at: engine.search("teal", limit, at))
    assert sorted(found) == everything
    start = ids["red"][0]
    similar = _pages(engine.similar(start, limit), lambda at: engine.similar(start, limit, at))
    assert sorted(similar) == [photo_id for photo_id in everything if photo_id != start]


def test_similar_photos_come_without_the_photo_itself_and_without_an_encoder(
    database: Database, ids: dict[str, list[int]]
) -> None:
    def load(_stored: StoredEncoder) -> ColourEncoder:
        raise AssertionError("no encoder is needed")

    page = SearchEngine(database, TextTower(load)).similar(ids["blue"][0], limit=PER_COLOUR - 1)
    assert {result.photo.id for result in page.results} == set(ids["blue"][1:])
    assert page.total == len(COLOURS) * PER_COLOUR - 1


def test_photos_that_are_gone_are_not_found(
    database: Database, engine: SearchEngine, ids: dict[str, list[int]]
) -> None:
    gone = ids["red"][0]
    with database.write() as session:
        session.execute(update(Photo).where(Photo.id == gone).values(visible=False))
    assert gone not in {result.photo.id for result in engine.search("red", 65).results}
    with pytest.raises(NotFoundError):
        engine.similar(gone)


def test_an_empty_index_and_an_empty_query_give_an_empty_page(database: Database, engine: SearchEngine) -> None:
    assert engine.search("cat").results == ()
    assert engine.search("  ").total == 0


def test_a_photo_without_an_embedding_is_not_ready(database: Database, engine: SearchEngine) -> None:
    with database.write() as session:
        photo = photos.store(session, photos.NewPhoto(bytes(32), "png", 1, 1, 1, None, datetime(2020, 1, 1)))
        session.execute(update(Photo).values(visible=True))
    with pytest.raises(NotReadyError):
        engine.similar(photo)


def test_a_query_that_is_too_long_says_how_long_it_may_be(engine: SearchEngine) -> None:
    with pytest.raises(QueryError, match=f"{MAX_LENGTH} is the most"):
        engine.search("x" * (MAX_LENGTH + 1))


@given(st.text(max_size=600))
def test_normalising_never_fails_but_for_length(query: str) -> None:
    try:
        once = normalise(query)
    except QueryError:
        return
    assert normalise(once) == once == once.strip()
    once.encode("utf-8")


class Counting(ColourEncoder):
    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        time.sleep(0.01)
        return super().encode_texts(texts)


def test_a_query_asked_again_is_not_encoded_again(database: Database, ids: dict[str, list[int]]) -> None:
    encoder = Counting()
    engine = SearchEngine(database, TextTower(lambda _stored: encoder))
    first = engine.search("red", 3)
    count = encoder.texts_encoded
    again = engine.search(" red ", 3)
    assert encoder.texts_encoded == count
    assert again.results == first.results


def test_a_search_waits_for_the_encoder_that_is_being_warmed(database: Database, ids: dict[str, list[int]]) -> None:
    may_load = threading.Event()

    def load(_stored: StoredEncoder) -> ColourEncoder:
        may_load.wait(10)
        return ENCODER

    tower = TextTower(load)
    with database.read() as session:
        stored = embeddings.active_encoder(session)
    assert stored is not None and not tower.is_warm(stored)
    impatient, patient = (SearchEngine(database, tower, patience) for patience in (0.05, 10))
    warming = threading.Thread(target=tower.warm, args=(stored,))
    warming.start()
    with pytest.raises(NotReadyError, match="getting ready"):
        impatient.search("red")
    threading.Timer(0.1, may_load.set).start()
    assert patient.search("red", 1).results[0].photo.id in ids["red"]
    warming.join()
    assert tower.is_warm(stored)


def test_an_encoder_that_cannot_be_loaded_says_so_to_every_search(
    database: Database, ids: dict[str, list[int]]
) -> None:
    def load(_stored: StoredEncoder) -> ColourEncoder:
        raise EncoderError("its file is gone; run: pip install it")

    tower = TextTower(load)
    with database.read() as session:
        stored = embeddings.active_encoder(session)
    assert stored is not None
    with pytest.raises(EncoderError):
        tower.warm(stored)
    with pytest.raises(EncoderError, match="its file is gone"):
        SearchEngine(database, tower, 1).search("red")


def test_searches_from_many_threads_agree(engine: SearchEngine, ids: dict[str, list[int]]) -> None:
    wrong: list[object] = []

    def ask(colour: str) -> None:
        for _ in range(5):
            found = {result.photo.id for result in engine.search(colour, PER_COLOUR).results}
            if found != set(ids[colour]):
                wrong.append(colour)

    threads = [threading.Thread(target=ask, args=(colour,)) for colour in COLOURS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
