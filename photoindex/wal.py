"""The write-ahead log: who brings it into the database file, and how large it may become.

No commit checkpoints by itself. The daemon does, whenever the log has grown by so much; other processes only while no
daemon runs, and then only a log that has become large. A reader that stays for long keeps the log from being begun
anew: it is told in the status, and at the limit the daemon waits, so that only what people do makes it grow further.
"""

from __future__ import annotations

import logging
import time
from pathlib import Path

from sqlalchemy import Engine

from photoindex import layout, lock
from photoindex.errors import DatabaseBusyError
from photoindex.messages import say

KEEP_BYTES = 16 << 20
"""The daemon checkpoints when the log has grown by so much."""
RESCUE_BYTES = 64 << 20
"""Without a daemon, whoever writes checkpoints from here on."""
WARN_BYTES = 256 << 20
"""From here on the status tells it."""
LIMIT_BYTES = 1 << 30
"""The daemon writes no further."""
PAUSE_SECONDS = 5.0
"""How long to wait before the next try while a reader is in the way."""

log = logging.getLogger(__name__)


def size_of(path: Path) -> int:
    """Bytes of the log of the database at `path`; 0 when there is none."""
    try:
        return path.with_name(path.name + "-wal").stat().st_size
    except OSError:
        return 0


def problem_of(path: Path) -> str | None:
    """What to tell people of a log that has grown too large."""
    size = size_of(path)
    return _too_large(path, size) if size > WARN_BYTES else None


class Tender:
    """Keeps the log of one open database small. To be used by one thread at a time."""

    def __init__(self, path: Path, *, checkpoints: bool) -> None:
        """`checkpoints`: whether this process is the one that checkpoints as a rule."""
        self._path = path
        self._checkpoints = checkpoints
        self._tried_at = float("-inf")
        self._tried_bytes = 0
        self._said = False

    def tend(self, engine: Engine) -> None:
        """Checkpoint if it is time and ours to do. To be called when a transaction has been committed."""
        size = size_of(self._path)
        if size < (KEEP_BYTES if self._checkpoints else RESCUE_BYTES):
            self._tried_bytes = 0
            return
        grown = size - self._tried_bytes >= KEEP_BYTES
        if not grown and time.monotonic() - self._tried_at < PAUSE_SECONDS:
            return
        if not self._is_ours():
            return
        self._checkpoint(engine)
        self._tried_at, self._tried_bytes = time.monotonic(), size_of(self._path)

    def make_room(self, engine: Engine) -> None:
        """The disk is full: it may be the log that fills it."""
        if size_of(self._path) and self._is_ours():
            self._checkpoint(engine)

    def check_limit(self, engine: Engine) -> None:
        """Refuse to let the log grow on. Raises DatabaseBusyError."""
        if size_of(self._path) <= LIMIT_BYTES:
            return
        self._checkpoint(engine)
        size = size_of(self._path)
        if size > LIMIT_BYTES:
            raise DatabaseBusyError(_too_large(self._path, size))

    def _is_ours(self) -> bool:
        return self._checkpoints or not lock.is_held(self._path.with_name(layout.DAEMON_LOCK))

    def _checkpoint(self, engine: Engine) -> None:
        """Bring in what no reader is in the way of, and empty the log if none is at all. Waits for nobody.

        What was committed is safe whether or not this succeeds, so no error of it is the caller's.
        """
        connection = engine.raw_connection()
        try:
            cursor = connection.cursor()
            timeout_ms = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
            cursor.execute("PRAGMA busy_timeout = 0")
            try:
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            finally:
                cursor.execute(f"PRAGMA busy_timeout = {timeout_ms}")
            self._said = False
        except Exception as error:  # a full disk, say: the next commit meets it too, and tells its caller
            if not self._said:
                self._said = True
                log.warning("%s: its log could not be brought in: %s; this is tried again", self._path, error)
        finally:
            connection.close()


def _too_large(path: Path, size: int) -> str:
    return say(
        "%(path)s: its log has grown to %(size)s MB, as another program has been reading for long or the disk is "
        "full; end that program or free some space, nothing is lost",
        path=path,
        size=size // 1_000_000,
    )
