"""Settings that are chosen on the pages: kept in the database, where daemon, web server and commands all read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from photoindex.models import Setting


@dataclass(frozen=True)
class Use:
    """What the daemon took for a setting, and where it had that from."""

    value: Any
    origin: str
    """One of `photoindex.config.Origin`."""


def read(session: Session) -> dict[str, Any]:
    """What is chosen, by the names of settings; the others have their defaults."""
    rows = session.execute(select(Setting.name, Setting.chosen).where(Setting.chosen.is_not(None)))
    return dict(rows.all())


def choose(session: Session, name: str, value: Any) -> None:
    """Let a setting be this from now on (text, number or list); None is its default again."""
    _put(session, name, chosen=value)


def uses(session: Session) -> dict[str, Use]:
    """What the daemon that runs, or ran last, goes by."""
    rows = session.execute(select(Setting.name, Setting.used, Setting.origin).where(Setting.origin.is_not(None)))
    return {name: Use(value, origin) for name, value, origin in rows}


def note_uses(session: Session, taken: Mapping[str, Use]) -> None:
    """Say what the daemon goes by."""
    for name, use in taken.items():
        _put(session, name, used=use.value, origin=use.origin)


def _put(session: Session, name: str, **values: Any) -> None:
    statement = insert(Setting).values(name=name, **values)
    session.execute(statement.on_conflict_do_update(index_elements=[Setting.name], set_=values))
