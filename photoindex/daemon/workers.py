"""Workers: what reads originals, so many at once. One whose disk does not answer is left behind, and others go on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from photoindex import encoders
from photoindex.daemon.crew import Crew
from photoindex.daemon.places import Places
from photoindex.daemon.pulse import Pulse, silence
from photoindex.files import Work
from photoindex.libraries import display_path
from photoindex.photos import PhotoFile

log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(eq=False)
class Job:
    """What a worker is at."""

    at: Work | PhotoFile
    """A file in the library that it reads."""
    works: Sequence[Work] = ()
    pulse: Pulse = field(default_factory=Pulse)
    """Of the disk."""
    claimed: set[bytes] = field(default_factory=set)
    """Hashes of contents that nobody else reads meanwhile."""
    is_left: bool = False
    """Whether nobody waits for it any more, so that it had better end."""

    def go_on(self) -> None:
        """Raises `Left` when that is of no use."""
        if self.is_left:
            raise Left


class Left(Exception):  # noqa: N818 (not an error: the disk took too long, and others have gone on)
    """A job ends that nobody waits for."""


class Workers:
    """So many threads that work at once. All methods are called by one thread."""

    def __init__(
        self, count: int, release: Callable[[Job], None], silent: Callable[[str | None], None] = lambda _line: None
    ) -> None:
        """`release` frees what a job has claimed, in any thread. `silent` is told which disk does not answer, in a
        line, and None when all do."""
        # More threads than places: one that only waits for a decoder that takes long gives its place to another.
        self._crew = Crew(2 * count + 1, "index", partial(encoders.set_threads, 1))
        self.places = Places(count)
        self._release = release
        self._silent = silent
        self._left: dict[Future[Any], Job] = {}
        self._said: str | None = None

    def submit(self, job: Job, do: Callable[[Job], T]) -> Future[T]:
        """Have `do(job)` done as soon as there is a place."""
        return self._crew.submit(partial(self._do, job, do))

    def _do(self, job: Job, do: Callable[[Job], T]) -> T:
        with self.places.taken(job):
            return do(job)

    @property
    def silent_libraries(self) -> set[int]:
        """Of which a disk does not answer: nothing more is to be read of them. For any thread."""
        return {job.at.library_id for job in list(self._left.values())}

    def tell(self) -> None:
        """Say which disk does not answer, when that has changed."""
        job = next(iter(list(self._left.values())), None)
        line = silence(display_path(job.at.root)) if job else None
        if line != self._said:
            self._said = line
            self._silent(line)

    def leave(self, future: Future[Any], job: Job) -> None:
        """Wait no longer for a job: others get its thread and its place, and what it comes to is dropped."""
        log.warning("%s; other libraries are read meanwhile", silence(display_path(job.at.root)))
        job.is_left = True
        self._left[future] = job
        self._crew.leave(future)
        self.places.leave(job)
        self._release(job)
        future.add_done_callback(self._comes_back)  # at once, if it is there by now

    def _comes_back(self, future: Future[Any]) -> None:
        self._release(self._left[future])
        del self._left[future]

    def close(self) -> None:
        """Wait for all jobs that were begun, but for those that were left. May be called twice."""
        self._crew.close()
