"""Hours of the day in which the daemon may encode photos: `always`, `22-6`, `12:30-14,22-6`. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

_DAY = 24 * 60


@dataclass(frozen=True)
class Hours:
    """Parts of the day, in minutes since midnight by the clock on the wall; none at all is always."""

    spans: tuple[tuple[int, int], ...] = ()
    """From one minute to before another; the second is smaller where midnight lies between them."""

    def include(self, at: datetime) -> bool:
        """Whether a local time lies in them."""
        minute = at.hour * 60 + at.minute
        return not self.spans or any(_within(minute, start, end) for start, end in self.spans)

    def next_start(self, at: datetime) -> str:
        """When the next one begins, as `22:00`."""
        now = at.hour * 60 + at.minute
        start = min((start for start, _ in self.spans), key=lambda start: (start - now) % _DAY)
        return f"{start // 60}:{start % 60:02}"


ALWAYS = Hours()


def parse(text: str) -> Hours:
    """What a setting that is well-formed says: see `config`."""
    if text == "always":
        return ALWAYS
    spans = [span.strip().split("-") for span in text.split(",")]
    return Hours(tuple((_minutes(start), _minutes(end)) for start, end in spans))


def _minutes(text: str) -> int:
    hour, _, minute = text.partition(":")
    return (int(hour) * 60 + int(minute or 0)) % _DAY


def _within(minute: int, start: int, end: int) -> bool:
    if start == end:  # a whole day
        return True
    return start <= minute < end if start < end else minute >= start or minute < end
