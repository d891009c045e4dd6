"""Settings that are chosen on the pages, and a daemon that goes by them at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from colour_encoder import ColourEncoder
from daemon.conftest import Home, eventually

from photoindex import chosen, embeddings
from photoindex.config import Origin, Settings
from photoindex.daemon import service
from photoindex.daemon.choosing import Tell
from photoindex.database import Database
from photoindex.embeddings import StoredEncoder
from photoindex.errors import EncoderUnavailableError


def load(settings: Settings, stored: Sequence[StoredEncoder], _tell: Tell) -> tuple[ColourEncoder, None]:
    """By name; `auto` goes on with what is in use."""
    if settings.encoder == "lost":
        raise EncoderUnavailableError("its weights can't be had.")
    return (ColourEncoder("second", "second") if settings.encoder == "second" else ColourEncoder()), None


@pytest.fixture
def run(home: Home) -> Iterator[Callable[[Settings], None]]:
    """Starts the daemon; it must end cleanly."""
    stop = threading.Event()
    threads: list[threading.Thread] = []
    problems: list[BaseException] = []

    def start(settings: Settings) -> None:
        def body() -> None:
            try:
                service.run(settings, stop=stop, watch=True, load_encoder=load)
            except BaseException as error:
                problems.append(error)

        threads.append(threading.Thread(target=body))
        threads[-1].start()
        eventually(lambda: home.status().daemon.state == "idle")

    yield start
    stop.set()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert problems == []


@pytest.fixture
def database(home: Home) -> Iterator[Database]:
    opened = home.open()
    yield opened
    opened.close()


def choose(database: Database, name: str, value: Any) -> None:
    with database.write() as session:
        chosen.choose(session, name, value)


def use(database: Database, name: str) -> tuple[Any, str]:
    with database.read() as session:
        found = chosen.uses(session)[name]
    return found.value, found.origin


def active(database: Database) -> str | None:
    with database.read() as session:
        stored = embeddings.active_encoder(session)
    return stored.name if stored else None


def test_what_is_chosen_is_gone_by_at_once_without_a_restart(
    home: Home, database: Database, run: Callable[[Settings], None]
) -> None:
    home.draw("one.jpg", "red")
    home.draw("edited/two.jpg", "blue")
    run(home.settings)
    assert home.counts().indexed == 2
    assert use(database, "encoder") == ("auto", Origin.DEFAULT)
    assert use(database, "ignore") == (list(home.settings.ignore), Origin.DEFAULT)
    before = active(database)

    choose(database, "encoder", "second")
    eventually(lambda: active(database) == "second")
    eventually(lambda: home.status().daemon.encoder == "second")
    assert use(database, "encoder") == ("second", Origin.PAGE)
    assert before != "second" and home.status().searchable == 2

    choose(database, "ignore", ["edited"])
    eventually(lambda: home.counts().missing == 1)
    assert use(database, "ignore") == (["edited"], Origin.PAGE)
    assert [each.filename for each in home.photos()] == ["one.jpg"]
    choose(database, "ignore", None)
    eventually(lambda: home.counts().missing == 0)
    assert [each.filename for each in home.photos()] == ["one.jpg", "two.jpg"]

    choose(database, "encoder", "lost")
    eventually(lambda: home.status().daemon.problem)
    assert home.status().daemon.problem == "The encoder lost can't be used: its weights can't be had"
    eventually(lambda: home.status().daemon.state == "idle")
    choose(database, "encoder", "second")
    eventually(lambda: home.status().daemon.problem is None)


def test_what_was_said_at_the_start_counts_more_than_what_is_chosen(home: Home, database: Database) -> None:
    home.draw("one.jpg", "red")
    choose(database, "encoder", "second")
    settings = replace(home.settings, encoder="auto", origins={**home.settings.origins, "encoder": Origin.VARIABLE})
    service.run(settings, stop=threading.Event(), watch=False, load_encoder=load)
    assert active(database) == ColourEncoder().info.name
    assert use(database, "encoder") == ("auto", Origin.VARIABLE)
    service.run(home.settings, stop=threading.Event(), watch=False, load_encoder=load)
    assert active(database) == "second"
