"""Which photos are a burst: shot one after the other by one camera, of the same thing.

Decides only; `grouping` reads and writes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

from photoindex.likeness import Shot

GAP = timedelta(seconds=2)
"""The longest pause between one photo and the next."""
SPAN = timedelta(seconds=20)
"""The longest burst: a series that lasts for minutes falls into several, each like its first photo."""
FURTHEST = timedelta(minutes=20)
"""How far a series without a pause is followed each way; what is beyond is decided with photos there."""
MOST = 100
FEWEST = 3
"""Photos of a burst; two are one too when they are at most PAIR apart."""
PAIR = timedelta(seconds=1)

_NUMBER = re.compile(rb"(\d+)\.[^.]*$")


def in_order(shots: Iterable[Shot]) -> list[Shot]:
    """As they were taken: by time, and where cameras count whole seconds by the numbers in their names."""
    return sorted(shots, key=lambda shot: (shot.taken_at, _number(shot.name), shot.photo_id))


def stretch(shots: Sequence[Shot], photo_id: int) -> Sequence[Shot]:
    """Of shots in order, those around a photo between which there is no longer pause than GAP."""
    place = next(number for number, shot in enumerate(shots) if shot.photo_id == photo_id)
    first = last = place
    while first > 0 and _pause(shots[first - 1], shots[first]) <= GAP:
        first -= 1
    while last + 1 < len(shots) and _pause(shots[last], shots[last + 1]) <= GAP:
        last += 1
    return shots[first : last + 1]


def split(shots: Sequence[Shot], alike: Callable[[Shot, Shot], bool]) -> list[list[Shot]]:
    """The bursts in a stretch of shots, in order: every one is `alike` the first of its burst and the one before it."""
    bursts: list[list[Shot]] = []
    for shot in shots:
        burst = bursts[-1] if bursts else None
        if (
            burst is not None
            and len(burst) < MOST
            and _pause(burst[0], shot) <= SPAN
            and alike(burst[0], shot)
            and (len(burst) == 1 or alike(burst[-1], shot))
        ):
            burst.append(shot)
        else:
            bursts.append([shot])
    return [burst for burst in bursts if len(burst) >= FEWEST or (len(burst) == 2 and _pause(*burst) <= PAIR)]


def _pause(earlier: Shot, later: Shot) -> timedelta:
    if earlier.taken_at is None or later.taken_at is None:
        return timedelta.max
    return later.taken_at - earlier.taken_at


def _number(name: bytes) -> int:
    found = _NUMBER.search(name)
    return int(found[1][-18:]) if found else 0
