"""Moments of a video in addresses: `?t=151.5` opens its page at 2:31.5."""

from __future__ import annotations

import math
import re

_SECONDS = re.compile(r"[0-9]{1,7}(\.[0-9]{1,6})?")


def parameter(seconds: float | None) -> str | None:
    """A moment as it stands in an address, to a tenth of a second; None for none."""
    if seconds is None or not math.isfinite(seconds):
        return None
    return f"{max(0.0, seconds):.1f}".removesuffix(".0")


def read(text: str | None, duration_seconds: float | None) -> float | None:
    """The moment that an address names, within the video; None for none, and for what is no moment."""
    if duration_seconds is None or not _SECONDS.fullmatch(text or ""):
        return None
    return min(float(text or ""), max(0.0, duration_seconds))
