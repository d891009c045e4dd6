"""Watching: what happens on disk is in the search within seconds, through real inotify."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import pytest
from daemon.conftest import Home, assert_invariants, eventually
from drawing import draw_photo
from watchdog.observers.inotify import InotifyWatchGroup

from photoindex import libraries
from photoindex.daemon.changes import MAX_PATHS, Changes, Due
from photoindex.daemon.walking import Ignored
from photoindex.daemon.watcher import Watcher
from photoindex.forgetting import forget_library


def test_new_changed_renamed_copied_and_deleted_files_are_followed(running: Home, tmp_path: Path) -> None:
    draw_photo(tmp_path / "green.jpg", colour="green", seed=1)
    shutil.copy(tmp_path / "green.jpg", running.root / "green.jpg")
    eventually(lambda: running.search("green") == ["green.jpg"])
    (photo,) = running.photos()

    (running.root / "sub").mkdir()
    os.rename(running.root / "green.jpg", running.root / "sub" / "renamed.jpg")
    eventually(lambda: running.search("green") == ["renamed.jpg"])
    assert running.photos()[0].id == photo.id
    assert running.photos()[0].files[0].id == photo.files[0].id

    shutil.copy(running.root / "sub" / "renamed.jpg", running.root / "copy.jpg")
    eventually(lambda: [len(each.files) for each in running.photos()] == [2])

    running.draw("copy.jpg", "blue")
    eventually(lambda: set(running.search("blue show:all")) == {"copy.jpg", "renamed.jpg"})

    os.unlink(running.root / "copy.jpg")
    shutil.rmtree(running.root / "sub")
    eventually(lambda: running.search("green") == [])
    assert running.encoder.images_encoded == 2


def test_a_whole_folder_moved_in_renamed_and_away(running: Home, tmp_path: Path) -> None:
    for number in range(30):
        draw_photo(tmp_path / "trip" / f"day {number % 3}" / f"{number}.png", seed=number)
    shutil.move(tmp_path / "trip", running.root / "trip")
    eventually(lambda: running.counts().indexed == 30)
    ids = {photo.id for photo in running.photos()}
    os.rename(running.root / "trip", running.root / "journey")
    eventually(lambda: all(b"journey/" in photo.files[0].path for photo in running.photos()))
    assert {photo.id for photo in running.photos()} == ids
    draw_photo(running.root / "journey" / "day 1" / "late.png", seed=99)
    eventually(lambda: running.counts().indexed == 31)
    shutil.move(running.root / "journey", tmp_path / "away")
    eventually(lambda: running.photos() == [])
    assert running.encoder.images_encoded == 31


def test_a_photo_written_slowly_is_read_when_it_is_whole(running: Home, tmp_path: Path) -> None:
    content = draw_photo(tmp_path / "slow.png", size=(640, 480), seed=5).read_bytes()
    with (running.root / "slow.png").open("wb", buffering=0) as target:
        for start in range(0, len(content), len(content) // 8 + 1):
            target.write(content[start : start + len(content) // 8 + 1])
            time.sleep(0.1)
    eventually(lambda: running.counts().indexed == 1)
    assert running.failures() == {}


def test_a_sidecar_that_comes_changes_and_goes_is_followed(running: Home) -> None:
    running.draw("trip/a.jpg", seed=1)
    eventually(lambda: running.counts().indexed == 1)
    sidecar = running.root / "trip" / "a.jpg.json"
    for caption in ("An old lighthouse", "A new one"):
        sidecar.write_text(json.dumps({"photoTakenTime": {"timestamp": "1"}, "description": caption}))
        eventually(lambda said=caption: [photo.caption for photo in running.photos()] == [said])
    os.unlink(sidecar)
    eventually(lambda: [photo.caption for photo in running.photos()] == [None])
    assert running.encoder.images_encoded == 1


def test_a_library_added_while_the_daemon_runs_is_watched(running: Home, tmp_path: Path) -> None:
    draw_photo(tmp_path / "second" / "a.png", colour="cyan")
    database = running.open()
    with database.write() as session:
        added = libraries.add(session, tmp_path / "second")
    eventually(lambda: running.search("cyan") == ["a.png"])
    draw_photo(tmp_path / "second" / "b.png", colour="pink")
    eventually(lambda: running.search("pink")[:1] == ["b.png"])
    assert not forget_library(database, running.settings.thumbnails, added.id, lambda: True)
    eventually(lambda: len(running.status().libraries) == 1)  # the daemon does the rest
    database.close()
    time.sleep(0.5)  # the keeper looks every tenth of a second
    draw_photo(tmp_path / "second" / "c.png", colour="pink")
    time.sleep(0.5)
    assert running.photos() == []


def test_a_root_that_goes_and_comes_back_is_watched_again(running: Home, tmp_path: Path) -> None:
    running.draw("a.png", "red")
    eventually(lambda: running.counts().indexed == 1)
    os.rename(running.root, tmp_path / "unplugged")
    eventually(lambda: running.status().libraries[0].state == "offline")
    assert [photo.filename for photo in running.photos()] == ["a.png"]
    os.rename(tmp_path / "unplugged", running.root)
    eventually(lambda: running.status().libraries[0].state == "online")
    running.draw("b.png", "blue")
    eventually(lambda: running.counts().indexed == 2)
    assert running.encoder.images_encoded == 2
    assert_invariants(running)


def test_a_burst_of_events_at_one_path_is_looked_at_once() -> None:
    changes = Changes()
    for _ in range(100):
        changes.note(1, b"a.jpg", 0)
    assert not changes.take(2)
    assert changes.take(1) == Due(paths=(b"a.jpg",))
    assert not changes.take(1)


def test_too_many_paths_become_one_scan() -> None:
    changes = Changes()
    for number in range(MAX_PATHS + 1):
        changes.note(7, str(number).encode(), 60)
    assert changes.take(7) == Due(scan=True)


def test_events_that_the_kernel_dropped_are_followed_by_a_scan(home: Home) -> None:
    """Relies on methods of watchdog's: when they change, this must fail."""
    for name in ("on_queue_overflow", "_add_callback", "_add_all_callbacks"):
        assert callable(getattr(InotifyWatchGroup, name))
    changes = Changes()
    watcher = Watcher(changes, 1, Ignored(()))
    database = home.open()
    with database.read() as session:
        (library,) = libraries.list_all(session)
    database.close()
    watcher.watch(library)
    assert watcher._observer is not None
    (emitter,) = watcher._observer.emitters
    emitter._inotify.on_queue_overflow()  # type: ignore[attr-defined]
    assert changes.take(library.id).scan
    assert (watcher.take_overflows(), watcher.take_overflows()) == (1, 0)
    draw_photo(home.root / "after.jpg")
    eventually(lambda: changes.take(library.id).paths)
    watcher.unwatch()


def test_nobody_waits_for_changes_after_the_end(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("photoindex.daemon.tending.LOOK_SECONDS", 60.0)
    home.draw("a.jpg")
    started = time.monotonic()
    assert home.index().counts.indexed == 1
    changes = Changes()
    changes.end()  # before it is waited for
    changes.wait(1, 60)
    assert time.monotonic() - started < 30


def test_what_goes_in_one_burst_is_looked_at_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("photoindex.daemon.changes.QUIET_SECONDS", 1.5)
    changes = Changes()
    for number in range(30):
        changes.note_gone(1, str(number).encode())
        time.sleep(0.01)
        assert not changes.take(1)
    changes.wait(1, 10)
    assert len(changes.take(1).paths) == 30
