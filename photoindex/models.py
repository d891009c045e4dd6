"""The SQLAlchemy tables: libraries, files, photos, embeddings, albums, tallies, snapshots. No queries live here."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class FileState(StrEnum):
    """Where a file stands. `pending` rows are the work queue; unreadable, broken and gone are different states."""

    PENDING = "pending"
    INDEXED = "indexed"
    FAILED = "failed"
    MISSING = "missing"


class LibraryState(StrEnum):
    """`offline`: the root is not readable or not the folder it was, so nothing below it changes."""

    ONLINE = "online"
    OFFLINE = "offline"


class EncoderState(StrEnum):
    """`active` answers searches; `building` takes over when it has an embedding for every photo; `retired` is kept."""

    BUILDING = "building"
    ACTIVE = "active"
    RETIRED = "retired"


def utc_now() -> datetime:
    """The time in UTC, without a zone: SQLite keeps none, and every time of ours but `taken_at` is UTC."""
    return datetime.now(UTC).replace(tzinfo=None)


class Base(DeclarativeBase):
    """Base of all tables. Ids are never given out twice: URLs, caches and sqlite-vec tables hold on to them."""

    __table_args__: Any = {"sqlite_autoincrement": True}  # noqa: RUF012


class Library(Base):
    """One watched root folder."""

    __tablename__ = "library"

    id: Mapped[int] = mapped_column(primary_key=True)
    root: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    """Absolute path, as the file system's bytes."""
    name: Mapped[str]
    state: Mapped[str] = mapped_column(default=LibraryState.ONLINE)
    problem: Mapped[str | None]
    """Why it is offline, in plain words."""
    device: Mapped[int | None] = mapped_column(BigInteger)
    inode: Mapped[int | None] = mapped_column(BigInteger)
    """`st_dev` and `st_ino` of the root when it was last scanned: an unmounted disk shows as another inode."""
    added_at: Mapped[datetime] = mapped_column(default=utc_now)
    scanned_at: Mapped[datetime | None]


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
        Index("photo_motion", "motion_offset", "visible", sqlite_where=text("motion_offset IS NOT NULL")),
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
    motion_offset: Mapped[int | None] = mapped_column(BigInteger)
    motion_bytes: Mapped[int | None] = mapped_column(BigInteger)
    """Where a clip lies inside the file of a motion photo."""
    pairing_id: Mapped[str | None]
    """What Apple writes into both the photo and the clip of a Live Photo."""
    favourite: Mapped[bool] = mapped_column(default=False)
    visible: Mapped[bool] = mapped_column(default=True)
    """Whether any file of it is on disk and no mere companion of another; kept by `photoindex.files` in the
    transaction that changes a file."""
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
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class AlbumPhoto(Base):
    """A photo in an album."""

    __tablename__ = "album_photo"
    __table_args__: Any = (Index("album_photo_photo", "photo_id"),)

    album_id: Mapped[int] = mapped_column(ForeignKey("album.id", ondelete="CASCADE"), primary_key=True)
    photo_id: Mapped[int] = mapped_column(ForeignKey("photo.id", ondelete="CASCADE"), primary_key=True)
    added_at: Mapped[datetime] = mapped_column(default=utc_now)


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
    retry_at: Mapped[float | None]
    """Seconds since the epoch before which a pending file is left alone."""
    missing_since: Mapped[datetime | None]
    photo_id: Mapped[int | None] = mapped_column(ForeignKey("photo.id", ondelete="SET NULL"))
    """The photo it holds, or held when it was last read."""

    library: Mapped[Library] = relationship()
    photo: Mapped[Photo | None] = relationship(back_populates="files")


class Encoder(Base):
    """One encoder that embeddings were made with, and how its cosines are shown to people."""

    __tablename__ = "encoder"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    fingerprint: Mapped[str] = mapped_column(unique=True)
    dim: Mapped[int]
    multilingual: Mapped[bool]
    text_low: Mapped[float]
    text_high: Mapped[float]
    image_low: Mapped[float]
    image_high: Mapped[float]
    """The cosines shown as 0 % and 100 %, for a text and a photo, and for two photos."""
    state: Mapped[str] = mapped_column(default=EncoderState.BUILDING)
    added_at: Mapped[datetime] = mapped_column(default=utc_now)


class Embedding(Base):
    """A photo's embedding by one encoder, or a video's several. The sqlite-vec tables are derived from these rows."""

    __tablename__ = "embedding"
    __table_args__: Any = (Index("embedding_photo", "photo_id"),)

    encoder_id: Mapped[int] = mapped_column(ForeignKey("encoder.id", ondelete="CASCADE"), primary_key=True)
    photo_id: Mapped[int] = mapped_column(ForeignKey("photo.id", ondelete="CASCADE"), primary_key=True)
    frame: Mapped[int] = mapped_column(primary_key=True, default=0)
    """0, and for the further frames of a video 1, 2, …"""
    at_seconds: Mapped[float | None]
    """When in a video the frame is."""
    vector: Mapped[bytes] = mapped_column(LargeBinary)
    """dim × float16, little-endian."""


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


class EmbeddingTally(Base):
    """How many visible photos have an embedding by an encoder."""

    __tablename__ = "embedding_tally"
    __table_args__: Any = {}  # noqa: RUF012

    encoder_id: Mapped[int] = mapped_column(ForeignKey("encoder.id", ondelete="CASCADE"), primary_key=True)
    photos: Mapped[int]


class DaemonStatus(Base):
    """What the daemon last said of itself, in one row. Whether it runs at all is told by its lock, not by this."""

    __tablename__ = "daemon"
    __table_args__: Any = (CheckConstraint("id = 1", name="daemon_one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    pid: Mapped[int]
    state: Mapped[str]
    """`starting`, `scanning`, `indexing`, `idle` or `stopped`."""
    encoder: Mapped[str | None]
    device: Mapped[str | None]
    photos_per_second: Mapped[float | None]
    seconds_left: Mapped[float | None]
    notice: Mapped[str | None]
    """One line a user should see: that the starter encoder is in use and how to switch, say."""
    problem: Mapped[str | None]
    started_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now, onupdate=utc_now)


class WordsStale(Base):
    """A photo whose row in the full-text table is to be written anew. Triggers mark them; see migration 0004."""

    __tablename__ = "words_stale"
    __table_args__: Any = (Index("words_stale_gone", "gone", sqlite_where=text("gone")),)

    photo_id: Mapped[int] = mapped_column(primary_key=True)
    """No foreign key: photos that are deleted are among them."""
    gone: Mapped[bool] = mapped_column(default=False)
    """Whether the photo has been hidden or deleted since the row was written: it is not to be found."""


class Snapshot(Base):
    """The FAISS snapshot of an encoder's embeddings, which is in a folder beside the database; see `snapshots/`."""

    __tablename__ = "snapshot"
    __table_args__: Any = {}  # noqa: RUF012

    encoder_id: Mapped[int] = mapped_column(ForeignKey("encoder.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str | None]
    """Its folder; None until the first one is built."""
    sequence: Mapped[int]
    """The number of the last `EmbeddingChange` that it knows of."""


class EmbeddingChange(Base):
    """A photo whose embedding came, changed or went, or that was shown or hidden. Triggers note it, for encoders that
    have a row in `snapshot`; see migration 0010. Numbers are never given out twice."""

    __tablename__ = "embedding_change"

    sequence: Mapped[int] = mapped_column(primary_key=True)
    encoder_id: Mapped[int]
    photo_id: Mapped[int]


class Folder(Base):
    """A folder of a library in which files lie, or lay. Triggers make the rows; see migration 0008."""

    __tablename__ = "folder"
    __table_args__: Any = (UniqueConstraint("library_id", "path", name="folder_path"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    library_id: Mapped[int] = mapped_column(ForeignKey("library.id", ondelete="CASCADE"))
    path: Mapped[bytes] = mapped_column(LargeBinary)
    """Relative to the library's root, as the file system's bytes; empty for the root."""


class QueryEmbedding(Base):
    """The embedding of a text or picture that was searched for: a cache that can be emptied at any time."""

    __tablename__ = "query_embedding"
    __table_args__: Any = (Index("query_embedding_used", "encoder_id", "used_at"),)

    encoder_id: Mapped[int] = mapped_column(ForeignKey("encoder.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    """The text, or `picture:` and the hex BLAKE3 of an uploaded file."""
    vector: Mapped[bytes] = mapped_column(LargeBinary)
    """dim × float32, little-endian."""
    used_at: Mapped[float]
    """Seconds since the epoch, of the last use that was noted."""


# --- saved searches and concepts ---------------------------------------------------------------------------------


class SavedSearch(Base):
    """A query that the user keeps under a name, and sees as an album that new photos join."""

    __tablename__ = "saved_search"
    __table_args__: Any = (Index("saved_search_position", "position"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(unique=True)
    """The name without differences of case and width of letters: no two searches may look alike."""
    query: Mapped[str]
    """As typed."""
    position: Mapped[int]
    """0, 1, 2… without gaps, in the user's order."""
    cover_photo_id: Mapped[int | None] = mapped_column(ForeignKey("photo.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    seen_at: Mapped[datetime] = mapped_column(default=utc_now)
    seen_photo_id: Mapped[int]
    """The newest photo there was at `seen_at`. No foreign key: it may go, its number still tells what is newer."""


class Concept(Base):
    """Something that many photos of the library show, as the daemon found out."""

    __tablename__ = "concept"
    __table_args__: Any = (
        UniqueConstraint("encoder_id", "key", name="concept_key"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    encoder_id: Mapped[int] = mapped_column(ForeignKey("encoder.id", ondelete="CASCADE"))
    key: Mapped[str]
    """What makes it the same concept the next time: `label:beach`, `place:…`, `group:1`."""
    kind: Mapped[str]
    """`label`, `place` or `group`."""
    name_en: Mapped[str]
    name_fr: Mapped[str]
    query: Mapped[str]
    """What to search for to see its photos."""
    photos: Mapped[int]
    """About how many photos show it."""
    examples: Mapped[list[int]] = mapped_column(JSON, default=list)
    """Ids of a few of its photos, the clearest first: the first that is still shown is the cover."""
    centroid: Mapped[bytes] = mapped_column(LargeBinary)
    """Mean direction of its photos: dim × float16, little-endian."""
    position: Mapped[int]
    """Where it stands on the page, from 0."""


class ConceptRun(Base):
    """When the concepts of an encoder were last found, and in what library."""

    __tablename__ = "concept_run"
    __table_args__: Any = {}  # noqa: RUF012

    encoder_id: Mapped[int] = mapped_column(ForeignKey("encoder.id", ondelete="CASCADE"), primary_key=True)
    photos: Mapped[int]
    """How many photos could be searched then."""
    newest_photo_id: Mapped[int]
    labels_digest: Mapped[str]
    """Of the list of labels they were found with; empty when the text encoder could not be had."""
    made_at: Mapped[datetime] = mapped_column(default=utc_now)


class ConceptLabels(Base):
    """The label list embedded by an encoder, so that its text half is loaded once only."""

    __tablename__ = "concept_labels"
    __table_args__: Any = {}  # noqa: RUF012

    encoder_id: Mapped[int] = mapped_column(ForeignKey("encoder.id", ondelete="CASCADE"), primary_key=True)
    digest: Mapped[str]
    """Of the texts."""
    vectors: Mapped[bytes] = mapped_column(LargeBinary)
    """texts × dim × float16, little-endian."""


class Fingerprint(Base):
    """What a photo's picture looks like in 64 bytes; see `photoindex.media.fingerprint`."""

    __tablename__ = "fingerprint"
    __table_args__: Any = {}  # noqa: RUF012

    photo_id: Mapped[int] = mapped_column(ForeignKey("photo.id", ondelete="CASCADE"), primary_key=True)
    value: Mapped[bytes] = mapped_column(LargeBinary)
    """Empty for a picture without anything on it."""


class LikenessKind(StrEnum):
    """`same`: the same shot in another file; `burst`: shot one after the other."""

    SAME = "same"
    BURST = "burst"


class Likeness(Base):
    """A photo in a group of photos that are alike. Only the daemon decides who belongs together."""

    __tablename__ = "likeness"
    __table_args__: Any = (Index("likeness_group", "kind", "key_id"),)

    photo_id: Mapped[int] = mapped_column(ForeignKey("photo.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    key_id: Mapped[int]
    """The photo that the group is named after, and that every other one of it is like. No foreign key: when that photo
    goes, the others are decided anew."""


class Undecided(Base):
    """A photo whose groups are to be decided, or decided anew. Triggers add rows; see migration 0005."""

    __tablename__ = "undecided"
    __table_args__: Any = (Index("undecided_photo", "photo_id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    photo_id: Mapped[int] = mapped_column(ForeignKey("photo.id", ondelete="CASCADE"))


class Dismissal(Base):
    """A group of which the user said that its photos are different, or are all wanted."""

    __tablename__ = "dismissal"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    """One of `photoindex.duplicates.KINDS`."""
    dismissed_at: Mapped[datetime] = mapped_column(default=utc_now)


class DismissedPhoto(Base):
    """A photo of such a group: no two of them are put into one group again."""

    __tablename__ = "dismissed_photo"
    __table_args__: Any = (Index("dismissed_photo_dismissal", "dismissal_id"),)

    photo_id: Mapped[int] = mapped_column(ForeignKey("photo.id", ondelete="CASCADE"), primary_key=True)
    dismissal_id: Mapped[int] = mapped_column(ForeignKey("dismissal.id", ondelete="CASCADE"), primary_key=True)
