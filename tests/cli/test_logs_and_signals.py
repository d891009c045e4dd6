"""Log lines, signals, and texts made safe for a terminal."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from daemon.conftest import eventually

from photoindex.cli import logs
from photoindex.cli.bounded import BoundedHandler
from photoindex.cli.signals import stop_on_signals
from photoindex.cli.terminal import one_line, printable


def record(message: str, level: int = logging.WARNING) -> logging.LogRecord:
    return logging.LogRecord("photoindex", level, __file__, 1, message, (), None)


def test_log_line_for_the_journal_carries_its_level() -> None:
    journal = logs.OneLineFormatter(journal=True)
    assert journal.format(record("disk full", logging.ERROR)) == "<3>disk full"
    assert journal.format(record("two\nlines")) == "<4>two\\nlines"


def test_journal_is_known_by_its_device_and_inode(monkeypatch: pytest.MonkeyPatch) -> None:
    here = os.fstat(2)
    monkeypatch.setenv("JOURNAL_STREAM", f"{here.st_dev}:{here.st_ino}")
    assert logs._stderr_is_journal()
    monkeypatch.setenv("JOURNAL_STREAM", f"{here.st_dev}:1")
    assert not logs._stderr_is_journal()


def test_file_names_forge_no_line_of_the_log() -> None:
    line = logs.OneLineFormatter().format(record("failed: a\nERROR all\r is\x85lost\u2028.jpg"))
    assert line == "failed: a\\nERROR all\\r is\ufffdlost\ufffd.jpg"


def test_a_traceback_keeps_its_lines() -> None:
    try:
        raise OSError("a\nb")
    except OSError:
        failed = record("it failed")
        failed.exc_info = sys.exc_info()
    assert len(logs.OneLineFormatter(journal=True).format(failed).splitlines()) >= 4


class Shown(logging.Handler):
    """Keeps the lines."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@pytest.fixture
def bounded() -> Iterator[tuple[logging.Logger, Shown, list[float]]]:
    """A logger whose lines are bounded, what it shows, and its clock."""
    now, shown = [0.0], Shown()
    logger = logging.Logger("bounded")
    handler = BoundedHandler(shown, clock=lambda: now[0])
    logger.addHandler(handler)
    yield logger, shown, now
    handler.close()


def test_R36_of_each_kind_of_line_ten_a_minute_are_shown(bounded) -> None:
    logger, shown, now = bounded
    for number in range(50):
        logger.warning("%s: broken 100 %%", f"{number}.jpg")
    logger.warning("the disk is full")
    assert len(shown.lines) == 11
    now[0] = 61.0
    logger.warning("the disk is full")
    assert shown.lines[11:] == ["… and 40 more like this: 49.jpg: broken 100 %", "the disk is full"]
    logger.warning("%s: broken 100 %%", "51.jpg")
    assert shown.lines[-1] == "51.jpg: broken 100 %"


def test_R36_what_was_held_back_is_told_at_the_end(bounded) -> None:
    logger, shown, _ = bounded
    for number in range(12):
        logger.warning("%d is broken", number)
    logger.handlers[0].close()
    assert shown.lines[-1] == "… and 2 more like this: 11 is broken"
    assert len(shown.lines) == 11


def test_R36_what_was_held_back_is_told_though_nothing_else_happens() -> None:
    shown = Shown()
    logger = logging.Logger("bounded")
    logger.addHandler(BoundedHandler(shown, most=1, period_seconds=0.05))
    for number in range(3):
        logger.warning("%d is broken", number)
    eventually(lambda: shown.lines[1:] == ["… and 2 more like this: 2 is broken"])
    logger.handlers[0].close()


def test_escape_sequences_in_log_lines_are_made_harmless() -> None:
    assert logs.OneLineFormatter().format(record("failed: \x1b]0;title\x07.jpg")) == "failed: \ufffd]0;title\ufffd.jpg"


@pytest.mark.parametrize("text", ["été à 10 °C", "日本語", "🙂 [b]", "a\u00a0b"])
def test_ordinary_text_is_printed_as_it_is(text: str) -> None:
    assert printable(text) == text


def test_text_that_a_terminal_obeys_is_not_printed() -> None:
    assert printable("a\x1bb\x9bc\u202egpj.exe\udc80\r\n") == "a\ufffdb\ufffdc\ufffdgpj.exe\ufffd\ufffd\ufffd"
    assert one_line("  two\n\n lines\t") == "two lines"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_first_signal_asks_to_stop_and_the_second_to_hurry(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with stop_on_signals(second_kills=False) as stop:
        signal.raise_signal(number)
        assert stop.is_set()
        assert not stop.hurry.is_set()
        assert stop.by_ctrl_c == (number == signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
        assert stop.hurry.is_set()
        assert stop.signal_number == number
    assert signal.getsignal(number) == before


def test_second_signal_ends_at_once_where_nothing_else_has_to_end() -> None:
    with stop_on_signals() as stop:
        signal.raise_signal(signal.SIGTERM)
        assert stop.is_set()
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_command_in_the_background_of_a_script_can_be_interrupted() -> None:
    """A shell without job control starts those with SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with stop_on_signals() as stop:
            signal.raise_signal(signal.SIGINT)
            assert stop.is_set()
    finally:
        signal.signal(signal.SIGINT, before)


def test_hangup_that_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stop_on_signals() as stop:
            signal.raise_signal(signal.SIGHUP)
            assert not stop.is_set()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_thread_that_waits_for_a_disk_for_ever_does_not_keep_the_process() -> None:
    program = (
        "import threading; from photoindex.cli.signals import ending_within; stop = threading.Event()\n"
        "with ending_within(stop, 0.2):\n"
        "    threading.Thread(target=threading.Event().wait).start(); stop.set()"
    )
    ended = subprocess.run([sys.executable, "-c", program], timeout=30, capture_output=True, text=True)
    assert (ended.returncode, "a disk does not answer" in ended.stderr) == (0, True)
