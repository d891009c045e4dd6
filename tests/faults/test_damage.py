"""Damaged pages, search tables, snapshots and words: searches are answered, and all that is derived is made again."""

from __future__ import annotations

import logging
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from faults.stored import Belongings, belongings, fill, problems
from sqlalchemy import text
from storage.test_snapshot import clustered, make

from photoindex import embeddings, rebuilding, words
from photoindex.database import Database, open_database
from photoindex.doctor import Patient, examine
from photoindex.doctor.salvage import salvage
from photoindex.doctor.tables import COUNTED, DERIVED, KEPT
from photoindex.errors import DatabaseError
from photoindex.models import Base
from photoindex.neighbours import VecSpace
from photoindex.snapshots import Spaces
from photoindex.snapshots.format import CODES

Damage = Callable[[Database], None]


def _run(*statements: str) -> Damage:
    def damage(database: Database) -> None:
        with database.write() as session:
            for statement in statements:
                session.execute(text(statement))

    return damage


VECTORS = "vec_1_vector_chunks00"
DAMAGES = {
    "dropped": _run("DROP TABLE vec_1"),
    "vectors gone": _run(f"DELETE FROM {VECTORS}"),
    "vectors zeroed": _run(f"UPDATE {VECTORS} SET vectors = zeroblob(length(vectors))"),
    "vectors cut": _run(f"UPDATE {VECTORS} SET vectors = x'00'"),
    "chunks gone": _run("DELETE FROM vec_1_chunks"),
    "keys gone": _run("DELETE FROM vec_1_rowids WHERE rowid < 100"),
    "table of vectors dropped": _run(f"DROP TABLE {VECTORS}"),
}


_RARE = ("vectors gone", "vectors cut", "table of vectors dropped")
_DAMAGES = [
    pytest.param(damage, id=name, marks=[pytest.mark.long] if name in _RARE else []) for name, damage in DAMAGES.items()
]


@pytest.mark.parametrize("damage", _DAMAGES)
def test_r31_with_a_damaged_search_table_nothing_crashes_and_the_daemon_rebuilds_it(
    damage: Damage, database: Database
) -> None:
    encoder = fill(database, 150)
    (query,) = clustered(np.random.default_rng(5), 1)
    with database.read() as session:
        expected = VecSpace(encoder).nearest(session, query, 20)
    damage(database)
    later = open_database(database.path)  # starting does not depend on it
    with later.read() as session:
        found = VecSpace(encoder).nearest(session, query, 20)
        assert set(found.photo_ids.tolist()) <= set(range(1, 151))
    assert rebuilding.repair(later) == 1
    with later.read() as session:
        assert embeddings.is_sound(session, encoder)
        found = VecSpace(encoder).nearest(session, query, 20)
        assert found.photo_ids.tolist() == expected.photo_ids.tolist()
    later.close()


@pytest.mark.parametrize("name", ["dropped", "vectors gone", "table of vectors dropped"])
def test_r31_without_its_search_table_a_library_is_searched_by_the_rows(name: str, database: Database) -> None:
    encoder = fill(database, 150)
    (query,) = clustered(np.random.default_rng(5), 1)
    with database.read() as session:
        expected = VecSpace(encoder).nearest(session, query, 30), VecSpace(encoder).within(session, query, 0.5)
    DAMAGES[name](database)
    with database.read() as session:
        found = VecSpace(encoder).nearest(session, query, 30), VecSpace(encoder).within(session, query, 0.5)
    for now, before in zip(found, expected, strict=True):
        assert now.photo_ids.tolist() == before.photo_ids.tolist()
        assert now.distances.tolist() == before.distances.tolist()


def test_r31_one_wrong_vector_among_all_is_found_and_mended_by_the_doctor(database: Database) -> None:
    fill(database, 150)
    changed = "substr(vectors, 1, 6400) || zeroblob(4) || substr(vectors, 6405)"
    _run(f"UPDATE {VECTORS} SET vectors = CAST({changed} AS BLOB)")(database)
    folder = database.path.parent
    assert problems(database, folder) == ["search table: 1 vector is wrong in the search table of test"]
    list(examine(Patient(database, folder / "thumbnails", folder / "snapshots", repair=True)))
    assert problems(database, folder) == []


def test_r31_a_damaged_snapshot_answers_exactly_until_it_is_built_anew(database: Database) -> None:
    encoder, folder = fill(database, 150), database.path.parent / "snapshots"
    name = make(database, encoder, folder)
    (folder / name / CODES).write_bytes(b"no codes")
    with database.read() as session:
        space = Spaces(folder).of(session, encoder)
        assert isinstance(space, VecSpace)
        assert len(space.nearest(session, clustered(np.random.default_rng(5), 1)[0], 10)) == 10
    (found,) = problems(database, folder.parent)
    assert found.startswith("snapshot: the snapshot")
    list(examine(Patient(database, folder.parent / "thumbnails", folder, repair=True)))
    assert problems(database, folder.parent) == []


@pytest.mark.parametrize("what", ["DROP TABLE word_index", "DELETE FROM word_index_data"])
def test_r31_the_words_of_photos_are_read_again_when_their_table_is_damaged(what: str, database: Database) -> None:
    fill(database, 60)
    with database.write() as session:
        while words.refresh(session):
            pass
    _run(what)(database)
    folder = database.path.parent
    assert [each.split(":")[0] for each in problems(database, folder)] == ["words"]
    list(examine(Patient(database, folder / "thumbnails", folder / "snapshots", repair=True)))
    with database.write() as session:
        while words.refresh(session):
            pass
    assert problems(database, folder) == []


def test_the_doctor_mends_rows_that_do_not_fit_each_other(database: Database) -> None:
    fill(database, 60)
    _run(
        "PRAGMA defer_foreign_keys = ON",
        "UPDATE embedding SET vector = zeroblob(32) WHERE photo_id = 3",
        "UPDATE embedding SET vector = x'00' WHERE photo_id = 4",
        "UPDATE file SET photo_id = NULL WHERE id = 5",
        "UPDATE photo_tally SET photos = 1",
        "UPDATE photo SET visible = 0 WHERE id = 12",
    )(database)
    folder = database.path.parent
    found = [each.split(":")[0] for each in problems(database, folder)]
    assert {"files", "counts", "embeddings", "search table"} <= set(found)
    before = belongings(database)
    repaired = list(examine(Patient(database, folder / "thumbnails", folder / "snapshots", repair=True)))
    assert all(each.repaired for each in repaired if each.check != "thumbnails")
    assert problems(database, folder) == []
    assert belongings(database) == before
    with database.read() as session:
        assert embeddings.existing(session, 1, [3, 4, 6]) == {6}
        assert session.scalar(text("SELECT state FROM file WHERE id = 5")) == "pending"


def test_the_doctor_knows_every_table_there_is(database: Database) -> None:
    lists = (set(COUNTED), DERIVED, KEPT)
    assert sum(map(len, lists)) == len(set().union(*lists))
    assert set().union(*lists) == set(Base.metadata.tables)
    with database.read() as session:
        for table in COUNTED:
            session.execute(text(COUNTED[table])).all()


# --- damaged pages -----------------------------------------------------------------------------------------------


def _flip(path: Path, seed: int) -> None:
    """Overwrite up to three stretches of up to 64 bytes anywhere but in the first page, which describes the rest."""
    chooser, content = random.Random(seed), bytearray(path.read_bytes())
    for _ in range(chooser.randint(1, 3)):
        start = chooser.randrange(16384, len(content))
        size = chooser.choice((1, 8, 64))
        content[start : start + size] = chooser.randbytes(size)[: len(content) - start]
    path.write_bytes(content)


def _share_kept(now: Belongings, before: Belongings) -> float:
    def pieces(each: Belongings) -> set[object]:
        albums = {(name, content) for name, contents in each.albums.items() for content in contents}
        favourites = {("favourite", content) for content in each.favourites}
        return favourites | set(each.ratings.items()) | albums | set(each.searches.items())

    wanted = pieces(before)
    return len(pieces(now) & wanted) / len(wanted)


@pytest.mark.parametrize("seeds", [2, pytest.param(200, marks=[pytest.mark.long, pytest.mark.timeout(1800)])])
def test_r30_a_damaged_database_is_never_an_empty_one_and_what_can_be_read_is_saved(
    seeds: int, tmp_path: Path, database: Database
) -> None:
    fill(database, 300 if seeds < 10 else 600)
    before = belongings(database)
    database.checkpoint()
    shares, refused = [], 0
    for seed in range(seeds):
        path = tmp_path / str(seed) / "photoindex.db"
        path.parent.mkdir()
        shutil.copy(database.path, path)
        _flip(path, seed)
        try:
            salvage(path)
        except DatabaseError:
            refused += 1
            assert path.exists()
            continue
        opened = open_database(path)
        assert [each for each in problems(opened, path.parent) if not each.startswith("words")] == []
        shares.append(_share_kept(belongings(opened), before))
        opened.close()
        assert len(list((path.parent / "backups").glob("replaced-*.db"))) == 1
        shutil.rmtree(path.parent)
    whole = sum(share >= 0.95 for share in shares)
    figures = f"{len(shares)} of {seeds} saved, {whole} of them with 95 % of what users made, {refused} refused"
    logging.getLogger(__name__).info(figures)
    assert len(shares) >= 0.9 * seeds, figures
    assert whole >= 0.95 * len(shares), figures


def test_r30_with_the_first_page_gone_it_says_so_and_leaves_everything(tmp_path: Path, database: Database) -> None:
    fill(database, 60)
    database.checkpoint()
    path = tmp_path / "copy" / "photoindex.db"
    path.parent.mkdir()
    shutil.copy(database.path, path)
    with path.open("r+b") as file:
        file.write(bytes(4096))
    content = path.read_bytes()
    for attempt in (open_database, salvage):
        with pytest.raises(DatabaseError, match="damaged"):
            attempt(path)
    assert path.read_bytes() == content
