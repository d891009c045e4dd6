"""Rows of who is like whom: groups, photos whose groups are still to be decided, and what was dismissed.

There are two kinds: the same shot in several files, and bursts. A photo is in at most one group of each. A group is
named by the id of its key, the photo that all others of it are like.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BindParameter, TextClause, bindparam, delete, insert, select, text
from sqlalchemy.orm import Session

from photoindex.companions import PRESENT, chunks
from photoindex.errors import NotFoundError
from photoindex.messages import say
from photoindex.models import Dismissal, DismissedPhoto, File, Likeness, LikenessKind, Photo, Undecided


@dataclass(frozen=True)
class Shot:
    """What decides, beside its pixels, whether a photo is like another."""

    photo_id: int
    content_hash: bytes
    kind: str
    format: str
    width: int
    height: int
    size_bytes: int
    duration_seconds: float | None
    taken_at: datetime | None
    camera: str | None
    visible: bool
    name: bytes
    """Of its first file, without folders."""

    @property
    def preference(self) -> tuple[int, int, int]:
        """The larger, the better it stands for its group."""
        return self.width * self.height, self.size_bytes, -self.photo_id


@dataclass(frozen=True)
class Folded:
    """Results of which photos that are alike have been folded into one."""

    kept: NDArray[np.int64]
    """Places of those that stay, (m,), in the order they were in."""
    behind: NDArray[np.int64]
    """How many others each of them stands for, (m,)."""


# Built once and not for each photo: that would cost several times what SQLite needs.
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_SHOTS = select(
    Photo.id, Photo.content_hash, Photo.kind, Photo.format, Photo.width, Photo.height, Photo.size_bytes,
    Photo.duration_seconds, Photo.taken_at, Photo.camera, Photo.visible,
).where(Photo.id.in_(_IDS))  # fmt: skip
_PATHS = (
    select(File.photo_id, File.path).where(File.photo_id.in_(_IDS), File.state.in_(PRESENT)).order_by(File.id.desc())
)
_SHOWN = select(Photo.id).where(Photo.visible, Photo.id.in_(_IDS))
_TAKEN_BETWEEN = select(Photo.id).where(
    Photo.visible,
    Photo.timeline_at.between(bindparam("first"), bindparam("last")),  # it is `taken_at`, and has an index
    Photo.taken_at.is_not(None),
    Photo.camera == bindparam("camera"),
    Photo.kind != "video",
)
_KEYS_OF = select(Likeness.photo_id, Likeness.key_id).where(
    Likeness.photo_id.in_(_IDS), Likeness.kind == bindparam("kind")
)
_MEMBERS_OF = (
    select(Likeness.key_id, Likeness.photo_id)
    .where(Likeness.kind == bindparam("kind"), Likeness.key_id.in_(_IDS))
    .order_by(Likeness.photo_id)
)
_DISMISSALS_OF = select(DismissedPhoto.photo_id, DismissedPhoto.dismissal_id).where(DismissedPhoto.photo_id.in_(_IDS))
_SAME_KEYS, _BURST_KEYS = (
    text(
        "SELECT l.photo_id, l.key_id FROM json_each(:ids) j "
        f"CROSS JOIN likeness l ON l.photo_id = j.value AND l.kind = '{kind.value}'"
    )
    for kind in (LikenessKind.SAME, LikenessKind.BURST)
)
_BURSTS_OF_SAME = text(
    "SELECT s.key_id, min(b.key_id) FROM json_each(:ids) j "
    "CROSS JOIN likeness s ON s.kind = 'same' AND s.key_id = j.value "
    "CROSS JOIN likeness b ON b.kind = 'burst' AND b.photo_id = s.photo_id GROUP BY s.key_id"
)

_BURST_SIZES = text(
    "SELECT l.photo_id, (SELECT count(*) FROM likeness other WHERE other.kind = 'burst' AND other.key_id = l.key_id) "
    "FROM json_each(:ids) j CROSS JOIN likeness l ON l.photo_id = j.value AND l.kind = 'burst'"
)

# --- what is to be decided -----------------------------------------------------------------------------------------


def undecided(session: Session, limit: int) -> dict[int, int]:
    """The oldest rows of the queue: row id → photo id. A photo may be there more than once."""
    query = select(Undecided.id, Undecided.photo_id).order_by(Undecided.id).limit(limit)
    return dict(session.execute(query).all())


def decided(session: Session, row_ids: Iterable[int]) -> None:
    """Take rows off the queue."""
    for chunk in chunks(list(row_ids)):
        session.execute(delete(Undecided).where(Undecided.id.in_(chunk)))


def decide_again(session: Session, photo_ids: Iterable[int]) -> None:
    """Queue photos, whose groups may have changed."""
    for chunk in chunks(sorted(set(photo_ids))):
        session.execute(
            insert(Undecided).from_select(["photo_id"], select(Photo.id).where(Photo.id.in_(chunk)).order_by(Photo.id))
        )


def shots(session: Session, photo_ids: Iterable[int]) -> dict[int, Shot]:
    """What is known of photos, by id; those that are gone are left out."""
    ids = sorted(set(photo_ids))
    found: dict[int, Shot] = {}
    for chunk in chunks(ids):
        names: dict[int, bytes] = {}
        for photo_id, path in session.execute(_PATHS, {"ids": chunk}):
            names[photo_id or 0] = path.rpartition(b"/")[2]
        for row in session.execute(_SHOTS, {"ids": chunk}):
            found[row[0]] = Shot(*row, name=names.get(row[0], b""))
    return found


def shown(session: Session, photo_ids: Iterable[int]) -> set[int]:
    """Which of the photos are visible."""
    found: set[int] = set()
    for chunk in chunks(sorted(set(photo_ids))):
        found.update(session.scalars(_SHOWN, {"ids": chunk}))
    return found


def taken_between(session: Session, camera: str, first: datetime, last: datetime) -> list[int]:
    """Ids of visible photos (no videos) that a camera took in a stretch of time."""
    return list(session.scalars(_TAKEN_BETWEEN, {"camera": camera, "first": first, "last": last}))


# --- groups --------------------------------------------------------------------------------------------------------


def keys_of(session: Session, kind: LikenessKind, photo_ids: Iterable[int]) -> dict[int, int]:
    """The keys of the groups that photos are in: photo id → key."""
    found: dict[int, int] = {}
    for chunk in chunks(sorted(set(photo_ids))):
        rows = session.execute(_KEYS_OF, {"kind": kind, "ids": chunk})
        found.update((photo_id, key_id) for photo_id, key_id in rows)
    return found


def members_of(session: Session, kind: LikenessKind, keys: Iterable[int]) -> dict[int, list[int]]:
    """Everyone in these groups, shown or not: key → photo ids, ascending."""
    found: dict[int, list[int]] = {}
    for chunk in chunks(sorted(set(keys))):
        for key_id, photo_id in session.execute(_MEMBERS_OF, {"kind": kind, "ids": chunk}):
            found.setdefault(key_id, []).append(photo_id)
    return found


def burst_sizes(session: Session, photo_ids: Sequence[int]) -> dict[int, int]:
    """How many there are in the bursts that photos are in, shown or not; photos in none are left out."""
    return dict(session.execute(_BURST_SIZES, {"ids": json.dumps(list(photo_ids))}).all())


def assign(session: Session, kind: LikenessKind, keys: Mapping[int, int | None]) -> None:
    """Put photos into groups, or with None into no group."""
    for chunk in chunks(list(keys)):
        session.execute(delete(Likeness).where(Likeness.kind == kind, Likeness.photo_id.in_(chunk)))
    rows = [
        {"kind": kind, "photo_id": photo_id, "key_id": key_id}
        for photo_id, key_id in keys.items()
        if key_id is not None
    ]
    if rows:
        session.execute(insert(Likeness), rows)


# --- dismissing ----------------------------------------------------------------------------------------------------


def dismissals_of(session: Session, photo_ids: Iterable[int]) -> dict[int, set[int]]:
    """In which dismissals photos are, of whatever kind: two that share one are not put together."""
    found: dict[int, set[int]] = {}
    for chunk in chunks(sorted(set(photo_ids))):
        for photo_id, dismissal_id in session.execute(_DISMISSALS_OF, {"ids": chunk}):
            found.setdefault(photo_id, set()).add(dismissal_id)
    return found


def dismiss(session: Session, kind: str, photo_ids: Sequence[int]) -> int:
    """Remember that these photos are different. Returns the id of the dismissal, for `restore`."""
    row = Dismissal(kind=kind)
    session.add(row)
    session.flush()
    session.execute(insert(DismissedPhoto), [{"photo_id": photo_id, "dismissal_id": row.id} for photo_id in photo_ids])
    return row.id


def restore(session: Session, dismissal_id: int) -> str:
    """Take a dismissal back; the daemon finds the group again. Returns its kind. Raises NotFoundError."""
    kind = session.scalar(select(Dismissal.kind).where(Dismissal.id == dismissal_id))
    if kind is None:
        raise NotFoundError(say("there is no dismissal %(dismissal_id)s", dismissal_id=dismissal_id))
    query = select(DismissedPhoto.photo_id).where(DismissedPhoto.dismissal_id == dismissal_id)
    decide_again(session, list(session.scalars(query)))
    session.execute(delete(Dismissal).where(Dismissal.id == dismissal_id))
    return kind


# --- folding -------------------------------------------------------------------------------------------------------


def representatives(session: Session, photo_ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each photo, (n,), the id that stands for all that are like it, be they the same shot or of one burst.

    Photos with the same id belong together; that id need not be among those given. A photo in no group stands for
    itself. Three queries, however many photos.
    """
    asked = json.dumps(np.unique(photo_ids).tolist())
    keys = _looked_up(_pairs(session, _SAME_KEYS, asked), photo_ids)
    bursts = _looked_up(_pairs(session, _BURST_KEYS, asked), photo_ids)
    # One of the same shots may be the only one that the burst is known of, the others having lost their date.
    shared = _looked_up(_pairs(session, _BURSTS_OF_SAME, json.dumps(np.unique(keys[keys > 0]).tolist())), keys)
    return np.select([shared > 0, bursts > 0, keys > 0], [shared, bursts, keys], photo_ids)


def fold(keys: NDArray[np.int64]) -> Folded:
    """Of results in their order, given what stands for each, (n,): the first of every group, and how many it hides."""
    _, first, counts = np.unique(keys, return_index=True, return_counts=True)
    order = np.argsort(first)
    return Folded(first[order].astype(np.int64), (counts[order] - 1).astype(np.int64))


def _pairs(session: Session, query: TextClause, ids: str) -> NDArray[np.int64]:
    """(n, 2), sorted by the first column, in which no number stands twice."""
    rows = session.execute(query, {"ids": ids}).all()
    pairs = np.array([tuple(row) for row in rows], dtype=np.int64).reshape(-1, 2)
    return pairs[np.unique(pairs[:, 0], return_index=True)[1]]


def _looked_up(pairs: NDArray[np.int64], ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """The keys of ids by sorted (id, key) pairs, -1 for those without."""
    if len(pairs) == 0:
        return np.full(len(ids), -1, dtype=np.int64)
    places = np.searchsorted(pairs[:, 0], ids).clip(0, len(pairs) - 1)
    return np.where(pairs[places, 0] == ids, pairs[places, 1], -1)
