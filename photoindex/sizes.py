"""How much room things take on the disk: what PhotoIndex keeps in its data folder, and what is free beside it."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

BUDGET_SECONDS = 0.05


@dataclass(frozen=True)
class Sizes:
    """In bytes."""

    database: int
    thumbnails: int
    thumbnails_are_estimated: bool
    """Whether only a part of them was looked at."""
    snapshots: int
    free: int | None
    """None when the disk does not tell."""


def measure(database: Path, thumbnails: Path, snapshots: Path, budget_seconds: float = BUDGET_SECONDS) -> Sizes:
    """What these take. Thumbnails lie in folders by the beginning of a hash, so that a part of them tells of all."""
    files = (database, *(database.with_name(database.name + ending) for ending in ("-wal", "-shm")))
    pictures, estimated = _by_sample(thumbnails, budget_seconds)
    try:
        free = shutil.disk_usage(database.parent).free
    except OSError:
        free = None
    return Sizes(sum(map(_size, files)), pictures, estimated, _below(snapshots), free)


def _by_sample(folder: Path, budget_seconds: float) -> tuple[int, bool]:
    until = time.monotonic() + budget_seconds
    try:
        parts = [Path(each.path) for each in os.scandir(folder) if each.is_dir(follow_symlinks=False)]
    except OSError:
        return 0, False
    total = 0
    for number, part in enumerate(parts):
        if number and time.monotonic() > until:
            return round(total / number * len(parts)), True
        total += _below(part)
    return total, False


def _below(folder: Path) -> int:
    total = 0
    for path, _, names in os.walk(folder):
        total += sum(_size(Path(path, name)) for name in names)
    return total


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0
