"""Thumbnails and originals: what is sent, as what, and what never is."""

from __future__ import annotations

import os
import shutil
import socket
import tracemalloc
from email.message import Message
from pathlib import Path
from urllib.parse import unquote

import pytest
from drawing import draw_photo
from filming import film_video
from sqlalchemy import update

from photoindex import media
from photoindex.media.formats import VIDEO_FORMATS
from photoindex.models import File, Photo
from photoindex.web.media import MIME_TYPES, disposition

IMG_ACCEPT = {"Accept": "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"}


@pytest.fixture
def ask(make_app):
    """GETs an address and returns the response with its body read and its file closed."""
    client = make_app().test_client()
    return lambda address, **headers: client.get(address, headers=headers, buffered=True)


def test_thumbnail_is_kept_by_browsers(gallery, ask):
    gallery.draw("a.jpg", size=(800, 600))
    first = ask("/api/v1/photos/1/thumbnail")
    assert (first.status_code, first.mimetype) == (200, "image/jpeg")
    assert first.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    again = ask("/api/v1/photos/1/thumbnail", **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(b"")])
def test_missing_thumbnail_is_made_again(gallery, ask, damage):
    gallery.draw("a.jpg", size=(800, 600))
    path = _thumbnail(gallery, "a.jpg")
    before = path.read_bytes()
    damage(path)
    response = ask("/api/v1/photos/1/thumbnail")
    assert response.status_code == 200
    assert response.data == path.read_bytes() == before


def test_thumbnail_that_cannot_be_had_is_a_problem_or_a_placeholder(gallery, ask):
    gallery.draw("a.jpg")
    _thumbnail(gallery, "a.jpg").unlink()
    (gallery.root / "a.jpg").unlink()
    for_programs = ask("/api/v1/photos/1/thumbnail", Accept="*/*")
    assert (for_programs.status_code, for_programs.mimetype) == (404, "application/problem+json")
    for_pages = ask("/api/v1/photos/1/thumbnail", **IMG_ACCEPT)
    assert (for_pages.status_code, for_pages.mimetype) == (404, "image/svg+xml")
    assert for_pages.headers["Cache-Control"] == "no-store"


def test_thumbnail_is_never_made_from_another_content(gallery, ask):
    gallery.draw("a.bmp", "red")
    path = _thumbnail(gallery, "a.bmp")
    path.unlink()
    size = (gallery.root / "a.bmp").stat().st_size
    draw_photo(gallery.root / "a.bmp", colour="blue")
    assert (gallery.root / "a.bmp").stat().st_size == size
    assert ask("/api/v1/photos/1/thumbnail", Accept="*/*").status_code == 404
    assert not path.exists()


@pytest.mark.parametrize(
    ("name", "mime_type", "kind"),
    [
        ("a.jpg", "image/jpeg", "inline"),
        ("a.png", "image/png", "inline"),
        ("a.webp", "image/webp", "inline"),
        ("a.gif", "image/gif", "inline"),
        ("a.bmp", "image/bmp", "inline"),
        ("a.avif", "image/avif", "inline"),
        ("a.tif", "image/tiff", "attachment"),
        ("a.heic", "image/heif", "attachment"),
    ],
)
def test_originals_are_sent_as_what_they_are(gallery, ask, name, mime_type, kind):
    gallery.draw(name)
    response = ask("/api/v1/photos/1/original")
    assert response.data == (gallery.root / name).read_bytes()
    assert response.headers["Content-Type"] == mime_type
    assert response.headers["Content-Disposition"] == f'{kind}; filename="{name}"'
    assert response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    saved = ask("/api/v1/photos/1/original?download=1")
    assert saved.headers["Content-Disposition"].startswith("attachment; ")


def test_every_format_has_a_type_that_browsers_do_not_run():
    assert set(MIME_TYPES) == {format.name for format in (*media.FORMATS, *VIDEO_FORMATS)}
    assert all(each.startswith(("image/", "video/")) and "svg" not in each for each in MIME_TYPES.values())


def test_polyglot_is_sent_as_a_picture(gallery, ask):
    path = draw_photo(gallery.root / "page.html.gif", format="GIF")
    path.write_bytes(path.read_bytes() + b"<html><script>alert(1)</script>")
    gallery.index(b"page.html.gif")
    response = ask("/api/v1/photos/1/original")
    assert response.headers["Content-Type"] == "image/gif"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_originals_come_in_ranges(gallery, ask):
    gallery.draw("a.bmp", size=(400, 300))
    content = (gallery.root / "a.bmp").read_bytes()
    part = ask("/api/v1/photos/1/original", Range="bytes=1000-1999")
    assert (part.status_code, part.data) == (206, content[1000:2000])
    assert part.headers["Content-Range"] == f"bytes 1000-1999/{len(content)}"
    assert ask("/api/v1/photos/1/original", Range="bytes=-7").data == content[-7:]
    beyond = ask("/api/v1/photos/1/original", Range=f"bytes={len(content)}-")
    assert (beyond.status_code, beyond.mimetype) == (416, "application/problem+json")
    assert beyond.headers["Content-Range"] == f"bytes */{len(content)}"
    etag = ask("/api/v1/photos/1/original").headers["ETag"]
    assert ask("/api/v1/photos/1/original", **{"If-None-Match": etag}).status_code == 304


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=5-", (5, None)),
        ("BYTES=5-6", (5, 7)),
        ("bytes= 5-6 ", (5, 7)),
        ("bytes=0-999999999", (0, None)),
        ("bytes=-999999999", (0, None)),
        ("bytes=-3", (-3, None)),
        # What is malformed, of another unit, or several at once, is answered as if it were not there (RFC 9110, 14.2).
        *((header, None) for header in ("bytes=", "bytes=-", "bytes=6-5", "bytes=a-b", "bytes=1", "bytes 0-5")),
        *((header, None) for header in ("bytes=0-1,4-5", "bytes=0-1,", "rows=0-5", "bytes=٠-٥", "=0-5", "nonsense")),
        *((header, None) for header in ("bytes=--5", "bytes=0x0-5", "bytes=0-5-6", "bytes=" + 100 * "9" + "-")),
    ],
)
def test_a_range_is_sent_or_ignored(gallery, ask, header, expected):
    gallery.draw("a.bmp")
    content = (gallery.root / "a.bmp").read_bytes()
    response = ask("/api/v1/photos/1/original", Range=header.encode().decode("latin-1"))
    if expected is None:
        assert (response.status_code, response.data) == (200, content)
        assert "Content-Range" not in response.headers
    else:
        assert (response.status_code, response.data) == (206, content[slice(*expected)])
    assert response.content_length == len(response.data)
    assert response.headers["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize("header", ["bytes=-0", "bytes=999999999-", "bytes=999999999-999999999999"])
def test_a_range_behind_the_end_is_refused(gallery, ask, header):
    gallery.draw("a.bmp")
    response = ask("/api/v1/photos/1/original", Range=header)
    assert (response.status_code, response.mimetype) == (416, "application/problem+json")
    assert response.headers["Content-Range"] == f"bytes */{(gallery.root / 'a.bmp').stat().st_size}"


def test_a_range_is_sent_only_of_the_content_it_is_meant_for(gallery, ask):
    gallery.draw("a.bmp")
    etag = ask("/api/v1/photos/1/original").headers["ETag"]
    assert ask("/api/v1/photos/1/original", Range="bytes=1-2", **{"If-Range": etag}).status_code == 206
    for other in ('"another"', "Tue, 05 Mar 2024 14:03:07 GMT", "nonsense"):
        assert ask("/api/v1/photos/1/original", Range="bytes=1-2", **{"If-Range": other}).status_code == 200


def test_head_tells_the_length_and_sends_nothing(gallery, make_app):
    gallery.draw("a.bmp")
    with make_app().test_client().head("/api/v1/photos/1/original", headers={"Range": "bytes=1-2"}) as response:
        assert (response.status_code, response.data) == (200, b"")
        assert response.content_length == (gallery.root / "a.bmp").stat().st_size


@pytest.mark.parametrize(
    ("name", "mime_type", "kind"),
    [
        ("a.mp4", "video/mp4", "inline"),
        ("a.webm", "video/webm", "inline"),
        ("a.mov", "video/quicktime", "inline"),
        ("a.mkv", "video/matroska", "attachment"),
        ("a.avi", "video/x-msvideo", "attachment"),
    ],
)
def test_videos_are_sent_as_what_they_are(gallery, ask, name, mime_type, kind):
    gallery.film(name, ["red", "blue"])
    response = ask("/api/v1/photos/1/original", Range="bytes=100-199")
    assert (response.status_code, response.data) == (206, (gallery.root / name).read_bytes()[100:200])
    assert response.headers["Content-Type"] == mime_type
    assert response.headers["Content-Disposition"] == f'{kind}; filename="{name}"'
    assert response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_the_clip_inside_a_motion_photo_is_sent_as_a_video(gallery, ask):
    clip = film_video(gallery.root.parent / "clip.mp4", ["red", "blue"]).read_bytes()
    photo = draw_photo(gallery.root / "PXL.jpg", size=(320, 240))
    start = photo.stat().st_size
    photo.write_bytes(photo.read_bytes() + clip + b"after it")
    gallery.index(b"PXL.jpg", motion_offset=start, motion_bytes=len(clip))
    whole = ask("/api/v1/photos/1/motion")
    assert (whole.status_code, whole.data, whole.mimetype) == (200, clip, "video/mp4")
    assert whole.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert whole.headers["ETag"] != ask("/api/v1/photos/1/original").headers["ETag"]
    part = ask("/api/v1/photos/1/motion", Range="bytes=-7")
    assert (part.status_code, part.data) == (206, clip[-7:])
    assert part.headers["Content-Range"] == f"bytes {len(clip) - 7}-{len(clip) - 1}/{len(clip)}"
    assert ask("/api/v1/photos/1").json["motion_url"] == "/api/v1/photos/1/motion"
    (gallery.root / "PXL.jpg").unlink()
    assert ask("/api/v1/photos/1/motion").status_code == 404


@pytest.mark.parametrize(
    ("offset", "length"), [(None, None), (0, 10**9), (10**9, 1), (-1, 10), (5, 0), (5, -5), (2**62, 2**62), (5, None)]
)
def test_a_clip_that_is_not_inside_the_file_is_none(gallery, ask, offset, length):
    gallery.draw("a.jpg", metadata={"motion_offset": offset, "motion_bytes": length})
    assert ask("/api/v1/photos/1/motion").status_code == 404
    assert ask("/api/v1/photos/1").json["motion_url"] is None
    assert ask("/api/v1/photos/9/motion").status_code == 404


def test_the_clip_of_a_live_photo_is_the_video_beside_it(gallery, ask):
    gallery.draw("IMG_1.heic")
    gallery.film("IMG_1.mov", ["red"])
    gallery.pair("IMG_1.mov")
    content = (gallery.root / "IMG_1.mov").read_bytes()
    response = ask("/api/v1/photos/1/motion")
    assert (response.status_code, response.data, response.mimetype) == (200, content, "video/quicktime")
    photo = ask("/api/v1/photos/1").json
    (companion,) = photo["companions"]
    assert (companion["id"], companion["kind"], companion["format"]) == (2, "video", "mov")
    assert ask(companion["original_url"]).data == content
    assert ask("/api/v1/photos").json["total"] == 1


def test_gigabytes_are_sent_piece_by_piece(gallery, make_app):
    gallery.film("a.mp4", ["red"])
    path = gallery.root / "a.mp4"
    size = 8_000_000_000
    with path.open("r+b") as video:
        video.truncate(size)  # sparse: it takes no room
        video.seek(5_000_000_000)
        video.write(b"here")
    with gallery.database.write() as session:
        session.execute(update(Photo).values(size_bytes=size))
    client = make_app().test_client()
    tracemalloc.start()
    with client.get("/api/v1/photos/1/original", headers={"Range": "bytes=5000000000-"}) as response:
        pieces = iter(response.iter_encoded())
        first = next(pieces)
        assert (response.status_code, response.content_length) == (206, 3_000_000_000)
        assert first.startswith(b"here")
        assert all(len(next(pieces)) == len(first) < 1_000_000 for _ in range(100))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 8_000_000


def test_any_copy_will_do(gallery, ask):
    gallery.draw("one.jpg")
    shutil.copy(gallery.root / "one.jpg", gallery.root / "two.jpg")
    gallery.index(b"two.jpg")
    (gallery.root / "one.jpg").unlink()
    response = ask("/api/v1/photos/1/original")
    assert response.data == (gallery.root / "two.jpg").read_bytes()
    assert "two.jpg" in response.headers["Content-Disposition"]


def _swap_for_symlink(path: Path) -> None:
    secret = path.parents[2] / "secret"
    secret.write_bytes(path.read_bytes())
    path.unlink()
    path.symlink_to(secret)


def _swap_folder_for_symlink(path: Path) -> None:
    elsewhere = path.parents[2] / "elsewhere"
    path.parent.rename(elsewhere)
    path.parent.symlink_to(elsewhere)


def _swap_for_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _swap_for_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _swap_for_socket(path: Path) -> None:
    path.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as listener:  # by a short name, for socket paths are short
        listener.bind(f"/proc/self/fd/{folder}/{path.name}")
    os.close(folder)


def _grow(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"more")


@pytest.mark.parametrize(
    "swap",
    [
        Path.unlink,
        _swap_for_symlink,
        _swap_folder_for_symlink,
        _swap_for_pipe,
        _swap_for_folder,
        _swap_for_socket,
        _grow,
    ],
)
def test_what_took_the_place_of_an_original_is_not_sent(gallery, ask, swap):
    gallery.draw("folder/a.jpg")
    swap(gallery.root / "folder" / "a.jpg")
    response = ask("/api/v1/photos/1/original")
    assert (response.status_code, response.mimetype) == (404, "application/problem+json")
    assert "a.jpg is not there now" in response.json["detail"]


@pytest.mark.parametrize(
    "path", [b"../secret.jpg", b"folder/../../secret.jpg", b"/etc/hostname", b"folder//a.jpg", b""]
)
def test_a_path_that_leads_out_of_the_library_is_not_followed(gallery, ask, path):
    gallery.draw("folder/a.jpg")
    shutil.copy(gallery.root / "folder/a.jpg", gallery.root.parent / "secret.jpg")
    with gallery.database.write() as session:
        session.execute(update(File).values(path=path))
    assert ask("/api/v1/photos/1/original").status_code == 404


TRAVERSALS = ("../../../../etc/passwd", "..%2f..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "....//etc/passwd")
TRAVERSALS += ("..\\..\\etc\\passwd", "%252e%252e%252fetc", "/etc/passwd", "%00", "1%00.jpg", "１", "-1", "1e9", "0x1")


@pytest.mark.parametrize("prefix", ["/static/", "/photos/", "/api/v1/photos/", "/api/v1/photos/1/", "/"])
def test_traversal_finds_nothing(gallery, ask, prefix):
    gallery.draw("a.jpg")
    for text in TRAVERSALS:
        response = ask(prefix + text)
        assert response.status_code in (400, 404, 308), text  # the client takes "//etc" for a host
        assert b"root:" not in response.data


ODD_NAMES = {
    b"plain.jpg": "plain.jpg",
    b'quo"te\\.jpg': "quo_te_.jpg",
    b"new\r\nline: x.jpg": "new__line: x.jpg",
    b"caf\xc3\xa9.jpg": "café.jpg",
    b"latin-\xe9.jpg": "latin-\ufffd.jpg",
    b"<img src=x onerror=alert(1)>.jpg": "<img src=x onerror=alert(1)>.jpg",
    "日本\u202egpj.jpg".encode(): "日本_gpj.jpg",
    b"50%20off.jpg": "50%20off.jpg",
    b"a;b=c.jpg": "a;b=c.jpg",
}


@pytest.mark.parametrize("name", ODD_NAMES, ids=repr)
def test_originals_of_any_name_are_sent_with_a_safe_header(gallery, ask, name):
    gallery.draw(name)
    response = ask("/api/v1/photos/1/original?download=1")
    assert response.status_code == 200
    message = Message()
    message["Content-Disposition"] = response.headers["Content-Disposition"]
    assert message.get_content_disposition() == "attachment"
    expected = ODD_NAMES[name]
    if expected.isascii() and "%" not in expected:
        assert message.get_filename() == expected
    else:
        encoded = response.headers["Content-Disposition"].partition("filename*=UTF-8''")[2]
        assert unquote(encoded) == expected
        assert encoded.isascii()


def test_a_name_of_nothing_printable_is_still_a_name():
    assert disposition("attachment", "日本") == "attachment; filename=\"photo\"; filename*=UTF-8''%E6%97%A5%E6%9C%AC"


def _thumbnail(gallery, name: str) -> Path:
    original = media.read_original(os.fsencode(gallery.root / name))
    return media.thumbnail_path(gallery.settings.thumbnails, original.content_hash)
