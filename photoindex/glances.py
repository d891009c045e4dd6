"""What pages of pictures need of each photo: a third of what is known of it, read in one query."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import Boolean, DateTime, text
from sqlalchemy.orm import Session

from photoindex.companions import PRESENT
from photoindex.libraries import display_path

_STATES = ", ".join(f"'{state.value}'" for state in PRESENT)

# The first of its files names a photo: from the row in which min() finds its value SQLite takes the other columns, too.
_GLANCES = text(
    "SELECT p.id, p.kind, p.format, p.width, p.height, p.size_bytes, p.timeline_at, p.duration_seconds, "
    "p.motion_offset, p.motion_bytes, p.colour, p.favourite, f.path, f.files "
    "FROM json_each(:ids) wanted CROSS JOIN photo p ON p.id = wanted.value "
    "LEFT JOIN (SELECT photo_id, min(id), path, count(*) AS files FROM file "
    f"WHERE photo_id IN (SELECT value FROM json_each(:ids)) AND +state IN ({_STATES}) GROUP BY photo_id) f "
    "ON f.photo_id = p.id ORDER BY wanted.key"
).columns(timeline_at=DateTime, favourite=Boolean)


@dataclass(frozen=True, slots=True)
class Glance:
    """A photo as it stands among others. `filename` is that of its first file on disk, of which there are `copies`."""

    id: int
    kind: str
    format: str
    width: int
    height: int
    size_bytes: int
    timeline_at: datetime
    duration_seconds: float | None
    motion_offset: int | None
    motion_bytes: int | None
    colour: int | None
    favourite: bool
    filename: str
    copies: int


class Pictured(Protocol):
    """What `Glance` and `PhotoInfo` tell alike."""

    @property
    def id(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def format(self) -> str: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def size_bytes(self) -> int: ...
    @property
    def timeline_at(self) -> datetime: ...
    @property
    def duration_seconds(self) -> float | None: ...
    @property
    def motion_offset(self) -> int | None: ...
    @property
    def motion_bytes(self) -> int | None: ...
    @property
    def colour(self) -> int | None: ...
    @property
    def favourite(self) -> bool: ...
    @property
    def filename(self) -> str: ...
    @property
    def copies(self) -> int: ...


def of(session: Session, photo_ids: Sequence[int]) -> list[Glance]:
    """Photos in the order of their ids given; unknown ids are left out."""
    rows = session.execute(_GLANCES, {"ids": json.dumps(list(photo_ids))})
    return [Glance(*(*known, _filename(known[0], path), 0 if path is None else files)) for *known, path, files in rows]


def _filename(photo_id: int, path: bytes | None) -> str:
    return f"photo {photo_id}" if path is None else display_path(os.path.basename(path))
