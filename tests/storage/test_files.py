"""File rows: which files go with which photo, and what follows a file that moves, fails, goes or comes back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, select, update
from sqlalchemy.orm import Session

from photoindex import collections, companions, files, libraries, photos, sightings
from photoindex.database import Database
from photoindex.files import FileStat, Work
from photoindex.models import File, Photo
from photoindex.photos import Details, NewPhoto
from photoindex.sightings import Seen

NOON = datetime(2024, 7, 4, 12)


class Shelf:
    """A library whose files exist in the rows only, unless `touch` makes them."""

    def __init__(self, session: Session, root: Path) -> None:
        self.session, self.root = session, root
        root.mkdir()
        self.library_id = libraries.add(session, root).id
        self.count = 0

    def see(self, path: str, **figures: int) -> FileStat:
        """Record a new path with figures of its own."""
        self.count += 1
        stat = replace(FileStat(10, 20, 1000 + self.count + self.library_id * 10**6, 30), **figures)
        sightings.record(self.session, self.library_id, [Seen(path.encode(), stat)])
        return stat

    def work(self, path: str) -> Work:
        works = files.next_batch(self.session, 1000, 0)
        return next(work for work in works if work.path == path.encode() and work.library_id == self.library_id)

    def index(self, path: str, format: str = "jpeg", *, content: int | None = None, fresh: bool = True,
              taken_at: datetime | None = None, offset: int | None = None, pairing_id: str | None = None,
              seconds: float | None = None) -> int:  # fmt: skip
        """Index a path as a photo of its own, or as that of `content`. Returns the photo's id."""
        if files_at(self.session, self.library_id, path) is None:
            self.see(path)
        kinds = {"mov": "video", "mp4": "video", "mkv": "video", "cr2": "raw", "dng": "raw"}
        self.count += 1
        number = self.count + 1000 * self.library_id if content is None else content
        details = Details(taken_at_offset_minutes=offset, pairing_id=pairing_id)
        new = NewPhoto(
            content_hash=number.to_bytes(32, "big"), format=format, width=1, height=1, size_bytes=1, taken_at=taken_at,
            timeline_at=NOON, details=details, kind=kinds.get(format, "photo"), duration_seconds=seconds,
        )  # fmt: skip
        photo_id = photos.store(self.session, new)
        work = self.work(path)
        assert files.mark_indexed(self.session, work, work.stat, photo_id, fresh=fresh)
        return photo_id

    def lose(self, path: str) -> None:
        row = files_at(self.session, self.library_id, path)
        assert row is not None
        sightings.mark_missing(self.session, [row.id])

    def shown(self) -> set[str]:
        """Paths whose photo is shown by themselves."""
        rows = self.session.execute(
            select(File.path).join(Photo).where(
                File.library_id == self.library_id, Photo.visible, File.companion_of.is_(None),
                File.state.in_(files.PRESENT),
            )
        )  # fmt: skip
        return {row.path.decode() for row in rows}


def files_at(session: Session, library_id: int, path: str) -> Any:
    return session.execute(
        select(File.id, File.state, File.photo_id, File.companion_of, File.sidecar_ns).where(
            File.library_id == library_id, File.path == path.encode()
        )
    ).one_or_none()


@pytest.fixture
def shelf(database: Database, tmp_path: Path) -> Iterator[Shelf]:
    with database.write() as session:
        yield Shelf(session, tmp_path / "shelf")


def test_a_raw_file_goes_with_the_jpeg_beside_it(shelf: Shelf) -> None:
    raw = shelf.index("a/IMG_1.CR2", "cr2")
    assert shelf.shown() == {"a/IMG_1.CR2"}
    still = shelf.index("a/img_1.jpg")
    assert shelf.shown() == {"a/img_1.jpg"}
    shelf.index("b/IMG_1.CR2", "cr2")
    shelf.index("a/IMG_10.CR2", "cr2")
    assert shelf.shown() == {"a/img_1.jpg", "b/IMG_1.CR2", "a/IMG_10.CR2"}
    (companion,) = files_of(shelf, still)
    assert (companion.photo_id, companion.kind, companion.format) == (raw, "raw", "cr2")
    assert companion.absolute_path == os.fsencode(shelf.root) + b"/a/IMG_1.CR2"
    assert companions.companions_of(shelf.session, [raw]) == {}


def files_of(shelf: Shelf, photo_id: int) -> list[companions.CompanionFile]:
    return companions.companions_of(shelf.session, [photo_id])[photo_id]


def test_the_jpeg_is_preferred_whatever_came_first(shelf: Shelf) -> None:
    shelf.index("1.tif", "tiff")
    shelf.index("1.dng", "dng")
    shelf.index("1.heic", "heif")
    shelf.index("1.jpg")
    assert shelf.shown() == {"1.tif", "1.heic", "1.jpg"}  # two still photos are two photos
    for gone in ("1.jpg", "1.heic", "1.tif"):
        main = files_at(shelf.session, shelf.library_id, gone).id
        assert files_at(shelf.session, shelf.library_id, "1.dng").companion_of == main
        shelf.lose(gone)
    assert shelf.shown() == {"1.dng"}


def test_folders_that_differ_in_case_are_two(shelf: Shelf) -> None:
    shelf.index("Day/1.jpg")
    shelf.index("day/1.cr2", "cr2")
    assert shelf.shown() == {"Day/1.jpg", "day/1.cr2"}


def test_what_becomes_of_the_main_file_decides_what_is_shown(shelf: Shelf) -> None:
    shelf.index("1.cr2", "cr2")
    stat = shelf.see("1.jpg")
    shelf.index("1.jpg")
    assert shelf.shown() == {"1.jpg"}
    shelf.lose("1.jpg")
    assert shelf.shown() == {"1.cr2"}
    assert sightings.record(shelf.session, shelf.library_id, [Seen(b"1.jpg", replace(stat, ctime_ns=99))]) == 0
    assert shelf.shown() == {"1.jpg"}  # back as it was
    sightings.record(shelf.session, shelf.library_id, [Seen(b"1.jpg", replace(stat, size_bytes=11))])
    assert shelf.shown() == {"1.jpg"}  # what it held is shown until it is read
    files.mark_failed(shelf.session, shelf.work("1.jpg"), "unreadable", "")
    assert shelf.shown() == {"1.cr2"}
    sightings.retry_failed(shelf.session, shelf.library_id, ["unreadable"])
    assert shelf.shown() == {"1.jpg"}
    moved = replace(stat, size_bytes=11, ctime_ns=100)
    sightings.record(shelf.session, shelf.library_id, [Seen(b"2.jpg", moved)])
    assert shelf.shown() == {"1.cr2", "2.jpg"}
    sightings.record(shelf.session, shelf.library_id, [Seen(b"1.jpg", moved)])
    assert shelf.shown() == {"1.jpg"}


def test_a_raw_file_kept_elsewhere_too_is_shown(shelf: Shelf) -> None:
    shelf.index("1.jpg")
    shelf.index("1.cr2", "cr2", content=7)
    shelf.index("backup/1.cr2", "cr2", content=7)
    assert shelf.shown() == {"1.jpg", "backup/1.cr2"}
    shelf.lose("backup/1.cr2")
    assert shelf.shown() == {"1.jpg"}


@pytest.mark.parametrize(
    ("still", "clip", "live"),
    [
        ({"pairing_id": "A"}, {"pairing_id": "A", "seconds": 60.0}, True),
        ({"pairing_id": "A"}, {"pairing_id": "B", "seconds": 2.0}, False),
        ({"pairing_id": "A"}, {"seconds": 2.0}, True),
        ({}, {"seconds": 2.0}, True),
        ({}, {"seconds": 6.5}, False),
        ({}, {}, False),
        ({"format": "png"}, {"seconds": 2.0}, False),
        ({}, {"seconds": 2.0, "format": "mkv"}, False),
        ({"taken_at": NOON}, {"seconds": 2.0, "taken_at": NOON + timedelta(seconds=9)}, True),
        ({"taken_at": NOON}, {"seconds": 2.0, "taken_at": NOON + timedelta(seconds=11)}, False),
        ({"taken_at": NOON}, {"seconds": 2.0, "taken_at": NOON - timedelta(hours=5.5, seconds=9)}, True),
        ({"taken_at": NOON}, {"seconds": 2.0, "taken_at": NOON - timedelta(days=7)}, False),
        ({"taken_at": NOON, "offset": 120}, {"seconds": 2.0, "taken_at": NOON, "offset": 60}, False),
        ({"taken_at": NOON, "offset": 60}, {"seconds": 2.0, "taken_at": NOON - timedelta(hours=1), "offset": 0}, True),
        ({"taken_at": datetime.min, "offset": 840}, {"seconds": 2.0, "taken_at": datetime.max, "offset": -1}, False),
    ],
)
def test_a_clip_goes_with_its_photo_only_if_it_is_a_live_photos(
    shelf: Shelf, still: dict[str, Any], clip: dict[str, Any], live: bool
) -> None:
    shelf.index("IMG_1.HEIC", **({"format": "heif"} | still))
    shelf.index("IMG_1.MOV", **({"format": "mov"} | clip))
    assert shelf.shown() == ({"IMG_1.HEIC"} if live else {"IMG_1.HEIC", "IMG_1.MOV"})


def test_a_clip_names_its_photo_among_several(shelf: Shelf) -> None:
    shelf.index("1.jpg")
    named = shelf.index("1.heic", "heif", pairing_id="A")
    clip = shelf.index("1.mov", "mov", pairing_id="A", seconds=2.0)
    assert [each.photo_id for each in files_of(shelf, named)] == [clip]


def test_removing_the_library_of_the_jpeg_leaves_no_trace(database: Database, tmp_path: Path) -> None:
    with database.write() as session:
        first, second = Shelf(session, tmp_path / "a"), Shelf(session, tmp_path / "b")
        first.index("1.jpg", content=1)
        first.index("1.cr2", "cr2", content=2)
        second.index("1.cr2", "cr2", content=2)
        second.index("1.jpg", content=3)
        assert (first.shown(), second.shown()) == ({"1.jpg"}, {"1.jpg"})
        photos.remove_library(session, first.library_id)
        companions.refresh_all_visibility(session)
        assert second.shown() == {"1.jpg"}
        assert photos.count(session) == 1


def test_a_file_that_moved_between_libraries_keeps_its_row_and_is_paired_anew(
    database: Database, tmp_path: Path
) -> None:
    with database.write() as session:
        first, second = Shelf(session, tmp_path / "a"), Shelf(session, tmp_path / "b")
        stat = first.see("1.jpg")
        photo = first.index("1.jpg")
        first.index("1.cr2", "cr2")
        second.index("1.dng", "dng")
        row = files_at(session, first.library_id, "1.jpg")
        assert sightings.record(session, second.library_id, [Seen(b"1.jpg", replace(stat, ctime_ns=99))]) == 0
        now = files_at(session, second.library_id, "1.jpg")
        assert (now.id, now.photo_id, now.state) == (row.id, photo, "indexed")
        assert (first.shown(), second.shown()) == ({"1.cr2"}, {"1.jpg"})


def test_a_file_whose_sidecar_did_not_come_along_is_read_again(shelf: Shelf) -> None:
    stat = shelf.see("1.jpg", sidecar_ns=5)
    shelf.index("1.jpg")
    moved = replace(stat, sidecar_ns=0, ctime_ns=99)
    assert sightings.record(shelf.session, shelf.library_id, [Seen(b"2.jpg", moved)]) == 1
    assert shelf.work("2.jpg").stat == moved
    assert shelf.shown() == {"2.jpg"}


def test_hard_links_and_copies_are_files_of_their_own(shelf: Shelf) -> None:
    for name in ("1.jpg", "2.jpg", "3.jpg"):
        (shelf.root / name).touch()
    stat = shelf.see("1.jpg")
    assert shelf.index("1.jpg") is not None
    both = [Seen(b"2.jpg", stat), Seen(b"3.jpg", stat)]
    assert sightings.record(shelf.session, shelf.library_id, both) == 2
    os.unlink(shelf.root / "1.jpg")
    two = [Seen(b"4.jpg", stat), Seen(b"5.jpg", stat)]
    assert sightings.record(shelf.session, shelf.library_id, two) == 1  # one moves, the other is one more
    states = [files_at(shelf.session, shelf.library_id, path).state for path in ("4.jpg", "5.jpg")]
    assert states == ["indexed", "pending"]


def test_a_file_below_a_folder_that_became_a_symlink_moved_where_that_points(shelf: Shelf) -> None:
    (shelf.root / "old").mkdir()
    (shelf.root / "old" / "1.jpg").touch()
    stat = shelf.see("old/1.jpg")
    shelf.index("old/1.jpg")
    row = files_at(shelf.session, shelf.library_id, "old/1.jpg")
    os.rename(shelf.root / "old", shelf.root / "new")
    (shelf.root / "old").symlink_to("new")
    assert sightings.record(shelf.session, shelf.library_id, [Seen(b"new/1.jpg", stat)]) == 0
    assert files_at(shelf.session, shelf.library_id, "new/1.jpg").id == row.id


def test_an_edited_file_gives_its_favourite_and_albums_to_the_new_photo(shelf: Shelf) -> None:
    stat = shelf.see("1.jpg")
    old = shelf.index("1.jpg")
    album = collections.create_album(shelf.session, "Summer")
    collections.set_favourite(shelf.session, old, True)
    collections.add_to_album(shelf.session, album.id, [old])
    edited = replace(stat, ctime_ns=99)
    assert sightings.record(shelf.session, shelf.library_id, [Seen(b"1.jpg", edited)]) == 1
    assert not files.mark_failed(shelf.session, replace(shelf.work("1.jpg"), stat=stat), "broken", "")
    files.mark_failed(shelf.session, shelf.work("1.jpg"), "truncated", "half written")
    assert shelf.shown() == set()
    sightings.record(shelf.session, shelf.library_id, [Seen(b"1.jpg", replace(edited, size_bytes=12))])
    new = shelf.index("1.jpg")
    assert new != old
    photo = photos.get(shelf.session, new)
    assert photo.favourite and [each.id for each in collections.albums_of(shelf.session, new)] == [album.id]
    assert shelf.shown() == {"1.jpg"}


def test_swapped_names_do_not_mix_up_favourites(shelf: Shelf) -> None:
    stats = {name: shelf.see(name) for name in ("1.jpg", "2.jpg")}
    ids = {name: shelf.index(name, content=number) for number, name in enumerate(stats, 1)}
    collections.set_favourite(shelf.session, ids["1.jpg"], True)
    swapped = [Seen(b"1.jpg", stats["2.jpg"]), Seen(b"2.jpg", stats["1.jpg"])]
    assert sightings.record(shelf.session, shelf.library_id, swapped) == 2
    assert shelf.index("1.jpg", content=2, fresh=False) == ids["2.jpg"]
    assert shelf.index("2.jpg", content=1, fresh=False) == ids["1.jpg"]
    assert [photos.get(shelf.session, each).favourite for each in ids.values()] == [True, False]


@pytest.mark.parametrize(("later", "inherits"), [(timedelta(minutes=1), True), (timedelta(days=30), False)])
def test_another_picture_under_a_name_long_gone_inherits_nothing(
    shelf: Shelf, later: timedelta, inherits: bool
) -> None:
    stat = shelf.see("screenshot.png")
    old = shelf.index("screenshot.png")
    collections.set_favourite(shelf.session, old, True)
    shelf.lose("screenshot.png")
    row = files_at(shelf.session, shelf.library_id, "screenshot.png")
    gone_at = datetime.fromtimestamp(0) if not inherits else None
    if gone_at is not None:
        shelf.session.execute(update(File).where(File.id == row.id).values(missing_since=gone_at))
    other = replace(stat, size_bytes=77, inode=5)
    assert sightings.record(shelf.session, shelf.library_id, [Seen(b"screenshot.png", other)]) == 1
    assert photos.get(shelf.session, shelf.index("screenshot.png")).favourite is inherits


def test_a_file_that_failed_and_went_is_read_when_it_is_back(shelf: Shelf) -> None:
    stat = shelf.see("1.jpg")
    shelf.index("1.jpg")
    edited = replace(stat, ctime_ns=99)
    sightings.record(shelf.session, shelf.library_id, [Seen(b"1.jpg", edited)])
    files.mark_failed(shelf.session, shelf.work("1.jpg"), "broken", "")
    shelf.lose("1.jpg")
    assert sightings.record(shelf.session, shelf.library_id, [Seen(b"1.jpg", edited)]) == 1


def test_a_folder_that_moves_takes_few_statements_however_many_files_it_holds(shelf: Shelf) -> None:
    names = [f"{number}.{kind}" for number in range(20) for kind in ("jpg", "cr2")]
    stats = {name: shelf.see(f"old/{name}") for name in names}
    for name in names:
        shelf.index(f"old/{name}", "jpeg" if name.endswith("jpg") else "cr2")
    before = {name: files_at(shelf.session, shelf.library_id, f"old/{name}").id for name in names}
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        seen = [Seen(f"new/{name}".encode(), stat) for name, stat in stats.items()]
        assert sightings.record(shelf.session, shelf.library_id, seen) == 0
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert len(asked) <= 12
    after = {name: files_at(shelf.session, shelf.library_id, f"new/{name}") for name in names}
    assert {name: row.id for name, row in after.items()} == before
    assert all(after[f"{number}.cr2"].companion_of == before[f"{number}.jpg"] for number in range(20))
