"""The cut-off: what matches is told from what does not, whatever the encoder, the library and the share that matches.

The encoder here is made up: photos and texts are subjects with something of their own, photos have a common part, and
texts another one, as CLIP's do ("modality gap"; Liang et al., NeurIPS 2022).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from colour_encoder import COLOURS, ColourEncoder
from drawing import draw_image
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from photoindex.search import prompts, ranking
from photoindex.search.cutoff import Bounds, Judge
from photoindex.search.picture_cutoff import PictureJudge
from photoindex.search.plateau import find_plateau

DIM = 192
SUBJECTS = 400
Rows = NDArray[np.float32]


def unit(rows: NDArray[np.float64]) -> Rows:
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True), dtype=np.float32)


@dataclass(frozen=True)
class World:
    """An encoder: how much of an embedding is not about the subject, and how far apart photos and texts are."""

    common: float = 0.6
    gap: float = 1.0
    seed: int = 0
    image_range: tuple[float, float] = (0.3, 1.0)

    def _draw(self, key: int, shape: tuple[int, ...]) -> NDArray[np.float64]:
        return np.random.default_rng([self.seed, key]).normal(size=shape)

    def subjects(self) -> NDArray[np.float64]:
        return unit(self._draw(1, (SUBJECTS, DIM))).astype(np.float64)

    def photos(self, of: list[int], own: float = 0.6, seed: int = 0) -> Rows:
        """Photos of subjects by number: alike in what they show, each with something of its own."""
        noise = unit(np.random.default_rng([self.seed, 5, seed]).normal(size=(len(of), DIM)))
        return unit(self.subjects()[of] + own * noise + self.common * unit(self._draw(2, (DIM,))))

    def texts(self, of: list[int], asking: float = 0.0) -> Rows:
        """Descriptions of subjects; with `asking`, that much of each is the way of asking."""
        other = self.gap * unit(self._draw(3, (DIM,))) + asking * unit(self._draw(4, (DIM,)))
        return unit(self.subjects()[of] + other)

    def judge(self, photos: Rows) -> Judge:
        things = self.texts(list(range(0, 400, 5)))  # some are shown, as in any library
        rng = np.random.default_rng([self.seed, 6])
        neutral = unit(unit(rng.normal(size=(48, DIM))) + self.gap * unit(self._draw(3, (DIM,))))
        return Judge(photos, things, neutral, self.image_range)


def found(bounds: Bounds, photos: Rows) -> tuple[set[int], set[int]]:
    """Which photos match strongly, and which at all."""
    distances = (1.0 - photos.astype(np.float64) @ bounds.vector).round(6)
    strong = np.flatnonzero(distances <= bounds.strong_distance)
    return set(strong.tolist()), set(np.flatnonzero(distances <= bounds.weak_distance).tolist())


def f1(world: World, photos: Rows, shown: list[int], asked: list[int], asking: float = 0.0) -> float:
    """Of strong matches, over descriptions of the subjects `asked`."""
    judge = world.judge(photos)
    right = wrong = missed = 0
    for subject, text in zip(asked, world.texts(asked, asking), strict=True):
        wanted = {index for index, each in enumerate(shown) if each == subject}
        strong, _ = found(judge.bounds(text), photos)
        right, wrong, missed = right + len(strong & wanted), wrong + len(strong - wanted), missed + len(wanted - strong)
    return 2 * right / (2 * right + wrong + missed)


WORLDS = [World(), World(common=2.0, gap=3.0, seed=1), World(common=0.2, gap=0.0, seed=2), World(common=1.0, gap=2.0)]


@pytest.mark.parametrize("world", WORLDS, ids=str)
@pytest.mark.parametrize("asking", [0.0, 0.7], ids=["plain", "phrased"])
def test_matches_are_found_and_nothing_else_whatever_the_encoder_and_the_phrasing(world: World, asking: float) -> None:
    shown = list(range(150))
    photos = world.photos(shown)
    assert f1(world, photos, shown, list(range(20)) + list(range(201, 241, 2)), asking) >= 0.9


@pytest.mark.parametrize("world", WORLDS, ids=str)
def test_what_no_photo_shows_gives_nothing(world: World) -> None:
    photos = world.photos(list(range(150)))
    judge = world.judge(photos)
    empty = [not found(judge.bounds(text), photos)[1] for text in world.texts(list(range(201, 299, 2)))]
    assert np.mean(empty) >= 0.8


@pytest.mark.parametrize("world", WORLDS, ids=str)
def test_a_subject_of_a_fifth_of_the_library_is_found_whole(world: World) -> None:
    shown = list(range(1, 161)) + [0] * 40
    photos = world.photos(shown)
    judge = world.judge(photos)
    strong, weak = found(judge.bounds(world.texts([0])[0]), photos)
    assert strong <= set(range(160, 200))
    assert len(strong) >= 34
    assert set(range(160, 200)) <= weak


def test_other_searches_are_not_drowned_by_a_subject_of_a_fifth_of_the_library() -> None:
    world = World()
    shown = list(range(1, 161)) + [0] * 40
    photos = world.photos(shown)
    assert f1(world, photos, shown, list(range(1, 30)) + list(range(201, 261, 2))) >= 0.9


@pytest.mark.parametrize("count", [1, 2, 5, 20])
def test_a_tiny_library_knows_what_it_has_and_what_not(count: int) -> None:
    world = World()
    photos = world.photos(list(range(count)))
    assert f1(world, photos, list(range(count)), list(range(count)) + list(range(201, 201 + count))) >= 0.8


def test_a_library_of_one_subject_shows_it_all_and_nothing_for_another() -> None:
    world = World()
    photos = world.photos([0] * 60, own=0.1)
    judge = world.judge(photos)
    texts = world.texts([0, 201, 202, 203])
    assert len(found(judge.bounds(texts[0]), photos)[1]) == 60
    assert not any(found(judge.bounds(text), photos)[0] for text in texts[1:])


def test_bursts_do_not_hide_the_photo_they_repeat() -> None:
    world = World()
    shown = list(range(100)) + [100] * 30
    photos = np.vstack([world.photos(list(range(100))), world.photos([100] * 30, own=0.05, seed=1)])
    strong, _ = found(world.judge(photos).bounds(world.texts([100])[0]), photos)
    assert {index for index, each in enumerate(shown) if each == 100} <= strong


def test_what_is_taken_away_no_longer_matches() -> None:
    world = World()
    photos = world.photos([0] * 3 + list(range(1, 100)))
    judge = world.judge(photos)
    texts = world.texts([0, 1])
    kept = unit((texts[1] - 0.8 * texts[0]).astype(np.float64))
    assert not found(judge.bounds(kept), photos)[1] & {0, 1, 2}


def test_a_copy_matches_a_picture_strongly_and_an_unrelated_photo_does_not() -> None:
    world = World()
    photos = np.vstack([world.photos(list(range(100))), world.photos([7], own=0.6, seed=9)])
    judge = PictureJudge(photos, world.image_range)
    strong, weak = found(judge.bounds(photos[7]), photos)
    assert 7 in strong
    assert weak <= {7, 100}
    stranger = world.photos([251])[0]
    assert not found(judge.bounds(stranger), photos)[0]


def test_bounds_are_the_same_each_time_they_are_asked_for() -> None:
    world = World()
    photos = world.photos(list(range(80)))
    first, second = (world.judge(photos).bounds(world.texts([3])[0]) for _ in range(2))
    assert first.strong_distance == second.strong_distance
    assert first.weak_distance == second.weak_distance
    assert np.array_equal(first.vector, second.vector)


@given(
    seed=st.integers(0, 2**16),
    count=st.integers(1, 60),
    alike=st.floats(0.0, 1.0),
    picture=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_bounds_are_in_order_and_scores_fall_with_distance(seed: int, count: int, alike: float, picture: bool) -> None:
    world = World(seed=seed)
    photos = world.photos([0 if index < alike * count else index for index in range(count)], own=0.4)
    if picture:
        bounds = PictureJudge(photos, world.image_range).bounds(world.photos([0], seed=3)[0])
    else:
        bounds = world.judge(photos).bounds(world.texts([0])[0])
    assert np.isclose(np.linalg.norm(bounds.vector), 1.0, atol=1e-5)
    assert bounds.full_distance < bounds.strong_distance <= bounds.weak_distance < bounds.empty_distance
    scores = ranking.scores(np.linspace(0.0, 2.0, 500), bounds)
    assert (np.diff(scores) < 0).all()


def test_the_same_percent_stands_at_the_bounds_of_every_encoder() -> None:
    for world in WORLDS:
        bounds = world.judge(world.photos(list(range(100)))).bounds(world.texts([0])[0])
        at = np.array([bounds.full_distance, bounds.strong_distance, bounds.weak_distance, bounds.empty_distance])
        assert np.allclose(ranking.scores(at, bounds), [1.0, ranking.STRONG, ranking.WEAK, 0.0], atol=1e-3)


def test_a_plateau_is_two_clean_groups_and_not_a_slope() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(size=240)
    group = rng.normal(6, 0.7, size=60)
    both = rng.permutation(np.concatenate([noise, group]))
    plateau = find_plateau(both)
    assert plateau is not None
    assert 57 <= len(plateau.photos) <= 62
    assert find_plateau(noise) is None
    assert find_plateau(np.linspace(7, -2, 300)) is None
    assert find_plateau(np.zeros(300)) is None


def test_colours_are_found_by_an_encoder_that_knows_nothing_else() -> None:
    encoder = ColourEncoder()
    shown = [colour for colour in COLOURS for _ in range(5)]
    images = [encoder.prepare(draw_image(colour=colour, seed=index)) for index, colour in enumerate(shown)]
    photos = encoder.encode_images(images)
    things, neutral = encoder.encode_texts(prompts.THINGS), encoder.encode_texts(prompts.NEUTRAL)
    judge = Judge(photos, things, neutral, encoder.info.image_range)
    for colour, text in zip(COLOURS, encoder.encode_texts(list(COLOURS)), strict=True):
        _, weak = found(judge.bounds(text), photos)
        assert {index for index, each in enumerate(shown) if each == colour} <= weak
    assert not found(judge.bounds(encoder.encode_texts(["a zebra"])[0]), photos)[1]
