"""Keeping the snapshot of a large library: built, rebuilt when much has changed, checked, and removed when not needed.

A thread of the daemon that mostly waits. What takes long is done by a process of its own (`building`).
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from photoindex import embeddings
from photoindex.daemon.trouble import Board, Trouble
from photoindex.database import Database
from photoindex.embeddings import StoredEncoder
from photoindex.errors import DatabaseError
from photoindex.snapshots import changes
from photoindex.snapshots.format import SnapshotError, header_of, new_name, remove_others, verify

log = logging.getLogger(__name__)

LOOK_SECONDS = 10.0
BUILD_FROM = 20_000
"""Photos from which on a library has a snapshot; until then sqlite-vec is quick enough."""
KEEP_FROM = 15_000
"""A library that has shrunk keeps its snapshot down to here."""
REBUILD_SHARE = 0.05
REBUILD_LEAST = 2_000
"""A snapshot is built anew when more photos than both have changed: these are looked at one by one in each search."""
REST = 10.0
"""After a build the next one waits so many times as long as that took."""
RETRY_SECONDS = 600.0
"""After a build that failed."""
STOP_SECONDS = 0.2


class Snapshots:
    """Runs in a thread of its own."""

    def __init__(
        self,
        database: Database,
        folder: Path,
        ending: Callable[[], bool],
        *,
        build_from: int | None = None,
        board: Board | None = None,
    ) -> None:
        """`ending` tells that the daemon is to stop; it is asked often while something goes on. `build_from`: as the
        constant, unless told otherwise."""
        self._database = database
        self._folder = folder
        self._ending = ending
        self._build_from = BUILD_FROM if build_from is None else build_from
        self._keep_from = min(KEEP_FROM, self._build_from)
        self._not_before = 0.0
        self._verified: str | None = None
        self._busy = threading.Lock()
        self._trouble = Trouble("the search snapshot", threading.Event(), board)

    def run(self, stop: threading.Event) -> None:
        """Look now and then what is due, until `stop` is set."""
        while not stop.is_set():
            self._step_or_say(patient=True)
            stop.wait(LOOK_SECONDS)

    def finish(self) -> None:
        """Do what is due now, however short ago the last build was: nobody may come after us to do it."""
        self._step_or_say(patient=False)

    def _step_or_say(self, patient: bool) -> None:
        try:
            self.step(patient)
            self._trouble.over()
        except (DatabaseError, SnapshotError, OSError) as error:
            self._trouble.say(error)
        except Exception:  # searches are answered without it, and indexing must go on
            log.exception("the search snapshot met an unexpected error")
            self._not_before = time.monotonic() + RETRY_SECONDS

    def step(self, patient: bool = True) -> bool:
        """Do what is due. Whether there is a sound snapshot afterwards, or needs to be none.

        Without `patient`, a build that is due is not put off.
        """
        with self._busy:
            return self._step(patient)

    def _step(self, patient: bool) -> bool:
        with self._database.read() as session:
            encoder = embeddings.active_encoder(session)
            known = changes.known(session)
            photos = 0 if encoder is None else embeddings.count_searchable(session, encoder.id)
        wanted = encoder is not None and photos >= (self._keep_from if encoder.id in known else self._build_from)
        unwanted = [each for each in known if not wanted or encoder is None or each != encoder.id]
        if unwanted:
            with self._database.write() as session:
                changes.forget(session, unwanted)
        if encoder is None or not wanted:
            remove_others(self._folder, set())
            return True
        name = known.get(encoder.id)
        remove_others(self._folder, {name} if name else set())
        if self._is_sound(encoder, name) and not self._is_old(encoder):
            return True
        if self._ending() or (patient and time.monotonic() < self._not_before):
            return False
        return self._build(encoder)

    def _is_sound(self, encoder: StoredEncoder, name: str | None) -> bool:
        """Whether the snapshot is there and of this encoder; once after a start, all of it is read."""
        if name is None:
            return False
        try:
            header = header_of(self._folder, name)
            if (header.fingerprint, header.dim) != (encoder.fingerprint, encoder.dim):
                raise SnapshotError(f"the snapshot {name} is of another encoder")
            if name != self._verified:
                verify(self._folder, name, lambda: not self._ending())
                self._verified = name
        except SnapshotError as error:
            log.warning("%s; it is built anew", error)
            self._not_before = min(self._not_before, time.monotonic())
            return False
        return True

    def _is_old(self, encoder: StoredEncoder) -> bool:
        with self._database.read() as session:
            standing = changes.standing(session, encoder.id)
            if standing is None or standing.last - standing.sequence <= REBUILD_LEAST:
                return False
            changed = changes.count_changed(session, encoder.id, standing.sequence)
            photos = embeddings.count_searchable(session, encoder.id)
        return changed > max(REBUILD_LEAST, REBUILD_SHARE * photos)

    def _build(self, encoder: StoredEncoder) -> bool:
        """Have a snapshot built, and let it count when it is whole."""
        with self._database.write() as session:
            changes.prepare(session, encoder.id)
        log.info("building a search snapshot")
        name, started = new_name(), time.monotonic()
        command = [sys.executable, "-m", "photoindex.daemon.building"]
        command += [str(self._database.path), str(self._folder), name, str(encoder.id), str(os.getpid())]
        code = self._run(command)
        self._not_before = time.monotonic() + REST * (time.monotonic() - started)
        if code != 0:
            if not self._ending():
                log.error("building the search snapshot ended with code %s; searches are slower without it", code)
                self._not_before = time.monotonic() + RETRY_SECONDS
            return False
        sequence = header_of(self._folder, name).sequence
        with self._database.write() as session:
            changes.register(session, encoder.id, name, sequence)
        self._verified = name
        log.info("searches use a new snapshot (%.0f s)", time.monotonic() - started)
        return True

    def _run(self, command: list[str]) -> int:
        """Run the builder to its end, or to ours. Its exit code."""
        environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, env=environment)
        try:
            while True:
                try:
                    return process.wait(STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    if self._ending():
                        return -1
        finally:
            process.kill()
            process.wait()
