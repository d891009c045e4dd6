"""Where log lines go: stderr, in the form that a terminal, a file or the journal wants."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable

from photoindex.cli.bounded import BoundedHandler
from photoindex.cli.terminal import printable

_JOURNAL_LEVELS = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}

_ESCAPED = {
    ord("\n"): "\\n",
    ord("\r"): "\\r",
    ord("\t"): "\\t",
    **dict.fromkeys((*range(11, 13), *range(28, 31), 133, 8232, 8233), "\ufffd"),
}
"""What ends a line somewhere: a file name that holds it could forge lines of this log."""


class OneLineFormatter(logging.Formatter):
    """Each line safe to print, whatever is in it: file names may hold line ends and escape sequences."""

    def __init__(self, style: str = "%(message)s", dates: str | None = None, journal: bool = False) -> None:
        super().__init__(style, dates)
        self._journal = journal

    def format(self, record: logging.LogRecord) -> str:
        level = f"<{_JOURNAL_LEVELS.get(record.levelno, 6)}>" if self._journal else ""
        return "\n".join(level + printable(line) for line in super().format(record).splitlines())

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging calls it so
        """The event on one line, whatever names it holds: only a traceback has more."""
        record.message = record.message.translate(_ESCAPED)
        return super().formatMessage(record)


class SayingHandler(logging.Handler):
    """Hands each event to a function, for commands that draw a progress bar."""

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__()
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        self._say(self.format(record))


def to_stderr(level: int, *, bare: bool = False) -> None:
    """Log `photoindex` from `level` on, everything else from WARNING on; `bare` leaves time and level out."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLineFormatter() if bare else _formatter())
    _install(handler, level)


def to(say: Callable[[str], None]) -> None:
    """Hand warnings to a function."""
    handler = SayingHandler(say)
    handler.setFormatter(OneLineFormatter())
    _install(handler, logging.WARNING)


def _install(handler: logging.Handler, level: int) -> None:
    logging.basicConfig(level=logging.WARNING, handlers=[BoundedHandler(handler)], force=True)
    logging.getLogger("photoindex").setLevel(level)
    logging.captureWarnings(True)


def _formatter() -> logging.Formatter:
    if _stderr_is_journal():  # it keeps the time itself, and reads the level from `<4>`: sd-daemon(3)
        return OneLineFormatter(journal=True)
    if sys.stderr.isatty():
        return OneLineFormatter("%(asctime)s %(message)s", "%H:%M:%S")
    return OneLineFormatter("%(levelname)s %(message)s")


def _stderr_is_journal() -> bool:
    """Whether systemd connected stderr to the journal: JOURNAL_STREAM names its device and inode."""
    try:
        here = os.fstat(2)
    except OSError:
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{here.st_dev}:{here.st_ino}"
