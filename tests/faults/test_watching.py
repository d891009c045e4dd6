"""The kernel drops events, or watches less than there is: it is noticed, said, and made up for by scans."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import psutil
import pytest
from daemon.conftest import Home, assert_invariants, eventually, home, running
from drawing import draw_photo
from faults.namespaces import daemon, needs_namespaces
from sqlalchemy import select

from photoindex import libraries
from photoindex.models import File, FileState
from photoindex.mounts import Mount, mount_of

__all__ = ["home", "running"]

QUEUE = Path("/proc/sys/fs/inotify/max_queued_events")


def _paths(home: Home) -> set[str]:
    """The files that are indexed, by path."""
    return {os.fsdecode(file.path) for photo in home.photos() for file in photo.files}


def _known(home: Home) -> set[str]:
    """The photos that are known to be there, whether they have been read or not."""
    database = home.open()
    with database.read() as session:
        found = session.scalars(select(File.path).where(File.state.in_((FileState.PENDING, FileState.INDEXED)))).all()
    database.close()
    return {path for path in map(os.fsdecode, found) if path.endswith(".jpg")}


def _processor_seconds(pid: int) -> float:
    used = psutil.Process(pid).cpu_times()
    return float(used.user + used.system)


def _on_disk(home: Home) -> set[str]:
    return {str(path.relative_to(home.root)) for path in home.root.rglob("*.jpg")}


@pytest.mark.parametrize("by", ["noise", pytest.param("photos", marks=[pytest.mark.long, pytest.mark.timeout(1200)])])
def test_R11_an_inotify_queue_that_overflows_is_followed_by_a_scan(home: Home, by: str) -> None:
    """The queue is filled by renaming one file, which is quick; in the long run by 20,000 photos."""
    for number in range(60):
        home.draw(f"{number % 3}/{number}.jpg", seed=number)
    sample = (home.root / "0" / "0.jpg").read_bytes()
    with daemon(home) as process:
        eventually(lambda: home.counts().indexed == 60)
        process.send_signal(signal.SIGSTOP)
        if by == "noise":
            noise = home.root / "noise"
            noise.touch()
            for _ in range(int(QUEUE.read_text()) // 2 + 100):
                os.rename(noise, home.root / "nois_")
                os.rename(home.root / "nois_", noise)
            os.unlink(noise)
        else:
            for number in range(20_000):
                folder = home.root / f"many {number % 50}"
                folder.mkdir(exist_ok=True)
                (folder / f"{number}.jpg").write_bytes(sample)
        for number in range(20):
            draw_photo(home.root / "late" / f"{number}.jpg", seed=100 + number)
            os.unlink(home.root / "1" / f"{3 * number + 1}.jpg")
            os.rename(home.root / "2" / f"{3 * number + 2}.jpg", home.root / "2" / f"renamed {number}.jpg")
        assert home.status().libraries[0].overflows == 0
        process.send_signal(signal.SIGCONT)
        eventually(lambda: home.status().libraries[0].overflows >= 1)  # 2 s where nothing else runs
        used = _processor_seconds(process.pid)
        eventually(lambda: _known(home) == _on_disk(home), 60)
        assert _processor_seconds(process.pid) - used < 5  # on the clock too, where the machine has nothing else to do
        eventually(lambda: home.counts().pending == 0 and _paths(home) == _on_disk(home), 30 if by == "noise" else 900)
        draw_photo(home.root / "late" / "afterwards.jpg", seed=999)  # it still watches
        eventually(lambda: "late/afterwards.jpg" in _paths(home))
    assert_invariants(home)


def test_R12_fewer_folders_watched_than_there_are_is_said_and_made_up_for_by_scans(home: Home) -> None:
    needs_namespaces("-Ur")
    for number in range(100):
        (home.root / f"{number:03}").mkdir()
    limited = ("unshare", "-Ur", "sh", "-c", 'echo 64 > /proc/sys/user/max_inotify_watches; exec "$0" "$@"')
    with daemon(home, *limited, poll_interval_seconds=1):
        eventually(lambda: home.status().libraries[0].notices)
        status = home.status().libraries[0]
        assert status.folders == 101
        assert status.watched is not None and 60 <= status.watched <= 64
        (notice,) = status.notices
        assert f"{status.watched} of 101 folders are watched" in notice
        assert "sysctl fs.inotify.max_user_watches=" in notice
        for number in range(0, 200, 10):  # half of them in folders that are new
            home.draw(f"{number:03}/later.jpg", seed=100 + number)
        eventually(lambda: home.counts().indexed == 20)
        eventually(lambda: "of 111 folders are watched" in "".join(home.status().libraries[0].notices))
    assert_invariants(home)


def test_R13_without_an_inotify_instance_it_scans_and_says_so(home: Home) -> None:
    needs_namespaces("-Ur")
    home.draw("a.jpg", seed=1)
    limited = ("unshare", "-Ur", "sh", "-c", 'echo 0 > /proc/sys/user/max_inotify_instances; exec "$0" "$@"')
    with daemon(home, *limited, poll_interval_seconds=1):
        eventually(lambda: home.counts().indexed == 1 and home.status().libraries[0].notices)
        (notice,) = home.status().libraries[0].notices
        assert "fs.inotify.max_user_instances" in notice
        home.draw("b.jpg", seed=2)
        eventually(lambda: home.counts().indexed == 2)


TABLE = rb"""22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
40 27 0:30 / /mnt/nas rw shared:5 - nfs4 nas:/photos rw,vers=4.2
41 27 0:31 / /mnt/my\040pictures rw - cifs //nas/pictures rw
42 27 0:32 / /home/ada/phone rw - fuse.sshfs phone: rw
43 27 8:17 / /media/usb rw - fuseblk /dev/sdb1 rw
44 40 8:33 / /mnt/nas/local rw - ext4 /dev/sdc1 rw
45 27 0:33 / /host rw - fakeowner /run/host rw
46 27 0:34 / /media/usb rw - 9p drive rw
no mount at all
"""


@pytest.mark.parametrize(
    ("folder", "kind", "tells"),
    [
        (b"/home/ada/Pictures", "ext4", True),
        (b"/mnt/nas", "nfs4", False),
        (b"/mnt/nas/2024/May", "nfs4", False),
        (b"/mnt/nas2", "ext4", True),
        (b"/mnt/my pictures/a", "cifs", False),
        (b"/home/ada/phone/DCIM", "fuse.sshfs", False),
        (b"/mnt/nas/local", "ext4", True),
        (b"/host/photos", "fakeowner", False),
        (b"/media/usb", "9p", False),
    ],
)
def test_the_mount_that_a_folder_lies_on_says_whether_changes_are_told(folder: bytes, kind: str, tells: bool) -> None:
    mount = mount_of(folder, TABLE)
    assert mount is not None
    assert (mount.type, mount.tells_changes) == (kind, tells)
    assert Mount(b"/", "fuseblk").tells_changes


def test_a_library_on_a_network_is_scanned_as_often_as_its_owner_says(
    home: Home, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("photoindex.daemon.tending.mount_of", lambda _root: Mount(b"/", "nfs4"))
    request.getfixturevalue("running")
    (notice,) = home.status().libraries[0].notices
    assert "nfs4" in notice and "300 seconds" in notice
    home.draw("a.jpg")
    time.sleep(1.5)
    assert home.counts().indexed == 0
    database = home.open()
    with database.write() as session:
        libraries.set_poll(session, 1, 1)
    database.close()
    eventually(lambda: home.counts().indexed == 1)
    home.draw("b.jpg")
    eventually(lambda: home.counts().indexed == 2)
