"""Groups of duplicates: pages, totals, which to keep, dismissing, folding; and the queue of what is to be decided."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session

from photoindex import collections, duplicates, files, libraries, likeness, photos
from photoindex.database import Database
from photoindex.errors import NotFoundError, QueryError
from photoindex.files import FileStat
from photoindex.models import LikenessKind, Photo

AT = datetime(2020, 1, 1)
SAME, BURST = LikenessKind.SAME, LikenessKind.BURST


@pytest.fixture
def session(database: Database, tmp_path):
    (tmp_path / "photos").mkdir()
    with database.write() as opened:
        libraries.add(opened, tmp_path / "photos")
        yield opened


_made = iter(range(1, 1_000_000))


def make(session: Session, *paths: str, mtime_ns: int = 10, **columns: object) -> int:
    """A photo with files at these paths, of one name each by default."""
    number = next(_made)
    known = {"format": "jpeg", "width": 4000, "height": 3000, "size_bytes": 1000, "taken_at": AT, "timeline_at": AT}
    details = {name: columns.pop(name) for name in ("camera", "rating", "latitude") if name in columns}
    new = photos.NewPhoto(
        content_hash=number.to_bytes(32, "big"),
        details=photos.Details(**details),  # type: ignore[arg-type]
        **(known | columns),  # type: ignore[arg-type]
    )
    photo_id = photos.store(session, new)
    (library,) = libraries.list_all(session)
    for place, path in enumerate(paths or [f"{number}.jpg"]):
        stat = FileStat(new.size_bytes, mtime_ns + place, 1000 * number + place)
        files.discover(session, library.id, path.encode(), stat, None)
        (work,) = [each for each in files.next_batch(session, 10_000, 0.0) if each.path == path.encode()]
        files.mark_indexed(session, work, stat, photo_id)
    return photo_id


def group(session: Session, kind: LikenessKind, *photo_ids: int) -> str:
    likeness.assign(session, kind, dict.fromkeys(photo_ids, photo_ids[0]))
    return f"{kind.value}-{photo_ids[0]}"


def ids(page: duplicates.GroupPage) -> list[list[int]]:
    return [[photo.id for photo in each.photos] for each in page.groups]


def test_copies_are_the_files_of_one_photo_that_are_there(session: Session) -> None:
    make(session, "alone.jpg")
    copied = make(session, "a.jpg", "holiday/a.jpg", "b.jpg", size_bytes=700)
    page = duplicates.page(session, "copies", 10)
    (found,) = page.groups
    assert (page.total, page.next_after) == (1, None)
    assert (found.id, found.wasted_bytes, len(found.photos[0].files)) == (f"copies-{copied}", 1400, 3)
    files.pair(session, 1, [])
    session.execute(text("UPDATE file SET state = 'missing' WHERE path <> x'612e6a7067'"))
    assert duplicates.page(session, "copies", 10).groups == ()


@pytest.mark.parametrize(
    ("paths", "kept", "reason"),
    [
        (("a (1).jpg", "a.jpg"), "a.jpg", "its name is not that of a copy"),
        (("b/a.jpg", "a.jpg"), "b/a.jpg", "it is the oldest"),
    ],
)
def test_of_copies_the_original_is_to_be_kept(session: Session, paths, kept: str, reason: str) -> None:
    make(session, *paths)
    (found,) = duplicates.page(session, "copies", 10).groups
    file = next(each for each in found.photos[0].files if each.id == found.keep_id)
    assert (file.path.decode(), found.reason) == (kept, reason)


@pytest.mark.parametrize(
    ("better", "worse", "words"),
    [
        ({"width": 5000}, {}, "most pixels, 5,000 × 3,000"),
        ({"kind": "raw", "format": "cr2"}, {}, "raw file"),
        ({"format": "heif"}, {"format": "webp"}, "cameras write HEIF"),
        ({"camera": "Canon"}, {}, "when, where and by what"),
        ({"latitude": 45.0}, {}, "when, where and by what"),
        ({}, {"size_bytes": 1001, "path": "bb~2.jpg"}, "not that of a copy"),
        ({"size_bytes": 1001}, {}, "largest file"),
        ({"mtime_ns": 5}, {}, "oldest file"),
        ({"rating": 4}, {"width": 9000}, "rated best, 4 of 5"),
        ({}, {}, "indexed first"),
    ],
)
def test_the_photo_to_keep_is_the_one_that_is_most_of_the_original(
    session: Session, better: Mapping[str, object], worse: Mapping[str, object], words: str
) -> None:
    best = make(session, "d/aa.jpg", **better)
    worse = dict(worse)
    other = make(session, str(worse.pop("path", "d/bb.jpg")), **worse)
    group(session, SAME, other, best)
    (found,) = duplicates.page(session, "same", 10).groups
    assert (found.keep_id, [photo.id for photo in found.photos]) == (best, [best, other])
    assert words in found.reason
    assert found.wasted_bytes == worse.get("size_bytes", 1000)


def test_what_the_user_did_with_a_photo_comes_first(session: Session) -> None:
    favourite, in_album, largest = make(session), make(session), make(session, width=9000)
    group(session, SAME, largest, favourite, in_album)
    album = collections.create_album(session, "A")
    collections.add_to_album(session, album.id, [in_album])
    assert duplicates.page(session, "same", 10).groups[0].keep_id == in_album
    collections.set_favourite(session, favourite, True)
    assert duplicates.page(session, "same", 10).groups[0].keep_id == favourite


def test_only_what_is_shown_counts_and_a_photo_alone_is_no_group(session: Session) -> None:
    first, second, third = make(session), make(session), make(session)
    group(session, BURST, first, second, third)
    assert ids(duplicates.page(session, "burst", 10)) == [[first, second, third]]
    session.execute(update(Photo).where(Photo.id == first).values(visible=False))
    assert ids(duplicates.page(session, "burst", 10)) == [[second, third]]
    session.execute(update(Photo).where(Photo.id == second).values(visible=False))
    assert duplicates.page(session, "burst", 10).groups == ()
    assert duplicates.count(session) == {"copies": 0, "same": 0, "burst": 0}


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_pages_hold_every_group_once_and_know_the_total(session: Session, size: int) -> None:
    keys = []
    for _ in range(7):
        pair = make(session), make(session)
        group(session, SAME, *pair)
        keys.append(pair[0])
    seen, after = [], None
    while True:
        page = duplicates.page(session, "same", size, after)
        assert page.total == 7
        assert len(page.groups) <= size
        seen += [each.number for each in page.groups]
        after = page.next_after
        if after is None:
            break
    assert seen == keys[::-1]


def test_dismissing_is_remembered_and_can_be_taken_back(session: Session) -> None:
    pair = make(session), make(session)
    copied = make(session, "x.jpg", "y.jpg")
    name = group(session, SAME, *pair)
    session.execute(text("DELETE FROM undecided"))
    dismissal = duplicates.dismiss(session, name)
    assert duplicates.page(session, "same", 10).total == 0
    assert likeness.dismissals_of(session, pair) == {pair[0]: {dismissal}, pair[1]: {dismissal}}
    assert set(likeness.undecided(session, 10).values()) == set(pair)
    other = duplicates.dismiss(session, f"copies-{copied}")
    assert duplicates.page(session, "copies", 10).total == 0
    assert duplicates.restore(session, other) == "copies"
    assert duplicates.page(session, "copies", 10).total == 1
    session.execute(text("DELETE FROM undecided"))
    assert duplicates.restore(session, dismissal) == "same"
    assert set(likeness.undecided(session, 10).values()) == set(pair)
    assert likeness.dismissals_of(session, pair) == {}


@pytest.mark.parametrize(
    "name", ["same-1", "burst-999", "copies-999", "same-", "same", "x-1", "same-01", "same-1x", "SAME-1"]
)
def test_a_group_that_is_not_there_can_not_be_dismissed(session: Session, name: str) -> None:
    make(session)
    with pytest.raises(NotFoundError):
        duplicates.dismiss(session, name)
    with pytest.raises(NotFoundError):
        duplicates.restore(session, 1)


def test_a_kind_that_there_is_not_is_refused_in_one_line(session: Session) -> None:
    with pytest.raises(QueryError, match="copies, same, burst"):
        duplicates.page(session, "similar", 10)


def test_whatever_changes_a_photo_has_its_groups_decided_anew(session: Session) -> None:
    def queued() -> set[int]:
        found = set(likeness.undecided(session, 100).values())
        likeness.decided(session, likeness.undecided(session, 100))
        return found

    one, other, third = make(session), make(session), make(session)
    assert queued() == {one, other, third}
    session.execute(update(Photo).where(Photo.id == one).values(favourite=True, rating=3, camera=None))
    assert queued() == set()
    for changes in ({"visible": False}, {"visible": True}, {"taken_at": AT + timedelta(1)}, {"camera": "X"}):
        session.execute(update(Photo).where(Photo.id == one).values(**changes))
        assert queued() == {one}
    group(session, SAME, one, other, third)
    session.execute(delete(Photo).where(Photo.id == one))
    assert queued() == {other, third}
    assert likeness.keys_of(session, SAME, [one, other]) == {other: one}


def test_photos_of_a_group_stand_for_one_another_whatever_kind_it_is(session: Session) -> None:
    made = [make(session) for _ in range(9)]
    group(session, SAME, *made[0:3])
    group(session, BURST, *made[3:6])
    group(session, SAME, made[6], made[7])
    group(session, BURST, made[5], made[7], made[3], made[4])  # made[6] has lost its date, and is no part of it
    asked = np.array([made[8], made[2], made[4], made[0], made[6], made[7], made[2], 10**6])
    found = likeness.representatives(session, asked)
    assert found[0] == made[8]
    assert found[1] == found[3] == found[6] == made[0]
    assert found[2] == found[4] == found[5] == made[5]
    assert found[7] == 10**6
    assert likeness.representatives(session, np.empty(0, dtype=np.int64)).tolist() == []


def test_folding_keeps_the_first_of_each_and_counts_the_others() -> None:
    folded = likeness.fold(np.array([7, 3, 7, 9, 3, 3]))
    assert folded.kept.tolist() == [0, 1, 3]
    assert folded.behind.tolist() == [1, 2, 0]
    assert likeness.fold(np.empty(0, dtype=np.int64)).kept.tolist() == []


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(numbers=st.lists(st.integers(0, 5), max_size=12), asked=st.lists(st.integers(0, 11), max_size=30))
def test_representatives_agree_with_the_groups(session: Session, numbers: list[int], asked: list[int]) -> None:
    """Against the definition: photos belong together when they share a group of either kind."""
    session.execute(text("DELETE FROM likeness"))
    made = list(session.scalars(select(Photo.id))) or [make(session) for _ in range(12)]
    for number in range(6):
        members = [made[place] for place, each in enumerate(numbers) if each == number]
        if len(members) > 1:
            group(session, SAME if number < 3 else BURST, *members)
    keys = likeness.representatives(session, np.array([made[each] for each in asked], dtype=np.int64))
    for one, key in zip(asked, keys, strict=True):
        for other, other_key in zip(asked, keys, strict=True):
            together = one == other or (one < len(numbers) > other and numbers[one] == numbers[other])
            assert (key == other_key) == together


def test_twenty_thousand_photos_are_folded_at_once(session: Session) -> None:
    session.execute(
        text(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO photo "
            "(id, content_hash, kind, format, width, height, size_bytes, timeline_at, keywords, people, favourite, "
            "visible, indexed_at) SELECT i, CAST(printf('%032d', i) AS BLOB), 'photo', 'jpeg', 1, 1, 1, :at, '[]', "
            "'[]', 0, 1, :at FROM n"
        ),
        {"at": AT},
    )
    session.execute(
        text("INSERT INTO likeness (kind, photo_id, key_id) SELECT 'same', id, id - (id - 1) % 4 FROM photo")
    )
    keys = likeness.representatives(session, np.arange(20_000, 0, -1))
    assert likeness.fold(keys).behind.tolist() == [3] * 5000
