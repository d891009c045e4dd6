"""Finding concepts in the background: a process of its own while the daemon is idle, ended at once when it is not.

A process gives the memory of the text encoder back when it is done, holds up neither indexing nor shutdown, and can be
killed at any moment: what it finds is written in one short transaction at its end.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import IO

from photoindex import concepts, embeddings
from photoindex.daemon.concept_labels import read_labels
from photoindex.daemon.exploring import TextEncoder, explore
from photoindex.database import Database, open_database
from photoindex.embeddings import StoredEncoder
from photoindex.errors import DatabaseError, PhotoIndexError

log = logging.getLogger(__name__)

IDLE_SECONDS = 10.0
"""How long the daemon must have been idle."""
LOOK_SECONDS = 30.0
"""How often it is looked whether the library has changed enough."""
RETRY_SECONDS = 600.0
"""How long to wait after a process that failed, doubled with each further one up to a day."""
LONGEST_RETRY_SECONDS = 86_400.0
END_SECONDS = 5.0
NICENESS = 19


class ConceptMaker:
    """Starts and ends the process. To be used from one thread."""

    def __init__(
        self,
        database: Database,
        command: Sequence[str] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`command` is what the process runs; None finds the concepts of the database."""
        self._database = database
        self._command = list(command) if command is not None else _command(database.path)
        self._clock = clock
        self._process: subprocess.Popen[bytes] | None = None
        self._said: IO[bytes] | None = None
        self._look_at: float | None = None
        self._failures = 0

    @property
    def is_busy(self) -> bool:
        """Whether the process runs."""
        return self._process is not None

    def idle(self) -> None:
        """The daemon has nothing to do: called about once a second while that is so."""
        now = self._clock()
        if self._look_at is None:
            self._look_at = now + IDLE_SECONDS
        if self._process is not None:
            self._collect()
        elif now >= self._look_at:
            self._look_at = now + LOOK_SECONDS
            if self._is_due():
                self._start()

    def busy(self) -> None:
        """The daemon has something to do: the process ends, and is begun again when all is quiet."""
        if self._failures == 0:
            self._look_at = None
        self.close()

    def close(self) -> None:
        """End the process. May be called twice."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._forget()

    def _is_due(self) -> bool:
        try:
            with self._database.read() as session:
                encoder = embeddings.active_encoder(session)
                return encoder is not None and concepts.is_due(session, encoder, read_labels().digest)
        except DatabaseError as error:
            log.warning("concepts wait: %s", error)
            return False

    def _start(self) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the process has ended
        try:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._said,
                env={**os.environ, "OMP_NUM_THREADS": "1"},
            )
        except OSError as error:
            log.warning("concepts can't be found now: %s", error)
            self._forget()

    def _collect(self) -> None:
        """See whether the process has ended, and how."""
        assert self._process is not None and self._said is not None
        code = self._process.poll()
        if code is None:
            return
        if code == 0:
            self._failures = 0
        else:
            self._said.seek(0)
            lines = self._said.read().decode("utf-8", "replace").strip().splitlines()
            wait_seconds = min(LONGEST_RETRY_SECONDS, RETRY_SECONDS * 2**self._failures)
            self._look_at = self._clock() + wait_seconds
            self._failures += 1
            log.warning("finding concepts failed (%s): %s", code, lines[-1] if lines else "it said nothing")
        self._forget()

    def _forget(self) -> None:
        if self._said is not None:
            self._said.close()
        self._process = self._said = None


def main(arguments: Sequence[str]) -> int:
    """What the process does: find the concepts of the database at the path given, if that is due. The exit code."""
    os.nice(NICENESS)
    try:
        database = open_database(Path(arguments[0]))
        try:
            explore(database, partial(_load_text, device="cpu"))
        finally:
            database.close()
    except PhotoIndexError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


def _load_text(stored: StoredEncoder, device: str) -> TextEncoder:
    from photoindex import encoders  # late: brings torch, which is not needed when the labels are embedded already

    encoders.set_threads(1)
    return encoders.load_text(stored.name, stored.fingerprint, device)


def _command(path: Path) -> list[str]:
    # As we were started: -P keeps the folder we are in, maybe one of photos, from being imported from.
    safe = [] if {"", os.getcwd()} & set(sys.path) else ["-P"]
    return [sys.executable, *safe, "-m", __name__, str(path.absolute())]


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
