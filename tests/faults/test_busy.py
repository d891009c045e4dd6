"""The database is held by others for longer than anybody waits for it: the daemon says so, waits, and goes on."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pysqlite3.dbapi2 as sqlite  # the library that we use: another would take away its locks
import pytest
from daemon.conftest import Home, eventually, home, running

from photoindex import database
from photoindex.daemon import service, trouble

__all__ = ["home", "running"]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A quarter of a minute and five seconds are long for a test."""
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 100)
    monkeypatch.setattr(trouble, "TROUBLE_SECONDS", 0.1)


@contextmanager
def _held(home: Home) -> Iterator[None]:
    with closing(sqlite.connect(home.settings.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def _count(log: pytest.LogCaptureFixture, start: str) -> int:
    return sum(record.getMessage().startswith(start) for record in log.records)


def test_a_busy_database_never_ends_the_daemon(running: Home, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with _held(running):
        running.draw("a.jpg")
        eventually(lambda: _count(caplog, "watching waits"))
        time.sleep(1)  # it is tried again and again
        assert _count(caplog, "watching waits") == 1
    eventually(lambda: running.counts().indexed == 1)
    eventually(lambda: _count(caplog, "watching goes on"))
    with _held(running):
        time.sleep(0.5)
    running.draw("b.jpg")
    eventually(lambda: running.counts().indexed == 2)


def test_a_daemon_that_starts_waits_for_its_database(home: Home) -> None:
    home.draw("a.jpg")
    problems: list[BaseException] = []

    def index() -> None:
        try:
            home.index()
        except BaseException as error:
            problems.append(error)

    thread = threading.Thread(target=index)
    with _held(home):
        thread.start()
        time.sleep(1)
        assert thread.is_alive()
    thread.join(60)
    assert not thread.is_alive()
    assert problems == []
    assert home.counts().indexed == 1


def test_a_daemon_ends_while_its_database_is_busy(home: Home) -> None:
    stop = threading.Event()
    thread = threading.Thread(
        target=service.run,
        args=(home.settings,),
        kwargs={"stop": stop, "watch": True, "load_encoder": home.load_encoder},
    )
    with _held(home):
        thread.start()
        time.sleep(0.5)
        stop.set()
        thread.join(60)
        assert not thread.is_alive()


def test_what_could_not_be_reported_is_reported_later(home: Home) -> None:
    opened = home.open()
    reporter = service.Reporter(opened)
    with _held(home), pytest.raises(database.DatabaseBusyError):
        reporter.report("idle")
    assert reporter.report("idle")
    assert not reporter.report("idle")
    opened.close()
