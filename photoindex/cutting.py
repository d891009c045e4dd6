"""Where a page ends: one more row than it shows is read, which tells whether another page follows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

Row = TypeVar("Row")


def cut(found: Sequence[Row], limit: int) -> tuple[Sequence[Row], Row | None]:
    """Of at most `limit + 1` rows those that a page shows, and the last of them if another page begins behind it."""
    shown = found[:limit]
    return shown, shown[-1] if len(found) > limit else None
