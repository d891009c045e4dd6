"""Showing how far indexing is: a bar on a terminal, now and then a line elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.progress import BarColumn, Progress, TaskID, TextColumn

from photoindex.cli.terminal import console, one_line

if TYPE_CHECKING:
    from photoindex.files import Counts

LINE_SECONDS = 10.0
_WORDS = {"starting": "loading the encoder", "scanning": "looking for photos", "indexing": "indexing"}


@dataclass(frozen=True)
class Figures:
    """How far indexing is. Rate and time left are None when nobody knows."""

    state: str
    counts: Counts
    photos_per_second: float | None = None
    seconds_left: float | None = None

    @property
    def done(self) -> int:
        return self.counts.indexed + self.counts.failed

    @property
    def total(self) -> int:
        return self.done + self.counts.pending

    @property
    def busy(self) -> bool:
        """Whether there is progress to show."""
        return self.state in _WORDS and (self.state != "scanning" or self.counts.pending > 0 or self.done == 0)

    @property
    def details(self) -> str:
        """Everything but the state, as a line; empty when nothing is left to do."""
        if not self.counts.pending:
            return ""
        parts = [f"{self.done} of {self.total} photos"]
        if self.photos_per_second:
            parts.append(f"{self.photos_per_second:.3g} photos/s")
        if self.seconds_left is not None:
            parts.append(f"{duration(self.seconds_left)} left")
        if self.counts.failed:
            parts.append(f"{self.counts.failed} failed")
        return ", ".join(parts)

    def __str__(self) -> str:
        return ": ".join(filter(None, (_WORDS.get(self.state, self.state), self.details)))


def duration(seconds: float) -> str:
    """Seconds for people: `7 s`, `3 min 20 s`, `2 h 5 min`."""
    whole = max(0, round(seconds))
    minutes, rest = divmod(whole, 60)
    if minutes == 0:
        return f"{rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def outcome(counts: Counts) -> str:
    """What is indexed, as a line."""
    parts = [f"indexed {counts.indexed} {'photo' if counts.indexed == 1 else 'photos'}"]
    if counts.failed:
        parts.append(f"{counts.failed} failed (see: photoindex status --failed)")
    if counts.pending:
        parts.append(f"{counts.pending} not readable now or still being written")
    return ", ".join(parts)


class ProgressDisplay:
    """Shows figures on stderr until `stop`, which may be called twice. Lines said meanwhile stand above the bar."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console(err=True)
        self._clock = clock
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._line_at: float | None = None

    def show(self, figures: Figures) -> None:
        """Draw the figures, or hide the bar when there is nothing to do."""
        if not figures.busy:
            self.stop()
        elif self._console.is_terminal:
            self._draw(figures)
        else:
            self._print_line(figures)

    def say(self, text: str) -> None:
        """Print a line."""
        self._console.print(one_line(text))

    def stop(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = self._task = None

    def _draw(self, figures: Figures) -> None:
        shown: dict[str, Any] = {
            "description": _WORDS[figures.state],
            "total": figures.total or None,
            "completed": figures.done,
            "details": figures.details,
        }
        if self._bar is None or self._task is None:
            columns = (
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=24),
                TextColumn("{task.fields[details]}", markup=False),
            )
            self._bar = Progress(*columns, console=self._console, transient=True, refresh_per_second=4)
            self._task = self._bar.add_task(**shown)
            self._bar.start()
        self._bar.update(self._task, **shown)

    def _print_line(self, figures: Figures) -> None:
        now = self._clock()
        if self._line_at is None or now - self._line_at >= LINE_SECONDS:
            self._line_at = now
            self.say(str(figures))
