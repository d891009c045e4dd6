"""The lock of a data folder: whoever holds it is the one process that indexes."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path

from photoindex.errors import DaemonRunningError, DatabaseError

_SIZE_BYTES = 4096


class DaemonLock:
    """An flock on `daemon.lock`. It ends with its process, however that ends, so it is never stale."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self, patience_seconds: float = 1.0) -> None:
        """Take the lock. Raises DaemonRunningError, naming the holder, when another process has it.

        `is_held` takes the lock for an instant to look at it, so a refusal is believed only after some patience.
        """
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise DatabaseError(
                f"the data folder {self._path.parent} is not writable ({error.strerror}); "
                "give this user the right to write there, or choose another with --data"
            ) from error
        deadline = time.monotonic() + patience_seconds
        while not _try_lock(descriptor, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                holder = os.pread(descriptor, 32, 0).decode("utf-8", "replace").split("\n")[0].strip()
                os.close(descriptor)
                raise DaemonRunningError(
                    f"another PhotoIndex daemon (process {holder or 'unknown'}) indexes {self._path.parent}; "
                    "stop it first, or use another --data folder"
                )
            time.sleep(0.05)
        self._descriptor = descriptor
        self.tell(None)

    def tell(self, problem: str | None) -> None:
        """Leave word for others of what is wrong, also when nothing can be written into the database.

        The file never changes its size, so that this works on a full disk.
        """
        if self._descriptor is None:
            return
        line = " ".join((problem or "").split()).encode("utf-8", "replace")[: _SIZE_BYTES - 32]
        content = f"{os.getpid()}\n".encode() + line + b"\n"
        with suppress(OSError):  # the disk was full when the file was made, or is read-only now
            os.pwrite(self._descriptor, content.ljust(_SIZE_BYTES), 0)

    def release(self) -> None:
        """Give the lock back. May be called twice."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> DaemonLock:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def is_held(path: Path) -> bool:
    """Whether a daemon runs on this data folder."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return not _try_lock(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def told(path: Path) -> str | None:
    """What the daemon that runs on this data folder says is wrong; None for nothing, or when none runs."""
    if not is_held(path):
        return None
    try:
        lines = path.read_text("utf-8", "replace").split("\n")
    except OSError:
        return None
    return (lines[1].strip() or None) if len(lines) > 1 else None


def _try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            return False
        raise
    return True
