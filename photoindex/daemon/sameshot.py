"""Which photos are the same shot: resized, recompressed, in another format, slightly cropped or brightened.

A photo is compared with the key of a group, the largest picture of it, and never with any member: so a chain of small
changes doesn't grow. Decides only; `grouping` reads and writes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from photoindex.fingerprints import Difference
from photoindex.likeness import Shot

MAX_BITS = 56
"""Of 256, in how many fingerprints of one shot may differ. Crops of 3 % reach it; other photos begin at 96."""
MAX_LOW_BITS = 12
"""The same for the first 64 bits."""
FEW_BITS = 32
"""Up to here the embedding has no say: a starter's, of a quarter of the size, can be as far off as another photo's."""
BLIND_BITS = 12
"""Up to here fingerprints alone are believed, where a picture can't be looked at."""
MAX_COLOURS = 10.0
"""How far mean colours may be apart; brightening and darkening reach 9. Black and white is another picture."""
MAX_SHAPE = math.log(1.035)
MOST_NEAR = 100
"""How many photos with near fingerprints lead to those that one is compared with: their keys, or they themselves."""
MOST_LOOKED_AT = 40
"""With how many photos one is compared at most, whatever else is near."""
MOST_TOGETHER = 500
"""A group of so many takes in no more: thousands that are alike, as from a camera that watches a door, are several."""
MANY = 40
MUCH_BETTER = 1.1
"""The key of MANY is replaced only by a picture of so many times its pixels, as all of them are decided anew then."""

_MOMENT_SECONDS = 0.02
_ZONE_SECONDS = 15 * 60.0
_FURTHEST_ZONE_SECONDS = 26 * 3600.0
_NUMBERED = re.compile(rb"(.*?)(\d+)\.[^.]*", re.DOTALL)


@dataclass
class Groups:
    """Who is in which group, as far as it matters, and what changed."""

    key_of: dict[int, int]
    members: dict[int, set[int]]
    changed: set[int] = field(default_factory=set)
    again: set[int] = field(default_factory=set)
    """Photos that lost their group and are to be decided anew."""

    def join(self, photo_id: int, key_id: int) -> None:
        self._leave(photo_id)
        for each in (photo_id, key_id):
            self.key_of[each] = key_id
            self.members.setdefault(key_id, set()).add(each)
            self.changed.add(each)

    def detach(self, photo_id: int) -> None:
        """Take a photo out of its group. When it was the key, or all but one have gone, the others go too."""
        key_id = self.key_of.get(photo_id)
        self._leave(photo_id)
        if key_id is None:
            return
        left = self.members.get(key_id, set())
        if photo_id == key_id or left == {key_id}:
            for each in list(left):
                self._leave(each)
                if each != key_id:
                    self.again.add(each)

    def _leave(self, photo_id: int) -> None:
        key_id = self.key_of.pop(photo_id, None)
        if key_id is not None:
            self.members[key_id].discard(photo_id)
            self.changed.add(photo_id)


def place(
    shot: Shot,
    candidates: Iterable[Shot],
    groups: Groups,
    same: Callable[[Shot, Shot], bool],
    apart: Callable[[int, int], bool],
) -> None:
    """Find the group of a photo anew among photos that may be the same; `same` has the last word on two of them.

    It joins a group with a better key, or a better photo that has none; or else becomes the key of all that it is the
    same as. Whoever so loses a group is decided anew: each time for a better key, so that it ends. Photos known to be
    `apart` don't come together by way of a third: two of a burst by an export of one that has lost its date.
    """

    def fits(photo_id: int, key_id: int) -> bool:
        members = groups.members.get(key_id, ())
        return len(members) < MOST_TOGETHER and not any(apart(photo_id, each) for each in {key_id, *members})

    groups.detach(shot.photo_id)
    if not shot.visible:
        return
    able = {each.photo_id: each for each in candidates if each.visible and each.photo_id != shot.photo_id}
    # A photo that has a group stands for its key, so that one is found whose members are nearer than itself.
    standing = dict.fromkeys(groups.key_of.get(photo_id, photo_id) for photo_id in able)
    others = [able[photo_id] for photo_id in standing if photo_id in able][:MOST_LOOKED_AT]
    # Keys first, and the best of them.
    others.sort(key=lambda each: (each.photo_id in groups.key_of, each.preference), reverse=True)
    for better in (each for each in others if not _takes_over(shot, each, groups)):
        if fits(shot.photo_id, better.photo_id) and same(shot, better):
            groups.join(shot.photo_id, better.photo_id)
            return
    for worse in (each for each in others if _takes_over(shot, each, groups)):
        if fits(worse.photo_id, shot.photo_id) and same(shot, worse):
            groups.detach(worse.photo_id)
            groups.join(worse.photo_id, shot.photo_id)


def _takes_over(shot: Shot, key: Shot, groups: Groups) -> bool:
    """Whether a photo is to be the key of one that is the key, or alone, now."""
    if len(groups.members.get(key.photo_id, ())) >= MANY:
        return shot.width * shot.height >= MUCH_BETTER * key.width * key.height
    return shot.preference > key.preference


def are_two_shots(one: Shot, other: Shot) -> bool:
    """Whether one camera says that it took both, at two moments."""
    return "video" not in (one.kind, other.kind) and (_taken_apart(one, other) or _numbered_apart(one, other))


def have_one_shape(one: Shot, other: Shot) -> bool:
    """Whether both are as wide for their height, less what a crop may take; videos must be equally long."""
    if one.kind == "video" or other.kind == "video":
        return one.kind == other.kind and _same_length(one.duration_seconds, other.duration_seconds)
    return abs(math.log(one.width * other.height / (one.height * other.width))) <= MAX_SHAPE


def are_close(difference: Difference, cosine: float | None, alike: float) -> bool:
    """Whether fingerprints and embeddings say that it is worth looking at the pictures themselves.

    `cosine` is None without embeddings by one encoder; `alike` is what hardly any two photos of other things reach.
    """
    if difference.bits > MAX_BITS or difference.colours > MAX_COLOURS:
        return False
    return difference.bits <= FEW_BITS or (cosine is not None and cosine >= alike)


def _same_length(one: float | None, other: float | None) -> bool:
    return one is not None and other is not None and abs(one - other) <= max(0.5, 0.01 * max(one, other))


def _taken_apart(one: Shot, other: Shot) -> bool:
    """Whether one camera took both, at two moments: clocks set to other zones are whole quarters of an hour apart."""
    if one.taken_at is None or other.taken_at is None or one.camera is None or one.camera != other.camera:
        return False
    exact = one.taken_at.microsecond and other.taken_at.microsecond
    first, second = (at if exact else at.replace(microsecond=0) for at in (one.taken_at, other.taken_at))
    seconds = abs((first - second).total_seconds())
    if seconds > _FURTHEST_ZONE_SECONDS:
        return True
    seconds = min(seconds % _ZONE_SECONDS, -seconds % _ZONE_SECONDS)
    return seconds > (_MOMENT_SECONDS if exact else 0.5)


def _numbered_apart(one: Shot, other: Shot) -> bool:
    """Whether they are two originals of one camera: of one size and format, in one folder's numbering."""
    if one.camera is None or one.taken_at is None or other.taken_at is None:
        return False
    if (one.camera, one.format, one.width, one.height) != (other.camera, other.format, other.width, other.height):
        return False
    names = _NUMBERED.fullmatch(one.name), _NUMBERED.fullmatch(other.name)
    if names[0] is None or names[1] is None:
        return False
    (prefix, number), (other_prefix, other_number) = names[0].groups(), names[1].groups()
    return bool(prefix.lower() == other_prefix.lower() and len(number) == len(other_number) and number != other_number)


def touched(groups: Groups) -> Mapping[int, int | None]:
    """The photos whose group changed: photo id → key, None for those without."""
    return {photo_id: groups.key_of.get(photo_id) for photo_id in sorted(groups.changed)}
