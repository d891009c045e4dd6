"""Noticing: what is not as it should be with a library that is online, in words that say what to do."""

from __future__ import annotations

import errno
from dataclasses import dataclass

from photoindex.messages import number, say
from photoindex.mounts import Mount

LEAST_WATCHES = 524_288
"""What to raise the limit to at least: what distributions that have met the problem set."""
INSTANCES = 1024


@dataclass(frozen=True)
class Watching:
    """How a library is watched."""

    folders: int
    watched: int
    mount: Mount | None = None
    error: OSError | None = None
    """Why it is not watched at all."""
    unreadable: int = 0
    """Files and folders in it that can't be read."""

    @property
    def tells_all(self) -> bool:
        """Whether events tell every change, so that scans need not come often."""
        if self.error is not None or (self.mount is not None and not self.mount.tells_changes):
            return False
        return self.watched >= self.folders


def notices(watching: Watching, seconds: float) -> list[str]:
    """What to say; `seconds`: how often the library is scanned because it is not watched in full."""
    said = []
    if not watching.tells_all:
        said.append(_unwatched(watching, number(round(seconds))))
    if watching.unreadable:
        said.append(
            say(
                "%(count)s files or folders in it can't be read: give this user the right to. What is known of them "
                "is kept",
                count=number(watching.unreadable),
            )
        )
    return said


def _unwatched(watching: Watching, seconds: str) -> str:
    mount, error = watching.mount, watching.error
    if mount is not None and not mount.tells_changes:
        return say(
            "it lies on a file system (%(type)s) that does not tell what changes, so it is scanned every %(seconds)s "
            "seconds",
            type=mount.type,
            seconds=seconds,
        )
    if error is not None and error.errno == errno.EMFILE:
        return say(
            "it is not watched, as the system allows no more watchers; it is scanned every %(seconds)s seconds. To "
            "have it watched: sudo sysctl fs.inotify.max_user_instances=%(needed)s",
            seconds=seconds,
            needed=INSTANCES,
        )
    if error is not None and error.errno != errno.ENOSPC:
        return say(
            "it can't be watched (%(error)s); it is scanned every %(seconds)s seconds",
            error=error.strerror or str(error),
            seconds=seconds,
        )
    return say(
        "%(watched)s of %(folders)s folders are watched, as the system allows no more; the others are scanned every "
        "%(seconds)s seconds. To have all watched: sudo sysctl fs.inotify.max_user_watches=%(needed)s",
        watched=number(watching.watched),
        folders=number(watching.folders),
        seconds=seconds,
        needed=max(LEAST_WATCHES, 1 << (2 * watching.folders).bit_length()),
    )
