"""What is derived from the other tables, by triggers or the daemon; what the daemon says of itself, and is told."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from photoindex.models.base import Base, utc_now


class FileTally(Base):
    """How many files of a library are in a state. Triggers keep this and the next two; see migration 0003."""

    __tablename__ = "file_tally"
    __table_args__: Any = {}  # noqa: RUF012

    library_id: Mapped[int] = mapped_column(ForeignKey("library.id", ondelete="CASCADE"), primary_key=True)
    state: Mapped[str] = mapped_column(primary_key=True)
    files: Mapped[int]


class PhotoTally(Base):
    """How many photos are visible, and how many are not."""

    __tablename__ = "photo_tally"
    __table_args__: Any = {}  # noqa: RUF012

    visible: Mapped[bool] = mapped_column(primary_key=True)
    photos: Mapped[int]


class MonthTally(Base):
    """How many visible photos the timeline has in a month; months without any have no row."""

    __tablename__ = "month_tally"
    __table_args__: Any = {}  # noqa: RUF012

    month: Mapped[str] = mapped_column(primary_key=True)
    """`2024-03`"""
    photos: Mapped[int]


class EmbeddingTally(Base):
    """How many visible photos have an embedding by an encoder."""

    __tablename__ = "embedding_tally"
    __table_args__: Any = {}  # noqa: RUF012

    encoder_id: Mapped[int] = mapped_column(ForeignKey("encoder.id", ondelete="CASCADE"), primary_key=True)
    photos: Mapped[int]


class WordsStale(Base):
    """A photo whose row in the full-text table is to be written anew. Triggers mark them; see migration 0004."""

    __tablename__ = "words_stale"
    __table_args__: Any = (Index("words_stale_gone", "gone", sqlite_where=text("gone")),)

    photo_id: Mapped[int] = mapped_column(primary_key=True)
    """No foreign key: photos that are deleted are among them."""
    gone: Mapped[bool] = mapped_column(default=False)
    """Whether the photo has been hidden or deleted since the row was written: it is not to be found."""


class Folder(Base):
    """A folder of a library in which files lie, or lay. Triggers make the rows; see migration 0008."""

    __tablename__ = "folder"
    __table_args__: Any = (UniqueConstraint("library_id", "path", name="folder_path"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    library_id: Mapped[int] = mapped_column(ForeignKey("library.id", ondelete="CASCADE"))
    path: Mapped[bytes] = mapped_column(LargeBinary)
    """Relative to the library's root, as the file system's bytes; empty for the root."""


class FolderTally(Base):
    """How many files in a folder itself show a visible photo; without any there is no row. Triggers keep this and the
    next three; see migration 0016. Each `cover_photo_id` is the photo of them that was indexed last."""

    __tablename__ = "folder_tally"
    __table_args__: Any = {}  # noqa: RUF012

    folder_id: Mapped[int] = mapped_column(ForeignKey("folder.id", ondelete="CASCADE"), primary_key=True)
    photos: Mapped[int]
    cover_photo_id: Mapped[int]


class GearTally(Base):
    """How many visible photos have a camera, a lens or a format."""

    __tablename__ = "gear_tally"
    __table_args__: Any = {}  # noqa: RUF012

    kind: Mapped[str] = mapped_column(primary_key=True)
    """`camera`, `lens` or `format`."""
    name: Mapped[str] = mapped_column(primary_key=True)
    photos: Mapped[int]
    cover_photo_id: Mapped[int]


class PlaceTally(Base):
    """How many visible photos were taken at a place."""

    __tablename__ = "place_tally"
    __table_args__: Any = {}  # noqa: RUF012

    place_id: Mapped[int] = mapped_column(primary_key=True)
    photos: Mapped[int]
    cover_photo_id: Mapped[int]


class MapTally(Base):
    """The visible photos of a cell of the map, which is as high and wide as `photoindex.places` says."""

    __tablename__ = "map_tally"
    __table_args__: Any = {}  # noqa: RUF012

    row: Mapped[int] = mapped_column(primary_key=True)
    """Counted from the south pole, from 0."""
    col: Mapped[int] = mapped_column(primary_key=True)
    """Counted from 180° west, from 0."""
    photos: Mapped[int]
    latitudes: Mapped[int]
    longitudes: Mapped[int]
    """The sums of all, in millionths of a degree."""
    south: Mapped[float]
    west: Mapped[float]
    north: Mapped[float]
    east: Mapped[float]
    """The box that they lie in, in degrees."""
    cover_photo_id: Mapped[int]


class DaemonStatus(Base):
    """What the daemon last said of itself, in one row. Whether it runs at all is told by its lock, not by this."""

    __tablename__ = "daemon"
    __table_args__: Any = (CheckConstraint("id = 1", name="daemon_one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    pid: Mapped[int]
    state: Mapped[str]
    """`starting`, `scanning`, `indexing`, `paused`, `idle` or `stopped`."""
    encoder: Mapped[str | None]
    device: Mapped[str | None]
    photos_per_second: Mapped[float | None]
    seconds_left: Mapped[float | None]
    notice: Mapped[str | None]
    """One line a user should see: that the starter encoder is in use and how to switch, say."""
    problem: Mapped[str | None]
    resting: Mapped[str | None]
    """Why it encodes nothing for now, in plain words; None when it may."""
    priority: Mapped[str | None]
    """How far it stands behind other programs: `nice 10, disk low`."""
    isolation: Mapped[str | None]
    """How far what decodes is confined: `full`, what is missing (`no seccomp`), or `off`."""
    started_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now, onupdate=utc_now)


class Pause(Base):
    """That somebody wants nothing to be indexed for now: one row, or none."""

    __tablename__ = "pause"
    __table_args__: Any = (CheckConstraint("id = 1", name="pause_one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    since: Mapped[datetime] = mapped_column(default=utc_now)
    until: Mapped[datetime | None]
    """When it is over by itself."""
