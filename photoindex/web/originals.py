"""Opens the user's originals for reading, and only those: nothing outside a library, nothing that is no plain file."""

from __future__ import annotations

import os
import stat
from typing import BinaryIO

from photoindex.errors import NotFoundError
from photoindex.media.reading import OPEN_FLAGS
from photoindex.messages import say
from photoindex.photos import PhotoFile, PhotoInfo

# Never through a symlink; a pipe does not wait for its other end, a terminal does not become ours.
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def open_original(photo: PhotoInfo) -> tuple[BinaryIO, PhotoFile]:
    """The first of the photo's files that can be opened and still has its size, positioned at its start.

    Raises NotFoundError when none can.
    """
    for file in photo.files:
        opened = None if file.is_away else _open(file, photo.size_bytes)
        if opened is not None:
            return opened, file
    raise NotFoundError(
        say(
            "the original of %(filename)s is not there now: its disk is away, or it was changed or deleted",
            filename=photo.filename,
        )
    )


def _open(file: PhotoFile, size_bytes: int) -> BinaryIO | None:
    try:
        descriptor = _open_below(file.root, file.path)
    except OSError:
        return None
    found = os.fstat(descriptor)
    # Another size is another content, which has its own type and digest; the next scan will see it.
    if not stat.S_ISREG(found.st_mode) or found.st_size != size_bytes:
        os.close(descriptor)
        return None
    return os.fdopen(descriptor, "rb")


def _open_below(root: bytes, path: bytes) -> int:
    """A descriptor of `path` below `root`, walked folder by folder without following a symlink. Raises OSError.

    Each step is taken from the folder already open, so nobody can swap a folder for a link in between.
    """
    *folders, name = path.split(b"/")
    if any(part in (b"", b".", b"..") for part in (*folders, name)):
        raise FileNotFoundError(path)
    folder = os.open(root, _FOLDER_FLAGS & ~os.O_NOFOLLOW)
    try:
        for part in folders:
            inner = os.open(part, _FOLDER_FLAGS, dir_fd=folder)
            os.close(folder)
            folder = inner
        return os.open(name, OPEN_FLAGS, dir_fd=folder)
    finally:
        os.close(folder)
