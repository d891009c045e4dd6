"""Settings that are chosen on the pages."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, mapped_column

from photoindex.models.base import Base


class Setting(Base):
    """One setting: what was chosen on the pages, and what the daemon goes by."""

    __tablename__ = "setting"
    __table_args__: Any = {}  # noqa: RUF012

    name: Mapped[str] = mapped_column(primary_key=True)
    chosen: Mapped[Any] = mapped_column(JSON(none_as_null=True), nullable=True)
    """None when nothing is chosen: the default then holds."""
    used: Mapped[Any] = mapped_column(JSON(none_as_null=True), nullable=True)
    """What the daemon that runs, or ran last, took; None before the first."""
    origin: Mapped[str | None]
    """Where it took that from: one of `photoindex.config.Origin`."""
