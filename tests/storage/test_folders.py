"""Folders as a tree, whatever bytes their names are made of."""

from __future__ import annotations

import os
from datetime import datetime, timedelta

import pytest
from hostile_names import HOSTILE
from sqlalchemy import event, update

from photoindex import folders, photos
from photoindex.database import Database
from photoindex.errors import NotFoundError
from photoindex.models import File, Library, Photo
from photoindex.photos import NewPhoto

NEWEST = datetime(2024, 3, 1)


class Tree:
    """Puts photos into folders of libraries."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.made = 0

    def library(self, root: str) -> int:
        with self.database.write() as session:
            library = Library(root=root.encode(), name=os.path.basename(root))
            session.add(library)
            session.flush()
            return library.id

    def put(self, library_id: int, path: bytes, *, photo_id: int | None = None, state: str = "indexed") -> int:
        """A file, of a new photo that is an hour older than the one before unless one is given; returns its id."""
        self.made += 1
        with self.database.write() as session:
            if photo_id is None:
                at = NEWEST - self.made * timedelta(hours=1)
                photo_id = photos.store(session, NewPhoto(self.made.to_bytes(32, "big"), "jpeg", 4, 3, 10, at, at))
                session.execute(update(Photo).where(Photo.id == photo_id).values(visible=state == "indexed"))
            session.add(
                File(library_id=library_id, path=path, size_bytes=1, mtime_ns=1, inode=self.made, state=state,
                     photo_id=photo_id)
            )  # fmt: skip
        return photo_id


@pytest.fixture
def tree(database: Database) -> Tree:
    return Tree(database)


def test_each_folder_counts_all_that_is_below_it(database: Database, tree: Tree) -> None:
    first, second = tree.library("/photos"), tree.library("/archive")
    ids = [tree.put(first, path) for path in (b"a.jpg", b"2019/b.jpg", b"2019/Corsica/c.jpg", b"2020/x/y/d.jpg")]
    last = tree.put(second, b"2019/Corsica/e.jpg")
    with database.read() as session:
        roots = folders.libraries(session)
        below = folders.children(session, first, b"")
        deeper = folders.children(session, first, b"2019")
        between = folders.children(session, first, b"2020/x")
    assert [(each.name, each.photos, each.cover_photo_id) for each in roots] == [
        ("photos", 4, ids[3]),
        ("archive", 1, last),
    ]
    assert [(each.path, each.photos, each.cover_photo_id) for each in below] == [
        (b"2019", 2, ids[2]),
        (b"2020", 1, ids[3]),
    ]
    assert [(each.path, each.name) for each in deeper] == [(b"2019/Corsica", "Corsica")]
    assert [each.path for each in between] == [b"2020/x/y"]


def test_neighbours_by_name_are_not_below(database: Database, tree: Tree) -> None:
    library = tree.library("/photos")
    for path in (b"trip/a.jpg", b"trip 2/b.jpg", b"trip-3/c.jpg", b"trip0/d.jpg", b"trip/in/e.jpg", b"Trip/f.jpg"):
        tree.put(library, path)
    with database.read() as session:
        assert [each.path for each in folders.children(session, library, b"trip")] == [b"trip/in"]
        assert folders.count(session, library, b"trip") == 1


def test_names_are_in_the_order_in_which_people_count(database: Database, tree: Tree) -> None:
    library = tree.library("/photos")
    for name in (b"trip 10", b"Trip 9", b"Zoo", b"trip 2", "été".encode()):
        tree.put(library, name + b"/a.jpg")
    with database.read() as session:
        names = [each.name for each in folders.children(session, library, b"")]
    assert names == ["été", "trip 2", "Trip 9", "trip 10", "Zoo"]


@pytest.mark.parametrize("name", HOSTILE)
def test_any_bytes_make_a_folder(database: Database, tree: Tree, name: bytes) -> None:
    library = tree.library("/photos")
    outer = tree.put(library, name + b"/a.jpg")
    tree.put(library, b"beside/b.jpg")
    tree.put(library, name + b"/" + name + b"/c.jpg")
    with database.read() as session:
        assert name in [each.path for each in folders.children(session, library, b"")]
        assert [each.path for each in folders.children(session, library, name)] == [name + b"/" + name]
        assert folders.page(session, library, name, 10).photo_ids == (outer,)
        assert folders.folder_name(session, library, name) == name.decode("utf-8", "replace")


def test_photos_of_a_folder_come_in_pages_newest_first(database: Database, tree: Tree) -> None:
    library = tree.library("/photos")
    ids = [tree.put(library, b"in/%d.jpg" % number) for number in range(5)]
    tree.put(library, b"in/copy.jpg", photo_id=ids[0])
    tree.put(library, b"in/deeper/x.jpg")
    with database.read() as session:
        first = folders.page(session, library, b"in", 3)
        assert first.photo_ids == tuple(ids[:3])
        second = folders.page(session, library, b"in", 3, first.next_after)
        assert (second.photo_ids, second.next_after) == (tuple(ids[3:]), None)
        assert folders.page(session, library, b"in", 5).next_after is None
        assert folders.count(session, library, b"in") == 5


def test_what_is_not_on_disk_or_not_shown_is_in_no_folder(database: Database, tree: Tree) -> None:
    library = tree.library("/photos")
    tree.put(library, b"gone/a.jpg", state="missing")
    tree.put(library, b"broken/b.jpg", state="failed")
    shown = tree.put(library, b"there/c.jpg")
    companion = tree.put(library, b"raw/d.jpg")
    with database.write() as session:
        session.execute(update(Photo).where(Photo.id == companion).values(visible=False))
    with database.read() as session:
        assert [each.path for each in folders.children(session, library, b"")] == [b"there"]
        assert folders.folder_name(session, library, b"gone") == "gone"
        for path in (b"gone", b"broken", b"raw"):
            assert folders.page(session, library, path, 9).photo_ids == ()
            assert folders.count(session, library, path) == 0
        assert folders.page(session, library, b"there", 9).photo_ids == (shown,)


def test_a_folder_that_never_was_is_not_found(database: Database, tree: Tree) -> None:
    library = tree.library("/photos")
    tree.put(library, b"2019/a.jpg")
    with database.read() as session:
        for path in (b"201", b"2019/x", b"../2019", b"..", b"2019%", b"20_9", b"\xff"):
            with pytest.raises(NotFoundError):
                folders.folder_name(session, library, path)
        with pytest.raises(NotFoundError):
            folders.folder_name(session, library + 1, b"")


def test_photos_of_a_folder_are_found_by_the_index_over_folders(database: Database, tree: Tree) -> None:
    library = tree.library("/photos")
    tree.put(library, b"2019/a.jpg")
    asked: list[str] = []
    with database.read() as session:
        connection = session.connection()
        event.listen(connection, "before_cursor_execute", lambda _c, _k, statement, *_: asked.append(statement))
        folders.page(session, library, b"2019", 9)
        folders.count(session, library, b"2019")
        plans = []
        for statement in list(asked):
            marks = statement.count("?")
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", (1,) * marks).all()
            plans.append(" ".join(row[-1] for row in rows))
    assert len(plans) == 2
    assert all("COVERING INDEX file_folder (folder_id=?" in plan for plan in plans), plans
