"""Reading originals: whole, unchanged, regular files only."""

import errno
import os
import tempfile
import threading
from pathlib import Path

import pytest
from blake3 import blake3
from drawing import draw_photo

from photoindex.errors import UnreadableFileError
from photoindex.media import read_original, reading
from photoindex.media.formats import MP4
from photoindex.media.reading import Stopped, open_original


def _reason(path, **options) -> str:
    with pytest.raises(UnreadableFileError) as caught:
        read_original(os.fsencode(path), **options)
    return caught.value.reason


def test_an_original_comes_with_its_hash_and_its_files_identity(tmp_path):
    path = draw_photo(tmp_path / "a.jpg", seed=1)
    original, stat = read_original(os.fsencode(path)), path.stat()
    assert original.content == path.read_bytes()
    assert original.content_hash == blake3(path.read_bytes()).digest()
    assert (original.size_bytes, original.mtime_ns) == (stat.st_size, stat.st_mtime_ns)
    assert (original.inode, original.device) == (stat.st_ino, stat.st_dev)


def test_a_name_that_is_not_utf_8_can_be_read(tmp_path):
    path = os.fsencode(tmp_path) + b"/\xff\xfe \n.jpg"
    os.rename(draw_photo(tmp_path / "a.jpg"), path)
    assert read_original(path).size_bytes > 0


def test_an_original_of_several_chunks_is_read_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "_CHUNK_BYTES", 100)
    path = draw_photo(tmp_path / "a.jpg", seed=1)
    assert read_original(os.fsencode(path)).content == path.read_bytes()


def test_a_file_that_is_gone_is_gone_and_not_broken(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_original(os.fsencode(tmp_path / "a.jpg"))
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(NotADirectoryError):
        read_original(os.fsencode(tmp_path / "file" / "a.jpg"))


def test_an_empty_file_says_so(tmp_path):
    (tmp_path / "a.jpg").touch()
    assert _reason(tmp_path / "a.jpg") == "empty"


@pytest.mark.timeout(10)
def test_a_pipe_named_like_a_photo_blocks_nobody(tmp_path):
    os.mkfifo(tmp_path / "a.jpg")
    assert _reason(tmp_path / "a.jpg") == "not-a-photo"


def test_folders_symlinks_and_devices_are_no_photos(tmp_path):
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / "link.jpg").symlink_to(draw_photo(tmp_path / "a.jpg"))
    (tmp_path / "dangling.jpg").symlink_to("nowhere")
    (tmp_path / "loop.jpg").symlink_to("loop.jpg")
    for name in ("folder.jpg", "link.jpg", "dangling.jpg", "loop.jpg"):
        assert _reason(tmp_path / name) == "not-a-photo"
    assert _reason("/dev/zero") == "not-a-photo"


def test_a_file_above_the_limit_is_not_read_at_all(tmp_path):
    path = tmp_path / "sparse.jpg"
    with path.open("wb") as file:
        file.truncate(10_000_000_000)
    assert _reason(path) == "too-large"
    path = draw_photo(tmp_path / "a.jpg")
    assert _reason(path, max_bytes=path.stat().st_size - 1) == "too-large"
    assert read_original(os.fsencode(path), max_bytes=path.stat().st_size)


def test_a_file_without_permission_is_unreadable():
    with tempfile.TemporaryDirectory() as folder:
        path = draw_photo(Path(folder) / "a.jpg")
        path.chmod(0)
        if os.geteuid() != 0:
            assert _reason(path) == "unreadable"
            return
        os.chmod(folder, 0o755)
        os.seteuid(65534)  # root may read everything; nobody may not
        try:
            assert _reason(path) == "unreadable"
        finally:
            os.seteuid(0)


@pytest.mark.parametrize("code", [errno.EACCES, errno.EPERM, errno.EIO, errno.ESTALE])
def test_permission_and_disk_errors_are_unreadable(tmp_path, monkeypatch, code):
    def fail(*_):
        raise OSError(code, os.strerror(code))

    path = draw_photo(tmp_path / "a.jpg")
    monkeypatch.setattr(reading.os, "read", fail)
    assert _reason(path) == "unreadable"


@pytest.mark.parametrize("change", ["grow", "shrink", "touch", "rewrite"])
def test_a_file_that_changes_while_it_is_read_is_told(tmp_path, monkeypatch, change):
    path = draw_photo(tmp_path / "a.jpg", seed=1)
    read, size = os.read, path.stat().st_size

    def change_first(descriptor, length):
        if change == "grow":
            with path.open("ab") as file:
                file.write(b"more")
        elif change == "shrink":
            os.truncate(path, size // 2)
        elif change == "rewrite":
            path.write_bytes(b"x" * size)
        os.utime(path, ns=(1, 1))
        return read(descriptor, length)

    monkeypatch.setattr(reading.os, "read", change_first)
    assert _reason(path) == "changed-while-reading"


def test_a_size_that_the_bytes_do_not_confirm_is_told(tmp_path, monkeypatch):
    path = draw_photo(tmp_path / "a.jpg", seed=1)
    monkeypatch.setattr(reading, "_read_at_most", lambda *_: b"short")  # some network file systems do that
    assert _reason(path) == "changed-while-reading"


def test_no_descriptor_stays_open(tmp_path):
    path, before = draw_photo(tmp_path / "a.jpg"), len(os.listdir("/proc/self/fd"))
    read_original(os.fsencode(path))
    _reason("/dev/zero")
    assert len(os.listdir("/proc/self/fd")) == before


def _video(path: Path, size_bytes: int = 10_000) -> Path:
    head = b"\0\0\0\x14ftypisom\0\0\2\0mp42"
    path.write_bytes(head + b"v" * (size_bytes - len(head)))
    return path


def _open_reason(path, **options) -> str:
    with pytest.raises(UnreadableFileError) as caught, open_original(os.fsencode(path), **options):
        pass
    return caught.value.reason


def test_a_photo_is_opened_whole(tmp_path):
    path = draw_photo(tmp_path / "a.jpg", seed=1)
    with open_original(os.fsencode(path)) as original:
        assert original == read_original(os.fsencode(path))
        assert original.video is None


def test_a_video_is_hashed_and_stays_open_but_is_not_held_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "_HASH_CHUNK_BYTES", 1000)
    path = _video(tmp_path / "a.mp4")
    with open_original(os.fsencode(path), max_bytes=100) as original:
        whole, stat = read_original(os.fsencode(path)), path.stat()
        assert (original.content, original.content_hash) == (b"", whole.content_hash)
        assert (original.size_bytes, original.mtime_ns) == (stat.st_size, stat.st_mtime_ns)
        assert (original.inode, original.device, original.ctime_ns) == (stat.st_ino, stat.st_dev, stat.st_ctime_ns)
        assert original.video_format is MP4
        assert original.video.read() == path.read_bytes()
        original.video.seek(4)
        assert original.video.read(4) == b"ftyp"
    assert original.video.closed


def test_each_kind_of_original_has_its_own_limit(tmp_path):
    video, photo = _video(tmp_path / "a.mp4"), draw_photo(tmp_path / "a.jpg", seed=1)
    assert _open_reason(video, max_video_bytes=9_999) == "too-large"
    assert _open_reason(photo, max_bytes=100, max_video_bytes=10**9) == "too-large"
    with (tmp_path / "sparse.mp4").open("wb") as file:
        file.write(video.read_bytes())
        file.truncate(reading.MAX_VIDEO_BYTES + 1)
    assert _open_reason(tmp_path / "sparse.mp4") == "too-large"


def test_what_cannot_be_read_cannot_be_opened(tmp_path):
    (tmp_path / "empty.mp4").touch()
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "link.mp4").symlink_to(_video(tmp_path / "a.mp4"))
    assert _open_reason(tmp_path / "empty.mp4") == "empty"
    assert _open_reason(tmp_path / "pipe.mp4") == "not-a-photo"
    assert _open_reason(tmp_path / "link.mp4") == "not-a-photo"
    with pytest.raises(FileNotFoundError), open_original(os.fsencode(tmp_path / "none.mp4")):
        pass


def test_hashing_a_video_stops_when_it_is_told_to(tmp_path):
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped), open_original(os.fsencode(_video(tmp_path / "a.mp4")), stop=stop):
        pass


def test_a_video_that_changes_while_it_is_hashed_or_open_is_told(tmp_path, monkeypatch):
    path, read = _video(tmp_path / "a.mp4"), os.read
    with pytest.raises(UnreadableFileError, match="changed-while-reading"), open_original(os.fsencode(path)):
        os.truncate(path, 5_000)
    _video(path)
    monkeypatch.setattr(reading.os, "read", lambda *arguments: read(*arguments)[:-1])
    assert _open_reason(path) == "changed-while-reading"

    def touch_first(*arguments):
        os.utime(path, ns=(1, 1))
        return read(*arguments)

    monkeypatch.setattr(reading.os, "read", touch_first)
    assert _open_reason(path) == "changed-while-reading"


def test_an_error_in_the_middle_is_not_hidden_by_a_change(tmp_path):
    path = _video(tmp_path / "a.mp4")
    with pytest.raises(KeyError), open_original(os.fsencode(path)):
        path.write_bytes(b"")
        raise KeyError


def test_no_descriptor_of_a_video_stays_open(tmp_path, monkeypatch):
    path, before = _video(tmp_path / "a.mp4"), len(os.listdir("/proc/self/fd"))
    with open_original(os.fsencode(path)):
        pass
    _open_reason(path, max_video_bytes=1)
    monkeypatch.setattr(reading.os, "dup", lambda _: (_ for _ in ()).throw(OSError(errno.EMFILE, "too many files")))
    assert _open_reason(path) == "unreadable"
    assert len(os.listdir("/proc/self/fd")) == before
