"""Progress in words and lines."""

from __future__ import annotations

import pytest

from photoindex.cli.progress import Figures, ProgressDisplay, duration, outcome
from photoindex.files import Counts


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "0 s"), (7, "7 s"), (59.6, "1 min 0 s"), (200, "3 min 20 s"), (7500, "2 h 5 min"), (-3, "0 s")],
)
def test_duration_in_words(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_figures_in_words() -> None:
    busy = Figures("indexing", Counts(pending=100, indexed=195, failed=5), 24.96, 4.0)
    assert str(busy) == "indexing: 200 of 300 photos, 25 photos/s, 4 s left, 5 failed"
    assert str(Figures("starting", Counts(indexed=300))) == "loading the encoder"
    assert str(Figures("idle", Counts(indexed=300))) == "idle"


def test_outcome_in_words() -> None:
    assert outcome(Counts(indexed=1)) == "indexed 1 photo"
    assert outcome(Counts(indexed=300, failed=2)) == "indexed 300 photos, 2 failed (see: photoindex status --failed)"
    assert outcome(Counts(indexed=3, pending=1)) == "indexed 3 photos, 1 not readable now or still being written"


def test_without_a_terminal_there_is_a_line_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    now = 100.0
    display = ProgressDisplay(lambda: now)
    for second in range(25):
        now = 100.0 + second
        display.show(Figures("indexing", Counts(pending=100 - second, indexed=second)))
    display.show(Figures("idle", Counts(indexed=100)))
    display.stop()
    shown = capsys.readouterr().err.splitlines()
    assert shown == [f"indexing: {second} of 100 photos" for second in (0, 10, 20)]


def test_message_stays_one_line_without_escape_sequences(capsys: pytest.CaptureFixture[str]) -> None:
    ProgressDisplay().say("a \x1b[31mred\nmessage [bold]with[/bold] brackets")
    assert capsys.readouterr().err == "a \ufffd[31mred message [bold]with[/bold] brackets\n"
