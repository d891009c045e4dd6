"""The order and cover of albums, hidden photos, and taking changes back."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from photoindex import album_order, collections, companions, files, hiding, libraries, photos, timeline, undoing
from photoindex.album_order import Move
from photoindex.database import Database
from photoindex.errors import NotFoundError
from photoindex.files import FileStat
from photoindex.models import AlbumPhoto, File, FileState, Photo, UndoStep
from photoindex.undoing import Action, Step

AT = datetime(2020, 1, 1)


def make(session: Session, tmp_path, count: int) -> list[int]:
    """Photos, the newest first, each with its file."""
    library = libraries.add(session, tmp_path)
    made = []
    for number in range(count):
        name, stat = b"%d.png" % number, FileStat(1, 1, number + 1)
        files.discover(session, library.id, name, stat, None)
        (work,) = files.next_batch(session, 10, 0.0)
        at = AT - number * timedelta(days=40)
        new = photos.NewPhoto(number.to_bytes(32, "big"), "png", 1, 1, 1, at, at)
        made.append(photos.store(session, new))
        assert files.mark_indexed(session, work, stat, made[-1], fresh=True)
    return made


def order(session: Session, album_id: int) -> list[int]:
    return [each.photo_id for each in album_order.page(session, album_id, 1000)]


@pytest.mark.parametrize(
    ("which", "beside", "behind", "after"),
    [
        ([4], 1, False, [0, 4, 1, 2, 3]),
        ([0], 3, True, [1, 2, 3, 0, 4]),
        ([0, 4], 2, False, [1, 0, 4, 2, 3]),
        ([4, 0], 2, True, [1, 2, 0, 4, 3]),
        ([0, 2, 4], 2, True, [1, 2, 0, 4, 3]),
        ([2], 2, True, [0, 1, 2, 3, 4]),
        ([1], 0, True, [0, 1, 2, 3, 4]),
    ],
)
def test_photos_are_put_beside_another_and_back_again(database, tmp_path, which, beside, behind, after) -> None:
    with database.write() as session:
        ids = make(session, tmp_path, 5)
        album = collections.create_album(session, "A").id
        collections.add_to_album(session, album, ids)
        moved = album_order.put(session, album, [ids[each] for each in which], ids[beside], behind=behind)
        assert moved.photos == len(which)
        assert order(session, album) == [ids[each] for each in after]
        collections.remove_from_album(session, album, [ids[3]])
        assert album_order.restore(session, album, moved.before) == len({*moved.before} - {place_of(moved, ids[3])})
        assert order(session, album) == [ids[each] for each in (0, 1, 2, 4)]
        with pytest.raises(NotFoundError, match="not in this album"):
            album_order.put(session, album, [ids[0]], ids[3], behind=False)


def place_of(moved: album_order.Moved, photo_id: int) -> album_order.Place | None:
    return next((each for each in moved.before if each.photo_id == photo_id), None)


@pytest.mark.parametrize(
    ("which", "to", "after"),
    [
        ([3], Move.FIRST, [3, 0, 1, 2, 4]),
        ([4, 2], Move.FIRST, [2, 4, 0, 1, 3]),
        ([0, 1], Move.LAST, [2, 3, 4, 0, 1]),
        ([2], Move.EARLIER, [0, 2, 1, 3, 4]),
        ([1, 2], Move.EARLIER, [1, 2, 0, 3, 4]),
        ([0, 1], Move.EARLIER, [0, 1, 2, 3, 4]),
        ([0, 2], Move.LATER, [1, 0, 3, 2, 4]),
        ([3, 4], Move.LATER, [0, 1, 2, 3, 4]),
    ],
)
def test_photos_move_within_their_album_and_keep_their_order(database: Database, tmp_path, which, to, after) -> None:
    with database.write() as session:
        ids = make(session, tmp_path, 5)
        album = collections.create_album(session, "A").id
        collections.add_to_album(session, album, ids)
        assert order(session, album) == ids
        assert album_order.move(session, album, [ids[each] for each in which], to).photos == len(which)
        assert order(session, album) == [ids[each] for each in after]


def test_a_photo_moves_past_one_that_is_shown_even_when_others_are_hidden_or_share_a_place(database, tmp_path) -> None:
    with database.write() as session:
        ids = make(session, tmp_path, 4)
        album = collections.create_album(session, "A").id
        collections.add_to_album(session, album, ids)
        session.execute(update(AlbumPhoto).values(position=7))
        hiding.set_hidden(session, [ids[1]], True)
        album_order.move(session, album, [ids[2]], Move.EARLIER)
        assert order(session, album) == [ids[2], ids[0], ids[3]]
        hiding.set_hidden(session, [ids[1]], False)
        assert order(session, album)[0] == ids[2]
        assert album_order.move(session, album, [99], Move.FIRST).photos == 0


def test_pages_of_an_album_follow_each_other(database: Database, tmp_path) -> None:
    with database.write() as session:
        ids = make(session, tmp_path, 5)
        album = collections.create_album(session, "A").id
        collections.add_to_album(session, album, ids[::-1])
        first = album_order.page(session, album, 2)
        rest = album_order.page(session, album, 9, first[-1])
        assert [each.photo_id for each in [*first, *rest]] == ids[::-1]


def test_the_cover_is_the_chosen_photo_while_it_is_shown_in_the_album_and_else_the_first(database, tmp_path) -> None:
    with database.write() as session:
        ids = make(session, tmp_path, 4)
        album = collections.create_album(session, "A").id
        assert collections.get_album(session, album).cover_photo_id is None
        collections.add_to_album(session, album, ids[:3])
        assert collections.get_album(session, album).cover_photo_id == ids[0]
        collections.set_cover(session, album, ids[2])
        assert collections.get_album(session, album).cover_photo_id == ids[2]
        hiding.set_hidden(session, [ids[2]], True)
        assert collections.get_album(session, album).cover_photo_id == ids[0]
        hiding.set_hidden(session, [ids[2]], False)
        collections.remove_from_album(session, album, [ids[2]])
        assert collections.get_album(session, album).cover_photo_id == ids[0]
        for photo_id in (ids[3], 99):
            with pytest.raises(NotFoundError):
                collections.set_cover(session, album, photo_id)


def test_a_hidden_photo_is_in_no_list_or_count_until_it_is_shown_again(database: Database, tmp_path) -> None:
    with database.write() as session:
        ids = make(session, tmp_path, 3)
        album = collections.create_album(session, "A").id
        collections.add_to_album(session, album, ids)
        assert hiding.set_hidden(session, [ids[1], ids[1], 99], True) == [ids[1]]
        assert hiding.set_hidden(session, [ids[1]], True) == []
        assert [each.photo_id for each in timeline.older(session, 9)] == [ids[0], ids[2]]
        assert photos.count(session) == 2
        assert [each.photos for each in timeline.months(session)] == [1, 1]
        assert collections.get_album(session, album).photos == 2
        assert [each.photo_id for each in hiding.page(session, 9)] == [ids[1]]
        assert hiding.page(session, 9, hiding.page(session, 9)[0]) == []
        assert hiding.count(session) == 1
        stale = session.execute(text("SELECT gone FROM words_stale WHERE photo_id = :id"), {"id": ids[1]}).scalar()
        assert stale == 1  # the index of words forgets it
        hiding.set_hidden(session, ids, False)
        assert photos.count(session) == 3
        assert hiding.count(session) == 0


def test_a_hidden_photo_stays_hidden_whatever_happens_to_its_files(database: Database, tmp_path) -> None:
    with database.write() as session:
        (photo_id,) = make(session, tmp_path, 1)
        hiding.set_hidden(session, [photo_id], True)
        companions.refresh_visibility(session, [photo_id])
        companions.refresh_all_visibility(session)
        assert photos.count(session) == 0
        other = tmp_path.with_name(f"{tmp_path.name}-other")
        other.mkdir()
        library = libraries.add(session, other)
        photos.remove_library(session, library.id)
        assert photos.count(session) == 0
        # Its file is edited: that is another photo, and the same to the user.
        stat = FileStat(2, 2, 1)
        session.execute(update(File).values(state=FileState.PENDING, size_bytes=2, mtime_ns=2))
        (work,) = files.next_batch(session, 10, 0.0)
        edited = photos.store(session, photos.NewPhoto(b"e" * 32, "png", 1, 1, 2, AT, AT))
        assert files.mark_indexed(session, work, stat, edited, fresh=True)
        assert session.scalar(select(Photo.hidden).where(Photo.id == edited))
        assert photos.count(session) == 0


def test_each_change_can_be_taken_back_once(database: Database, tmp_path) -> None:
    with database.write() as session:
        ids = make(session, tmp_path, 4)
        album = collections.create_album(session, "A").id

        changed = collections.set_favourites(session, ids[:2], True)
        token = undoing.remember(session, Step(Action.UNFAVOURITE, changed))
        assert undoing.undo(session, token).photos == 2
        assert session.scalar(select(func.count()).where(Photo.favourite)) == 0
        with pytest.raises(NotFoundError):
            undoing.undo(session, token)

        token = undoing.remember(session, Step(Action.UNHIDE, hiding.set_hidden(session, ids[:3], True)))
        assert photos.count(session) == 1
        assert undoing.undo(session, token).photos == 3
        assert photos.count(session) == 4

        token = undoing.remember(session, Step(Action.REMOVE, collections.add_to_album(session, album, ids), album))
        assert undoing.undo(session, token).photos == 4
        assert order(session, album) == []


def test_photos_put_back_into_an_album_stand_where_they_stood(database: Database, tmp_path) -> None:
    with database.write() as session:
        ids = make(session, tmp_path, 4)
        album = collections.create_album(session, "A").id
        collections.add_to_album(session, album, ids)
        removed = collections.remove_from_album(session, album, [ids[2], ids[0]])
        step = Step(Action.ADD, list(removed), album, list(removed.values()))
        assert undoing.undo(session, undoing.remember(session, step)).photos == 2
        assert order(session, album) == ids


def test_undoing_what_was_done_to_an_album_that_is_gone_says_so(database: Database, tmp_path) -> None:
    with database.write() as session:
        ids = make(session, tmp_path, 1)
        album = collections.create_album(session, "A").id
        added = collections.add_to_album(session, album, ids)
        token = undoing.remember(session, Step(Action.REMOVE, added, album))
        collections.delete_album(session, album)
        with pytest.raises(NotFoundError):
            undoing.undo(session, token)


def test_only_the_last_changes_are_kept(database: Database, tmp_path) -> None:
    with database.write() as session:
        tokens = [undoing.remember(session, Step(Action.HIDE, [1])) for _ in range(undoing.KEPT + 20)]
        assert session.scalar(select(func.count()).select_from(UndoStep)) == undoing.KEPT
        with pytest.raises(NotFoundError):
            undoing.undo(session, tokens[0])
        assert undoing.undo(session, tokens[-1]).photos == 0
