"""Cursors: where a page of results ended, as a short opaque text that goes into URLs."""

from __future__ import annotations

import base64
import binascii
import math
import struct

from photoindex.errors import QueryError
from photoindex.neighbours import Neighbour

_LAYOUT = struct.Struct("<dq")


def encode(last: Neighbour) -> str:
    """The cursor behind a result."""
    return base64.urlsafe_b64encode(_LAYOUT.pack(last.distance, last.photo_id)).decode("ascii").rstrip("=")


def decode(cursor: str) -> Neighbour:
    """The result that a cursor stands behind. Raises QueryError for anything that `encode` did not make."""
    try:
        raw = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        distance, photo_id = _LAYOUT.unpack(raw)
    except (UnicodeEncodeError, binascii.Error, ValueError, struct.error) as error:
        raise QueryError("the cursor is not one of ours; take next_cursor from the page before") from error
    if not math.isfinite(distance):
        raise QueryError("the cursor is not one of ours; take next_cursor from the page before")
    return Neighbour(photo_id, distance)
