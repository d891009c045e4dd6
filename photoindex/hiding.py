"""Photos that the user hid: shown on a page of their own and nowhere else, while their files stay as they are."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, exists, func, select, update
from sqlalchemy.orm import Session

from photoindex import timeline
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
    return timeline.older(session, limit, after, _kept())


def count(session: Session) -> int:
    """How many hidden photos have a file on disk."""
    return session.scalar(select(func.count()).select_from(Photo).where(_kept())) or 0


def _kept() -> ColumnElement[bool]:
    on_disk = exists().where(File.photo_id == Photo.id, File.state.in_(PRESENT))
    return and_(Photo.hidden == 1, on_disk)
