"""Fixtures that every test may use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from photoindex.database import Database, open_database

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"
"""Real photos and broken files beside the checkout, where somebody has put them; no test needs them."""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(tmp_path / "data" / "photoindex.db", checkpoints=True)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def shared_photos() -> Path:
    folder = SHARED_DATA / "photos"
    if not folder.is_dir():
        pytest.skip("no shared photos beside the checkout")
    return folder


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """In CI a skipped test is a failure: the machine must be made fit for it, but for what can't be installed."""
    if os.environ.get("CI") != "true":
        return
    reasons = [str(report.longrepr[2]) for report in terminalreporter.stats.get("skipped", [])]
    fine = ("no IPv6",) if SHARED_DATA.is_dir() else ("no IPv6", "no shared photos")
    unexpected = [reason for reason in reasons if not any(each in reason for each in fine)]
    if unexpected:
        terminalreporter.write_line(f"skipped in CI: {'; '.join(unexpected)}", red=True)
        terminalreporter._session.exitstatus = pytest.ExitCode.TESTS_FAILED
