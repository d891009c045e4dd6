"""Turns: who asks first has the first turn."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from photoindex import database as database_module
from photoindex.database import Database, open_database
from photoindex.errors import DatabaseBusyError
from photoindex.turns import Turns, turns_of


def test_a_thread_that_writes_again_at_once_does_not_keep_others_waiting(database: Database) -> None:
    stop = threading.Event()
    written = [0]

    def write_all_the_time() -> None:
        while not stop.is_set():
            with database.write() as session:
                session.execute(text("UPDATE library SET name = name"))
                time.sleep(0.05)
            written[0] += 1

    thread = threading.Thread(target=write_all_the_time)
    thread.start()
    try:
        while written[0] < 2:
            time.sleep(0.01)
        for _ in range(10):
            before = written[0]
            with database.write():
                pass
            assert written[0] - before <= 2
    finally:
        stop.set()
        thread.join()


def test_turns_come_in_the_order_in_which_they_were_asked_for() -> None:
    turns, order, threads = Turns(), [], []

    def ask(number: int) -> None:
        with turns.turn(30):
            order.append(number)

    with turns.turn(1):
        for number in range(5):
            threads.append(threading.Thread(target=ask, args=(number,)))
            threads[-1].start()
            while len(turns._waiting) <= number:
                time.sleep(0.001)
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 4]


def test_who_has_waited_too_long_leaves_the_queue() -> None:
    turns = Turns()
    with turns.turn(1), pytest.raises(TimeoutError), turns.turn(0.01):
        pass
    with turns.turn(0.01):
        pass


def test_a_turn_ends_when_its_block_fails() -> None:
    turns = Turns()
    with pytest.raises(KeyError), turns.turn(1):
        raise KeyError
    with turns.turn(0.01):
        pass


def test_a_file_has_one_queue_however_often_it_is_opened(tmp_path: Path, database: Database) -> None:
    (tmp_path / "link").symlink_to(database.path)
    assert turns_of(tmp_path / "link") is database._turns
    assert turns_of(tmp_path / "another") is not database._turns


def test_who_gets_no_turn_is_told_that_the_database_is_busy(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT_MS", 50)
    second = open_database(database.path)
    with database.write(), pytest.raises(DatabaseBusyError, match="another program holds it"), second.write():
        pass
    second.close()
