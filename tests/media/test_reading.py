"""Reading originals: whole, unchanged, regular files only."""

import errno
import os
import tempfile
from pathlib import Path

import pytest
from blake3 import blake3
from drawing import draw_photo

from photoindex.errors import UnreadableFileError
from photoindex.media import read_original, reading


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
