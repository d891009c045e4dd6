"""Reading one pending file: hash, decode, thumbnail, and the encoder's input. Runs in threads; writes no row."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from photoindex import embeddings, photos
from photoindex.database import Database
from photoindex.encoders.base import Encoder
from photoindex.errors import UnreadableFileError
from photoindex.files import FileStat, Work, signed
from photoindex.media import (
    Decoded,
    Metadata,
    Original,
    Reason,
    decode,
    make_thumbnail,
    read_original,
    thumbnail_path,
    write_thumbnail,
)
from photoindex.media.thumbnails import LONGEST_EDGE


@dataclass(frozen=True)
class Known:
    """The content is a photo already, with embedding and thumbnail: the file only has to be linked to it.

    Or another file of this very content is being read: then it will be one shortly.
    """

    content_hash: bytes
    stat: FileStat
    metadata: Metadata | None = None
    """Read again, as they or a sidecar may have changed; None when there was no need to."""


@dataclass(frozen=True)
class Prepared:
    """The encoder's input for one photo, or for several moments of a video."""

    images: NDArray[np.uint8]
    """(frames, edge, edge, 3)"""
    moments: Sequence[float]
    """Seconds from the beginning of a video, one a frame; empty for a photo."""


@dataclass(frozen=True)
class Fresh:
    """A new content, ready to be encoded. Its thumbnail is on disk."""

    content_hash: bytes
    stat: FileStat
    decoded: Decoded
    metadata: Metadata
    """With what the sidecars and the name say."""
    prepared: Prepared


@dataclass(frozen=True)
class Unreadable:
    """The file can't be indexed."""

    reason: str
    detail: str
    stat: FileStat | None = None


@dataclass(frozen=True)
class Gone:
    """There is no such file any more."""


Outcome = Known | Fresh | Unreadable | Gone


@dataclass(frozen=True)
class Limits:
    """What is refused."""

    max_bytes: int
    max_pixels: int


class Reader:
    """Reads files in any thread. No content is decoded twice at the same time."""

    def __init__(self, database: Database, encoder: Encoder, encoder_id: int, thumbnails: Path, limits: Limits) -> None:
        self._database = database
        self._encoder = encoder
        self._encoder_id = encoder_id
        self._thumbnails = thumbnails
        self._limits = limits
        self._lock = threading.Lock()
        self._being_read: set[bytes] = set()

    def read(self, work: Work) -> Outcome:
        """Read a pending file. Raises nothing on account of the file; `release` the hash of a `Fresh` when stored."""
        try:
            original = read_original(work.absolute_path, max_bytes=self._limits.max_bytes)
        except (FileNotFoundError, NotADirectoryError):
            return Gone()
        except UnreadableFileError as error:
            return Unreadable(error.reason, error.detail)
        stat = FileStat(
            original.size_bytes,
            signed(original.mtime_ns),
            signed(original.inode),
            signed(original.ctime_ns),
            work.stat.sidecar_ns,
        )
        if not self._claim(original.content_hash):
            return Known(original.content_hash, stat)
        kept = False
        try:
            if self._is_indexed(original.content_hash):
                return Known(original.content_hash, stat)
            fresh = self._decode(work, original, stat)
            kept = True
            return fresh
        except UnreadableFileError as error:
            return Unreadable(error.reason, error.detail, stat)
        finally:
            if not kept:
                self.release(original.content_hash)

    def reread(self, path: bytes, content_hash: bytes) -> Prepared | None:
        """The encoder's input for a photo that is indexed already, or None when the file no longer holds it."""
        try:
            original = read_original(path, max_bytes=self._limits.max_bytes)
            if original.content_hash != content_hash:
                return None
            return self._prepare(self._decode_original(original, path))
        except (OSError, UnreadableFileError):
            return None

    def release(self, content_hash: bytes) -> None:
        """That content is stored, or given up."""
        with self._lock:
            self._being_read.discard(content_hash)

    def _claim(self, content_hash: bytes) -> bool:
        with self._lock:
            if content_hash in self._being_read:
                return False
            self._being_read.add(content_hash)
            return True

    def _is_indexed(self, content_hash: bytes) -> bool:
        if not thumbnail_path(self._thumbnails, content_hash).exists():
            return False
        with self._database.read() as session:
            ids = photos.ids_of(session, [content_hash])
            return bool(ids) and bool(embeddings.existing(session, self._encoder_id, ids.values()))

    def _decode(self, work: Work, original: Original, stat: FileStat) -> Fresh:
        decoded = self._decode_original(original, work.path)
        try:
            write_thumbnail(thumbnail_path(self._thumbnails, original.content_hash), make_thumbnail(decoded.image))
        except MemoryError:
            raise UnreadableFileError(Reason.OUT_OF_MEMORY, "while making the thumbnail") from None
        return Fresh(original.content_hash, stat, decoded, decoded.metadata, self._prepare(decoded))

    def _prepare(self, decoded: Decoded) -> Prepared:
        images = [frame.image for frame in decoded.frames] or [decoded.image]
        stack = np.stack([self._encoder.prepare(image) for image in images])
        return Prepared(stack, [frame.at_seconds for frame in decoded.frames])

    def _decode_original(self, original: Original, path: bytes) -> Decoded:
        return decode(
            original.content,
            shortest_edge=self._encoder.input_size,
            longest_edge=LONGEST_EDGE,
            max_pixels=self._limits.max_pixels,
        )
