"""The crew: threads that do one job after another. One that waits for a disk which hangs is left, and replaced."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class Crew:
    """At most so many threads that work, besides those that were left. They hold up nobody's end."""

    def __init__(self, threads: int, name: str, begin: Callable[[], object]) -> None:
        """Each thread begins with `begin()`."""
        self._most = threads
        self._name = name
        self._begin = begin
        self._jobs: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = queue.SimpleQueue()
        self._idle = threading.Semaphore(0)
        self._lock = threading.Lock()
        self._threads: dict[threading.Thread, Future[Any] | None] = {}
        """Those that work, and what they are at."""

    def submit(self, job: Callable[[], T]) -> Future[T]:
        """Have `job` done by a thread, as soon as one is free."""
        future: Future[T] = Future()
        self._jobs.put((future, job))
        with self._lock:
            if not self._idle.acquire(blocking=False) and len(self._threads) < self._most:
                self._start()
        return future

    def leave(self, future: Future[Any]) -> None:
        """Whoever is at that job does no other, and has not to come back from it: another thread is there instead."""
        with self._lock:
            for thread, at in self._threads.items():
                if at is future:
                    del self._threads[thread]
                    self._start()
                    return

    def close(self) -> None:
        """Wait until each job that was begun is done, but for those that were left. May be called twice."""
        with self._lock:
            threads = list(self._threads)
        for _ in threads:
            self._jobs.put(None)
        for thread in threads:
            thread.join()

    def _start(self) -> None:
        thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._threads[thread] = None
        thread.start()

    def _run(self) -> None:
        self._begin()
        while (taken := self._jobs.get()) is not None:
            future, job = taken
            if not self._is_at(future):
                self._jobs.put(taken)
                return
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(job())
                except BaseException as error:
                    future.set_exception(error)
            del future, job, taken  # what came of it may be large
            if not self._is_at(None):
                return
            self._idle.release()

    def _is_at(self, future: Future[Any] | None) -> bool:
        """Note what the calling thread is at. False when it was left."""
        with self._lock:
            thread = threading.current_thread()
            if thread not in self._threads:
                return False
            self._threads[thread] = future
            return True
