"""Finding concepts: labels, groups, their names, and the process that does it."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from colour_encoder import ColourEncoder
from numpy.typing import NDArray
from sqlalchemy import delete, update

from photoindex import concepts, embeddings, photos
from photoindex.concepts import Circumstance
from photoindex.daemon import cluster_names, clusters, exploring, zero_shot
from photoindex.daemon.concept_labels import Label, LabelList, read_labels
from photoindex.daemon.concepts import IDLE_SECONDS, LOOK_SECONDS, ConceptMaker
from photoindex.database import Database
from photoindex.errors import EncoderError
from photoindex.models import ConceptRun, Photo
from photoindex.photos import Details, NewPhoto, PlaceNames

DIM, LABELS = 128, 300


def unit(rows: NDArray[np.float64]) -> NDArray[np.float32]:
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


class World:
    """Embeddings as a CLIP gives them: texts and photos apart, all photos alike, and a label near to every photo."""

    def __init__(self, seed: int = 1) -> None:
        self.chance = np.random.default_rng(seed)
        self.common = unit(self.chance.normal(size=DIM))
        self.photo_side = unit(self.chance.normal(size=DIM))
        self.meanings = unit(self.chance.normal(size=(LABELS, DIM)))
        texts = self.meanings + self.common
        texts[7] = self.common + 0.9 * self.photo_side + 0.6 * self.meanings[7]  # a hub: "old photograph"
        self.labels = unit(texts)
        self.neutral = unit(self.common + 0.1 * self.chance.normal(size=(7, DIM)) / np.sqrt(DIM) * 4)

    def photos(self, shown: Sequence[int], noise: float = 0.6) -> NDArray[np.float32]:
        """A photo for each number of a label; -1 shows what no label names."""
        other = unit(self.chance.normal(size=(len(shown), DIM)))
        meant = np.where(np.array(shown)[:, None] >= 0, self.meanings[np.array(shown)], other)
        strange = noise * unit(self.chance.normal(size=(len(shown), DIM)))
        return unit(meant + strange + 1.5 * self.photo_side + 0.5 * self.common)


NO_PARENTS = [-1] * LABELS


def test_labels_are_found_for_the_photos_that_show_them_and_no_other() -> None:
    world = World()
    shown = [3] * 60 + [5] * 30 + [11] * 12 + [-1] * 100
    clear = zero_shot.clarity(world.photos(shown), world.labels, world.neutral)
    found = zero_shot.choose(clear, NO_PARENTS, 60)
    assert [each.label for each in found] == [3, 5, 11]
    for each in found:
        right = [row for row, label in enumerate(shown) if label == each.label]
        assert set(each.rows.tolist()) <= set(right)
        assert len(each.rows) >= 0.8 * len(right)


def test_a_label_that_most_of_the_library_shows_is_found() -> None:
    world = World(2)
    clear = zero_shot.clarity(world.photos([4] * 140 + [-1] * 60), world.labels, world.neutral)
    (found,) = zero_shot.choose(clear, NO_PARENTS, 60)
    assert (found.label, len(found.rows) >= 100) == (4, True)


@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_found_where_no_label_fits(seed: int) -> None:
    world = World(seed)
    clear = zero_shot.clarity(world.photos([-1] * 400), world.labels, world.neutral)
    assert zero_shot.choose(clear, NO_PARENTS, 60) == []


def test_the_clearest_photos_come_first() -> None:
    world = World()
    vague, plain = world.photos([3] * 10, noise=1.0), world.photos([3] * 10, noise=0.1)
    clear = zero_shot.clarity(np.concatenate([vague, plain]), world.labels, world.neutral)
    (found,) = zero_shot.choose(clear, NO_PARENTS, 60)
    assert set(found.rows[:10].tolist()) == set(range(10, 20))


def test_of_two_labels_with_the_same_photos_one_is_left_out() -> None:
    world = World()
    world.labels[4] = unit(world.labels[3] + 0.05 * world.labels[4])
    clear = zero_shot.clarity(world.photos([3] * 40 + [-1] * 40), world.labels, world.neutral)
    assert len(zero_shot.choose(clear, NO_PARENTS, 60)) == 1


def test_a_general_label_holds_the_photos_of_those_within_it() -> None:
    world = World()
    parents = [*NO_PARENTS]
    parents[3] = parents[4] = parents[5] = 20
    clear = zero_shot.clarity(world.photos([3] * 9 + [4] * 9 + [5] * 9 + [-1] * 60), world.labels, world.neutral)
    found = {each.label: each.rows for each in zero_shot.choose(clear, parents, 60)}
    assert set(found[20].tolist()) == set(range(27))


def test_at_most_as_many_labels_as_asked_for_are_chosen() -> None:
    world = World()
    clear = zero_shot.clarity(
        world.photos([label for label in range(20, 30) for _ in range(8)]), world.labels, world.neutral
    )
    assert len(zero_shot.choose(clear, NO_PARENTS, 60)) == 10
    assert len(zero_shot.choose(clear, NO_PARENTS, 4)) == 4


@pytest.mark.parametrize(
    ("figures", "found"),
    [([9.1], True), ([8.9], False), ([7.1, 5.1], True), ([6.9, 6.9], False), ([5.9] * 5, True), ([4.9] * 9, False)],
)
def test_the_fewer_photos_show_a_label_the_clearer_they_must(figures: list[float], found: bool) -> None:
    clear = np.random.default_rng(3).normal(size=(40, LABELS)).astype(np.float32).clip(-3, 3)
    clear[20:, 8] = 6.0  # what the rest shows
    clear[: len(figures), 3] = figures
    assert zero_shot.bound_of(clear) == 5.0
    assert (3 in [each.label for each in zero_shot.choose(clear, NO_PARENTS, 60)]) == found


def test_groups_are_what_lies_together_and_the_same_each_time() -> None:
    chance = np.random.default_rng(5)
    middles = unit(chance.normal(size=(4, 32)))
    vectors = unit(
        np.concatenate([each + 0.05 * chance.normal(size=(20 + 5 * n, 32)) for n, each in enumerate(middles)])
    )
    mean = vectors.mean(axis=0)
    found = clusters.find(vectors, 4, mean)
    assert [len(each.rows) for each in found] == [35, 30, 25, 20]
    starts = [0, 20, 45, 75, 110]
    for each in found:
        assert any(set(each.rows.tolist()) == set(range(*ends)) for ends in pairwise(starts))
        assert each.tightness > 0.8
    again = clusters.find(vectors, 4, mean)
    assert [each.rows.tolist() for each in again] == [each.rows.tolist() for each in found]


def test_photos_that_are_all_the_same_are_one_group() -> None:
    same = np.tile(unit(np.ones(8)), (5, 1))
    assert len(clusters.find(same, 3, np.zeros(8, dtype=np.float32))) == 1
    assert clusters.find(same[:0], 3, np.zeros(8, dtype=np.float32)) == []


TRIP = Circumstance("Saint-Jean", "Saint-Jean-fr", datetime(2019, 7, 14))
OTHER = [Circumstance("Lyon", "Lyon", datetime(2010 + n % 10, 1 + n % 12, 1)) for n in range(60)]


def test_a_group_is_called_by_the_place_and_month_that_dominate_it() -> None:
    named = cluster_names.name([TRIP] * 8 + OTHER[:2], [TRIP] * 8 + OTHER)
    assert named is not None
    assert (named.en, named.fr) == ("Saint-Jean, July 2019", "Saint-Jean-fr, juillet 2019")
    assert named.query == 'place:"Saint-Jean" date:2019-07'
    assert named.holds(TRIP)
    assert not named.holds(OTHER[0])


def test_what_the_whole_library_has_in_common_names_no_group() -> None:
    everything = [Circumstance("Lyon", "Lyon", datetime(2019, 7, 1 + n % 30)) for n in range(50)]
    assert cluster_names.name(everything[:10], everything) is None
    assert cluster_names.name([Circumstance(None, None, None)] * 10, OTHER) is None
    assert cluster_names.name([TRIP] * 5 + OTHER[:5], [TRIP] * 5 + OTHER) is None


def test_a_month_alone_names_a_group() -> None:
    party = Circumstance(None, None, datetime(2021, 12, 24))
    named = cluster_names.name([party] * 9, [party] * 9 + OTHER)
    assert named is not None
    assert (named.en, named.fr, named.query) == ("December 2021", "décembre 2021", "date:2021-12")


def test_the_list_of_labels_is_sound() -> None:
    labels = read_labels()
    names = [label.en for label in labels.labels]
    assert len(names) == len(set(names)) >= 400
    assert all(label.en == label.en.strip() and label.fr.strip() for label in labels.labels)
    by_name = dict(zip(names, labels.parents, strict=True))
    assert names[by_name["robin"]] == "bird"
    assert by_name["bird"] == -1
    assert len(labels.texts) == len(names) + 7
    assert labels.digest != LabelList(labels.labels[1:]).digest


# --- over a database ---------------------------------------------------------------------------------------------


COLOUR_LABELS = LabelList(tuple(Label("colours", name, f"{name}-fr") for name in ("red", "green", "blue", "yellow")))


class Library:
    """A database with photos of plain colours, and what finds concepts in it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.encoder = ColourEncoder()
        self.made = 0

    def add(
        self, vectors: NDArray[np.float32], details: Details | None = None, at: datetime | None = None
    ) -> list[int]:
        info = self.encoder.info
        ids = []
        with self.database.write() as session:
            stored = embeddings.register_encoder(
                session, name=info.name, fingerprint=info.fingerprint, dim=vectors.shape[1], multilingual=False,
                text_range=info.text_range, image_range=info.image_range,
            )  # fmt: skip
            for vector in vectors:
                self.made += 1
                when = at or datetime(2000 + self.made % 20, 1 + self.made % 12, 1)
                new = NewPhoto(self.made.to_bytes(32, "big"), "png", 1, 1, 1, when, when, details or Details())
                ids.append(photos.store(session, new))
                embeddings.put(session, stored.id, {ids[-1]: vector})
            session.execute(update(Photo).values(visible=True))
        return ids

    def explore(self, load_text=None) -> int | None:
        return exploring.explore(self.database, load_text or (lambda _: self.text))

    def concepts(self) -> list[concepts.ConceptInfo]:
        with self.database.read() as session:
            return concepts.list_all(session)

    def forget_run(self) -> None:
        with self.database.write() as session:
            session.execute(delete(ConceptRun))


class WorldTexts:
    """Embeds the labels of the list as the first meanings of a world."""

    def __init__(self, world: World, labels: LabelList) -> None:
        self.vectors = dict(
            zip(labels.texts, np.concatenate([world.labels[: len(labels.labels)], world.neutral]), strict=True)
        )
        self.encoded = 0

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.encoded += len(texts)
        return np.stack([self.vectors[text] for text in texts])


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def library(database: Database, world: World, monkeypatch: pytest.MonkeyPatch) -> Library:
    labels = LabelList(tuple(Label("things", f"thing {number}", f"chose {number}") for number in range(LABELS)))
    monkeypatch.setattr(exploring, "read_labels", lambda: labels)
    made = Library(database)
    made.text = WorldTexts(world, labels)
    return made


def test_a_library_is_explored_by_labels_and_places(library: Library, world: World) -> None:
    many = library.add(world.photos([3] * 40 + [5] * 20))
    with library.database.write() as session:
        place = photos.remember_place(session, 1, PlaceNames("Aix", None, "France", "Aix-fr", None, "France", "FR"))
    strange = unit(world.chance.normal(size=DIM))
    alike = unit(strange + 0.1 * unit(world.chance.normal(size=(15, DIM))) + 1.5 * world.photo_side)
    trip = library.add(alike, Details(place_id=place), datetime(2022, 8, 3))
    library.add(world.photos([-1] * 60))
    assert library.explore() == 3
    first, second, third = library.concepts()
    assert [each.name_en for each in (first, second, third)] == ["Thing 3", "Thing 5", "Aix, August 2022"]
    assert (first.kind, first.name_fr, first.query) == ("label", "Chose 3", "thing 3")
    assert (third.kind, third.name_fr, third.query, third.photos) == (
        "place",
        "Aix-fr, août 2022",
        'place:"Aix" date:2022-08',
        15,
    )
    assert set(first.examples) <= set(many[:40])
    assert set(third.examples) <= set(trip)
    assert 32 <= first.photos <= 40


def test_concepts_are_not_found_again_before_the_library_changes(library: Library, world: World) -> None:
    library.add(world.photos([3] * 40 + [-1] * 40))
    assert library.explore() == 1
    assert library.explore() is None
    library.add(world.photos([5] * 20))
    assert library.explore() == 2


def test_concepts_stay_the_same_from_one_run_to_the_next(library: Library, world: World) -> None:
    library.add(world.photos([3] * 40 + [5] * 20 + [9] * 10 + [-1] * 40))
    library.explore()
    before = library.concepts()
    library.forget_run()
    library.explore()
    assert library.concepts() == before
    library.add(world.photos([5] * 60))
    library.explore()
    after = library.concepts()
    assert {each.id for each in after} == {each.id for each in before}
    assert after[0].name_en == "Thing 5"


def test_labels_are_embedded_once(library: Library, world: World) -> None:
    library.add(world.photos([3] * 40 + [-1] * 40))
    library.explore()
    library.forget_run()
    assert library.text.encoded == LABELS + 7
    assert library.explore() == 1
    assert library.text.encoded == LABELS + 7


def test_without_a_text_encoder_groups_are_found_that_lead_to_photos_like_them(library: Library, world: World) -> None:
    def fail(_: object) -> None:
        raise EncoderError("its weights are gone")

    library.add(world.photos([3] * 40 + [5] * 30, noise=0.2))
    found = library.explore(fail)
    assert found
    groups = [each for each in library.concepts() if each.kind == "group"]
    assert len(groups) >= 2
    assert all(each.kind == "group" and each.query == f"like:{each.cover_photo_id}" for each in groups)
    before = library.concepts()
    library.forget_run()
    library.explore(fail)
    assert library.concepts() == before


def test_covers_are_not_the_same_picture_twice(library: Library, world: World) -> None:
    both = unit(world.meanings[3] + world.meanings[5] + 1.5 * world.photo_side)
    copies = np.tile(both, (3, 1))
    library.add(np.concatenate([copies, world.photos([3] * 10 + [5] * 10, noise=0.8)]))
    library.explore()
    covers = [each.cover_photo_id for each in library.concepts()]
    assert len(covers) == 2
    assert len(set(covers) & {1, 2, 3}) <= 1


def test_an_empty_library_has_no_concepts(library: Library) -> None:
    assert library.explore() is None
    assert library.concepts() == []


def test_nothing_is_written_when_it_is_stopped(library: Library, world: World) -> None:
    library.add(world.photos([3] * 40 + [-1] * 40))
    calls = 0

    def check() -> None:
        nonlocal calls
        calls += 1
        if calls > 11:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        exploring.explore(library.database, lambda _: library.text, check)
    assert library.concepts() == []
    assert library.explore() == 1


# --- the process -------------------------------------------------------------------------------------------------


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def touching(path: Path, then: str = "") -> list[str]:
    """A process that writes the name of a file into it."""
    return [sys.executable, "-S", "-c", f"import sys, time; open({str(path)!r}, 'a').write('x'); {then}"]


def end_of(maker: ConceptMaker, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while maker.is_busy:
        assert time.monotonic() < deadline
        maker.idle()
        time.sleep(0.02)


@pytest.fixture
def due(database: Database) -> Database:
    """A database with one photo, whose concepts were not looked for yet."""
    Library(database).add(ColourEncoder().encode_texts(["red"]))
    return database


def test_the_process_starts_when_the_daemon_has_been_idle(due: Database, tmp_path: Path) -> None:
    clock, file = Clock(), tmp_path / "ran"
    maker = ConceptMaker(due, touching(file), clock)
    maker.idle()
    clock.now += IDLE_SECONDS - 1
    maker.idle()
    maker.busy()
    clock.now += 2
    maker.idle()
    assert not maker.is_busy
    clock.now += IDLE_SECONDS
    maker.idle()
    assert maker.is_busy
    end_of(maker)
    assert file.read_text() == "x"
    clock.now += LOOK_SECONDS
    maker.idle()
    end_of(maker)
    assert file.read_text() == "xx"


def test_work_and_shutdown_end_the_process_at_once(due: Database, tmp_path: Path) -> None:
    for end in (ConceptMaker.busy, ConceptMaker.close):
        clock = Clock()
        maker = ConceptMaker(due, touching(tmp_path / "ran", "time.sleep(60)"), clock)
        maker.idle()
        clock.now += IDLE_SECONDS
        maker.idle()
        assert maker.is_busy
        started = time.monotonic()
        end(maker)
        assert time.monotonic() - started < 30
        assert not maker.is_busy
        maker.close()


def test_a_process_that_fails_is_tried_again_ever_more_rarely(
    due: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock, file = Clock(), tmp_path / "ran"
    maker = ConceptMaker(due, touching(file, "sys.exit('the disk is full')"), clock)
    maker.idle()
    clock.now += IDLE_SECONDS
    for wait_seconds in (600, 1200, 2400):
        maker.idle()
        assert maker.is_busy
        end_of(maker)
        assert "the disk is full" in caplog.text
        maker.busy()  # a photo came in between: that is no reason to try sooner
        clock.now += wait_seconds - 1
        maker.idle()
        assert not maker.is_busy
        clock.now += 1
    assert file.read_text() == "xxx"


def test_nothing_starts_when_concepts_are_not_due(database: Database, tmp_path: Path) -> None:
    clock = Clock()
    maker = ConceptMaker(database, touching(tmp_path / "ran"), clock)
    for _ in range(3):
        maker.idle()
        clock.now += IDLE_SECONDS + LOOK_SECONDS
    assert not maker.is_busy


def test_the_real_process_finds_concepts(due: Database) -> None:
    """With an encoder that only tests know: concepts are found without labels, and that this was done is noted."""
    clock = Clock()
    maker = ConceptMaker(due, clock=clock)
    maker.idle()
    clock.now += IDLE_SECONDS
    maker.idle()
    end_of(maker, 60)
    with due.read() as session:
        (run,) = session.query(ConceptRun).all()
    assert (run.photos, run.labels_digest) == (1, "")
