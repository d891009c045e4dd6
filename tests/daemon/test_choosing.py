"""Choosing the encoder: what the user asked for, what the library uses, or what it is being switched to."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest
from colour_encoder import ColourEncoder
from daemon.conftest import Home

from photoindex import encoders
from photoindex.config import Settings
from photoindex.daemon import choosing, service
from photoindex.daemon.choosing import Tell, choose_encoder
from photoindex.embeddings import StoredEncoder
from photoindex.errors import EncoderError, UnknownEncoderError


def stored(name: str, state: str) -> StoredEncoder:
    return StoredEncoder(1, name, name, 4, False, (0, 1), (0, 1), state)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str | None]]:
    """What `encoders.resolve` is asked for: name and encoder in use. Nothing is loaded."""
    calls: list[tuple[str, str | None]] = []

    def resolve(name: str, in_use: str | None = None, progress: object = None) -> encoders.Resolved:
        calls.append((name, in_use))
        if in_use == "lost":
            raise EncoderError("gone")
        return encoders.Resolved(encoders.find("starter"), None)

    monkeypatch.setattr(choosing.encoders, "resolve", resolve)
    monkeypatch.setattr(choosing.encoders, "load", lambda *_: ColourEncoder())
    return calls


def test_automatic_goes_on_with_the_encoder_in_use(home: Home, asked: list[tuple[str, str | None]]) -> None:
    choose_encoder(home.settings, [stored("old", "retired"), stored("now", "active")], lambda _line: None)
    assert asked == [("auto", "now")]


def test_automatic_goes_on_with_a_switch_that_was_interrupted(home: Home, asked: list[tuple[str, str | None]]) -> None:
    choose_encoder(home.settings, [stored("now", "active"), stored("next", "building")], lambda _line: None)
    assert asked == [("auto", "next")]


def test_a_switch_whose_encoder_is_lost_waits(home: Home, asked: list[tuple[str, str | None]]) -> None:
    choose_encoder(home.settings, [stored("now", "active"), stored("lost", "building")], lambda _line: None)
    assert asked == [("auto", "lost"), ("auto", "now")]


def test_an_unknown_encoder_ends_the_daemon_and_keeps_the_work(home: Home) -> None:
    from dataclasses import replace

    home.draw("a.png")
    with pytest.raises(UnknownEncoderError):
        service.run(replace(home.settings, encoder="clpi"), stop=threading.Event(), watch=False)
    assert home.status().daemon.state == "stopped"
    assert home.index().counts.indexed == 1


def test_the_daemon_ends_in_the_middle_of_a_download(home: Home) -> None:
    stop = threading.Event()
    seen: list[str | None] = []

    def load(_settings: Settings, _stored: Sequence[StoredEncoder], tell: Tell) -> tuple[ColourEncoder, None]:
        download = choosing._Download(tell)
        download(1_000_000, 3_000_000)
        seen.append(home.status().daemon.notice)
        stop.set()
        download(2_000_000, 3_000_000)
        raise AssertionError("it goes on")

    assert service.run(home.settings, stop=stop, watch=True, load_encoder=load).state == "stopped"
    assert seen == ["Downloading the encoder, once: 1 of 3 MB. Photos can be searched when it is here"]
