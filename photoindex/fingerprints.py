"""Fingerprints of photos: stored, compared, and looked up among a million without comparing each with each.

What a fingerprint is made of says `photoindex.media.fingerprint`; here it is 32 bytes of bits and 32 of colours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from photoindex.companions import chunks
from photoindex.models import Fingerprint

SHAPE_BYTES = 32
VALUE_BYTES = 64

_BANDS = 4
_BAND_BITS = 16
_TAIL = 4096

# How many bits of each 16-bit number are set.
_BITS_SET = np.array([number.bit_count() for number in range(1 << _BAND_BITS)], dtype=np.uint8)
# What to flip for a number itself and each that differs in one bit.
_FLIPS = np.array([0, *(1 << bit for bit in range(_BAND_BITS))], dtype=np.uint16)


@dataclass(frozen=True)
class Difference:
    """How far two pictures are apart, going by their fingerprints."""

    bits: int
    """0 to 256: unrelated ones are about 128 apart, and of 45,000 pairs the nearest were 96."""
    colours: float
    """0 to 255."""


def put(session: Session, values: Mapping[int, bytes]) -> None:
    """Store or replace fingerprints: photo id → 64 bytes, or none for a picture with nothing on it."""
    if not values:
        return
    statement = insert(Fingerprint)
    statement = statement.on_conflict_do_update(
        index_elements=[Fingerprint.photo_id], set_={"value": statement.excluded.value}
    )
    session.execute(statement, [{"photo_id": photo_id, "value": value} for photo_id, value in values.items()])


def get_many(session: Session, photo_ids: Iterable[int]) -> dict[int, bytes]:
    """The fingerprints of those photos that have one."""
    found: dict[int, bytes] = {}
    for chunk in chunks(sorted(set(photo_ids))):
        rows = session.execute(select(Fingerprint.photo_id, Fingerprint.value).where(Fingerprint.photo_id.in_(chunk)))
        found.update((photo_id, value) for photo_id, value in rows)
    return found


def load(session: Session) -> tuple[NDArray[np.int64], NDArray[np.uint16]]:
    """Of all photos with something on their picture: ids (n,), and the bits that change least, (n, 4)."""
    query = (
        select(Fingerprint.photo_id, Fingerprint.value).where(Fingerprint.value != b"").order_by(Fingerprint.photo_id)
    )
    ids: list[int] = []
    low = bytearray()
    for photo_id, value in session.connection().execution_options(yield_per=10_000).execute(query):
        ids.append(photo_id)
        low += value[: 2 * _BANDS]
    return np.array(ids, dtype=np.int64), np.frombuffer(bytes(low), dtype=np.uint16).reshape(-1, _BANDS)


def difference(one: bytes, other: bytes) -> Difference:
    """Between two fingerprints of 64 bytes."""
    both = np.frombuffer(one, dtype=np.uint16), np.frombuffer(other, dtype=np.uint16)
    half = SHAPE_BYTES // 2
    bits = int(_BITS_SET[both[0][:half] ^ both[1][:half]].sum())
    colours = np.frombuffer(one, np.int8)[SHAPE_BYTES:].astype(np.int16) - np.frombuffer(other, np.int8)[SHAPE_BYTES:]
    return Difference(bits, float(np.abs(colours).mean()))


class Lookup:
    """Finds photos whose first 64 bits differ in few places.

    Multi-index hashing (Norouzi, Punjani and Fleet, CVPR 2012): of four bands of 16 bits, one differs in at most one
    bit when all four together differ in at most seven, and often enough beyond. So a lookup reads 68 short lists, not
    a row for each photo. 40 bytes a photo. What is added later is looked through one by one until it is worth sorting.
    """

    def __init__(self, ids: NDArray[np.int64], low: NDArray[np.uint16]) -> None:
        """`ids` (n,), ascending, and `low` (n, 4) as `load` gives them."""
        self._ids = ids
        self._low = low
        self._tail: dict[int, NDArray[np.uint16]] = {}
        self._sort()

    def __len__(self) -> int:
        return len(self._ids) + len(self._tail)

    def add(self, values: Mapping[int, bytes]) -> None:
        """Photos that have come since, with their fingerprints; those known already stay as they are."""
        for photo_id, value in values.items():
            if value and not self._has(photo_id):
                self._tail[photo_id] = np.frombuffer(value[: 2 * _BANDS], dtype=np.uint16)
        if len(self._tail) > _TAIL:
            ids = np.concatenate([self._ids, np.fromiter(self._tail, np.int64, len(self._tail))])
            low = np.concatenate([self._low, np.stack(list(self._tail.values()))])
            order = np.argsort(ids)
            self._ids, self._low = ids[order], low[order]
            self._tail.clear()
            self._sort()

    def near(self, value: bytes, max_bits: int, limit: int | None = None) -> list[int]:
        """Ids of photos of whose first 64 bits at most `max_bits` differ, the nearest first; the photo itself too.

        With a `limit`, so many: half of them the nearest, and half from among all others, however many these are.
        """
        low = np.frombuffer(value[: 2 * _BANDS], dtype=np.uint16)
        places = [self._places(band, low[band]) for band in range(_BANDS)]
        rows = np.unique(np.concatenate(places))
        ids = [self._ids[rows], np.fromiter(self._tail, np.int64, len(self._tail))]
        bits = [self._low[rows], np.array(list(self._tail.values()), dtype=np.uint16).reshape(-1, _BANDS)]
        all_ids, apart = np.concatenate(ids), _BITS_SET[np.concatenate(bits) ^ low].sum(axis=1)
        order = np.lexsort((all_ids, apart))
        found = order[: int((apart <= max_bits).sum())]
        if limit is not None and len(found) > limit:
            spread = np.linspace(limit // 2, len(found) - 1, limit - limit // 2).astype(np.int64)
            found = np.concatenate([found[: limit // 2], found[spread]])
        return [int(photo_id) for photo_id in all_ids[found]]

    def _has(self, photo_id: int) -> bool:
        place = int(np.searchsorted(self._ids, photo_id))
        return place < len(self._ids) and int(self._ids[place]) == photo_id

    def _sort(self) -> None:
        orders = (np.argsort(self._low[:, band], kind="stable").astype(np.int32) for band in range(_BANDS))
        self._order = list(orders)
        keys = np.arange((1 << _BAND_BITS) + 1)
        self._starts = [
            np.searchsorted(self._low[order, band], keys).astype(np.int64) for band, order in enumerate(self._order)
        ]

    def _places(self, band: int, number: np.uint16) -> NDArray[np.int32]:
        """The rows of which this band is the number, or one that differs from it in one bit."""
        order, starts = self._order[band], self._starts[band]
        wanted = (_FLIPS ^ number).astype(np.int64)
        firsts, lasts = starts[wanted], starts[wanted + 1]
        held = np.flatnonzero(lasts > firsts)
        parts = [order[firsts[each] : lasts[each]] for each in held]
        return np.concatenate(parts) if parts else np.empty(0, dtype=np.int32)
