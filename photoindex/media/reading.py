"""Reads an original whole and hashes it, and notices if it changed meanwhile."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass

from blake3 import blake3

from photoindex.errors import UnreadableFileError
from photoindex.media.formats import Reason

MAX_BYTES = 200_000_000
"""Larger files are refused unless the user sets another limit."""

_CHUNK_BYTES = 1 << 24

# Not through a symlink, and without waiting for the other end of a pipe.
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY


@dataclass(frozen=True)
class Original:
    """The content of an original, and what identifies it and its file."""

    content: bytes
    content_hash: bytes
    """BLAKE3 of `content`, 32 bytes: the identity of the photo."""
    size_bytes: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    device: int


def read_original(path: bytes, *, max_bytes: int = MAX_BYTES) -> Original:
    """Read the regular file at `path`, which is opened for reading only.

    Raises `UnreadableFileError` (not-a-photo for pipes, devices, folders and symlinks; empty, too-large, unreadable,
    changed-while-reading) and lets `FileNotFoundError` and `NotADirectoryError` pass: gone is not broken.
    """
    try:
        descriptor = os.open(path, _FLAGS)
        try:
            return _read(descriptor, max_bytes)
        finally:
            os.close(descriptor)
    except (FileNotFoundError, NotADirectoryError):
        raise
    except MemoryError:
        raise UnreadableFileError(Reason.OUT_OF_MEMORY, "while reading the file") from None
    except OSError as error:
        if _is_special(path):
            raise UnreadableFileError(Reason.NOT_A_PHOTO, "not a regular file") from error
        raise UnreadableFileError(Reason.UNREADABLE, error.strerror or str(error)) from error


def _read(descriptor: int, max_bytes: int) -> Original:
    before = os.fstat(descriptor)
    if not stat.S_ISREG(before.st_mode):
        raise UnreadableFileError(Reason.NOT_A_PHOTO, "not a regular file")
    if before.st_size > max_bytes:
        raise UnreadableFileError(Reason.TOO_LARGE, f"{before.st_size} bytes, the limit is {max_bytes}")
    # Read, never mapped: a file cut short under a map kills the process with SIGBUS.
    content = _read_at_most(descriptor, before.st_size + 1)
    after = os.fstat(descriptor)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise UnreadableFileError(Reason.CHANGED, "size or modification time changed")
    if len(content) != before.st_size:
        raise UnreadableFileError(Reason.CHANGED, f"read {len(content)} of {before.st_size} bytes")
    if not content:
        raise UnreadableFileError(Reason.EMPTY)
    return Original(
        content=content,
        content_hash=blake3(content).digest(),
        size_bytes=before.st_size,
        mtime_ns=before.st_mtime_ns,
        ctime_ns=before.st_ctime_ns,
        inode=before.st_ino,
        device=before.st_dev,
    )


def _read_at_most(descriptor: int, limit: int) -> bytes:
    """Up to `limit` bytes; a read may give fewer than it was asked for, so until the end or the limit."""
    chunks: list[bytes] = []
    while limit > 0 and (chunk := os.read(descriptor, min(limit, _CHUNK_BYTES))):
        chunks.append(chunk)
        limit -= len(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _is_special(path: bytes) -> bool:
    """Whether `path` is there but is a symlink, socket or device, which can't be opened as a file."""
    try:
        return not stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False
