"""Grouping: in idle moments, decides for photos that have come, gone or changed who is the same shot and who a burst.

The table `undecided` is the queue. A step takes a few photos off it: fingerprints that are lacking are made from
thumbnails, pictures that may be the same are looked at, and one short transaction writes what was found, unless
somebody changed something meanwhile: then it is all done again. A kill loses a step, which is done at the next start.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session

from photoindex import fingerprints, likeness
from photoindex.daemon import bursts, closeness, sameshot
from photoindex.daemon.closeness import Closeness, Vectors
from photoindex.daemon.sameshot import Groups
from photoindex.database import Database
from photoindex.fingerprints import Lookup
from photoindex.likeness import Shot
from photoindex.media import thumbnail_path
from photoindex.media.fingerprint import read_fingerprint
from photoindex.media.sameness import Grid, is_same_picture, look_at
from photoindex.models import LikenessKind
from photoindex.pacing import STEP_SECONDS, Pace

log = logging.getLogger(__name__)

STEP_PHOTOS = 64
"""Photos a step at most. It takes some tenths of a second, so long may a new file wait: where pictures have to be
looked at, it is of fewer photos."""
MEASURE_SECONDS = 3600.0
"""How often it is measured anew what close means."""
LOOKS_KEPT = 256
MOST_AGAIN = 5
"""How often a photo that lost its group is decided anew until the queue is empty: where likeness is a chain of small
steps and not all of it is looked at, groups could else take each other's members for ever."""


@dataclass(frozen=True)
class _Plan:
    """What a step found, and what it took for granted."""

    rows: Mapping[int, int]
    groups: Groups
    seen: Mapping[int, tuple[bool, int | None, frozenset[int]]]
    """Of each photo that mattered: whether it is shown, its key, its dismissals."""


class Grouper:
    """`step` is called from one thread when there is nothing else to do."""

    def __init__(self, database: Database, thumbnails: Path, stop: threading.Event) -> None:
        self._database = database
        self._thumbnails = thumbnails
        self._stop = stop
        self._lookup: Lookup | None = None
        self._closeness: dict[int, Closeness] = {}
        self._measured_at = float("-inf")
        self._again: Counter[int] = Counter()
        self._pace = Pace(STEP_PHOTOS // 4, STEP_PHOTOS)
        self._looks: OrderedDict[int, Grid | None] = OrderedDict()

    def step(self) -> bool:
        """Decide for some photos; whether there were any. Raises DatabaseError."""
        with self._database.read() as session:
            rows = likeness.undecided(session, self._pace.size)
            if not rows:
                self._again.clear()
                return False
            shots = likeness.shots(session, rows.values())
            values = fingerprints.get_many(session, shots)
        values |= self._made([shot for shot in shots.values() if shot.visible and shot.photo_id not in values])
        if self._stop.is_set():
            return True
        with self._database.read() as session:
            self._prepare(session)
            with self._pace.timed(len(rows)):
                plan = self._planned(session, rows, shots, values)
        if plan is not None:
            with self._database.write() as session:
                self._write(session, plan)
        return True

    def _made(self, shots: Iterable[Shot]) -> dict[int, bytes]:
        """Make and store the fingerprints of photos that were indexed before there were any."""
        made: dict[int, bytes] = {}
        for shot in shots:
            if self._stop.is_set():
                break
            value = read_fingerprint(thumbnail_path(self._thumbnails, shot.content_hash))
            if value is not None:
                made[shot.photo_id] = value
        if made:
            with self._database.write() as session:
                known = likeness.shots(session, made)  # a photo may have been deleted meanwhile
                fingerprints.put(session, {photo_id: value for photo_id, value in made.items() if photo_id in known})
        return made

    def _prepare(self, session: Session) -> None:
        if self._lookup is None:
            self._lookup = Lookup(*fingerprints.load(session))
        encoders = closeness.in_use(session)
        due = time.monotonic() - self._measured_at > MEASURE_SECONDS
        if due or list(self._closeness) != [each.id for each in encoders]:
            self._closeness = {each.id: closeness.measure(session, each) for each in encoders}
            self._measured_at = time.monotonic()

    def _planned(
        self, session: Session, rows: Mapping[int, int], shots: dict[int, Shot], values: dict[int, bytes]
    ) -> _Plan | None:
        """Who is the same shot, for as many as there is time; None when the daemon is to end."""
        assert self._lookup is not None
        ends_at = time.monotonic() + STEP_SECONDS
        self._lookup.add(values)
        near = {
            photo_id: self._near(values[photo_id])
            for photo_id, shot in shots.items()
            if shot.visible and values.get(photo_id)
        }
        others = {each for found in near.values() for each in found}
        groups = _groups(session, {*shots, *others})
        others |= {*groups.members}
        values |= fingerprints.get_many(session, others - set(shots))
        everyone = shots | likeness.shots(session, others.union(groups.key_of) - set(shots))
        seen = _seen(session, {*everyone, *groups.key_of})
        comparing = _Comparing(self, everyone, values, Vectors(session, values, self._closeness), seen)
        waiting = list(shots.values())
        while waiting and (len(waiting) == len(shots) or time.monotonic() < ends_at):
            if self._stop.is_set():
                return None
            shot = waiting.pop(0)
            found = near.get(shot.photo_id, ())
            ids = dict.fromkeys([*found, *(groups.key_of.get(each, each) for each in found)])
            candidates = [everyone[each] for each in ids if each in everyone]
            sameshot.place(shot, candidates, groups, comparing.same, comparing.apart)
        left = {shot.photo_id for shot in waiting}
        return _Plan({row: photo_id for row, photo_id in rows.items() if photo_id not in left}, groups, seen)

    def _near(self, value: bytes) -> list[int]:
        assert self._lookup is not None
        return self._lookup.near(value, sameshot.MAX_LOW_BITS, sameshot.MOST_NEAR)

    def look(self, shot: Shot) -> Grid | None:
        """The picture as it is compared; the last few are kept."""
        if shot.photo_id not in self._looks:
            self._looks[shot.photo_id] = look_at(thumbnail_path(self._thumbnails, shot.content_hash))
            if len(self._looks) > LOOKS_KEPT:
                self._looks.popitem(last=False)
        self._looks.move_to_end(shot.photo_id)
        return self._looks[shot.photo_id]

    def _write(self, session: Session, plan: _Plan) -> None:
        if _seen(session, plan.seen) != plan.seen:
            return  # a photo came or went, or a group was dismissed: the queue is as it was
        changes = sameshot.touched(plan.groups)
        likeness.assign(session, LikenessKind.SAME, changes)
        self._again.update(plan.groups.again)
        likeness.decide_again(session, [each for each in plan.groups.again if self._again[each] <= MOST_AGAIN])
        self._find_bursts(session, {*plan.rows.values(), *changes})
        likeness.decided(session, plan.rows)

    def _find_bursts(self, session: Session, photo_ids: Iterable[int]) -> None:
        """Decide anew about these photos, those they were in a burst with, and those taken just before and after."""
        ids = set(photo_ids)
        keys = likeness.keys_of(session, LikenessKind.BURST, ids)
        waiting = ids.union(*likeness.members_of(session, LikenessKind.BURST, keys.values()).values())
        found: dict[int, int | None] = dict.fromkeys(waiting)
        dated = {
            photo_id: shot
            for photo_id, shot in likeness.shots(session, waiting).items()
            if shot.visible and shot.camera is not None and shot.taken_at is not None and shot.kind != "video"
        }
        while dated:
            shots = _stretch_around(session, dated.popitem()[1])
            for shot in shots:
                dated.pop(shot.photo_id, None)
            found |= dict.fromkeys(shot.photo_id for shot in shots)
            for burst in self._split(session, shots) if len(shots) > 1 else ():
                key_id = max(burst, key=lambda shot: shot.preference).photo_id
                found |= {shot.photo_id: key_id for shot in burst}
        before = likeness.keys_of(session, LikenessKind.BURST, found)
        changes = {photo_id: key_id for photo_id, key_id in found.items() if before.get(photo_id) != key_id}
        likeness.assign(session, LikenessKind.BURST, changes)

    def _split(self, session: Session, shots: list[Shot]) -> list[list[Shot]]:
        ids = [shot.photo_id for shot in shots]
        vectors = Vectors(session, ids, self._closeness)
        dismissed = likeness.dismissals_of(session, ids)

        def alike(one: Shot, other: Shot) -> bool:
            if dismissed.get(one.photo_id, set()) & dismissed.get(other.photo_id, set()):
                return False
            found = vectors.cosine(one.photo_id, other.photo_id)
            return found is not None and found[0] >= found[1].burst

        return bursts.split(_one_of_each(session, shots), alike)


class _Comparing:
    """Says whether two photos are one shot: what costs least is asked first."""

    def __init__(
        self,
        grouper: Grouper,
        shots: Mapping[int, Shot],
        values: Mapping[int, bytes],
        vectors: Vectors,
        seen: Mapping[int, tuple[bool, int | None, frozenset[int]]],
    ) -> None:
        self._grouper = grouper
        self._shots = shots
        self._values = values
        self._vectors = vectors
        self._seen = seen

    def same(self, one: Shot, other: Shot) -> bool:
        values = self._values.get(one.photo_id), self._values.get(other.photo_id)
        if not values[0] or not values[1] or not sameshot.have_one_shape(one, other):
            return False
        difference = fingerprints.difference(values[0], values[1])
        found = self._vectors.cosine(one.photo_id, other.photo_id)
        cosine, alike = (None, 1.0) if found is None else (found[0], found[1].alike)
        if not sameshot.are_close(difference, cosine, alike):
            return False
        looks = self._grouper.look(one), self._grouper.look(other)
        if looks[0] is None or looks[1] is None:
            return difference.bits <= sameshot.BLIND_BITS
        return is_same_picture(looks[0], looks[1])

    def apart(self, one: int, other: int) -> bool:
        """Whether it is known that two photos are not one shot: by what they say of themselves, or the user."""
        if one == other or one not in self._shots or other not in self._shots:
            return False
        dismissed = self._seen[one][2] & self._seen[other][2]
        return bool(dismissed) or sameshot.are_two_shots(self._shots[one], self._shots[other])


def _groups(session: Session, photo_ids: Iterable[int]) -> Groups:
    """The groups that these photos are in, with everyone who is in them."""
    keys = likeness.keys_of(session, LikenessKind.SAME, photo_ids)
    members = likeness.members_of(session, LikenessKind.SAME, keys.values())
    key_of = {photo_id: key_id for key_id, found in members.items() for photo_id in found}
    return Groups(key_of, {key_id: set(found) for key_id, found in members.items()})


def _seen(session: Session, photo_ids: Iterable[int]) -> dict[int, tuple[bool, int | None, frozenset[int]]]:
    ids = list(photo_ids)
    shown = likeness.shown(session, ids)
    keys = likeness.keys_of(session, LikenessKind.SAME, ids)
    dismissed = likeness.dismissals_of(session, ids)
    return {each: (each in shown, keys.get(each), frozenset(dismissed.get(each, ()))) for each in ids}


def _stretch_around(session: Session, shot: Shot) -> list[Shot]:
    """The photos of its camera around this one without a pause; none when it is alone."""
    assert shot.taken_at is not None and shot.camera is not None
    reach = bursts.GAP
    while True:
        first, last = shot.taken_at - reach, shot.taken_at + reach
        ids = likeness.taken_between(session, shot.camera, first, last)
        if len(ids) < 2:
            return []
        shots = bursts.in_order(likeness.shots(session, ids).values())
        found = bursts.stretch(shots, shot.photo_id)
        ends = found[0].taken_at, found[-1].taken_at
        assert ends[0] is not None and ends[1] is not None
        if (ends[0] - first > bursts.GAP and last - ends[1] > bursts.GAP) or reach >= bursts.FURTHEST:
            return list(found)
        reach *= 4


def _one_of_each(session: Session, shots: list[Shot]) -> list[Shot]:
    """Without copies: of photos that are the same shot, the best."""
    keys = likeness.keys_of(session, LikenessKind.SAME, [shot.photo_id for shot in shots])
    best: dict[int, Shot] = {}
    for shot in shots:
        key_id = keys.get(shot.photo_id, shot.photo_id)
        if key_id not in best or shot.preference > best[key_id].preference:
            best[key_id] = shot
    return bursts.in_order(best.values())
