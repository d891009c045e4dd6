"""Scanning: what is on disk, and nothing else, is in the rows."""

from __future__ import annotations

import os
import random
import shutil
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from drawing import draw_photo

from photoindex import files, libraries
from photoindex.daemon.scanner import Outcome, Scanner
from photoindex.daemon.walking import Walk
from photoindex.database import Database
from photoindex.files import FileStat
from photoindex.ignoring import Ignored
from photoindex.libraries import LibraryInfo


class Scan:
    """A scanner on one library."""

    def __init__(self, database: Database, root: Path, patterns: tuple[str, ...] = (".*", "@eaDir")) -> None:
        self.database, self.root = database, root
        self.scanner = Scanner(database, Ignored(patterns), 0, threading.Event())
        with database.write() as session:
            self.library_id = libraries.add(session, root).id

    @property
    def library(self) -> LibraryInfo:
        with self.database.read() as session:
            return libraries.get(session, self.library_id)

    def scan(self) -> Outcome:
        """What it found; how many folders it walked is a matter of watching."""
        return replace(self.scanner.scan(self.library), folders=None, is_healthy=False)

    def check(self, *paths: bytes) -> Outcome:
        return replace(self.scanner.check(self.library, paths), folders=None, is_healthy=False)

    def confirm(self) -> None:
        with self.database.write() as session:
            libraries.confirm(session, self.library_id)

    def states(self) -> dict[bytes, str]:
        with self.database.read() as session:
            return {row.path: row.state for row in files.known_after(session, self.library_id, b"", 10_000)}

    def ids(self) -> dict[bytes, int]:
        with self.database.read() as session:
            return {row.path: row.id for row in files.known_after(session, self.library_id, b"", 10_000)}


@pytest.fixture
def scan(database: Database, tmp_path: Path) -> Scan:
    (tmp_path / "photos").mkdir()
    return Scan(database, tmp_path / "photos")


def test_a_walk_meets_every_file_in_the_byte_order_of_the_paths(tmp_path: Path) -> None:
    chooser = random.Random(4)
    names = ["a", "a.jpg", "a-b", "a b", "b", "é", "A", "a!", "z\udcff"]
    expected = set()
    for _ in range(200):
        parts = [chooser.choice(names) for _ in range(chooser.randint(1, 4))]
        path = tmp_path.joinpath(*parts)
        if any(parent.is_file() for parent in path.parents) or path.is_dir():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        expected.add(os.fsencode(path.relative_to(tmp_path)))
    met = [path for path, _ in Walk(os.fsencode(tmp_path), Ignored(())).files()]
    assert met == sorted(expected)


def test_a_file_counts_by_its_content_or_by_the_promise_of_its_name(scan: Scan) -> None:
    draw_photo(scan.root / "photo.jpg")
    draw_photo(scan.root / "no-ending", format="JPEG")
    draw_photo(scan.root / "wrong.txt", format="PNG")
    (scan.root / "text.jpg").write_text("no photo, but it says so")
    (scan.root / "notes.txt").write_text("notes")
    (scan.root / "empty").touch()
    assert scan.scan().work == 4
    assert set(scan.states()) == {b"photo.jpg", b"no-ending", b"wrong.txt", b"text.jpg"}


def test_ignored_names_symlinks_and_special_files_are_left_out(scan: Scan, tmp_path: Path) -> None:
    draw_photo(tmp_path / "outside" / "o.jpg")
    for name in ("in/a.jpg", ".hidden.jpg", ".hidden/b.jpg", "@eaDir/c.jpg"):
        draw_photo(scan.root / name)
    (scan.root / "loop").symlink_to(scan.root)
    (scan.root / "out").symlink_to(tmp_path / "outside")
    (scan.root / "link.jpg").symlink_to(tmp_path / "outside" / "o.jpg")
    os.mkfifo(scan.root / "pipe.jpg")
    assert scan.scan().work == 1
    assert set(scan.states()) == {b"in/a.jpg"}
    assert scan.check(b"link.jpg", b"pipe.jpg", b".hidden/b.jpg", b"loop/in/a.jpg").work == 0
    assert set(scan.states()) == {b"in/a.jpg"}


def test_the_data_folder_is_never_scanned(database: Database, tmp_path: Path) -> None:
    draw_photo(tmp_path / "data" / "thumbnails" / "t.jpg")
    draw_photo(tmp_path / "a.jpg")
    scan = Scan(database, tmp_path)
    scan.scanner = Scanner(database, Ignored((), os.fsencode(tmp_path / "data")), 0, threading.Event())
    scan.scan()
    assert set(scan.states()) == {b"a.jpg"}
    assert scan.check(b"data", b"data/thumbnails/t.jpg").work == 0
    assert set(scan.states()) == {b"a.jpg"}


def test_an_unchanged_library_makes_no_work(scan: Scan) -> None:
    for number in range(20):
        draw_photo(scan.root / f"{number}.jpg")
    assert scan.scan().work == 20
    assert scan.scan() == Outcome()


def test_changed_gone_and_returned_files_are_told_apart(scan: Scan, tmp_path: Path) -> None:
    for name in "abc":
        draw_photo(scan.root / f"{name}.jpg", seed=ord(name))
    scan.scan()
    _index_all(scan)
    draw_photo(scan.root / "a.jpg", seed=1)
    shutil.move(scan.root / "b.jpg", tmp_path / "b.jpg")
    assert scan.scan() == Outcome(work=1, missing=1)
    assert scan.states() == {b"a.jpg": "pending", b"b.jpg": "missing", b"c.jpg": "indexed"}
    shutil.move(tmp_path / "b.jpg", scan.root / "b.jpg")
    assert scan.scan() == Outcome()
    assert scan.states()[b"b.jpg"] == "indexed"


@pytest.mark.parametrize("how", ["scan", "check"])
def test_a_renamed_file_keeps_its_row(scan: Scan, how: str) -> None:
    draw_photo(scan.root / "old.jpg")
    scan.scan()
    _index_all(scan)
    before = scan.ids()[b"old.jpg"]
    (scan.root / "sub").mkdir()
    os.rename(scan.root / "old.jpg", scan.root / "sub" / "a new name.jpg")
    if how == "scan":
        assert scan.scan() == Outcome()
    else:
        assert scan.check(b"old.jpg", b"sub/a new name.jpg") == Outcome()
    assert scan.ids() == {b"sub/a new name.jpg": before}
    assert scan.states() == {b"sub/a new name.jpg": "indexed"}


def test_two_files_that_swap_their_names_are_read_again(scan: Scan) -> None:
    for name in "ab":
        draw_photo(scan.root / name, format="PNG", colour="red" if name == "a" else "blue")
    scan.scan()
    _index_all(scan)
    os.rename(scan.root / "a", scan.root / "x")
    os.rename(scan.root / "b", scan.root / "a")
    os.rename(scan.root / "x", scan.root / "b")
    assert scan.scan().work == 2


def test_a_folder_moved_in_or_away_is_followed_by_a_check_of_it_alone(scan: Scan, tmp_path: Path) -> None:
    for number in range(5):
        draw_photo(tmp_path / "new" / "deep" / f"{number}.jpg", seed=number)
    shutil.move(tmp_path / "new", scan.root / "new")
    assert scan.check(b"new").work == 5
    shutil.move(scan.root / "new", tmp_path / "away")
    assert scan.check(b"new").missing == 5


def test_what_lies_below_a_folder_that_became_a_symlink_is_gone(scan: Scan, tmp_path: Path) -> None:
    for name in ("in/1.jpg", "away/2.jpg", "away/deep/3.jpg"):
        draw_photo(scan.root / name, seed=ord(name[-5]))
    scan.scan()
    _index_all(scan)
    before = scan.ids()
    os.rename(scan.root / "away", tmp_path / "away")
    (scan.root / "away").symlink_to(tmp_path / "away")
    os.rename(scan.root / "in", scan.root / "within")
    (scan.root / "in").symlink_to("within")
    assert scan.check(b"away/2.jpg") == Outcome(missing=1)
    assert scan.scan() == Outcome(missing=1)
    states = {b"away/2.jpg": "missing", b"away/deep/3.jpg": "missing", b"within/1.jpg": "indexed"}
    assert scan.states() == states
    assert scan.ids()[b"within/1.jpg"] == before[b"in/1.jpg"]


def test_folders_may_be_nested_deeper_than_calls(scan: Scan) -> None:
    depth = 1200
    folder = os.open(scan.root, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=folder)
        deeper = os.open("d", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = deeper
    os.close(os.open("deep.jpg", os.O_CREAT, dir_fd=folder))
    os.close(folder)
    try:
        assert scan.scan().work == 1
        assert scan.scan() == Outcome()
        assert [path.count(b"/") for path in scan.states()] == [depth]
    finally:  # pytest's own clean-up is recursive
        os.rename(scan.root / "d", scan.root / "0")
        for number in range(depth):
            level = scan.root / str(number)
            for entry in list(level.iterdir()):
                if entry.is_dir():
                    os.rename(entry, scan.root / str(number + 1))
                else:
                    entry.unlink()
            level.rmdir()
    assert list(scan.root.iterdir()) == []


def _stamp(path: Path) -> tuple[int, int]:
    return path.stat().st_atime_ns, path.stat().st_mtime_ns


@pytest.mark.parametrize("how", ["scan", "check"])
def test_an_edit_that_keeps_size_and_time_is_found_by_its_change_time(scan: Scan, how: str) -> None:
    photo = draw_photo(scan.root / "a.jpg")
    scan.scan()
    _index_all(scan)
    stamp, inode, content = _stamp(photo), photo.stat().st_ino, bytearray(photo.read_bytes())
    content[-20] ^= 1
    time.sleep(0.02)  # the clock of a file system ticks slowly
    photo.write_bytes(content)
    os.utime(photo, ns=stamp)
    assert (_stamp(photo)[1], photo.stat().st_ino) == (stamp[1], inode)
    assert (scan.scan() if how == "scan" else scan.check(b"a.jpg")) == Outcome(work=1)


@pytest.mark.parametrize("how", ["scan", "check"])
@pytest.mark.parametrize("name", ["a.xmp", "a.jpg.xmp", "a.jpg.json", "a.jpg.supplemental-metadata.json"])
def test_a_sidecar_that_comes_changes_or_goes_makes_its_photo_be_read_again(scan: Scan, how: str, name: str) -> None:
    for photo in ("sub/a.jpg", "sub/b.jpg"):
        draw_photo(scan.root / photo)
    scan.scan()
    _index_all(scan)
    sidecar = scan.root / "sub" / name

    def look() -> Outcome:
        time.sleep(0.02)
        return scan.scan() if how == "scan" else scan.check(b"sub/" + name.encode())

    def edit() -> None:
        stamp = _stamp(sidecar)
        sidecar.write_text("b")
        os.utime(sidecar, ns=stamp)

    for change in (lambda: sidecar.write_text("a"), edit, sidecar.unlink):
        change()
        assert look() == Outcome(work=1)
        assert scan.states() == {b"sub/a.jpg": "pending", b"sub/b.jpg": "indexed"}
        _index_all(scan)
        assert look() == Outcome()
        assert scan.scan() == Outcome()  # event and scan agree


def test_the_older_of_two_sidecars_is_missed_when_it_goes(scan: Scan) -> None:
    draw_photo(scan.root / "a.jpg")
    (scan.root / "a.xmp").write_text("old")
    time.sleep(0.02)
    (scan.root / "a.jpg.json").write_text("new")
    assert scan.scan().work == 1
    _index_all(scan)
    os.unlink(scan.root / "a.xmp")
    assert scan.scan().work == 1


def test_sidecars_that_are_ignored_links_or_folders_say_nothing(scan: Scan, tmp_path: Path) -> None:
    draw_photo(scan.root / "a.jpg")
    scan.scan()
    _index_all(scan)
    (tmp_path / "elsewhere.xmp").write_text("x")
    (scan.root / "a.xmp").symlink_to(tmp_path / "elsewhere.xmp")
    (scan.root / "a.jpg.xmp").mkdir()
    (scan.root / ".xmp").write_text("x")
    assert scan.check(b"a.xmp", b"a.jpg.xmp", b".xmp", b"a.jpg") == Outcome()
    assert scan.scan() == Outcome()


def test_many_sidecars_that_come_at_once_are_all_followed(scan: Scan) -> None:
    names = [f"{number}.jpg" for number in range(150)]
    for name in names:
        draw_photo(scan.root / name)
    scan.scan()
    _index_all(scan)
    for name in names:
        (scan.root / f"{name}.json").write_text("{}")
    assert scan.check(*(f"{name}.json".encode() for name in names)).work == 150
    _index_all(scan)
    assert scan.scan() == Outcome()


def test_a_folder_that_cannot_be_read_keeps_what_is_known_of_it(scan: Scan, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a/1.jpg", "b/2.jpg", "c/3.jpg"):
        draw_photo(scan.root / name)
    scan.scan()
    _index_all(scan)
    real = os.scandir

    def scandir(path: bytes) -> object:
        if path == os.fsencode(scan.root / "b"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert scan.scan() == Outcome(unreadable=1)
    assert set(scan.states().values()) == {"indexed"}


def test_a_library_whose_folder_is_gone_goes_offline_and_loses_nothing(scan: Scan, tmp_path: Path) -> None:
    draw_photo(scan.root / "a.jpg")
    scan.scan()
    _index_all(scan)
    os.rename(scan.root, tmp_path / "unplugged")
    problem = scan.scan().problem
    assert problem is not None and "is its disk connected?" in problem
    assert scan.library.state == "offline"
    assert scan.check(b"a.jpg").problem == problem
    assert scan.states() == {b"a.jpg": "indexed"}
    os.rename(tmp_path / "unplugged", scan.root)
    assert scan.scan() == Outcome()
    assert (scan.library.state, scan.library.problem) == ("online", None)


def test_an_empty_folder_in_place_of_the_disk_changes_nothing(scan: Scan, tmp_path: Path) -> None:
    for number in range(5):
        draw_photo(scan.root / f"{number}.jpg")
    scan.scan()
    _index_all(scan)
    os.rename(scan.root, tmp_path / "unplugged")
    scan.root.mkdir()  # the mount point, with nothing mounted
    assert scan.check(b"1.jpg").problem is not None
    problem = scan.scan().problem
    assert problem is not None and "is its disk mounted?" in problem
    assert set(scan.states().values()) == {"indexed"}
    scan.root.rmdir()
    os.rename(tmp_path / "unplugged", scan.root)
    assert scan.scan() == Outcome()
    assert scan.library.state == "online"


def test_a_disk_that_stays_away_is_not_believed_gone_in_the_end(scan: Scan, tmp_path: Path) -> None:
    for number in range(5):
        draw_photo(scan.root / f"{number}.jpg")
    scan.scan()
    _index_all(scan)
    os.rename(scan.root, tmp_path / "unplugged")
    scan.root.mkdir()
    draw_photo(scan.root / "other.jpg")
    for _ in range(3):
        assert scan.scan().problem is not None
        assert scan.check(b"1.jpg", b"other.jpg").problem is not None
        assert scan.library.state == "offline"
    assert set(scan.states().values()) == {"indexed", "pending"}
    shutil.rmtree(scan.root)
    os.rename(tmp_path / "unplugged", scan.root)
    assert scan.scan() == Outcome(missing=1)
    assert scan.library.state == "online"
    assert set(scan.states().values()) == {"indexed", "missing"}


def test_another_disk_with_the_same_photos_is_the_library_again(scan: Scan, tmp_path: Path) -> None:
    for number in range(5):
        draw_photo(scan.root / f"{number}.jpg")
    scan.scan()
    os.rename(scan.root, tmp_path / "old disk")
    scan.root.mkdir()
    assert scan.scan().problem is not None
    shutil.copytree(tmp_path / "old disk", scan.root, dirs_exist_ok=True)
    assert scan.scan().work == 5
    assert scan.library.state == "online"


def test_a_folder_that_its_owner_emptied_is_believed_when_the_owner_says_so(scan: Scan) -> None:
    draw_photo(scan.root / "a.jpg")
    scan.scan()
    os.unlink(scan.root / "a.jpg")
    problem = scan.scan().problem
    assert problem is not None and f"photoindex library confirm {scan.library_id}" in problem
    assert (scan.library.state, scan.library.held) == ("offline", 1)
    scan.confirm()
    assert scan.scan() == Outcome(missing=1)
    assert (scan.library.state, scan.library.held, scan.library.problem) == ("online", 0, None)
    assert scan.scan() == Outcome()


def test_a_file_written_to_this_moment_waits_until_it_has_settled(scan: Scan) -> None:
    scan.scanner._recorder.settle_seconds = 60
    draw_photo(scan.root / "fresh.jpg")
    os.utime(draw_photo(scan.root / "old.jpg"), (1, 1))
    os.utime(draw_photo(scan.root / "future.jpg"), (2**32, 2**32))
    scan.scan()
    with scan.database.read() as session:
        assert [work.path for work in files.next_batch(session, 10, time.time())] == [b"future.jpg", b"old.jpg"]


def test_files_that_failed_for_a_passing_reason_are_tried_again(scan: Scan) -> None:
    for name in ("locked.jpg", "broken.jpg"):
        draw_photo(scan.root / name)
    scan.scan()
    with scan.database.write() as session:
        for work in files.next_batch(session, 10, 0):
            reason = "unreadable" if work.path == b"locked.jpg" else "broken"
            files.mark_failed(session, work, reason, "")
    scan.scan()
    assert scan.states() == {b"broken.jpg": "failed", b"locked.jpg": "pending"}


@pytest.mark.parametrize(
    "name", [b"caf\xe9.jpg", b"new\nline.jpg", b"\xf0\x9f\x90\x88.jpg", b"-rf.jpg", b"x" * 251 + b".jpg"]
)
def test_odd_names_are_kept_byte_for_byte(scan: Scan, name: bytes) -> None:
    draw_photo(scan.root / "plain.jpg").rename(os.fsdecode(os.path.join(os.fsencode(scan.root), name)))
    assert scan.scan().work == 1
    assert set(scan.states()) == {name}


def test_a_row_that_changes_while_its_file_is_read_stays_pending(scan: Scan) -> None:
    draw_photo(scan.root / "a.jpg")
    scan.scan()
    with scan.database.write() as session:
        (work,) = files.next_batch(session, 10, 0)
    draw_photo(scan.root / "a.jpg", size=(32, 32))
    scan.check(b"a.jpg")
    with scan.database.write() as session:
        assert not files.mark_failed(session, work, "broken", "")
    assert scan.states() == {b"a.jpg": "pending"}


def test_a_scan_can_be_stopped_in_the_middle_without_marking_anything_missing(scan: Scan) -> None:
    for number in range(50):
        draw_photo(scan.root / f"{number:02}.jpg")
    scan.scan()
    for number in range(50):
        os.unlink(scan.root / f"{number:02}.jpg")
    draw_photo(scan.root / "x.jpg")
    scan.scanner._stop.set()
    scan.scan()
    assert set(scan.states().values()) == {"pending"}


def _index_all(scan: Scan) -> None:
    """Mark every pending file as indexed, as a photo of its own."""
    from datetime import datetime

    from photoindex import photos

    with scan.database.write() as session:
        for work in files.next_batch(session, 1000, 0):
            new = photos.NewPhoto(work.file_id.to_bytes(32, "big"), "png", 1, 1, 1, None, datetime(2020, 1, 1))
            assert files.mark_indexed(session, work, work.stat, photos.store(session, new))


def test_numbers_beyond_what_sqlite_holds_wrap() -> None:
    times = {"st_mtime_ns": 2**63, "st_ctime_ns": -(2**63) - 1}
    result = os.stat_result((0o100644, 2**64 - 1, 1, 1, 0, 0, 5, 0, 0, 0), times)
    assert FileStat.of(result) == FileStat(5, -(2**63), -1, 2**63 - 1)
