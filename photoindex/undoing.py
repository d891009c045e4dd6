"""What can be undone: the last changes of favourites, hidden photos and albums, each with what takes it back."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from photoindex import album_order, collections, hiding
from photoindex.album_order import Place
from photoindex.errors import NotFoundError
from photoindex.messages import say
from photoindex.models import UndoStep

KEPT = 100
"""So many changes can be undone."""


class Action(StrEnum):
    """What takes a change back."""

    FAVOURITE = "favourite"
    UNFAVOURITE = "unfavourite"
    HIDE = "hide"
    UNHIDE = "unhide"
    ADD = "add"
    REMOVE = "remove"
    ORDER = "order"


@dataclass(frozen=True)
class Step:
    """How a change is taken back: the action, on photos, in an album; `positions` are those to put them at."""

    action: Action
    photo_ids: Sequence[int]
    album_id: int | None = None
    positions: Sequence[int] = ()


def remember(session: Session, step: Step) -> str:
    """Keep a step; returns the token that `undo` takes."""
    token = secrets.token_urlsafe(12)
    session.add(
        UndoStep(
            token=token,
            action=step.action,
            album_id=step.album_id,
            photo_ids=list(step.photo_ids),
            positions=list(step.positions),
        )
    )
    session.flush()
    newest = select(func.max(UndoStep.id)).scalar_subquery()
    old = delete(UndoStep).where(UndoStep.id <= newest - KEPT)
    session.execute(old, execution_options={"synchronize_session": False})
    return token


@dataclass(frozen=True)
class Undone:
    """What was taken back."""

    action: Action
    photos: int
    """Of how many photos."""


def undo(session: Session, token: str) -> Undone:
    """Take a change back, once. Raises NotFoundError when that can't be done any more."""
    kept = session.scalar(select(UndoStep).where(UndoStep.token == token))
    if kept is None:
        raise NotFoundError(say("this can't be undone any more"))
    step = Step(Action(kept.action), kept.photo_ids, kept.album_id, kept.positions)
    session.delete(kept)
    return Undone(step.action, _take(session, step))


def _take(session: Session, step: Step) -> int:
    ids, album_id = list(step.photo_ids), step.album_id or 0
    match step.action:
        case Action.FAVOURITE | Action.UNFAVOURITE:
            return len(collections.set_favourites(session, ids, step.action is Action.FAVOURITE))
        case Action.HIDE | Action.UNHIDE:
            return len(hiding.set_hidden(session, ids, step.action is Action.HIDE))
        case Action.REMOVE:
            return len(collections.remove_from_album(session, album_id, ids))
        case Action.ORDER:
            places = [Place(position, each) for position, each in zip(step.positions, ids, strict=True)]
            return album_order.restore(session, album_id, places)
        case Action.ADD:
            positions = dict(zip(ids, step.positions, strict=True))
            still = collections.known(session, ids)
            return len(collections.add_to_album(session, album_id, still, [positions[each] for each in still]))
