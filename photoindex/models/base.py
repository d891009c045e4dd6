"""What all tables have in common."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import DeclarativeBase


def utc_now() -> datetime:
    """The time in UTC, without a zone: SQLite keeps none, and every time of ours but `taken_at` is UTC."""
    return datetime.now(UTC).replace(tzinfo=None)


class Base(DeclarativeBase):
    """Base of all tables. Ids are never given out twice: URLs, caches and sqlite-vec tables hold on to them."""

    __table_args__: Any = {"sqlite_autoincrement": True}  # noqa: RUF012
