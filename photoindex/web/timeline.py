"""The timeline in pages: newest first, with cursors in both directions."""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy.orm import Session

from photoindex import photos
from photoindex.errors import QueryError
from photoindex.photos import PhotoInfo, Position

_LAYOUT = struct.Struct("<qq")
_EPOCH = datetime(1970, 1, 1)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Month:
    """A month's photos on one page."""

    heading: str
    photos: tuple[PhotoInfo, ...]


@dataclass(frozen=True)
class TimelinePage:
    """A page of the timeline. `newer` and `older` are the cursors of the pages beside it, None at the ends."""

    photos: tuple[PhotoInfo, ...]
    total: int
    newer: str | None
    older: str | None

    @property
    def months(self) -> tuple[Month, ...]:
        grouped = groupby(self.photos, key=lambda photo: f"{photo.timeline_at:%B %Y}")
        return tuple(Month(heading, tuple(each)) for heading, each in grouped)


def read_page(session: Session, limit: int, *, after: str | None = None, before: str | None = None) -> TimelinePage:
    """The `limit` photos behind the cursor `after`, or in front of `before`, or the newest. Raises QueryError."""
    found = _in_front(session, limit, before) if before else None
    if found is None:
        # Fewer than a page in front of a cursor are best seen on the first page, which is full.
        found = photos.page(session, limit, decode(after) if after else None)
    return TimelinePage(
        photos=tuple(found),
        total=photos.count(session),
        newer=encode(found[0]) if found and photos.page_before(session, 1, _position(found[0])) else None,
        older=encode(found[-1]) if found and photos.page(session, 1, _position(found[-1])) else None,
    )


def _in_front(session: Session, limit: int, before: str) -> Sequence[PhotoInfo] | None:
    found = photos.page_before(session, limit, decode(before))
    return found if len(found) == limit else None


def encode(photo: PhotoInfo) -> str:
    """The cursor at a photo."""
    raw = _LAYOUT.pack((photo.timeline_at - _EPOCH) // _MICROSECOND, photo.id)
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def decode(cursor: str) -> Position:
    """The position a cursor stands for. Raises QueryError for anything that `encode` did not make."""
    try:
        raw = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        microseconds, photo_id = _LAYOUT.unpack(raw)
        return Position(_EPOCH + timedelta(microseconds=microseconds), photo_id)
    except (UnicodeEncodeError, binascii.Error, ValueError, OverflowError, struct.error) as error:
        raise QueryError("the cursor is not one of ours; take next_cursor from the page before") from error


def _position(photo: PhotoInfo) -> Position:
    return Position(photo.timeline_at, photo.id)
