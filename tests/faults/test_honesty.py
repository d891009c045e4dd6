"""R36: what goes wrong is told, in the status and in the log, and not a thousand times."""

from __future__ import annotations

import json
import os
from contextlib import closing

from daemon.conftest import Home, eventually
from drawing import draw_noise
from faults.daemons import Daemon, Forge
from faults.invariants import assert_invariants

from photoindex import pausing


def _lines(daemon: Daemon, text: str) -> list[str]:
    return [line for line in daemon.said().splitlines() if text in line]


def test_R36_broken_files_are_counted_in_the_status_and_told_in_few_lines(forge: Forge, home: Home) -> None:
    daemon = forge.start(home)
    for number in range(30):
        (home.root / f"{number}\nERROR all is lost.png").write_bytes(b"no photo")
    eventually(lambda: home.counts().failed == 30)
    draw_noise(home.root / "a.png", 1)
    eventually(lambda: home.counts().indexed == 1)
    daemon.end()
    told = _lines(daemon, "all is lost.png")
    assert len(told) == 11
    assert "… and 20 more like this: " in told[-1]
    assert not any(line.startswith("ERROR") for line in daemon.said().splitlines())


def test_R36_a_disk_that_goes_and_comes_is_told_once(forge: Forge, home: Home) -> None:
    draw_noise(home.root / "a.png", 1)
    daemon = forge.start(home)
    eventually(daemon.is_idle)
    os.rename(home.root, home.root.parent / "away")
    eventually(lambda: home.status().libraries[0].state == "offline")
    assert "is its disk connected?" in str(home.status().libraries[0].problem)
    os.rename(home.root.parent / "away", home.root)
    eventually(lambda: home.status().libraries[0].state == "online")
    assert home.status().libraries[0].problem is None
    daemon.end()
    assert len(_lines(daemon, "library offline")) == 1
    assert home.counts().missing == 0


def test_R36_a_disk_that_takes_no_thumbnails_is_told_and_waited_for(forge: Forge, home: Home) -> None:
    home.settings.thumbnails.write_text("in the way")
    draw_noise(home.root / "a.png", 1)
    daemon = forge.start(home)
    eventually(lambda: home.status().daemon.problem)
    assert str(home.status().daemon.problem).startswith("no thumbnail can be kept in ")
    assert home.counts().pending == 1
    home.settings.thumbnails.unlink()
    eventually(lambda: home.counts().indexed == 1)
    eventually(lambda: home.status().daemon.problem is None)
    daemon.end()
    assert len(_lines(daemon, "indexing waits")) == 1
    assert len(_lines(daemon, "indexing goes on")) == 1
    assert_invariants(home)


def test_R36_a_rest_is_told_in_the_status_and_the_log(forge: Forge, home: Home) -> None:
    daemon = forge.start(home)
    eventually(daemon.is_idle)
    with closing(home.open()) as database, database.write() as session:
        pausing.pause(session)
    eventually(lambda: home.status().daemon.state == "paused")
    page = home.status().as_dict()
    assert page["daemon"]["resting"] == "paused; to go on: photoindex resume"
    json.dumps(page)
    with closing(home.open()) as database, database.write() as session:
        pausing.resume(session)
    eventually(daemon.is_idle)
    daemon.end()
    assert len(_lines(daemon, "indexing rests: paused")) == 1
