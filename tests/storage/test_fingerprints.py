"""Looking fingerprints up among many, against comparing each with each."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from photoindex import fingerprints, photos
from photoindex.database import Database
from photoindex.fingerprints import Lookup
from photoindex.models import Photo
from photoindex.photos import NewPhoto

AT = datetime(2020, 1, 1)


def _values(low: np.ndarray) -> list[bytes]:
    return [row.astype("<u2").tobytes() + bytes(56) for row in low]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), flips=st.integers(0, 7), added=st.integers(0, 20))
def test_whatever_differs_in_at_most_seven_bits_is_found(seed: int, flips: int, added: int) -> None:
    numbers = np.random.default_rng(seed)
    low = numbers.integers(0, 1 << 16, (200, 4), dtype=np.uint16)
    lookup = Lookup(np.arange(1, 201, dtype=np.int64), low)
    more = numbers.integers(0, 1 << 16, (added, 4), dtype=np.uint16)
    lookup.add({201 + n: value for n, value in enumerate(_values(more))})
    everything = np.concatenate([low, more])
    for place in numbers.integers(0, len(everything), 5):
        asked = everything[place].copy()
        for bit in numbers.choice(64, flips, replace=False):
            asked[bit // 16] ^= np.uint16(1 << (bit % 16))
        apart = np.array([sum(int(a ^ b).bit_count() for a, b in zip(row, asked, strict=True)) for row in everything])
        found = lookup.near(_values(asked[None])[0], 7)
        assert found == [int(n) + 1 for n in np.lexsort((np.arange(len(apart)), apart)) if apart[n] <= 7]
        assert int(place) + 1 in found


def test_many_that_come_later_are_sorted_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprints, "_TAIL", 10)
    numbers = np.random.default_rng(1)
    low = numbers.integers(0, 1 << 16, (100, 4), dtype=np.uint16)
    values = _values(low)
    lookup = Lookup(np.array([50], dtype=np.int64), low[49:50])
    for start in (60, 0, 30):
        lookup.add({n + 1: values[n] for n in range(start, min(start + 40, 100))})
    assert len(lookup) == 100
    assert all(lookup.near(value, 0) == [n + 1] for n, value in enumerate(values))


def test_of_too_many_that_are_near_the_nearest_are_found_and_some_of_all_others() -> None:
    low = np.zeros((1000, 4), dtype=np.uint16)
    low[500:, 0] = 1
    lookup = Lookup(np.arange(1, 1001, dtype=np.int64), low)
    found = lookup.near(bytes(64), 7, limit=20)
    assert len(set(found)) == 20
    assert found[:10] == list(range(1, 11))
    assert found[-1] == 1000
    assert max(np.diff(found[10:])) < 120
    assert lookup.near(bytes(64), 7, limit=1000) == lookup.near(bytes(64), 7)


def test_an_empty_lookup_finds_nothing() -> None:
    lookup = Lookup(np.empty(0, dtype=np.int64), np.empty((0, 4), dtype=np.uint16))
    assert lookup.near(bytes(64), 64) == []
    lookup.add({7: b"", 8: bytes(64)})
    assert lookup.near(bytes(64), 64) == [8]


def test_fingerprints_are_stored_replaced_and_loaded_without_empty_ones(database: Database) -> None:
    with database.write() as session:
        ids = [photos.store(session, NewPhoto(n.to_bytes(32, "big"), "png", 1, 1, 1, None, AT)) for n in range(4)]
        session.execute(update(Photo).values(visible=True))
        fingerprints.put(session, {})
        fingerprints.put(session, {ids[0]: bytes(64), ids[1]: b"", ids[2]: b"\1" * 64})
        fingerprints.put(session, {ids[0]: b"\2\0" * 32})
        assert fingerprints.get_many(session, ids) == {ids[0]: b"\2\0" * 32, ids[1]: b"", ids[2]: b"\1" * 64}
        loaded, low = fingerprints.load(session)
        assert loaded.tolist() == [ids[0], ids[2]]
        assert low.tolist() == [[2] * 4, [257] * 4]


def test_the_difference_counts_bits_and_averages_colours() -> None:
    one = bytes(32) + bytes([1] * 32)
    other = bytes([255, *[0] * 30, 1]) + bytes([253] * 32)  # -3
    assert fingerprints.difference(one, other) == fingerprints.Difference(9, 4.0)
    assert fingerprints.difference(one, one) == fingerprints.Difference(0, 0.0)
