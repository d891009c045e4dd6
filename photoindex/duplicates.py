"""Duplicates as people go through them: exact copies, the same shot in several files, bursts; in pages, one kind each.

Exact copies are files of one photo and need no deciding. The other kinds are found by the daemon; see `likeness`.
PhotoIndex deletes nothing: it suggests which to keep, and remembers what was dismissed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, exists, func, literal_column, select
from sqlalchemy.orm import Session

from photoindex import likeness, photos
from photoindex.companions import PRESENT, chunks
from photoindex.cutting import cut
from photoindex.errors import NotFoundError, QueryError
from photoindex.keeping import suggest_file, suggest_photo
from photoindex.messages import say
from photoindex.models import AlbumPhoto, Dismissal, DismissedPhoto, File, Likeness, LikenessKind, Photo
from photoindex.photos import PhotoInfo

COPIES = "copies"
KINDS = (COPIES, LikenessKind.SAME.value, LikenessKind.BURST.value)

_GROUP_ID = re.compile(rf"({'|'.join(KINDS)})-([1-9][0-9]{{0,17}})", re.ASCII)


@dataclass(frozen=True)
class Group:
    """Photos that are alike, or the one photo of several files."""

    id: str
    """`same-12`: its kind and a number."""
    kind: str
    photos: tuple[PhotoInfo, ...]
    """The one to keep first, then as they were taken. Of copies there is one, whose files are the copies."""
    keep_id: int
    """The photo to keep; of copies, the file."""
    reason: str
    """Why: ends the sentence "Keep this one: …"."""
    wasted_bytes: int
    """What the others take up."""

    @property
    def number(self) -> int:
        return int(self.id.rpartition("-")[2])


@dataclass(frozen=True)
class GroupPage:
    """A page of groups of one kind, those of the newest photos first."""

    kind: str
    groups: tuple[Group, ...]
    total: int
    """How many groups of this kind there are."""
    next_after: int | None
    """The number of the last group, behind which the next page begins; None on the last page."""


def check_kind(kind: str) -> str:
    """The kind itself. Raises QueryError for anything else."""
    if kind not in KINDS:
        raise QueryError(say("kind must be one of %(kinds)s", kinds=", ".join(KINDS)))
    return kind


def page(session: Session, kind: str, limit: int, after: int | None = None) -> GroupPage:
    """The next groups of a kind. Only photos and files that are there count; nothing dismissed is shown.

    `after` is `next_after` of the page before. Raises QueryError.
    """
    query = _copies() if check_kind(kind) == COPIES else _alike(kind)
    # All of them at once: to count them takes as long as to list them.
    found = session.scalars(query.order_by(query.selected_columns[0].desc())).all()
    numbers, last = cut([number for number in found if after is None or number < after][: limit + 1], limit)
    groups = _groups_of_copies(session, numbers) if kind == COPIES else _groups(session, kind, numbers)
    return GroupPage(kind, tuple(groups), len(found), last)


def count(session: Session, known: GroupPage | None = None) -> dict[str, int]:
    """How many groups there are, by kind. Those of a page that is `known` are not counted again."""
    counted = {known.kind: known.total} if known else {}
    for kind in KINDS:
        if kind not in counted:
            query = _copies() if kind == COPIES else _alike(kind)
            counted[kind] = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    return counted


def dismiss(session: Session, group_id: str) -> int:
    """Take a group off the list for good: its photos are different, or all wanted. Returns the dismissal's id.

    Raises NotFoundError.
    """
    kind, number = _parse(group_id)
    if kind == COPIES:
        known = session.scalar(select(exists().where(Photo.id == number, ~_dismissed(COPIES))))
        members = [number] if known else []
    else:
        members = likeness.members_of(session, LikenessKind(kind), [number]).get(number, [])
    if not members:
        raise NotFoundError(say("there is no group %(group_id)s", group_id=group_id))
    dismissal_id = likeness.dismiss(session, kind, members)
    if kind != COPIES:
        likeness.assign(session, LikenessKind(kind), dict.fromkeys(members))
        likeness.decide_again(session, members)  # some may be like others still
    return dismissal_id


def restore(session: Session, dismissal_id: int) -> str:
    """Take a dismissal back; the daemon finds the group again in a moment. Returns its kind. Raises NotFoundError."""
    return likeness.restore(session, dismissal_id)


def _parse(group_id: str) -> tuple[str, int]:
    match = _GROUP_ID.fullmatch(group_id)
    if match is None:
        raise NotFoundError(say("there is no group %(group_id)s", group_id=group_id))
    return match[1], int(match[2])


def _copies() -> Select[Any]:
    """The photos of which there are several files."""
    # The files first, from their index by photos, which the `+` leads to: only those few photos are looked up.
    state = literal_column("+file.state", File.state.type)
    several = (
        select(File.photo_id.label("number"))
        .where(File.photo_id.is_not(None), state.in_(PRESENT))
        .group_by(File.photo_id)
        .having(func.count() > 1)
        .subquery()
    )
    shown = exists().where(Photo.id == several.c.number, Photo.visible, ~_dismissed(COPIES))
    return select(several.c.number).where(shown)


def _alike(kind: str) -> Select[Any]:
    """The keys of groups of which at least two are there."""
    return (
        select(Likeness.key_id.label("number"))
        .join(Photo, Photo.id == Likeness.photo_id)
        .where(Likeness.kind == kind, Photo.visible)
        .group_by(Likeness.key_id)
        .having(func.count() > 1)
    )


def _dismissed(kind: str) -> Any:
    return exists().where(
        DismissedPhoto.photo_id == Photo.id, Dismissal.id == DismissedPhoto.dismissal_id, Dismissal.kind == kind
    )


def _groups_of_copies(session: Session, photo_ids: Sequence[int]) -> Iterable[Group]:
    found = photos.get_many(session, photo_ids)
    changed_ns = _changed_ns(session, File.id, photo_ids)
    for photo in found:
        suggested = suggest_file(photo.files, changed_ns)
        wasted_bytes = photo.size_bytes * (len(photo.files) - 1)
        yield Group(f"{COPIES}-{photo.id}", COPIES, (photo,), suggested.kept, suggested.reason, wasted_bytes)


def _groups(session: Session, kind: str, keys: Sequence[int]) -> Iterable[Group]:
    members = likeness.members_of(session, LikenessKind(kind), keys)
    ids = [photo_id for found in members.values() for photo_id in found]
    infos = {info.id: info for chunk in chunks(ids) for info in photos.get_many(session, chunk) if info.visible}
    albums = _albums(session, ids)
    changed_ns = _changed_ns(session, File.photo_id, ids)
    for key_id in keys:
        shown = [infos[photo_id] for photo_id in members[key_id] if photo_id in infos]
        kept = suggest_photo(shown, albums, changed_ns)
        shown.sort(key=lambda photo: (photo.id != kept.kept, photo.timeline_at, photo.id))
        wasted_bytes = sum(photo.size_bytes for photo in shown if photo.id != kept.kept)
        yield Group(f"{kind}-{key_id}", kind, tuple(shown), kept.kept, kept.reason, wasted_bytes)


def _albums(session: Session, photo_ids: Sequence[int]) -> Mapping[int, int]:
    """In how many albums photos are."""
    found: dict[int, int] = {}
    for chunk in chunks(photo_ids):
        query = select(AlbumPhoto.photo_id, func.count()).where(AlbumPhoto.photo_id.in_(chunk))
        found.update(session.execute(query.group_by(AlbumPhoto.photo_id)).all())
    return found


def _changed_ns(session: Session, by: Any, photo_ids: Sequence[int]) -> Mapping[int, int]:
    """When the files of photos were last changed, the oldest first of each: by file or by photo."""
    found: dict[int, int] = {}
    for chunk in chunks(photo_ids):
        query = select(by, func.min(File.mtime_ns)).where(File.photo_id.in_(chunk), File.state.in_(PRESENT))
        found.update(session.execute(query.group_by(by)).all())
    return found
