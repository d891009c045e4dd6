"""What is on disk, what is known of it, and what users made of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from photoindex.models.base import Base, utc_now


class FileState(StrEnum):
    """Where a file stands. `pending` rows are the work queue; unreadable, broken and gone are different states."""

    PENDING = "pending"
    INDEXED = "indexed"
    FAILED = "failed"
    MISSING = "missing"


class LibraryState(StrEnum):
    """`offline`: the root is not readable or not the folder it was, so nothing below it changes. `removing`: what is
    known of it is being forgotten, part by part, which is not taken back."""

    ONLINE = "online"
    OFFLINE = "offline"
    REMOVING = "removing"


class Library(Base):
    """One watched root folder."""

    __tablename__ = "library"

    id: Mapped[int] = mapped_column(primary_key=True)
    root: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    """Absolute path, as the file system's bytes."""
    name: Mapped[str]
    state: Mapped[str] = mapped_column(default=LibraryState.ONLINE)
    problem: Mapped[str | None]
    """Why it is offline, or what it asks its owner, in plain words."""
    device: Mapped[int | None] = mapped_column(BigInteger)
    inode: Mapped[int | None] = mapped_column(BigInteger)
    """`st_dev` and `st_ino` of the root when it was last scanned: an unmounted disk shows as another inode."""
    added_at: Mapped[datetime] = mapped_column(default=utc_now)
    scanned_at: Mapped[datetime | None]
    """When a scan of all of it last ended well."""
    file_system: Mapped[int | None] = mapped_column(BigInteger)
    """`f_fsid` of the root then: unlike `st_dev` it stays when a disk is plugged in again; 0 where there is none."""
    poll_seconds: Mapped[float | None]
    """How often to scan it, where the user chose that."""
    notice: Mapped[str | None]
    """What is not as it should be though it is online, in plain words: folders that are not watched, say."""
    folders: Mapped[int | None]
    watched: Mapped[int | None]
    """How many folders it has, and of how many of them the kernel tells changes."""
    overflows: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """How often the kernel dropped events of it."""
    held: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """How many files a scan found gone that become missing only when the user confirms it."""
    confirmed: Mapped[int | None]
    """How many files the user says are really gone; the next scan believes so many."""
    purge_after: Mapped[datetime | None]
    """No file of it is forgotten before: it was not scanned for long, or the clock has jumped."""


class Photo(Base):
    """One distinct content. Copies are several files of one photo; a move changes a file, never a photo."""

    __tablename__ = "photo"
    __table_args__: Any = (
        Index("photo_timeline", "visible", "timeline_at", "id"),
        # For filters. Each has `visible` at its end, so that the index alone answers; what few photos have is sparse.
        Index("photo_camera", "camera", "visible", sqlite_where=text("camera IS NOT NULL")),
        Index("photo_lens", "lens", "visible", sqlite_where=text("lens IS NOT NULL")),
        Index("photo_focal_length", "focal_length_mm", "visible", sqlite_where=text("focal_length_mm IS NOT NULL")),
        Index("photo_f_number", "f_number", "visible", sqlite_where=text("f_number IS NOT NULL")),
        Index("photo_iso", "iso", "visible", sqlite_where=text("iso IS NOT NULL")),
        Index("photo_place", "place_id", "visible", sqlite_where=text("place_id IS NOT NULL")),
        Index("photo_position", "latitude", "longitude", "visible", sqlite_where=text("latitude IS NOT NULL")),
        Index("photo_kind", "kind", "visible", sqlite_where=text("kind <> 'photo'")),
        Index("photo_format", "format", "visible"),
        Index("photo_dimensions", "width", "height", "visible"),
        Index("photo_size", "size_bytes", "visible"),
        Index("photo_duration", "duration_seconds", "visible", sqlite_where=text("duration_seconds IS NOT NULL")),
        Index("photo_indexed", "indexed_at", "visible"),
        Index("photo_rating", "rating", "visible", sqlite_where=text("rating IS NOT NULL")),
        Index("photo_favourite", "favourite", "visible", sqlite_where=text("favourite = 1")),
        Index("photo_hidden", "timeline_at", "id", sqlite_where=text("hidden = 1")),
        Index("photo_motion", "motion_offset", "visible", sqlite_where=text("motion_offset IS NOT NULL")),
        # What the daemon has yet to fill in.
        Index("photo_colourless", "id", sqlite_where=text("colour IS NULL")),
        Index("photo_captioned", "visible", sqlite_where=text("title IS NOT NULL OR caption IS NOT NULL")),
        Index("photo_keywords", "keywords", "visible", sqlite_where=text("keywords <> '[]'")),
        Index("photo_people", "people", "visible", sqlite_where=text("people <> '[]'")),
        CheckConstraint("length(content_hash) = 32", name="photo_content_hash_length"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    content_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    """BLAKE3 of the whole file."""
    kind: Mapped[str] = mapped_column(default="photo")
    """`photo`, `raw` or `video`."""
    format: Mapped[str]
    width: Mapped[int]
    height: Mapped[int]
    """Pixels of the upright original."""
    duration_seconds: Mapped[float | None]
    """Of a video."""
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    taken_at: Mapped[datetime | None]
    """Local time where it was taken, from the file's metadata."""
    taken_at_offset_minutes: Mapped[int | None]
    taken_at_source: Mapped[str | None]
    """One of `photoindex.media.metadata.TakenAtSource`; None exactly if there is no `taken_at`."""
    timeline_at: Mapped[datetime]
    """What the timeline sorts by: `taken_at`, or the file's time when there is none."""
    camera: Mapped[str | None]
    lens: Mapped[str | None]
    focal_length_mm: Mapped[float | None]
    f_number: Mapped[float | None]
    exposure_seconds: Mapped[float | None]
    iso: Mapped[int | None]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    altitude_m: Mapped[float | None]
    place_id: Mapped[int | None]
    """The `Place` it was taken at. No foreign key: SQLite adds none to a table that is there, and no place goes."""
    title: Mapped[str | None]
    caption: Mapped[str | None]
    keywords: Mapped[list[str]] = mapped_column(JSON, default=list)
    people: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Names of faces that other programs wrote into the file or its sidecar."""
    rating: Mapped[int | None]
    """0 to 5 stars, -1 for rejected."""
    rated: Mapped[bool] = mapped_column(default=False, server_default=text("0"))
    """Whether the user gave the rating, or took it away; else it is the file's."""
    motion_offset: Mapped[int | None] = mapped_column(BigInteger)
    motion_bytes: Mapped[int | None] = mapped_column(BigInteger)
    """Where a clip lies inside the file of a motion photo."""
    pairing_id: Mapped[str | None]
    """What Apple writes into both the photo and the clip of a Live Photo."""
    colour: Mapped[int | None]
    """The dominant one, 0xRRGGBB as `photoindex.media.dominant` finds it; -1 for none, None until it was looked for."""
    favourite: Mapped[bool] = mapped_column(default=False)
    hidden: Mapped[bool] = mapped_column(default=False)
    """Whether the user hid it."""
    visible: Mapped[bool] = mapped_column(default=True)
    """Whether it is not hidden, and any file of it is on disk and no mere companion of another; kept by
    `photoindex.companions` in the transaction that changes a file or hides a photo."""
    indexed_at: Mapped[datetime] = mapped_column(default=utc_now)

    files: Mapped[list[File]] = relationship(back_populates="photo", order_by="File.id")


class Place(Base):
    """A town or village near which photos were taken, with its names; only those that a photo needs."""

    __tablename__ = "place"
    __table_args__: Any = (Index("place_geoname", "geoname_id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    geoname_id: Mapped[int]
    """GeoNames' number of it; far from every town, that of the country."""
    city: Mapped[str | None]
    region: Mapped[str | None]
    country: Mapped[str]
    city_fr: Mapped[str | None]
    region_fr: Mapped[str | None]
    country_fr: Mapped[str]
    country_code: Mapped[str]
    """ISO 3166-1, two letters."""


class Album(Base):
    """Photos that the user put together."""

    __tablename__ = "album"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    cover_photo_id: Mapped[int | None]
    """The photo that the user chose to stand for it. No foreign key: SQLite adds none later."""
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class AlbumPhoto(Base):
    """A photo in an album."""

    __tablename__ = "album_photo"
    __table_args__: Any = (
        Index("album_photo_photo", "photo_id"),
        Index("album_photo_order", "album_id", "position", "photo_id"),
    )

    album_id: Mapped[int] = mapped_column(ForeignKey("album.id", ondelete="CASCADE"), primary_key=True)
    photo_id: Mapped[int] = mapped_column(ForeignKey("photo.id", ondelete="CASCADE"), primary_key=True)
    added_at: Mapped[datetime] = mapped_column(default=utc_now)
    position: Mapped[int] = mapped_column(default=0)
    """Small is first; with gaps, below 0 too, and an edited photo has that of the one it was made from."""


class UndoStep(Base):
    """One of the last changes that the user may want back."""

    __tablename__ = "undo_step"
    __table_args__: Any = {}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(unique=True)
    """What the page with the button knows it by."""
    action: Mapped[str]
    """What undoes it: one of `photoindex.undoing.Action`."""
    album_id: Mapped[int | None]
    photo_ids: Mapped[list[int]] = mapped_column(JSON)
    """The photos that were changed, and no others that were meant."""
    positions: Mapped[list[int]] = mapped_column(JSON)
    """Where they stood in the album, or empty."""


class File(Base):
    """One path in a library."""

    __tablename__ = "file"
    __table_args__: Any = (
        UniqueConstraint("library_id", "path", name="file_path"),
        Index("file_state", "state", "id"),
        Index("file_photo", "photo_id", "state"),
        Index("file_inode", "inode"),
        Index("file_stem", "library_id", "stem"),
        Index("file_companion_of", "companion_of"),
        # For filters: the files that show a photo, by name and by folder.
        Index("file_name", "name", "photo_id", "state", sqlite_where=text("state NOT IN ('failed', 'missing')")),
        Index("file_folder", "folder_id", "photo_id", "state", sqlite_where=text("state NOT IN ('failed', 'missing')")),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    library_id: Mapped[int] = mapped_column(ForeignKey("library.id", ondelete="CASCADE"))
    path: Mapped[bytes] = mapped_column(LargeBinary)
    """Relative to the library's root, as the file system's bytes: not every name is UTF-8."""
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    mtime_ns: Mapped[int] = mapped_column(BigInteger)
    inode: Mapped[int] = mapped_column(BigInteger)
    ctime_ns: Mapped[int] = mapped_column(BigInteger, default=0)
    """When content or attributes last changed: no program can set it back, as it can the modification time."""
    sidecar_ns: Mapped[int] = mapped_column(BigInteger, default=0)
    """The newest time of the files beside it that describe it (`IMG.xmp`, `IMG.jpg.json`), 0 without any."""
    stem: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    """The path without its ending, in lower case: a raw file, its JPEG and a Live Photo's clip have the same."""
    name: Mapped[str] = mapped_column(default="")
    """Its name, folded (`photoindex.folding`): what filters by name compare."""
    folder_id: Mapped[int | None]
    """The `Folder` it lies in; a trigger sets it, see migration 0008. No foreign key: SQLite adds none later."""
    companion_of: Mapped[int | None]
    """The file of the same library that this one goes with, and is shown by: its JPEG, say."""
    state: Mapped[str] = mapped_column(default=FileState.PENDING)
    reason: Mapped[str | None]
    """Why it failed: one of `photoindex.media.REASONS`."""
    detail: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(default=0)
    """How often it has been tried since it last changed."""
    tries: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """How often reading its content was begun without coming to an end: the decoder or the whole daemon ended first.
    Above 0 too while it is being read."""
    retry_at: Mapped[float | None]
    """Seconds since the epoch before which a pending file is left alone."""
    missing_since: Mapped[datetime | None]
    photo_id: Mapped[int | None] = mapped_column(ForeignKey("photo.id", ondelete="SET NULL"))
    """The photo it holds, or held when it was last read."""

    library: Mapped[Library] = relationship()
    photo: Mapped[Photo | None] = relationship(back_populates="files")
