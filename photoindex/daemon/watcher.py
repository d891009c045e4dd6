"""The watcher: turns file system events in a library into hints where to look. The only module that knows watchdog."""

from __future__ import annotations

import logging
import os
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
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
from watchdog.observers.api import BaseObserver

from photoindex.daemon.changes import Changes
from photoindex.ignoring import Ignored
from photoindex.libraries import LibraryInfo, display_path

log = logging.getLogger(__name__)

SOON_SECONDS = 0.1
"""For what is complete when the event comes: a closed, moved or deleted file. Long enough to gather a burst."""
DESCRIPTORS = Path("/proc/self/fdinfo")

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
    """Watches the root of one library, with an inotify instance of its own: a root that hangs holds up no other."""

    def __init__(self, changes: Changes, settle_seconds: float, ignored: Ignored) -> None:
        """Folders that are `ignored` are not watched either: some systems keep one beside every photo."""
        self._changes = changes
        self._settle_seconds = settle_seconds
        self._ignored = ignored
        self._observer: BaseObserver | None = None
        self._lock = threading.Lock()
        self._overflows = 0
        self._refused = False

    def watch(self, library: LibraryInfo) -> None:
        """Watch a library from now on. Raises OSError when its root can't be watched at all."""
        # A folder that was moved out of a library and comes back is still watched, under its old path:
        # watchdog then corrects the path, which is what we want, and warns that it does.
        warnings.filterwarnings("ignore", "Callback with id .* already exists", RuntimeWarning)
        observer = Observer()
        if sys.platform == "linux":
            observer._emitter_class = _emitter_class(
                self._ignored, self._overflowed(library), lambda: self._changes.request_scan(library.id), self._refuse
            )
        handler = _Handler(self._changes, library, self._settle_seconds)
        observer.start()
        try:
            observer.schedule(handler, os.fsdecode(library.root), recursive=True, event_filter=_EVENTS)
        except BaseException:
            _end(observer)
            raise
        self._observer = observer

    def ignore(self, ignored: Ignored) -> None:
        """Leave these out when watching begins the next time."""
        self._ignored = ignored

    def unwatch(self) -> None:
        """Stop watching, and end all threads. May be called twice."""
        observer, self._observer = self._observer, None
        if observer is not None:
            _end(observer)

    @property
    def is_watching(self) -> bool:
        """Whether events still come: a root that was deleted or unmounted ends its watch."""
        return self._observer is not None and any(emitter.is_alive() for emitter in self._observer.emitters)

    def watched(self) -> int | None:
        """How many folders the kernel watches for us; None where it does not say."""
        instance: Any = getattr(self._observer, "_inotify_fd", None)
        if instance is None:
            return None
        try:
            with (DESCRIPTORS / str(instance._inotify_fd)).open("rb") as stream:
                return sum(line.startswith(b"inotify ") for line in stream)
        except OSError:
            return None

    def take_overflows(self) -> int:
        """How often the kernel has dropped events since this was last asked."""
        with self._lock:
            count, self._overflows = self._overflows, 0
            return count

    def take_refused(self) -> bool:
        """Whether the kernel has refused to watch a folder since this was last asked."""
        with self._lock:
            refused, self._refused = self._refused, False
            return refused

    def _overflowed(self, library: LibraryInfo) -> Callable[[], None]:
        def tell() -> None:
            log.warning("%s: more file system events came than the kernel keeps; scanning instead", library.path)
            with self._lock:
                self._overflows += 1
            self._changes.request_scan(library.id)

        return tell

    def _refuse(self) -> None:
        with self._lock:
            self._refused = True


class _Handler(FileSystemEventHandler):
    def __init__(self, changes: Changes, library: LibraryInfo, settle_seconds: float) -> None:
        self._changes = changes
        self._library = library
        self._settle_seconds = settle_seconds

    def on_any_event(self, event: FileSystemEvent) -> None:
        if isinstance(event, FileMovedEvent | DirMovedEvent):
            self._note(event.src_path, None)
            self._note(event.dest_path, SOON_SECONDS)
        elif isinstance(event, FileDeletedEvent | DirDeletedEvent):
            self._note(event.src_path, None)
        else:
            being_written = isinstance(event, FileCreatedEvent | FileModifiedEvent)
            self._note(event.src_path, self._settle_seconds if being_written else SOON_SECONDS)

    def _note(self, absolute_path: bytes | str, delay_seconds: float | None) -> None:
        """`delay_seconds`: how long it must be quiet there, None for what has gone."""
        path = os.path.relpath(os.fsencode(absolute_path), self._library.root)
        if path == b".":  # something happened to the root itself
            log.info("the folder %s itself has changed; scanning it", display_path(self._library.root))
            self._changes.request_scan(self._library.id)
        elif delay_seconds is None:
            self._changes.note_gone(self._library.id, path)
        else:
            self._changes.note(self._library.id, path, delay_seconds)


def _end(observer: BaseObserver) -> None:
    observer.stop()
    observer.join()


if sys.platform == "linux":
    from watchdog.observers.api import EventEmitter
    from watchdog.observers.inotify import InotifyEmitter, InotifyWatchGroup

    class _Group(InotifyWatchGroup):
        """watchdog's watches of one tree, of which it tells too little: when the kernel dropped events it only renews
        its watches, and what the kernel refuses to watch it passes over. Tests fail when watchdog changes this."""

        ignored: Ignored
        overflowed: Callable[[], None]
        renewed: Callable[[], None]
        refused: Callable[[], None]

        def on_queue_overflow(self) -> None:
            self.overflowed()  # the scan need not wait until all folders are watched again, which may take seconds
            super().on_queue_overflow()
            self.renewed()  # another one, unless that has not begun: what has happened meanwhile was not told

        def _add_callback(self, path: bytes) -> None:
            root: bytes = self.path
            if path != root and self.ignored.path(root, os.path.relpath(path, root)):
                return
            super()._add_callback(path)
            if path not in self._active_callbacks_by_path and os.path.isdir(path):
                self.refused()

        def _add_all_callbacks(self, path: bytes) -> None:
            self._add_callback(path)
            for folder, names, _ in os.walk(path):
                names[:] = [name for name in names if not self.ignored.name(name)]
                for name in names:
                    absolute = os.path.join(folder, name)
                    if not os.path.islink(absolute):
                        self._add_callback(absolute)

    def _emitter_class(
        ignored: Ignored,
        overflowed: Callable[[], None],
        renewed: Callable[[], None],
        refused: Callable[[], None],
    ) -> type[EventEmitter]:
        """An emitter whose watches are a `_Group` that knows what it needs before it begins."""
        members = {
            "ignored": ignored, "overflowed": staticmethod(overflowed), "renewed": staticmethod(renewed),
            "refused": staticmethod(refused),
        }  # fmt: skip
        group = type("_Group", (_Group,), members)

        class Emitter(InotifyEmitter):
            def on_thread_start(self) -> None:
                self._inotify = group(
                    self._inotify_fd,
                    os.fsencode(self.watch.path),
                    is_recursive=self.watch.is_recursive,
                    event_mask=self.get_event_mask_from_filter(),
                    follow_symlink=self.watch.follow_symlink,
                )

        return Emitter
