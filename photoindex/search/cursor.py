"""Cursors: where a page of results ended, as a short opaque text that goes into URLs."""

from __future__ import annotations

import base64
import binascii
import math
import struct
from typing import NamedTuple

from photoindex.errors import QueryError
from photoindex.messages import say

_LAYOUT = struct.Struct("<bdq")
NOT_OURS = say("the cursor is not one of ours; take next_cursor from the page before")


class Place(NamedTuple):
    """Where a result stands: the smallest comes first."""

    tier: int
    """0 for strong matches, 1 for weaker ones, 2 for all others."""
    key: float
    """What the tier is sorted by: a score, distance or time, its sign such that less comes first."""
    photo_id: int


def encode(last: Place) -> str:
    """The cursor behind a result."""
    return base64.urlsafe_b64encode(_LAYOUT.pack(*last)).decode("ascii").rstrip("=")


def decode(cursor: str) -> Place:
    """The place that a cursor stands behind. Raises QueryError for anything that `encode` did not make."""
    try:
        raw = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        tier, key, photo_id = _LAYOUT.unpack(raw)
    except (UnicodeEncodeError, binascii.Error, ValueError, struct.error) as error:
        raise QueryError(NOT_OURS) from error
    if not math.isfinite(key) or not 0 <= tier <= 2 or photo_id < 0:
        raise QueryError(NOT_OURS)
    return Place(tier, key, photo_id)
