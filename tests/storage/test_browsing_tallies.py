"""The counts and covers that triggers keep for browsing are those that counting all photos and files would give."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from datetime import datetime
from typing import Any

import numpy as np
import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import Session

from photoindex import embeddings, photos
from photoindex.database import Database
from photoindex.doctor import Patient
from photoindex.doctor.structure import check_counts
from photoindex.doctor.tables import COUNTED
from photoindex.models import File, Folder, FolderTally, GearTally, Library, MapTally, Photo, PlaceTally
from photoindex.photos import NewPhoto
from photoindex.places import CELL
from photoindex.resources import resource_folder

AT = datetime(2024, 3, 5)
HOME = (48.8566, 2.3522)
POSITIONS = (
    HOME, HOME, HOME, (48.8567, 2.3523), (48.8569, 2.3526), (-33.9, 151.2), (90.0, 180.0), (-90.0, -180.0),
    (0.0, 0.0), (-0.0001, -0.0001), (None, None), (10.0, None),
)  # fmt: skip
"""Many photos at the very same point, some in its cell, some at the ends of the world; some nowhere."""
FOLDERS = (b"", b"2019/", b"2019/Corsica/", b"caf\xe9/")
STATES = ("indexed", "indexed", "indexed", "pending", "failed", "missing")


class Life:
    """What may happen to photos and files, by chance."""

    def __init__(self, session: Session, seed: int) -> None:
        self.session, self.chance, self.number = session, random.Random(seed), 0
        roots = [Library(root=b"/photos %d of %d" % (number, seed), name="photos") for number in range(2)]
        session.add_all(roots)
        session.flush()
        self.library_ids = [each.id for each in roots]

    def go_on(self, steps: int) -> None:
        happenings = (self.photo_comes, self.photo_comes, self.file_comes, self.file_comes, self.photo_changes,
                      self.photo_shows_or_hides, self.photo_goes, self.file_changes, self.file_changes,
                      self.file_goes)  # fmt: skip
        for _ in range(steps):
            self.chance.choice(happenings)()

    def photo_comes(self) -> None:
        self.number += 1
        new = NewPhoto(self.number.to_bytes(32, "big"), "jpeg", 4, 3, 10, AT, AT)
        photo_id = photos.store(self.session, new)
        self.session.execute(update(Photo).where(Photo.id == photo_id).values(**self._values(), visible=True))

    def photo_changes(self) -> None:
        self.session.execute(update(Photo).where(Photo.id == self._any(Photo)).values(**self._values()))

    def photo_shows_or_hides(self) -> None:
        self.session.execute(update(Photo).where(Photo.id == self._any(Photo)).values(visible=~Photo.visible))

    def photo_goes(self) -> None:
        self.session.execute(delete(Photo).where(Photo.id == self._any(Photo)))

    def file_comes(self) -> None:
        self.number += 1
        values = {"size_bytes": 1, "mtime_ns": 1, "inode": self.number}
        self.session.add(File(library_id=self.chance.choice(self.library_ids), **self._file_values(), **values))
        self.session.flush()
        self.session.expunge_all()

    def file_changes(self) -> None:
        some = dict(self.chance.sample(sorted(self._file_values().items(), key=str), 2))
        self.session.execute(update(File).where(File.id == self._any(File)).values(**some))

    def file_goes(self) -> None:
        self.session.execute(delete(File).where(File.id == self._any(File)))

    def _any(self, table: Any) -> int:
        ids = list(self.session.scalars(select(table.id)))
        return self.chance.choice(ids) if ids else 0

    def _values(self) -> dict[str, object]:
        latitude, longitude = self.chance.choice(POSITIONS)
        names = {name: self.chance.choice((None, "a", "b")) for name in ("camera", "lens")}
        place_id, format = self.chance.choice((None, 1, 2)), self.chance.choice(("jpeg", "heif"))
        return {"latitude": latitude, "longitude": longitude, "place_id": place_id, "format": format, **names}

    def _file_values(self) -> dict[str, object]:
        self.number += 1
        path = self.chance.choice(FOLDERS) + b"%d.jpg" % self.number
        return {"path": path, "state": self.chance.choice(STATES), "photo_id": self._any(Photo) or None}


def assert_counted(session: Session) -> None:
    """Each tally is what counting gives."""
    assert gear(session) == counted_gear(session)
    assert places(session) == counted_places(session)
    assert cells(session) == counted_cells(session)
    assert folders(session) == counted_folders(session)


def gear(session: Session) -> set[tuple[Any, ...]]:
    columns = (GearTally.kind, GearTally.name, GearTally.photos, GearTally.cover_photo_id)
    return {tuple(row) for row in session.execute(select(*columns))}


def counted_gear(session: Session) -> set[tuple[Any, ...]]:
    return {
        (column.key, *row)
        for column in (Photo.camera, Photo.lens, Photo.format)
        for row in session.execute(
            select(column, func.count(), func.max(Photo.id)).where(Photo.visible, column.is_not(None)).group_by(column)
        )
    }


def places(session: Session) -> set[tuple[Any, ...]]:
    columns = (PlaceTally.place_id, PlaceTally.photos, PlaceTally.cover_photo_id)
    return {tuple(row) for row in session.execute(select(*columns))}


def counted_places(session: Session) -> set[tuple[Any, ...]]:
    shown = (Photo.visible, Photo.place_id.is_not(None))
    query = select(Photo.place_id, func.count(), func.max(Photo.id)).where(*shown).group_by(Photo.place_id)
    return {tuple(row) for row in session.execute(query)}


def cells(session: Session) -> dict[tuple[int, int], tuple[Any, ...]]:
    found = {}
    for tally in session.scalars(select(MapTally)):
        box = (tally.south, tally.west, tally.north, tally.east)
        found[tally.row, tally.col] = (tally.photos, tally.latitudes, tally.longitudes, *box, tally.cover_photo_id)
    session.expunge_all()
    return found


def counted_cells(session: Session) -> dict[tuple[int, int], tuple[Any, ...]]:
    shown = (Photo.visible, Photo.latitude.is_not(None), Photo.longitude.is_not(None))
    inside = defaultdict(list)
    for at in session.execute(select(Photo.latitude, Photo.longitude, Photo.id).where(*shown)):
        inside[math.floor((at.latitude + 90) / CELL), math.floor((at.longitude + 180) / CELL)].append(at)
    found = {}
    for cell, members in inside.items():
        south_north, west_east, ids = zip(*members, strict=True)
        sums = (sum(round(1e6 * each) for each in angles) for angles in (south_north, west_east))
        box = (min(south_north), min(west_east), max(south_north), max(west_east))
        found[cell] = (len(members), *sums, *box, max(ids))
    return found


def folders(session: Session) -> set[tuple[Any, ...]]:
    columns = (FolderTally.folder_id, FolderTally.photos, FolderTally.cover_photo_id)
    return {tuple(row) for row in session.execute(select(*columns))}


def counted_folders(session: Session) -> set[tuple[Any, ...]]:
    query = (
        select(File.folder_id, func.count(), func.max(File.photo_id))
        .join(Photo, Photo.id == File.photo_id)
        .where(File.state.not_in(("failed", "missing")), Photo.visible)
        .group_by(File.folder_id)
    )
    return {tuple(row) for row in session.execute(query)}


@pytest.mark.parametrize("seed", range(2))
def test_whatever_happens_to_photos_and_files_the_counts_are_right(database: Database, seed: int) -> None:
    with database.write() as session:
        life = Life(session, seed)
        for _ in range(30):
            life.go_on(10)
            assert_counted(session)
        assert gear(session)
        assert places(session)
        assert folders(session)
        assert max(count for count, *_ in cells(session).values()) > 2


def test_nothing_is_left_of_a_library_that_is_removed(database: Database) -> None:
    with database.write() as session:
        life = Life(session, 5)
        life.go_on(200)
        photos.remove_library(session, life.library_ids[0])
        assert_counted(session)
        session.execute(delete(Library).where(Library.id == life.library_ids[1]))  # its files go by foreign keys
        assert_counted(session)
        assert session.scalar(select(func.count()).select_from(Folder)) == 0
        assert folders(session) == set()


def test_a_library_from_before_is_counted_when_it_is_migrated(database: Database) -> None:
    with database.write() as session:
        life = Life(session, 6)
        life.go_on(200)
        before = (gear(session), places(session), cells(session), folders(session))
        for name in ("gear_tally", "place_tally", "map_tally", "folder_tally"):
            session.execute(text(f"DROP TABLE {name}"))
        for name in session.scalars(text(f"SELECT name FROM sqlite_master WHERE {_OF_0016}")).all():
            session.execute(text(f"DROP TRIGGER {name}"))
        with Operations.context(MigrationContext.configure(session.connection())):
            ScriptDirectory(str(resource_folder("migrations"))).get_revision("0015").module.upgrade()
        assert (gear(session), places(session), cells(session), folders(session)) == before
        life.go_on(50)
        assert_counted(session)


@pytest.mark.parametrize("table", sorted(COUNTED))
def test_the_doctor_counts_as_the_triggers_do_and_mends_what_is_wrong(table: str, database: Database) -> None:
    with database.write() as session:
        Life(session, 7).go_on(200)
        embeddings.register_encoder(
            session, name="e", fingerprint="e", dim=4, multilingual=False, text_range=(0, 1), image_range=(0, 1)
        )
        photo_id = session.scalar(select(func.max(Photo.id)).where(Photo.visible))
        embeddings.put(session, 1, {photo_id: np.array([1, 0, 0, 0], np.float32)})
    patient = Patient(database, database.path.parent / "thumbnails", database.path.parent / "snapshots", repair=True)
    assert list(check_counts(patient)) == []
    with database.write() as session:
        counted = "files" if table == "file_tally" else "photos"
        rows = text(f"SELECT * FROM {table} WHERE {counted} > 0")
        before = set(session.execute(rows).all())
        assert before
        session.execute(text(f"UPDATE {table} SET {counted} = {counted} + 1"))
    (found,) = check_counts(patient)
    assert found.repaired and found.problem == f"counts are wrong in {table}"
    with database.read() as session:
        assert set(session.execute(rows).all()) == before


_OF_0016 = "type = 'trigger' AND (name LIKE 'browsing_%' OR name LIKE 'folder_tally_%')"
