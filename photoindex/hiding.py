"""Photos that the user hid: shown on a page of their own and nowhere else, while their files stay as they are."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, exists, func, select, tuple_, update
from sqlalchemy.orm import Session

from photoindex.companions import PRESENT, chunks, refresh_visibility
from photoindex.models import File, Photo
from photoindex.photos import Position


def set_hidden(session: Session, photo_ids: Sequence[int], hidden: bool) -> list[int]:
    """Hide photos, or show them again; unknown ids are fine. Returns those that were not so before."""
    changed: list[int] = []
    for chunk in chunks(photo_ids):
        which = update(Photo).where(Photo.id.in_(chunk), Photo.hidden != hidden)
        changed += session.scalars(which.values(hidden=hidden).returning(Photo.id))
    refresh_visibility(session, changed)
    return changed


def page(session: Session, limit: int, after: Position | None = None) -> list[Position]:
    """The next hidden photos that have a file on disk, newest first."""
    query = select(Photo.timeline_at, Photo.id).where(Photo.hidden == 1, _on_disk())
    if after is not None:
        query = query.where(tuple_(Photo.timeline_at, Photo.id) < tuple_(after.timeline_at, after.photo_id))
    rows = session.execute(query.order_by(Photo.timeline_at.desc(), Photo.id.desc()).limit(limit))
    return [Position(timeline_at, photo_id) for timeline_at, photo_id in rows]


def count(session: Session) -> int:
    """How many hidden photos have a file on disk."""
    return session.scalar(select(func.count()).select_from(Photo).where(Photo.hidden == 1, _on_disk())) or 0


def _on_disk() -> ColumnElement[bool]:
    return exists().where(File.photo_id == Photo.id, File.state.in_(PRESENT))
