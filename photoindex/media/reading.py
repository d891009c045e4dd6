"""Reads an original whole, or opens it if it is a video; hashes it; and notices if it changed meanwhile."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from blake3 import blake3

from photoindex.errors import UnreadableFileError
from photoindex.media.formats import HEAD_BYTES, Format, Kind, Reason, detect

MAX_BYTES = 200_000_000
"""Larger files are refused unless the user sets another limit."""

MAX_VIDEO_BYTES = 200_000_000_000
"""Larger videos are refused: no camera writes them, but sparse files are made in a moment and hashed for hours."""

_CHUNK_BYTES = 1 << 24
_HASH_CHUNK_BYTES = 1 << 22

OPEN_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
"""How originals are opened: not through a symlink, and without waiting for the other end of a pipe."""


@dataclass(frozen=True)
class Original:
    """The content of an original, and what identifies it and its file."""

    content: bytes
    """The whole file; empty for an open video."""
    content_hash: bytes
    """BLAKE3 of the whole file, 32 bytes: the identity of the photo."""
    size_bytes: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    device: int
    video: BinaryIO | None = None
    """Of a video opened by `open_original`: the file, which may be read at any place until the context is left."""
    video_format: Format | None = None
    """Of a video opened by `open_original`."""


class Stopped(Exception):  # noqa: N818 (not an error: it was asked for)
    """Hashing a large file was given up because `stop` was set."""


def read_original(path: bytes, *, max_bytes: int = MAX_BYTES) -> Original:
    """Read the regular file at `path`, which is opened for reading only.

    Raises `UnreadableFileError` (not-a-photo for pipes, devices, folders and symlinks; empty, too-large, unreadable,
    changed-while-reading) and lets `FileNotFoundError` and `NotADirectoryError` pass: gone is not broken.
    """
    with _opened(path) as descriptor:
        return _read(descriptor, max_bytes)


@contextmanager
def open_original(
    path: bytes,
    *,
    max_bytes: int = MAX_BYTES,
    max_video_bytes: int = MAX_VIDEO_BYTES,
    stop: threading.Event | None = None,
    beat: Callable[[], object] = lambda: None,
) -> Iterator[Original]:
    """The original at `path`: read whole as by `read_original`, or, if its first bytes are a video's, hashed and open.

    A video's `content` is empty and its `video` is a file, since it may be larger than the memory. It has been read
    once, 4 MB at a time, when the context begins; `Stopped` is raised if `stop` is set before the end is reached.
    `beat` is called whenever the disk has answered and is asked for more.

    Raises `UnreadableFileError` as `read_original` does, and lets `FileNotFoundError` and `NotADirectoryError` pass. A
    video that changes while it is open is told when the context ends, unless an exception ends it.
    """
    with _opened(path) as descriptor:
        before = _check(descriptor, max(max_bytes, max_video_bytes))
        head = os.pread(descriptor, HEAD_BYTES, 0)
        format = detect(head, os.path.basename(path))
        if format is None or format.kind is not Kind.VIDEO:
            original = _read(descriptor, max_bytes, beat)
        else:
            original = _hash(descriptor, before, max_video_bytes, format, stop, beat)
    if original.video is None:
        yield original
        return
    with original.video as video:
        yield original
        with _failures_of(path):
            _check_unchanged(before, os.fstat(video.fileno()))


@contextmanager
def _opened(path: bytes) -> Iterator[int]:
    """The descriptor of the file at `path`, closed at the end; what goes wrong is raised as `read_original` says."""
    with _failures_of(path):
        descriptor = os.open(path, OPEN_FLAGS)
        try:
            yield descriptor
        finally:
            os.close(descriptor)


@contextmanager
def _failures_of(path: bytes) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, NotADirectoryError):
        raise
    except MemoryError:
        raise UnreadableFileError(Reason.OUT_OF_MEMORY, "while reading the file") from None
    except OSError as error:
        if _is_special(path):
            raise UnreadableFileError(Reason.NOT_A_PHOTO, "not a regular file") from error
        raise UnreadableFileError(Reason.UNREADABLE, error.strerror or str(error)) from error


def _read(descriptor: int, max_bytes: int, beat: Callable[[], object] = lambda: None) -> Original:
    before = _check(descriptor, max_bytes)
    # Read, never mapped: a file cut short under a map kills the process with SIGBUS.
    content = _read_at_most(descriptor, before.st_size + 1, beat)
    _check_unchanged(before, os.fstat(descriptor), len(content))
    if not content:
        raise UnreadableFileError(Reason.EMPTY)
    return _original(content, blake3(content).digest(), before)


def _hash(
    descriptor: int,
    before: os.stat_result,
    max_bytes: int,
    format: Format,
    stop: threading.Event | None,
    beat: Callable[[], object],
) -> Original:
    _check(descriptor, max_bytes)
    hasher, length = blake3(max_threads=1), 0
    while length <= before.st_size and (chunk := os.read(descriptor, _HASH_CHUNK_BYTES)):
        if stop is not None and stop.is_set():
            raise Stopped
        beat()
        hasher.update(chunk)
        length += len(chunk)
    _check_unchanged(before, os.fstat(descriptor), length)
    video = os.fdopen(os.dup(descriptor), "rb", buffering=0)
    try:
        video.seek(0)
    except BaseException:
        video.close()
        raise
    return _original(b"", hasher.digest(), before, video, format)


def _original(
    content: bytes,
    content_hash: bytes,
    status: os.stat_result,
    video: BinaryIO | None = None,
    video_format: Format | None = None,
) -> Original:
    return Original(
        content=content,
        content_hash=content_hash,
        size_bytes=status.st_size,
        mtime_ns=status.st_mtime_ns,
        ctime_ns=status.st_ctime_ns,
        inode=status.st_ino,
        device=status.st_dev,
        video=video,
        video_format=video_format,
    )


def _check(descriptor: int, max_bytes: int) -> os.stat_result:
    """The status of the file, if it is a regular one that is not too large."""
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise UnreadableFileError(Reason.NOT_A_PHOTO, "not a regular file")
    if status.st_size > max_bytes:
        raise UnreadableFileError(Reason.TOO_LARGE, f"{status.st_size} bytes, the limit is {max_bytes}")
    return status


def _check_unchanged(before: os.stat_result, after: os.stat_result, read_bytes: int | None = None) -> None:
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise UnreadableFileError(Reason.CHANGED, "size or modification time changed")
    if read_bytes is not None and read_bytes != before.st_size:
        raise UnreadableFileError(Reason.CHANGED, f"read {read_bytes} of {before.st_size} bytes")


def _read_at_most(descriptor: int, limit: int, beat: Callable[[], object]) -> bytes:
    """Up to `limit` bytes; a read may give fewer than it was asked for, so until the end or the limit."""
    chunks: list[bytes] = []
    while limit > 0 and (chunk := os.read(descriptor, min(limit, _CHUNK_BYTES))):
        chunks.append(chunk)
        limit -= len(chunk)
        beat()
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _is_special(path: bytes) -> bool:
    """Whether `path` is there but is a symlink, socket or device, which can't be opened as a file."""
    try:
        return not stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False
