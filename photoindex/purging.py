"""Purging: forgetting files that have been gone for long, and the photos of which no file is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, func, not_, or_, select
from sqlalchemy.orm import Session, aliased

from photoindex import embeddings
from photoindex.companions import chunks
from photoindex.models import AlbumPhoto, File, FileState, Library, LibraryState, Photo

PORTION = 200
"""Files forgotten in one transaction."""


@dataclass(frozen=True)
class Purge:
    """What would be forgotten, or was."""

    files: int
    photos: int
    """Photos of which no file is left then: with their embeddings, thumbnails and all that was derived of them."""
    kept: int = 0
    """Photos that stay though all is gone that shows them, because the user marked them."""


def survey(session: Session, before: datetime, library_id: int | None = None, *, marked: bool = False) -> Purge:
    """What `purge` would forget: files that have been missing since `before`, in a library or in all that are online.

    Photos that the user marked (favourite, rated, hidden, in an album) stay unless `marked`.
    """
    goes = _goes(File, before, library_id, marked)
    files = session.scalar(select(func.count()).select_from(File).where(goes)) or 0
    other = aliased(File)
    stays = exists().where(other.photo_id == File.photo_id, not_(_goes(other, before, library_id, marked)))
    photos = session.scalar(
        select(func.count(File.photo_id.distinct())).where(goes, File.photo_id.is_not(None), ~stays)
    )
    gone = and_(_gone(File, before, library_id), not_(goes))
    present = exists().where(other.photo_id == File.photo_id, not_(_gone(other, before, library_id)))
    kept = session.scalar(select(func.count(File.photo_id.distinct())).where(gone, ~present))
    return Purge(files, photos or 0, kept or 0)


def purge(
    session: Session, before: datetime, library_id: int | None = None, *, marked: bool = False, limit: int = PORTION
) -> tuple[Purge, list[bytes]]:
    """Forget at most `limit` files; to be called until it forgets none. As `survey` tells.

    Returns what it was, and the content hashes of the photos, so that the caller deletes their thumbnails once this is
    committed.
    """
    rows = session.execute(
        select(File.id, File.photo_id).where(_goes(File, before, library_id, marked)).order_by(File.id).limit(limit)
    ).all()
    held = sorted({photo_id for _, photo_id in rows if photo_id is not None})
    for chunk in chunks([file_id for file_id, _ in rows]):
        session.execute(delete(File).where(File.id.in_(chunk)))
    orphans = _orphans(session, held)
    embeddings.delete_photos(session, [photo_id for photo_id, _ in orphans])
    for chunk in chunks([photo_id for photo_id, _ in orphans]):
        session.execute(delete(Photo).where(Photo.id.in_(chunk)))
    return Purge(len(rows), len(orphans)), [content_hash for _, content_hash in orphans]


def _orphans(session: Session, photo_ids: Sequence[int]) -> list[tuple[int, bytes]]:
    """Those of the photos of which there is no file at all, and their content hashes."""
    found: list[tuple[int, bytes]] = []
    for chunk in chunks(photo_ids):
        rows = session.execute(
            select(Photo.id, Photo.content_hash).where(Photo.id.in_(chunk), ~exists().where(File.photo_id == Photo.id))
        )
        found += [(row.id, row.content_hash) for row in rows]
    return found


def _gone(file: Any, before: datetime, library_id: int | None) -> ColumnElement[bool]:
    """Of a row of `file`: missing since `before`, in a library of which that may be believed."""
    online = select(Library.id).where(Library.state == LibraryState.ONLINE)
    within = file.library_id.in_(online if library_id is None else online.where(Library.id == library_id))
    return and_(file.state == FileState.MISSING, func.coalesce(file.missing_since, before) < before, within)


def _goes(file: Any, before: datetime, library_id: int | None, marked: bool) -> ColumnElement[bool]:
    gone = _gone(file, before, library_id)
    if marked:
        return gone
    return and_(gone, or_(file.photo_id.is_(None), file.photo_id.not_in(_marked())))


def _marked() -> Any:
    """Photos to which the user gave something that only the index knows."""
    in_album = exists().where(AlbumPhoto.photo_id == Photo.id)
    return select(Photo.id).where(or_(Photo.favourite, Photo.hidden, Photo.rated, in_album))
