"""The search engine: a description, or a photo, to pages of photos with scores."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pytest
from colour_encoder import COLOURS, ColourEncoder
from drawing import draw_image
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sqlalchemy import update

from photoindex import embeddings, likeness, photos, words
from photoindex.database import Database
from photoindex.embeddings import StoredEncoder
from photoindex.errors import EncoderError, NotFoundError, NotReadyError, QueryError
from photoindex.models import Photo
from photoindex.search import ResultPage, SearchEngine, TextTower, finding
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
def engine(database: Database) -> Iterator[SearchEngine]:
    opened = SearchEngine(database, TextTower(lambda _stored: ENCODER))
    yield opened
    opened.close()


def found_ids(page: ResultPage) -> list[int]:
    return [result.photo.id for result in page.results]


def test_a_description_finds_what_it_describes_and_nothing_else(
    engine: SearchEngine, ids: dict[str, list[int]]
) -> None:
    for colour in COLOURS:
        page = engine.search(f"something {colour}")
        assert set(found_ids(page)[:PER_COLOUR]) == set(ids[colour])
        assert PER_COLOUR <= page.strong <= 2 * PER_COLOUR  # brown photos are reddish
        assert page.found == "strong"
        assert page.encoder == "colour"


def test_what_no_photo_shows_is_not_found(engine: SearchEngine, ids: dict[str, list[int]]) -> None:
    page = engine.search("a lecture on accounting")
    assert (page.total, page.results, page.found, page.next_cursor) == (0, (), "nothing", None)
    assert engine.search("a lecture on accounting show:all").total == len(COLOURS) * PER_COLOUR


def test_scores_fall_from_one_towards_zero_and_percents_say_the_same(
    engine: SearchEngine, ids: dict[str, list[int]]
) -> None:
    results = engine.search("red show:all", limit=65).results
    scores = [result.score for result in results]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > 0.9 and scores[-1] == 0.0
    assert all(result.percent == round(100 * result.score) for result in results)
    assert [result.match for result in results[:PER_COLOUR]] == ["strong"] * PER_COLOUR
    assert results[-1].match == "other"


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
        found += found_ids(page)
        if page.next_cursor is None:
            return found
        page = following(page.next_cursor)  # type: ignore[operator]


@pytest.mark.parametrize("limit", [1, 7, 64, 65, 200])
@pytest.mark.parametrize(
    "query", ["teal show:all", "red -blue show:all", "show:all red sort:oldest", "id:>0", "id:>0 sort:oldest"]
)
def test_following_the_cursors_gives_every_photo_once(
    engine: SearchEngine, ids: dict[str, list[int]], limit: int, query: str
) -> None:
    everything = sorted(photo_id for group in ids.values() for photo_id in group)
    found = _pages(engine.search(query, limit), lambda at: engine.search(query, limit, at))
    assert sorted(found) == everything
    assert engine.search(query, 1).total == len(everything)


@pytest.mark.parametrize("limit", [1, 7, 64, 200])
def test_following_the_cursors_of_similar_photos_gives_every_other_once(
    engine: SearchEngine, ids: dict[str, list[int]], limit: int
) -> None:
    everything = sorted(photo_id for group in ids.values() for photo_id in group)
    start = ids["red"][0]
    similar = _pages(engine.similar(start, limit), lambda at: engine.similar(start, limit, at))
    assert sorted(similar) == [photo_id for photo_id in everything if photo_id != start]


def test_pages_join_when_another_process_answers_the_next_one(
    database: Database, engine: SearchEngine, ids: dict[str, list[int]]
) -> None:
    whole = found_ids(engine.search("red show:all", 200))
    first = engine.search("red show:all", 20)
    other = SearchEngine(database, TextTower(lambda _stored: ENCODER))
    assert found_ids(first) + found_ids(other.search("red show:all", 200, first.next_cursor)) == whole
    other.close()


# --- filters -----------------------------------------------------------------------------------------------------


@pytest.fixture
def described(database: Database, ids: dict[str, list[int]]) -> dict[str, list[int]]:
    """The same photos, taken on different days with different cameras."""
    with database.write() as session:
        for number, photo_id in enumerate(sorted(each for group in ids.values() for each in group)):
            values = {
                "timeline_at": datetime(2010 + number % 10, 1 + number % 12, 1, 12),
                "camera": ("Canon EOS 40D", "FUJIFILM X100V", None)[number % 3],
                "iso": 100 * (number % 8),
                "favourite": number % 7 == 0,
            }
            session.execute(update(Photo).where(Photo.id == photo_id).values(**values))
    return ids


FILTERS: dict[str, Callable[[Any], bool]] = {
    "after:2015": lambda photo: photo.timeline_at.year >= 2015,
    "-camera:x100": lambda photo: photo.camera != "FUJIFILM X100V",
    "camera:x100|canon": lambda photo: photo.camera is not None,
    "iso:>300": lambda photo: photo.iso is not None and photo.iso > 300,
    "is:favourite": lambda photo: photo.favourite,
    "id:17": lambda photo: photo.id == 17,
    "iso:>9000": lambda photo: False,
}


@pytest.mark.parametrize("narrow", [0, 20_000])
@given(chosen=st.sets(st.sampled_from(sorted(FILTERS)), min_size=1), colour=st.sampled_from(["red", "blue -grey"]))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_filters_choose_before_anything_is_ranked(
    narrow: int,
    chosen: set[str],
    colour: str,
    database: Database,
    engine: SearchEngine,
    described: dict[str, list[int]],
) -> None:
    """Whatever the filters leave is ranked as it is without them, whichever way it is found."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(finding, "NARROW", narrow)
        filtered = engine.search(f"{' '.join(sorted(chosen))} {colour} show:all", 200)
        everything = engine.search(f"{colour} show:all", 200)
    expected = [each.photo.id for each in everything.results if all(FILTERS[one](each.photo) for one in chosen)]
    assert found_ids(filtered) == expected
    assert filtered.total == len(expected)
    assert filtered.problems == ()


def test_filters_alone_list_what_they_choose_newest_first(
    engine: SearchEngine, described: dict[str, list[int]]
) -> None:
    page = engine.search("camera:x100", 200)
    times = [(each.photo.timeline_at, each.photo.id) for each in page.results]
    assert len(times) == page.total == page.strong == 22
    assert times == sorted(times, reverse=True)
    assert {each.percent for each in page.results} == {None}


def test_matches_sorted_by_date_keep_strong_ones_in_front(
    engine: SearchEngine, described: dict[str, list[int]]
) -> None:
    page = engine.search("red show:all sort:newest", 200)
    strong = [each.photo.timeline_at for each in page.results if each.match == "strong"]
    assert {each.match for each in page.results[: len(strong)]} == {"strong"}
    assert strong == sorted(strong, reverse=True)
    others = [each.photo.timeline_at for each in page.results if each.match == "other"]
    assert others == sorted(others, reverse=True)


def test_a_filter_that_makes_no_sense_is_named_and_the_rest_answers(
    engine: SearchEngine, described: dict[str, list[int]]
) -> None:
    page = engine.search("red iso:many camra:x100")
    assert set(found_ids(page)[:PER_COLOUR]) == set(described["red"])
    assert {problem.part.partition(":")[0] for problem in page.problems} == {"iso", "camra"}


# --- arithmetic and photos ---------------------------------------------------------------------------------------


def test_terms_are_added_and_taken_away(engine: SearchEngine, ids: dict[str, list[int]]) -> None:
    both = found_ids(engine.search("red +blue show:all", 2 * PER_COLOUR))
    assert set(both) == {*ids["red"], *ids["blue"]}
    less = found_ids(engine.search('"red blue" -blue show:all', PER_COLOUR))
    assert set(less) == set(ids["red"])


def test_what_cancels_itself_is_refused(engine: SearchEngine, ids: dict[str, list[int]]) -> None:
    with pytest.raises(QueryError, match="are the same"):
        engine.search("red -red")


def test_photos_like_several_of_the_library_are_found_without_these(
    engine: SearchEngine, ids: dict[str, list[int]]
) -> None:
    red, blue = ids["red"][0], ids["blue"][0]
    found = found_ids(engine.search(f"like:{red}|{blue}", 2 * PER_COLOUR - 2))
    assert set(found) == {*ids["red"], *ids["blue"]} - {red, blue}


def test_more_and_less_like_a_result_need_no_new_encoding(database: Database, ids: dict[str, list[int]]) -> None:
    encoder = Counting()
    engine = SearchEngine(database, TextTower(lambda _stored: encoder))
    engine.search('"red blue"')
    count = encoder.texts_encoded
    more = engine.search(f'"red blue" +like:{ids["blue"][0]} show:all', PER_COLOUR - 1)
    less = engine.search(f'"red blue" -like:{ids["blue"][0]} show:all', PER_COLOUR)
    assert set(found_ids(more)) == set(ids["blue"][1:])
    assert set(found_ids(less)) == set(ids["red"])
    assert encoder.texts_encoded == count
    engine.close()


def test_a_photo_that_is_not_there_is_named(engine: SearchEngine, ids: dict[str, list[int]]) -> None:
    with pytest.raises(NotFoundError, match="9999"):
        engine.search("like:9999")


def test_an_embedding_asked_for_before_is_kept_for_the_next_process(
    database: Database, ids: dict[str, list[int]]
) -> None:
    first = SearchEngine(database, TextTower(lambda _stored: ENCODER))
    expected = found_ids(first.search("red"))
    first.close()

    def load(_stored: StoredEncoder) -> ColourEncoder:
        raise AssertionError("no encoder is needed")

    second = SearchEngine(database, TextTower(load))
    assert found_ids(second.search("red")) == expected
    second.close()


# --- words -------------------------------------------------------------------------------------------------------


def test_words_of_a_photo_find_it_and_say_why(
    database: Database, engine: SearchEngine, ids: dict[str, list[int]]
) -> None:
    bill = ids["grey"][3]
    with database.write() as session:
        session.execute(update(Photo).where(Photo.id == bill).values(caption="Invoice of the plumber"))
        while words.refresh(session):
            pass
    (result,) = engine.search("invoice").results
    assert result.photo.id == bill and result.match == "strong"
    assert [(why.field, why.text) for why in result.why] == [("caption", "Invoice of the plumber")]
    assert engine.search("invoice -camera:nikon", 1).total == 1
    assert engine.search("invoice id:1").total == 0


def test_new_matches_are_counted(database: Database, engine: SearchEngine, ids: dict[str, list[int]]) -> None:
    assert engine.count_new("blue", 0) == PER_COLOUR
    assert engine.count_new("blue", ids["blue"][2]) == PER_COLOUR - 3
    assert engine.count_new("blue id:>1", ids["blue"][-1]) == 0
    assert engine.count_new("id:>0", ids["red"][0]) == len(COLOURS) * PER_COLOUR - ids["red"][0]
    assert engine.count_new("", 0) == 0


def test_near_duplicates_are_folded_when_asked(
    database: Database, engine: SearchEngine, ids: dict[str, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def of_one_shot(_session: object, photo_ids: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.where(np.isin(photo_ids, ids["blue"][:3]), -1, photo_ids)

    monkeypatch.setattr(likeness, "representatives", of_one_shot)
    page = engine.search("blue unique:yes show:strong")
    assert page.total == PER_COLOUR - 2
    assert sorted(result.folded for result in page.results) == [0, 0, 2]


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
