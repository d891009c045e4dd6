"""TEMPORARY."""

from __future__ import annotations

from typing import Any


def representatives(session: Any, ids: Any) -> Any:
    return ids
