"""The watcher: turns file system events into hints where to look. The only module that knows watchdog."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable
from typing import Any

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, EventEmitter, ObservedWatch

from photoindex.daemon.changes import Changes
from photoindex.libraries import LibraryInfo, display_path

log = logging.getLogger(__name__)

SOON_SECONDS = 0.1
"""For what is complete when the event comes: a closed, moved or deleted file. Long enough to gather a burst."""

# Without the opening and reading of files: our own reading would be reported back to us.
_EVENTS: list[type[FileSystemEvent]] = [
    FileCreatedEvent,
    FileModifiedEvent,
    FileClosedEvent,
    FileMovedEvent,
    FileDeletedEvent,
    DirCreatedEvent,
    DirMovedEvent,
    DirDeletedEvent,
]


class Watcher:
    """Watches the roots of libraries and notes what happens below them."""

    def __init__(self, changes: Changes, settle_seconds: float) -> None:
        self._changes = changes
        self._settle_seconds = settle_seconds
        self._observer: BaseObserver | None = None
        self._watches: dict[int, ObservedWatch] = {}

    def watch(self, library: LibraryInfo) -> str | None:
        """Watch a library from now on. Returns what is wrong, in plain words, when it can't be watched."""
        try:
            if self._observer is None:
                # A folder that was moved out of a library and comes back is still watched, under its old path:
                # watchdog then corrects the path, which is what we want, and warns that it does.
                warnings.filterwarnings("ignore", "Callback with id .* already exists", RuntimeWarning)
                self._observer = Observer()
                self._observer.start()
            handler = _Handler(self._changes, library, self._settle_seconds)
            watch = self._observer.schedule(handler, os.fsdecode(library.root), recursive=True, event_filter=_EVENTS)
        except OSError as error:
            return f"{library.path} can't be watched ({error.strerror or error}); it is scanned at intervals instead"
        self._watches[library.id] = watch
        for emitter in self._observer.emitters:
            if emitter.watch == watch:
                _tell_overflows(emitter, lambda: self._changes.request_scan(library.id))
        return None

    def unwatch(self, library_id: int) -> None:
        """Stop watching a library."""
        watch = self._watches.pop(library_id, None)
        if watch is not None and self._observer is not None:
            self._observer.unschedule(watch)

    def is_watching(self, library_id: int) -> bool:
        """Whether events of a library still come: a root that was deleted or unmounted ends its watch."""
        watch = self._watches.get(library_id)
        if watch is None or self._observer is None:
            return False
        return any(emitter.watch == watch and emitter.is_alive() for emitter in self._observer.emitters)

    def stop(self) -> None:
        """End all threads. May be called twice."""
        if self._observer is not None:
            self._observer.stop()
            self._observer.join()
            self._observer = None
        self._watches.clear()


class _Handler(FileSystemEventHandler):
    def __init__(self, changes: Changes, library: LibraryInfo, settle_seconds: float) -> None:
        self._changes = changes
        self._library = library
        self._settle_seconds = settle_seconds

    def on_any_event(self, event: FileSystemEvent) -> None:
        being_written = isinstance(event, FileCreatedEvent | FileModifiedEvent)
        self._note(event.src_path, self._settle_seconds if being_written else SOON_SECONDS)
        if isinstance(event, FileMovedEvent | DirMovedEvent):
            self._note(event.dest_path, SOON_SECONDS)

    def _note(self, absolute_path: bytes | str, delay_seconds: float) -> None:
        path = os.path.relpath(os.fsencode(absolute_path), self._library.root)
        if path == b".":  # something happened to the root itself
            log.info("the folder %s itself has changed; scanning it", display_path(self._library.root))
            self._changes.request_scan(self._library.id)
        else:
            self._changes.note(self._library.id, path, delay_seconds)


def _tell_overflows(emitter: EventEmitter, tell: Callable[[], None]) -> None:
    """Learn when the kernel dropped events.

    watchdog rebuilds its watches then, but tells its handlers nothing (`InotifyWatchGroup.on_queue_overflow`), so that
    method of the one group is wrapped. A test fails when watchdog changes this.
    """
    group: Any = getattr(emitter, "_inotify", None)
    if group is None:  # not inotify
        return
    rebuild = group.on_queue_overflow

    def on_queue_overflow() -> None:
        log.warning("more file system events came than the kernel keeps; scanning instead")
        rebuild()
        tell()

    group.on_queue_overflow = on_queue_overflow
