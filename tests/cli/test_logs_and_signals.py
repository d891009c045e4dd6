"""Log lines, signals, and texts made safe for a terminal."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys

import pytest

from photoindex.cli import logs
from photoindex.cli.signals import stop_on_signals
from photoindex.cli.terminal import one_line, printable


def record(message: str, level: int = logging.WARNING) -> logging.LogRecord:
    return logging.LogRecord("photoindex", level, __file__, 1, message, (), None)


def test_log_line_for_the_journal_carries_its_level() -> None:
    journal = logs.OneLineFormatter(journal=True)
    assert journal.format(record("disk full", logging.ERROR)) == "<3>disk full"
    assert journal.format(record("two\nlines")) == "<4>two\n<4>lines"


def test_journal_is_known_by_its_device_and_inode(monkeypatch: pytest.MonkeyPatch) -> None:
    here = os.fstat(2)
    monkeypatch.setenv("JOURNAL_STREAM", f"{here.st_dev}:{here.st_ino}")
    assert logs._stderr_is_journal()
    monkeypatch.setenv("JOURNAL_STREAM", f"{here.st_dev}:1")
    assert not logs._stderr_is_journal()


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
