"""Fusion: looks and words in one order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from photoindex.search.fusion import Fused, fuse
from photoindex.word_search import BEGINS_SO, NAMED_SO, TOLD_OF_IT, WordMatches, nothing

STRONG = 0.5
SCORES = st.dictionaries(st.integers(1, 40), st.floats(-0.5, 1.5), max_size=30)
WEIGHTS = st.dictionaries(st.integers(1, 40), st.tuples(st.floats(0.01, 0.98), st.booleans()), max_size=30)


def matches(of: Mapping[int, tuple[float, bool]]) -> WordMatches:
    ids = sorted(of)
    return WordMatches(
        np.array(ids, dtype=np.int64),
        np.array([of[photo_id][0] for photo_id in ids], dtype=np.float64),
        np.array([of[photo_id][1] for photo_id in ids], dtype=np.bool_),
    )


def fused(
    scores: Mapping[int, float],
    words: Mapping[int, tuple[float, bool]],
    avoid: Mapping[int, tuple[float, bool]] | None = None,
) -> Fused:
    ids, values = np.array(list(scores), dtype=np.int64), np.array(list(scores.values()), dtype=np.float64)
    return fuse(ids, values, matches(words), strong_score=STRONG, avoid=None if avoid is None else matches(avoid))


def keys_of(found: Fused) -> dict[int, float]:
    return dict(zip(found.photo_ids.tolist(), found.keys.tolist(), strict=True))


def test_without_words_the_order_is_that_of_the_scores() -> None:
    found = fused({1: 0.2, 2: 1.3, 3: 0.6, 4: 1.2, 5: 0.2}, {})
    assert found.photo_ids.tolist() == [2, 4, 3, 1, 5]
    assert found.keys.tolist() == [1.3, 1.2, 0.6, 0.2, 0.2]
    assert found.strong.tolist() == [True, True, True, False, False]
    assert found.by_looks.all()


def test_what_is_told_of_a_photo_finds_it_where_nothing_looks_so() -> None:
    found = fused({1: 0.3, 2: 0.1}, {2: (TOLD_OF_IT, True), 9: (TOLD_OF_IT, True)})
    assert found.photo_ids.tolist() == [2, 9, 1]
    assert found.strong.tolist() == [True, True, False]
    assert found.by_looks.tolist() == [True, False, True]


def test_a_misleading_name_goes_behind_what_plainly_looks_so_and_before_what_hardly_does() -> None:
    found = fused({1: 0.9, 2: 0.8, 3: 0.2, 4: 0.4}, {3: (NAMED_SO, True)})
    assert found.photo_ids.tolist() == [1, 2, 3, 4]
    assert found.strong.tolist() == [True, True, True, False]


def test_some_of_the_words_lift_what_looks_so_and_add_nothing() -> None:
    found = fused({1: 0.8, 2: 0.75, 3: 0.1}, {2: (0.2, False), 3: (0.2, False), 9: (0.2, False)})
    assert found.photo_ids.tolist() == [2, 1, 3]
    assert found.strong.tolist() == [True, True, False]


def test_some_of_the_words_are_better_than_nothing() -> None:
    found = fused({1: 0.3}, {9: (0.4, False)})
    assert found.photo_ids.tolist() == [9, 1]
    assert not found.strong.any()
    assert found.by_looks.tolist() == [False, True]


def test_a_word_that_goes_on_is_taken_so_only_where_nothing_looks_like_the_query() -> None:
    carnival = replace(matches({9: (BEGINS_SO, True)}), goes_on=True)
    car, nothing_like_it = np.array([0.8, 0.3]), np.array([0.4, 0.3])
    ids = np.array([1, 2], dtype=np.int64)
    assert fuse(ids, car, carnival, strong_score=STRONG).photo_ids.tolist() == [1, 2]
    guessed = fuse(ids, nothing_like_it, carnival, strong_score=STRONG)
    assert guessed.photo_ids.tolist() == [9, 1, 2]
    assert guessed.strong.tolist() == [True, False, False]


def test_words_find_photos_where_there_is_no_encoder() -> None:
    found = fused({}, {4: (0.9, True), 2: (0.9, True), 7: (0.98, True)})
    assert found.photo_ids.tolist() == [7, 2, 4]
    assert len(fused({}, {})) == 0


def test_what_has_the_words_of_a_term_to_avoid_goes_down() -> None:
    found = fused({1: 0.9, 2: 0.8, 3: 0.7}, {}, avoid={1: (TOLD_OF_IT, True), 2: (0.4, False)})
    assert found.photo_ids.tolist() == [2, 3, 1]
    assert found.keys.tolist() == pytest.approx([0.8, 0.7, 0.0])
    assert found.strong.tolist() == [True, True, False]


@given(SCORES, WEIGHTS)
def test_every_photo_is_there_once_in_the_order_of_keys_and_ids_with_the_strong_ones_first(
    scores: dict[int, float], words: dict[int, tuple[float, bool]]
) -> None:
    found = fused(scores, words)
    assert list(zip(-found.keys, found.photo_ids, strict=True)) == sorted(
        zip(-found.keys, found.photo_ids, strict=True)
    )
    assert len(set(found.photo_ids.tolist())) == len(found)
    complete = {photo_id for photo_id, (_, has_all) in words.items() if has_all}
    assert set(scores) | complete <= set(found.photo_ids.tolist()) <= set(scores) | set(words)
    assert complete <= set(found.photo_ids[found.strong].tolist())
    assert found.strong.tolist() == sorted(found.strong.tolist(), reverse=True)
    assert set(found.photo_ids[found.by_looks].tolist()) == set(scores)


@given(SCORES, WEIGHTS, st.integers(1, 40))
def test_the_key_of_a_photo_does_not_depend_on_the_others_or_on_their_order(
    scores: dict[int, float], words: dict[int, tuple[float, bool]], without: int
) -> None:
    scores |= {41: 2.0}  # something is strong, as in a page and the next
    keys = keys_of(fused(scores, words))
    keys.pop(without, None)
    fewer = {photo_id: score for photo_id, score in reversed(scores.items()) if photo_id != without}
    assert keys_of(fused(fewer, {each: words[each] for each in words if each != without})) == keys


@given(SCORES, WEIGHTS)
def test_words_never_take_anything_off(scores: dict[int, float], words: dict[int, tuple[float, bool]]) -> None:
    found = fused(scores, words)
    for photo_id, key in keys_of(found).items():
        assert key >= round(scores.get(photo_id, 0.0), 6)


def test_nothing_has_no_photo() -> None:
    assert len(nothing()) == 0
