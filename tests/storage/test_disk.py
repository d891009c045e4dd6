"""The folders of this machine, one level at a time; and how much room things take on the disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from photoindex import disk, mounts, sizes
from photoindex.errors import LibraryError
from photoindex.media import promises_photo


def listing(path: Path | bytes, **options: float) -> disk.Listing:
    return disk.listing(os.fsencode(path), promises_photo, **options)


def test_folders_are_listed_as_people_count_and_files_are_not(tmp_path: Path) -> None:
    for name in ("trip 10", "trip 2", "Berlin", ".hidden"):
        (tmp_path / name).mkdir()
    (tmp_path / "photo.jpg").touch()
    found = listing(tmp_path)
    assert [each.name for each in found.folders] == ["Berlin", "trip 2", "trip 10"]
    assert [each.name for each in found.above] == ["/", *tmp_path.parts[1:]]
    assert found.above[-1].path == os.fsencode(tmp_path)


def test_pictures_are_counted_by_their_names_up_to_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "some").mkdir()
    (tmp_path / "none").mkdir()
    for name in ("a.jpg", "b.HEIC", "c.mp4", "d.txt", ".e.jpg", "f"):
        (tmp_path / "some" / name).touch()
    assert {each.name: (each.pictures, each.more) for each in listing(tmp_path).folders} == {
        "none": (0, False),
        "some": (3, False),
    }
    assert {each.pictures for each in listing(tmp_path, count_seconds=0.0).folders} == {None}
    monkeypatch.setattr(disk, "MOST_COUNTED", 2)
    assert {each.more for each in listing(tmp_path / "..").folders if each.name == tmp_path.name} == {False}
    assert [each.more for each in listing(tmp_path).folders] == [False, True]


def test_a_mount_is_listed_and_not_looked_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my disk").mkdir()
    (tmp_path / "my disk" / "a.jpg").touch()
    table = tmp_path / "mountinfo"
    table.write_text(f"40 20 0:35 / {tmp_path}/my\\040disk rw - nfs server:/x rw\n")
    monkeypatch.setattr(mounts, "MOUNTS", table)
    (found,) = listing(tmp_path).folders
    assert (found.name, found.pictures) == ("my disk", None)
    monkeypatch.setattr(disk, "MOUNTED_BELOW", (os.fsencode(tmp_path),))
    assert found.path in {each.path for each in disk.starting_points(tmp_path / "home")}


def test_the_desktops_folder_of_pictures_is_where_one_begins(tmp_path: Path) -> None:
    (tmp_path / ".config").mkdir()
    (tmp_path / "Images").mkdir()
    (tmp_path / ".config" / "user-dirs.dirs").write_text('# x\nXDG_PICTURES_DIR="$HOME/Images"\n')
    names = [each.name for each in disk.starting_points(tmp_path)]
    assert names[:2] == [tmp_path.name, "Images"] and names[-1] == "/"


@pytest.mark.parametrize("path", [b"/proc", b"/proc/1/root", b"/sys", b"/dev/shm", b"/etc", b"/run/user", b"/usr/lib"])
def test_what_belongs_to_the_system_is_kept_out(path: bytes) -> None:
    with pytest.raises(LibraryError, match="belongs to the system"):
        disk.check_shown(path)


def test_disks_that_desktops_mount_are_not_the_system() -> None:
    disk.check_shown(b"/run/media/ann/disk")
    disk.check_shown(b"/media/ann/disk")


def test_a_link_is_followed_unless_it_leads_to_what_is_kept_out(tmp_path: Path) -> None:
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "real").mkdir()
    for name, target in (("good", "real"), ("secret", ".hidden"), ("kernel", "/proc"), ("broken", "nothing")):
        (tmp_path / name).symlink_to(target)
    (tmp_path / "loop").symlink_to("loop")
    assert [each.name for each in listing(tmp_path).folders] == ["good", "real"]


@pytest.mark.parametrize("name", ["nothing", "file"])
def test_what_is_no_folder_is_said_in_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LibraryError, match="can't be read") as refused:
        listing(tmp_path / name)
    assert "\n" not in str(refused.value)


def test_room_on_the_disk_is_that_of_the_files_and_thumbnails_may_be_estimated(tmp_path: Path) -> None:
    (tmp_path / "photoindex.db").write_bytes(b"x" * 1000)
    (tmp_path / "photoindex.db-wal").write_bytes(b"x" * 50)
    for number in range(16):
        part = tmp_path / "thumbnails" / f"{number:02x}"
        part.mkdir(parents=True)
        (part / "a.jpg").write_bytes(b"x" * 100)
    paths = tmp_path / "photoindex.db", tmp_path / "thumbnails", tmp_path / "snapshots"
    found = sizes.measure(*paths, budget_seconds=60)
    assert (found.database, found.thumbnails, found.thumbnails_are_estimated, found.snapshots) == (1050, 1600, False, 0)
    assert found.free is not None and found.free > 0
    estimated = sizes.measure(*paths, budget_seconds=0)
    assert (estimated.thumbnails, estimated.thumbnails_are_estimated) == (1600, True)
