"""Which photos are shown, and which files merely go with another: a raw file with its JPEG, a Live Photo's clip."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, Table, and_, bindparam, exists, select, update
from sqlalchemy.orm import Session, aliased

from photoindex.models import File, FileState, Library, Photo

PRESENT = (FileState.PENDING, FileState.INDEXED)
"""States in which a file shows the photo it points at: a pending one shows what it held until it is read again."""

LIVE_SECONDS = 6.0
"""A clip that names no photo as its own is a Live Photo's if it is not longer, ..."""
TOGETHER_SECONDS = 10.0
"""... and was taken within this time of the photo."""

_STILLS = ("jpeg", "heif")
_CLIPS = ("mp4", "mov")
# A clip's time is often UTC without saying so, and all zones are whole quarters of an hour from it.
_ZONE_STEP = timedelta(minutes=15)

# Built once and not for each photo: that would cost several times what SQLite needs.
_REFRESH_ALL = update(cast(Table, Photo.__table__)).values(
    visible=and_(
        ~Photo.hidden, exists().where(File.photo_id == Photo.id, File.state.in_(PRESENT), File.companion_of.is_(None))
    )
)
_REFRESH_SOME = _REFRESH_ALL.where(Photo.id.in_(bindparam("photo_ids", expanding=True)))

_MAIN = aliased(File)
_COMPANIONS = (
    select(_MAIN.photo_id.label("shown"), File.photo_id, File.state, Photo.kind, Photo.format, Library.root, File.path)
    .select_from(File)
    .join(_MAIN, _MAIN.id == File.companion_of)
    .join(Photo, Photo.id == File.photo_id)
    .join(Library, Library.id == File.library_id)
    # And no more, or SQLite begins with every file in one of these states.
    .where(_MAIN.photo_id.in_(bindparam("photo_ids", expanding=True)))
    .order_by(File.id)
)


@dataclass(frozen=True)
class CompanionFile:
    """A file that goes with the photo that is shown."""

    photo_id: int
    """The photo that the companion itself is."""
    kind: str
    format: str
    root: bytes
    path: bytes
    """Relative to the root of its library."""

    @property
    def absolute_path(self) -> bytes:
        return os.path.join(self.root, self.path)


def stem(path: bytes) -> bytes:
    """What `IMG_1.CR2`, `IMG_1.jpg` and `IMG_1.MOV` of a folder have in common."""
    return os.path.splitext(path)[0].lower()


def pair(session: Session, library_id: int, stems: Iterable[bytes]) -> None:
    """Decide anew which files with one of these stems go with which, and what is therefore shown.

    A raw file goes with the still photo beside it, a clip with the photo of which it is the moving part. Only files on
    disk count, a companion never has one of its own, and two still photos are two photos.
    """
    for chunk in chunks(sorted(set(stems))):
        rows = session.execute(
            select(
                File.id, File.path, File.stem, File.state, File.photo_id, File.companion_of,
                Photo.kind, Photo.format, Photo.pairing_id, Photo.duration_seconds,
                Photo.taken_at, Photo.taken_at_offset_minutes,
            )
            .outerjoin(Photo, Photo.id == File.photo_id)
            .where(File.library_id == library_id, File.stem.in_(chunk))
            .order_by(File.id)
        )  # fmt: skip
        groups: dict[tuple[bytes, bytes], list[Any]] = {}
        for row in rows:  # stems are in lower case: `Day/1.CR2` and `day/1.jpg` have the same
            groups.setdefault((os.path.dirname(row.path), row.stem), []).append(row)
        changed = []
        for group in groups.values():
            mains = _mains(group)
            changed += [(row, mains.get(row.id)) for row in group if row.companion_of != mains.get(row.id)]
        for row, main in changed:
            session.execute(
                update(File).where(File.id == row.id).values(companion_of=main),
                execution_options={"synchronize_session": False},
            )
        refresh_visibility(session, [row.photo_id for row, _ in changed])


def has_twin(file: type[File]) -> ColumnElement[bool]:
    """Whether another file has the stem of this one: only then can it be, or have, a companion."""
    twin = aliased(File)
    return exists().where(twin.library_id == file.library_id, twin.stem == file.stem, twin.id != file.id)


def refresh_visibility(session: Session, photo_ids: Iterable[int | None]) -> None:
    """Recompute whether photos are shown: whether they have a file on disk that is no companion, and
    the user did not hide them."""
    session.flush()
    for chunk in chunks(sorted({photo_id for photo_id in photo_ids if photo_id is not None})):
        session.execute(_REFRESH_SOME, {"photo_ids": chunk})


def refresh_all_visibility(session: Session) -> None:
    """The same for every photo."""
    session.flush()
    session.execute(_REFRESH_ALL)


def companions_of(session: Session, photo_ids: Sequence[int]) -> dict[int, list[CompanionFile]]:
    """The files on disk that go with files of these photos, by photo; photos without any are left out."""
    found: dict[int, list[CompanionFile]] = {}
    for chunk in chunks(photo_ids):
        for row in session.execute(_COMPANIONS, {"photo_ids": chunk}):
            if row.state not in PRESENT:
                continue
            companion = CompanionFile(row.photo_id, row.kind, row.format, row.root, row.path)
            found.setdefault(row.shown, []).append(companion)
    return found


def chunks(items: Sequence[Any], size: int = 500) -> Iterable[Sequence[Any]]:
    """Parts of a sequence, so that no statement has more parameters than SQLite takes."""
    return (items[start : start + size] for start in range(0, len(items), size))


def _mains(group: Sequence[Any]) -> Mapping[int, int]:
    """Which file of a group goes with which other: id → id."""
    present = [row for row in group if row.state in PRESENT and row.photo_id is not None]
    stills = sorted((row for row in present if row.kind == "photo"), key=_preference)
    mains: dict[int, int] = {}
    for row in present:
        if row.kind == "raw" and stills:
            mains[row.id] = stills[0].id
        elif row.kind == "video":
            live = [still for still in stills if _is_live(still, row)]
            if live:  # the one that it names before those that it may belong to
                mains[row.id] = min(live, key=lambda still: still.pairing_id is None).id
    return mains


def _preference(still: Any) -> tuple[int, int]:
    return (_STILLS.index(still.format) if still.format in _STILLS else len(_STILLS), still.id)


def _is_live(still: Any, clip: Any) -> bool:
    """Whether the clip is the moving part of the photo."""
    if still.pairing_id and clip.pairing_id:
        return bool(still.pairing_id == clip.pairing_id)
    return (
        still.format in _STILLS
        and clip.format in _CLIPS
        and clip.duration_seconds is not None
        and clip.duration_seconds <= LIVE_SECONDS
        and _taken_together(still, clip)
    )


def _taken_together(still: Any, clip: Any) -> bool:
    if still.taken_at is None or clip.taken_at is None:
        return True
    apart: timedelta = still.taken_at - clip.taken_at
    if still.taken_at_offset_minutes is not None and clip.taken_at_offset_minutes is not None:
        apart -= timedelta(minutes=still.taken_at_offset_minutes - clip.taken_at_offset_minutes)
    elif abs(apart) < timedelta(days=1):
        apart = min(apart % _ZONE_STEP, -apart % _ZONE_STEP)
    return abs(apart) <= timedelta(seconds=TOGETHER_SECONDS)
