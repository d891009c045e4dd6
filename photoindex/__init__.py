"""PhotoIndex: find any photo by describing it."""

from __future__ import annotations

__version__ = "0.1.0"
