"""Pausing: somebody's wish that nothing is indexed for a while, kept in the database so that it outlives all processes.

Times are those of the clock on the wall, as a pause goes on while no process runs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from photoindex.errors import ConfigError
from photoindex.models import Pause, utc_now

LONGEST_SECONDS = 366 * 86_400.0
"""A longer pause is one without an end."""

_UNITS = {"s": 1, "min": 60, "m": 60, "h": 3600, "d": 86_400}


@dataclass(frozen=True)
class PauseInfo:
    """A pause that goes on. Times are UTC, without a zone."""

    since: datetime
    until: datetime | None
    """None when only `resume` ends it."""

    @property
    def until_here(self) -> str:
        """`2024-03-05 14:30`, by the clock on the wall; empty without an end."""
        return "" if self.until is None else f"{self.until.replace(tzinfo=UTC).astimezone():%Y-%m-%d %H:%M}"


def pause(session: Session, seconds: float | None = None) -> PauseInfo:
    """Index nothing from now on, for so long or until `resume`. A pause that goes on is replaced.

    Raises ConfigError for a length that is none, or is longer than a year.
    """
    if seconds is not None and not 1 <= seconds <= LONGEST_SECONDS:
        raise ConfigError("a pause lasts from a second to a year")
    now = utc_now()
    found = PauseInfo(now, None if seconds is None else now + timedelta(seconds=seconds))
    values = {"since": found.since, "until": found.until}
    statement = insert(Pause).values(id=1, **values)
    session.execute(statement.on_conflict_do_update(index_elements=[Pause.id], set_=values))
    return found


def resume(session: Session) -> bool:
    """End the pause; whether there was one."""
    was_paused = read(session) is not None
    session.execute(delete(Pause))
    return was_paused


def read(session: Session) -> PauseInfo | None:
    """The pause that goes on now, or None."""
    row = session.get(Pause, 1)
    if row is None or (row.until is not None and row.until <= utc_now()):
        return None
    return PauseInfo(row.since, row.until)


def seconds_of(length: str) -> float:
    """`2h`, `90 min`, `1.5d` or `1h30m` in seconds. Raises ConfigError."""
    parts = re.findall(r"(\d+(?:\.\d+)?)\s*(min|[smhd])\s*", length.lower())
    if not parts or not re.fullmatch(r"(?:\d+(?:\.\d+)?\s*(?:min|[smhd])\s*)+", length.strip().lower()):
        raise ConfigError(f"{length!r} is no length of time; say 30m, 2h or 1d")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)
