"""Reading one pending file: hash, have it decoded, thumbnail, and the encoder's input. In threads; writes no row."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from photoindex import embeddings, files, photos, room
from photoindex.daemon.pulse import Pulse
from photoindex.database import Database
from photoindex.encoders.base import Encoder
from photoindex.errors import ThumbnailsError, UnreadableFileError
from photoindex.files import FileStat, Work, signed
from photoindex.isolation.decoder import Decoder, GiveWay
from photoindex.media import (
    HEAD_BYTES,
    Decoded,
    Format,
    Metadata,
    Original,
    Reason,
    detect,
    make_thumbnail,
    read_original,
    thumbnail_path,
    write_thumbnail,
)
from photoindex.media.dominant import dominant_colour
from photoindex.media.fingerprint import fingerprint
from photoindex.media.reading import open_original
from photoindex.media.sidecars import MAX_SIDECAR_BYTES, sidecars_of
from photoindex.media.thumbnails import LONGEST_EDGE, shrink
from photoindex.messages import say


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
    format: Format
    width: int
    """Of the whole upright picture, in pixels."""
    height: int
    duration_seconds: float | None
    metadata: Metadata
    """With what the sidecars and the name say."""
    prepared: Prepared
    fingerprint: bytes
    """Of the picture, or of a video's poster; see `photoindex.media.fingerprint`."""
    colour: int
    """The dominant one of the same, 0xRRGGBB."""


@dataclass(frozen=True)
class Unreadable:
    """The file can't be indexed."""

    reason: str
    detail: str
    stat: FileStat | None = None
    again: bool = False
    """It has ended its decoder, for the first time: that may have been a whim of the machine."""


@dataclass(frozen=True)
class Gone:
    """There is no such file any more."""


Outcome = Known | Fresh | Unreadable | Gone

DEADLY = (Reason.CRASHED, Reason.TIMED_OUT, Reason.OUT_OF_MEMORY)
"""Reasons for which a file is tried twice, and then left alone until its content changes."""
MAX_TRIES = 2
MAX_ENDS = 5
"""So often the daemon itself may end while it reads a file, killed by whomever, before that is thought the cause."""


@dataclass(frozen=True)
class Limits:
    """What is refused."""

    max_bytes: int
    max_pixels: int


class Reader:
    """Reads files in any thread. No content is decoded twice at the same time."""

    def __init__(
        self,
        database: Database,
        encoder: Encoder,
        encoder_id: int,
        thumbnails: Path,
        limits: Limits,
        decoder: Decoder,
    ) -> None:
        self._database = database
        self._encoder = encoder
        self._encoder_id = encoder_id
        self._thumbnails = thumbnails
        self._limits = limits
        self._decoder = decoder
        self._deaths: Counter[bytes] = Counter()
        self._lock = threading.Lock()
        self._being_read: set[bytes] = set()
        self._stop = threading.Event()

    def when_slow(self, give_way: GiveWay) -> None:
        """See `photoindex.isolation.Decoder`."""
        self._decoder.when_slow(give_way)

    def stop(self) -> None:
        """Give up what is being read, which raises `Stopped` from now on."""
        self._stop.set()
        self._decoder.close()

    def read(self, work: Work, pulse: Pulse, claimed: set[bytes]) -> Outcome:
        """Read a pending file. Raises nothing on account of the file. The `pulse` shows whether its disk answers.

        The hash of a `Fresh` is added to what is `claimed`; `release` it when that is stored. Raises `Stopped` after
        `stop`.
        """
        if work.tries >= MAX_ENDS:
            return Unreadable(Reason.CRASHED, f"PhotoIndex has ended {work.tries} times while it read this file")
        before = set(claimed)
        outcome: Outcome | None = None
        try:
            with self._open(work.absolute_path, pulse) as original:
                outcome = self._read(work, original, pulse, claimed)
        except (FileNotFoundError, NotADirectoryError):
            outcome = Gone()
        except UnreadableFileError as error:  # from the end of the context too: then the file changed meanwhile
            outcome = Unreadable(error.reason, error.detail)
        finally:
            if not isinstance(outcome, Fresh):
                for content_hash in claimed - before:
                    self.release(content_hash, claimed)
        return outcome

    def reread(self, path: bytes, content_hash: bytes, pulse: Pulse) -> Prepared | None:
        """The encoder's input for a photo that is indexed already, or None when the file no longer holds it."""
        try:
            with self._open(path, pulse) as original:
                if original.content_hash != content_hash:
                    return None
                return self._prepare(self._decode(original, path))
        except (OSError, UnreadableFileError):
            return None

    def release(self, content_hash: bytes, claimed: set[bytes]) -> None:
        """That content is stored, or given up: it is claimed no more."""
        with self._lock:
            if content_hash in claimed:
                claimed.remove(content_hash)
                self._being_read.discard(content_hash)

    @contextmanager
    def _open(self, path: bytes, pulse: Pulse) -> Iterator[Original]:
        with ExitStack() as stack:
            with pulse.asking():
                opened = open_original(path, max_bytes=self._limits.max_bytes, stop=self._stop, beat=pulse.beat)
                original = stack.enter_context(opened)
            yield original
            with pulse.asking():
                stack.close()

    def _read(self, work: Work, original: Original, pulse: Pulse, claimed: set[bytes]) -> Outcome:
        stat = FileStat(
            original.size_bytes,
            signed(original.mtime_ns),
            signed(original.inode),
            signed(original.ctime_ns),
            work.stat.sidecar_ns,
        )
        if not self._claim(original.content_hash, claimed):
            return Known(original.content_hash, stat)
        if self._is_indexed(original.content_hash):
            return Known(original.content_hash, stat, self._known_metadata(work, original, pulse))
        content_hash = original.content_hash
        try:
            if self._deaths[content_hash] >= MAX_TRIES:  # in copies of it, say
                raise UnreadableFileError(Reason.CRASHED, "other files of the same content have ended the decoder")
            decoded = self._decode(original, work.path)
            marks, colour = self._write_thumbnail(original, decoded)
            prepared = self._prepare(decoded)
        except UnreadableFileError as error:
            return Unreadable(error.reason, error.detail, stat, again=self._is_tried_again(error, work, content_hash))
        sidecars = _sidecars([work.absolute_path], pulse) if stat.sidecar_ns else []
        # The pixels are not kept: a batch may hold many videos.
        return Fresh(
            content_hash=content_hash,
            stat=stat,
            format=decoded.format,
            width=decoded.width,
            height=decoded.height,
            duration_seconds=decoded.duration_seconds,
            metadata=self._decoder.complete(decoded.metadata, _name(work), sidecars),
            prepared=prepared,
            fingerprint=marks,
            colour=colour,
        )

    def _is_tried_again(self, error: UnreadableFileError, work: Work, content_hash: bytes) -> bool:
        if error.reason not in DEADLY:
            return False
        with self._lock:
            self._deaths[content_hash] += 1
            return work.tries + 1 < MAX_TRIES and self._deaths[content_hash] < MAX_TRIES

    def _claim(self, content_hash: bytes, claimed: set[bytes]) -> bool:
        with self._lock:
            if content_hash in self._being_read:
                return False
            self._being_read.add(content_hash)
            claimed.add(content_hash)
            return True

    def _is_indexed(self, content_hash: bytes) -> bool:
        if not thumbnail_path(self._thumbnails, content_hash).exists():
            return False
        with self._database.read() as session:
            ids = photos.ids_of(session, [content_hash])
            return bool(ids) and bool(embeddings.existing(session, self._encoder_id, ids.values()))

    def _known_metadata(self, work: Work, original: Original, pulse: Pulse) -> Metadata:
        """The metadata of a content that is a photo already, with the sidecars of all its files."""
        with self._database.read() as session:
            ids = photos.ids_of(session, [original.content_hash])
            paths = [path for photo_id in ids.values() for path in files.with_sidecars(session, photo_id)]
        if work.stat.sidecar_ns:
            paths.insert(0, work.absolute_path)
        sidecars = _sidecars(dict.fromkeys(paths), pulse)
        return self._decoder.complete(self._embedded(work, original), _name(work), sidecars)

    def _embedded(self, work: Work, original: Original) -> Metadata:
        if original.video is not None and original.video_format is not None:
            return self._decode(original, work.path).metadata
        format = detect(original.content[:HEAD_BYTES], os.path.basename(work.path))
        return Metadata() if format is None else self._decoder.read_embedded(original.content, format)

    def _write_thumbnail(self, original: Original, decoded: Decoded) -> tuple[bytes, int]:
        """Returns the fingerprint and the dominant colour, which are made from the small picture too."""
        try:
            small = shrink(decoded.image)
            self._keep_thumbnail(original.content_hash, make_thumbnail(small))
            return fingerprint(small), dominant_colour(small)
        except MemoryError:
            raise UnreadableFileError(Reason.OUT_OF_MEMORY, "while making the thumbnail") from None

    def _keep_thumbnail(self, content_hash: bytes, jpeg: bytes) -> None:
        try:
            write_thumbnail(thumbnail_path(self._thumbnails, content_hash), jpeg)
        except OSError as error:  # of our folder: as one of the original it would be that which is gone
            raise ThumbnailsError(_refused(self._thumbnails, error)) from error

    def _prepare(self, decoded: Decoded) -> Prepared:
        images = [frame.image for frame in decoded.frames] or [decoded.image]
        stack = np.stack([self._encoder.prepare(image) for image in images])
        return Prepared(stack, [frame.at_seconds for frame in decoded.frames])

    def _decode(self, original: Original, path: bytes) -> Decoded:
        if original.video is not None and original.video_format is not None:
            return self._decoder.read_video(
                original.video,
                format=original.video_format,
                shortest_edge=self._encoder.input_size,
                longest_edge=LONGEST_EDGE,
                max_pixels=self._limits.max_pixels,
            )
        return self._decoder.decode(
            original.content,
            name=os.path.basename(path),
            shortest_edge=self._encoder.input_size,
            longest_edge=LONGEST_EDGE,
            max_pixels=self._limits.max_pixels,
        )


def _refused(folder: Path, error: OSError) -> str:
    if room.is_full(error):
        return say(room.FULL, path=folder)
    return say(
        "no thumbnail can be kept in %(path)s (%(reason)s); give this user the right to write there",
        path=folder,
        reason=error.strerror,
    )


def _name(work: Work) -> str:
    return os.fsdecode(os.path.basename(work.path))


def _sidecars(paths: Iterable[bytes], pulse: Pulse) -> list[tuple[bytes, bytes]]:
    """Names and contents of the sidecars of files; what can't be read says nothing."""
    found = []
    with pulse.asking():
        for path in paths:
            folder, name = os.path.split(path)
            for sidecar in sidecars_of(name, _Folder(folder)):
                pulse.beat()
                try:
                    content = read_original(os.path.join(folder, sidecar), max_bytes=MAX_SIDECAR_BYTES).content
                except (OSError, UnreadableFileError):
                    continue
                found.append((sidecar, content))
    return found


class _Folder(Container[bytes]):
    """The names in a folder, looked up one by one: a folder of 100,000 files is not listed for each of them."""

    def __init__(self, folder: bytes) -> None:
        self._folder = folder

    def __contains__(self, name: object) -> bool:
        return isinstance(name, bytes) and os.path.lexists(os.path.join(self._folder, name))
