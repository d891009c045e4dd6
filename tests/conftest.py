"""Fixtures that every test may use."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from templating import keep_compiled

from photoindex.database import Database, open_database

keep_compiled()

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"
"""Real photos and broken files beside the checkout, where somebody has put them; no test needs them."""


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file as PhotoIndex makes it, with nothing in it."""
    path = tmp_path_factory.mktemp("empty") / "photoindex.db"
    open_database(path, checkpoints=True).close()
    assert [each.name for each in path.parent.glob("*.db*")] == [path.name], "a copy would lack what the WAL holds"
    return path


@pytest.fixture(scope="session")
def new_database(empty_database: Path) -> Callable[[Path], Database]:
    """Open a new database at a path: a copy, which takes a thirtieth of the time of the migrations."""

    def new(path: Path) -> Database:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copy(empty_database, path)
        return open_database(path, checkpoints=True)

    return new


@pytest.fixture
def database(tmp_path: Path, new_database: Callable[[Path], Database]) -> Iterator[Database]:
    opened = new_database(tmp_path / "data" / "photoindex.db")
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
