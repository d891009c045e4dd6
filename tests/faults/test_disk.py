"""A full disk, a read-only one, one that takes no more files: said, survived, and over when it is over."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from daemon.conftest import Home, eventually, home, running
from faults.spaces import run_inside

from photoindex.daemon import trouble
from photoindex.doctor import Patient, examine

__all__ = ["home", "running"]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What happened on a disk that got full, and then read-only."""
    return run_inside("disk_script.py", "full,readonly", tmp_path_factory.mktemp("disk"), timeout_seconds=200)


def test_r5_a_full_disk_stops_nothing_but_new_photos(found: dict[str, Any]) -> None:
    found = found["full"]
    for when in ("before", "while full", "opened while full"):
        assert found[when] == [200] * 6, when
    assert found["notice"]
    assert (found["favourite while full"], found["favourite afterwards"]) == (503, 303)
    assert 1 <= len(found["lines"]) <= 4, found["lines"]  # one a thread, not one a try
    assert found["seconds"] < 60
    assert found["problems"] == []
    assert found["limit"] in ("DatabaseError", "DatabaseFullError")


@pytest.mark.long
def test_r5_on_a_full_disk_a_daemon_waits_and_a_web_server_starts(tmp_path: Path) -> None:
    found = run_inside("disk_script.py", "restarted", tmp_path)["restarted"]
    assert found == {"while full": [200] * 6, "problems": []}


@pytest.mark.long
def test_r5_a_disk_that_takes_no_more_files_is_said_and_survived(tmp_path: Path) -> None:
    found = run_inside("disk_script.py", "inodes", tmp_path)["inodes"]
    assert found["while full"] == [200] * 6
    assert "full" in found["problem"] or "no more files" in found["problem"]
    assert found["problems"] == []


def test_r6_on_a_read_only_disk_photos_are_shown_and_nothing_else_is_claimed(found: dict[str, Any]) -> None:
    found = found["readonly"]
    assert found["while read-only"] == found["afterwards"] == [200] * 6
    assert found["favourite"] == 503
    assert found["notice"] and "read-only" in found["problem"]
    code, said, seconds = found["daemon"]
    assert code == 4 and said.count("\n") == 1 and "not writable" in said, said
    assert seconds < 5
    assert found["status"][:2] == [0, ""]
    assert found["problems"] == []


def test_r5_thumbnails_whose_folder_is_lost_are_made_again(running: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trouble, "TROUBLE_SECONDS", 0.2)
    thumbnails = running.settings.thumbnails
    running.draw("a.jpg", seed=1)
    eventually(lambda: running.counts().indexed == 1)
    shutil.rmtree(thumbnails)
    thumbnails.symlink_to(running.root.parent / "an unplugged disk")
    running.draw("b.jpg", seed=2)
    eventually(lambda: "thumbnail" in str(running.status().daemon.problem))
    assert running.counts().pending == 1  # neither failed nor gone
    thumbnails.unlink()
    eventually(lambda: running.counts().indexed == 2)
    eventually(lambda: running.status().daemon.problem is None)
    database = running.open()
    patient = Patient(database, thumbnails, running.settings.snapshots, repair=True)
    assert [(each.check, each.repaired) for each in examine(patient)] == [("thumbnails", True)]
    eventually(lambda: running.counts().pending == 0)
    assert list(examine(Patient(database, thumbnails, running.settings.snapshots, deep=True))) == []
    database.close()
