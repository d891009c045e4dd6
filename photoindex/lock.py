"""The lock of a data folder: whoever holds it is the one process that indexes."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from pathlib import Path

from photoindex.errors import DaemonRunningError, DatabaseError


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
                holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
                os.close(descriptor)
                raise DaemonRunningError(
                    f"another PhotoIndex daemon (process {holder or 'unknown'}) indexes {self._path.parent}; "
                    "stop it first, or use another --data folder"
                )
            time.sleep(0.05)
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._descriptor = descriptor

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


def _try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            return False
        raise
    return True
