"""Disks that go, hang, fail or lie: nothing is taken for gone that is not, and what is gone is not forgotten soon."""

from __future__ import annotations

import errno
import os
import random
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from daemon.conftest import Home, assert_invariants, eventually, home, running
from drawing import draw_photo
from faults.namespaces import daemon, needs_namespaces
from PIL import Image
from sqlalchemy import select, text

from photoindex import collections, libraries
from photoindex.daemon.scanner import Scanner
from photoindex.daemon.walking import Ignored
from photoindex.libraries import LibraryInfo
from photoindex.models import File, Library, Photo

__all__ = ["home", "running"]


def _states(home: Home) -> dict[str, int]:
    """How many files are in which state, without the zeros."""
    counts = home.counts()
    states = {"pending": counts.pending, "indexed": counts.indexed, "failed": counts.failed, "missing": counts.missing}
    return {name: count for name, count in states.items() if count}


def _favour(home: Home) -> int:
    """Make a photo a favourite."""
    database = home.open()
    with database.write() as session:
        photo_id = home.photos()[0].id
        collections.set_favourite(session, photo_id, True)
    database.close()
    return photo_id


def _confirm(home: Home) -> None:
    database = home.open()
    with database.write() as session:
        libraries.confirm(session, 1)
    database.close()


def _state(home: Home) -> str:
    return home.status().libraries[0].state


def _scatter(path: Path, seed: int) -> None:
    """A picture of noise: among many that are alike the time would go into comparing them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.frombytes("RGB", (16, 16), random.Random(seed).randbytes(16 * 16 * 3)).save(path)


# --- R14: the disk goes -------------------------------------------------------------------------------------------


def test_R14_a_mount_disappears_and_comes_back(home: Home, tmp_path: Path) -> None:
    """A real mount: an empty file system over the folder, then nothing at all, then the folder again."""
    needs_namespaces("-rm")
    for number in range(5):
        home.draw(f"{number}.jpg", seed=number)
    with daemon(home, "unshare", "-rm") as process:
        eventually(lambda: _states(home) == {"indexed": 5})
        photo_id = _favour(home)
        inside = ("nsenter", "-t", str(process.pid), "-U", "-m", "--preserve-credentials")
        subprocess.run([*inside, "mount", "-t", "tmpfs", "none", str(home.root)], check=True)
        eventually(lambda: _state(home) == "offline")
        assert "is not the folder it was" in (home.status().libraries[0].problem or "")
        assert _states(home) == {"indexed": 5}
        subprocess.run([*inside, "umount", str(home.root)], check=True)
        eventually(lambda: _state(home) == "online")
        draw_photo(home.root / "after.jpg", seed=99)
        eventually(lambda: _states(home) == {"indexed": 6})
    encoded = home.encoder.images_encoded
    home.index()
    assert home.encoder.images_encoded == encoded
    assert [photo.id for photo in home.photos() if photo.favourite] == [photo_id]
    assert_invariants(home)


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE, errno.ENOTCONN])
def test_R14_a_disk_that_fails_under_a_scan_takes_nothing_away(
    home: Home, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    for name in ("a/1.jpg", "a/2.jpg", "b/3.jpg"):
        home.draw(name, seed=ord(name[2]))
    home.index()
    os.unlink(home.root / "b" / "3.jpg")  # gone for real, but who could say that now?
    real = os.scandir

    def scandir(path: Any) -> Any:
        if path == os.fsencode(home.root / "a"):
            raise OSError(number, os.strerror(number))
        return real(path)

    with monkeypatch.context() as broken:
        broken.setattr(os, "scandir", scandir)
        home.index()
    assert _states(home) == {"indexed": 3}
    status = home.status().libraries[0]
    assert status.state == "offline"
    assert os.strerror(number) in (status.problem or "")
    home.index()
    assert _states(home) == {"indexed": 2, "missing": 1}
    assert (_state(home), home.encoder.images_encoded) == ("online", 3)


@pytest.fixture
def second(home: Home, tmp_path: Path) -> Path:
    """A further library."""
    folder = tmp_path / "second"
    folder.mkdir()
    database = home.open()
    with database.write() as session:
        libraries.add(session, folder)
    database.close()
    return folder


def _hang(monkeypatch: pytest.MonkeyPatch, root: Path, until: threading.Event) -> None:
    """From now on nobody who asks for that folder gets an answer `until` then."""

    def slow(real: Callable[..., Any]) -> Callable[..., Any]:
        def ask(path: Any, *args: Any, **named: Any) -> Any:
            if not isinstance(path, int) and os.fsencode(path).startswith(os.fsencode(root)):
                until.wait()
            return real(path, *args, **named)

        return ask

    for name in ("stat", "lstat", "scandir", "statvfs"):
        monkeypatch.setattr(os, name, slow(getattr(os, name)))


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """What a disk that hangs waits for; it is there again after the test."""
    monkeypatch.setattr("photoindex.daemon.pulse.HANG_SECONDS", 0.5)
    event = threading.Event()
    yield event
    event.set()


def test_R14_a_disk_that_hangs_holds_up_neither_others_nor_the_end(
    home: Home, second: Path, monkeypatch: pytest.MonkeyPatch, hanging: threading.Event, running: Home
) -> None:
    home.draw("a.jpg", seed=1)
    eventually(lambda: _states(home) == {"indexed": 1})
    with monkeypatch.context() as patch:
        _hang(patch, home.root, hanging)
        eventually(lambda: _state(home) == "offline")
        assert "does not answer" in (home.status().libraries[0].problem or "")
        draw_photo(second / "b.jpg", seed=2)
        eventually(lambda: _states(home) == {"indexed": 2})
        hanging.set()
        eventually(lambda: _state(home) == "online")
    draw_photo(home.root / "c.jpg", seed=3)
    eventually(lambda: _states(home) == {"indexed": 3})
    assert home.encoder.images_encoded == 3


def test_R14_a_daemon_ends_while_a_disk_hangs(
    home: Home, monkeypatch: pytest.MonkeyPatch, hanging: threading.Event
) -> None:
    """And a run that is to end by itself does not wait for that disk for ever."""
    monkeypatch.setattr("photoindex.daemon.keeper.END_SECONDS", 0.5)
    home.draw("a.jpg", seed=1)
    before = set(threading.enumerate())
    with monkeypatch.context() as patch:
        _hang(patch, home.root, hanging)
        started = time.monotonic()
        home.index()
        assert time.monotonic() - started < 30
        assert _state(home) == "offline"
        hanging.set()
        eventually(lambda: set(threading.enumerate()) <= before)
    home.index()
    assert _states(home) == {"indexed": 1}


def _hang_originals(monkeypatch: pytest.MonkeyPatch, root: Path, until: threading.Event) -> None:
    """From now on folders can be looked at, and no photo below that one is opened `until` then."""
    real = os.open

    def slow(path: Any, *args: Any, **named: Any) -> int:
        whole = os.fsencode(path)
        if whole.startswith(os.fsencode(root)) and whole.endswith(b".jpg"):
            until.wait()
        return real(path, *args, **named)

    monkeypatch.setattr(os, "open", slow)


def test_R14_originals_that_a_disk_does_not_give_keep_nobody_from_reading_others(
    home: Home, second: Path, monkeypatch: pytest.MonkeyPatch, hanging: threading.Event, running: Home
) -> None:
    with monkeypatch.context() as patch:
        _hang_originals(patch, home.root, hanging)
        for number in range(40):  # more than all workers take at once
            home.draw(f"{number}.jpg", seed=number)
        eventually(lambda: "does not answer" in (home.status().daemon.problem or ""), 60)
        for number in range(3):
            draw_photo(second / f"{number}.jpg", seed=100 + number)
        eventually(lambda: _states(home) == {"indexed": 3, "pending": 40}, 60)
        hanging.set()
        eventually(lambda: _states(home) == {"indexed": 43}, 60)
    eventually(lambda: home.status().daemon.problem is None)
    assert home.encoder.images_encoded == 43
    database = home.open()
    with database.read() as session:
        assert set(session.scalars(select(File.tries))) == {0}
    database.close()


def test_R14_a_daemon_ends_while_originals_are_waited_for(
    home: Home, monkeypatch: pytest.MonkeyPatch, hanging: threading.Event
) -> None:
    for number in range(20):
        home.draw(f"{number}.jpg", seed=number)
    before = set(threading.enumerate())
    with monkeypatch.context() as patch:
        _hang_originals(patch, home.root, hanging)
        started = time.monotonic()
        home.index()
        assert time.monotonic() - started < 10
        assert _states(home) == {"pending": 20}
        hanging.set()
        eventually(lambda: set(threading.enumerate()) <= before)
    home.index()
    assert _states(home) == {"indexed": 20}
    assert home.encoder.images_encoded == 20


# --- R15: files really go -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["up", pytest.param("down", marks=pytest.mark.long)])
def test_R15_when_most_of_a_library_goes_its_owner_is_asked(
    home: Home, request: pytest.FixtureRequest, tmp_path: Path, how: str
) -> None:
    if how == "up":
        request.getfixturevalue("running")

    def follow(is_so: Callable[[], bool]) -> None:
        if how == "down":
            home.index()
        eventually(is_so)

    for number in range(100):
        _scatter(tmp_path / "new" / f"{number}.png", number)
    shutil.move(tmp_path / "new", home.root / "all")
    follow(lambda: _states(home) == {"indexed": 100})
    photo_id = _favour(home)
    (tmp_path / "away").mkdir()
    for number in range(60):
        os.rename(home.root / "all" / f"{number}.png", tmp_path / "away" / f"{number}.png")
    follow(lambda: home.status().libraries[0].held > 0)
    status = home.status().libraries[0]
    held = status.held
    assert held >= 51 and _states(home)["indexed"] == 40 + held  # events may have told of some before
    assert status.state == "online"
    assert f"{held} of the" in (status.problem or "") and "photoindex library confirm 1" in (status.problem or "")
    _confirm(home)
    follow(lambda: _states(home) == {"indexed": 40, "missing": 60})
    assert (home.status().libraries[0].held, home.status().libraries[0].problem) == (0, None)
    for number in range(60):
        os.rename(tmp_path / "away" / f"{number}.png", home.root / "all" / f"{number}.png")
    follow(lambda: _states(home) == {"indexed": 100})
    assert home.encoder.images_encoded == 100
    assert [photo.id for photo in home.photos() if photo.favourite] == [photo_id]
    assert_invariants(home)


def test_R15_what_was_confirmed_is_believed_no_further(home: Home) -> None:
    database = home.open()
    scanner = Scanner(database, Ignored(()), 0, threading.Event())

    def library() -> LibraryInfo:
        with database.read() as session:
            return libraries.get(session, 1)

    for number in range(120):
        (home.root / f"{number}.jpg").touch()
    assert scanner.scan(library()).work == 120
    for number in range(55):
        os.unlink(home.root / f"{number}.jpg")
    assert scanner.scan(library()).missing == 0
    assert library().held == 55
    _confirm(home)
    for number in range(55, 120):  # now the disk itself goes
        os.unlink(home.root / f"{number}.jpg")
    assert scanner.scan(library()).missing == 0
    assert (library().held, library().state, library().confirmed) == (120, "offline", None)
    assert _states(home) == {"pending": 120}
    _confirm(home)
    assert scanner.scan(library()).missing == 120
    database.close()


def test_a_disk_that_is_plugged_in_again_is_the_same_by_its_file_system(home: Home) -> None:
    """Its device number is another one then."""
    for number in range(3):
        home.draw(f"{number}.jpg", seed=number)
    home.index()
    if os.statvfs(home.root).f_fsid == 0:
        pytest.skip("this file system has no id")
    database = home.open()
    with database.write() as session:
        session.execute(text("UPDATE library SET device = device + 1"))
    for number in range(2):
        os.unlink(home.root / f"{number}.jpg")
    home.index()
    assert _states(home) == {"indexed": 1, "missing": 2}
    with database.write() as session:
        session.execute(text("UPDATE library SET file_system = file_system + 1"))
    os.unlink(home.root / "2.jpg")
    draw_photo(home.root / "other.jpg", seed=9)
    home.index()
    assert _state(home) == "offline"
    database.close()


# --- R16, R17: links and special files ----------------------------------------------------------------------------


def test_R16_links_are_not_followed_and_end_no_walk(home: Home, tmp_path: Path) -> None:
    home.draw("in/a.jpg", seed=1)
    draw_photo(tmp_path / "outside" / "secret.jpg", seed=2)
    for number in range(50):
        (home.root / "in" / f"loop {number}").symlink_to(home.root)
    (home.root / "dangling.jpg").symlink_to(tmp_path / "nowhere.jpg")
    (home.root / "out").symlink_to(tmp_path / "outside")
    (home.root / "twice").symlink_to(home.root / "in")
    (home.root / "secret.jpg").symlink_to(tmp_path / "outside" / "secret.jpg")
    (home.root / "self").symlink_to("self")
    started = time.monotonic()
    home.index()
    assert time.monotonic() - started < 30
    assert [photo.filename for photo in home.photos()] == ["a.jpg"]
    assert _states(home) == {"indexed": 1}


def test_R17_special_files_never_block(running: Home, tmp_path: Path) -> None:
    import socket

    os.mkfifo(running.root / "pipe.jpg")
    with socket.socket(socket.AF_UNIX) as listener:
        os.chdir(running.root)  # the path of a socket may not be long
        try:
            listener.bind("socket.jpg")
        finally:
            os.chdir("/")
        (running.root / "zero.jpg").symlink_to("/dev/zero")
        (running.root / "terminal.jpg").symlink_to("/dev/tty")
        if os.geteuid() == 0:
            with suppress(PermissionError):
                os.mknod(running.root / "device.jpg", 0o020600, os.makedev(1, 5))
        running.draw("a.jpg", seed=1)
        eventually(lambda: _states(running) == {"indexed": 1})
        # A photo that a pipe takes the place of is gone.
        os.mkfifo(tmp_path / "pipe")
        os.replace(tmp_path / "pipe", running.root / "a.jpg")
        eventually(lambda: _states(running) == {"missing": 1})


# --- R19: clocks --------------------------------------------------------------------------------------------------


class Clock:
    """A clock that is wrong by some time, for all that reads the time of the day."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wrong = timedelta()
        real_time = time.time
        monkeypatch.setattr(time, "time", lambda: real_time() + self.wrong.total_seconds())
        import photoindex.daemon.retention
        import photoindex.daemon.scanner
        import photoindex.models.base
        import photoindex.sightings

        real_now = photoindex.models.base.utc_now
        for module in (photoindex.daemon.retention, photoindex.daemon.scanner, photoindex.sightings):
            monkeypatch.setattr(module, "utc_now", lambda: real_now() + self.wrong)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def _paths(home: Home) -> list[bytes]:
    database = home.open()
    with database.read() as session:
        found = list(session.scalars(select(File.path).order_by(File.path)))
    database.close()
    return found


def test_R19_a_clock_that_jumps_makes_no_work_and_forgets_nothing(home: Home, clock: Clock) -> None:
    for number in range(4):
        home.draw(f"{number}.jpg", seed=number)
    home.index()
    os.unlink(home.root / "0.jpg")
    home.index()
    for days in (-1, 3653, 3653, 0):
        clock.wrong = timedelta(days=days)
        home.index()
        assert _states(home) == {"indexed": 3, "missing": 1}
    assert home.encoder.images_encoded == 4
    assert len(_paths(home)) == 4


def test_R19_a_file_that_waits_when_the_clock_is_set_back_is_read_soon(home: Home, clock: Clock) -> None:
    clock.wrong = timedelta(days=1)
    path = home.draw("a.jpg", seed=1)
    home.index()
    database = home.open()
    with database.write() as session:
        session.execute(text("UPDATE file SET state = 'pending', retry_at = :at"), {"at": time.time() + 2})
    database.close()
    clock.wrong = timedelta()
    started = time.monotonic()
    home.index()
    assert time.monotonic() - started < 20
    assert _states(home) == {"indexed": 1}
    assert path.exists()


def test_R19_times_of_files_that_no_calendar_holds(home: Home) -> None:
    stamps = [0, -86400, 2**33, 2**31 - 1, int((datetime.now() + timedelta(days=3650)).timestamp())]
    for number, stamp in enumerate(stamps):
        os.utime(home.draw(f"{number}.jpg", seed=number), (stamp, stamp))
    home.index()
    assert _states(home) == {"indexed": len(stamps)}
    home.index()
    assert home.encoder.images_encoded == len(stamps)
    assert_invariants(home)


# --- retention ----------------------------------------------------------------------------------------------------


def test_what_is_gone_is_forgotten_after_its_time_unless_it_was_marked(home: Home, clock: Clock) -> None:
    for number in range(4):
        home.draw(f"{number}.jpg", seed=number)
    home.index()
    photo_id = _favour(home)
    for number in range(3):
        os.unlink(home.root / f"{number}.jpg")
    home.index()
    thumbnails = len(list(home.settings.thumbnails.glob("*/*.jpg")))
    for day in range(20, 81, 20):  # it is looked at now and then
        clock.wrong = timedelta(days=day)
        home.index()
    assert _states(home) == {"indexed": 1, "missing": 3}
    clock.wrong = timedelta(days=91)
    home.index()
    assert _paths(home) == [b"0.jpg", b"3.jpg"]
    database = home.open()
    with database.read() as session:
        assert set(session.scalars(select(Photo.id).where(Photo.favourite))) == {photo_id}
        assert session.query(Photo).count() == 2
        assert session.query(Library).one().purge_after is not None
    database.close()
    assert len(list(home.settings.thumbnails.glob("*/*.jpg"))) == thumbnails - 2
    assert_invariants_of_what_is_left(home)


def assert_invariants_of_what_is_left(home: Home) -> None:
    """A photo that is gone but kept has no file on disk, so those of `assert_invariants` that can hold."""
    database = home.open()
    with database.read() as session:
        assert session.execute(text("PRAGMA integrity_check")).scalar() == "ok"
        assert session.execute(text("PRAGMA foreign_key_check")).all() == []
        embedded = set(session.scalars(text("SELECT photo_id FROM embedding")))
        assert embedded == set(session.scalars(select(Photo.id)))
    database.close()


# --- R7, R9: what can't be read, or not yet -----------------------------------------------------------------------


def test_R7_folders_that_may_not_be_read_are_counted_and_keep_what_is_known(
    home: Home, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """The right is taken away in the call, as root may read everything."""
    for name in ("open/1.jpg", "closed/2.jpg"):
        home.draw(name, seed=ord(name[-5]))
    home.index()
    real = os.scandir

    def scandir(path: Any) -> Any:
        if path == os.fsencode(home.root / "closed"):
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    home.draw("open/3.jpg", seed=3)
    request.getfixturevalue("running")
    eventually(lambda: _states(home) == {"indexed": 3})
    status = home.status().libraries[0]
    assert status.state == "online"
    assert any("1 files or folders in it can't be read" in notice for notice in status.notices)


def test_R9_half_written_copies_are_read_once_and_when_they_are_whole(running: Home, tmp_path: Path) -> None:
    _scatter(tmp_path / "whole.png", 1)
    content = (tmp_path / "whole.png").read_bytes()
    half = len(content) // 2
    (running.root / "aborted.png").write_bytes(content[:half])
    (running.root / ".rsync.png.Xa3b9Z").write_bytes(content[:half])
    (running.root / "browser.png.crdownload").write_bytes(content[:half])
    with (running.root / "copied.png").open("wb", buffering=0) as target:
        for start in range(0, len(content), len(content) // 5 + 1):
            target.write(content[start : start + len(content) // 5 + 1])
            time.sleep(0.02)
    eventually(lambda: _states(running) == {"indexed": 1, "failed": 1})
    os.rename(running.root / ".rsync.png.Xa3b9Z", running.root / "rsync.png")
    (running.root / "rsync.png").write_bytes(content)
    eventually(lambda: _states(running) == {"indexed": 2, "failed": 1})
    database = running.open()
    with database.read() as session:
        attempts = dict(session.execute(select(File.path, File.attempts)).all())
    database.close()
    assert set(attempts) == {b"aborted.png", b"copied.png", b"rsync.png"}
    assert max(attempts.values()) <= 2
    assert running.encoder.images_encoded == 1
