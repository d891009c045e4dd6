"""Snapshots: the same answers as sqlite-vec, whatever happened since they were built, and whatever happened to them."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from blake3 import blake3
from numpy.typing import NDArray
from sqlalchemy import delete, text, update
from sqlalchemy.orm import Session
from storage.test_embeddings import add_photos, register, unit

from photoindex import embeddings, reckoning
from photoindex.database import Database
from photoindex.embeddings import StoredEncoder
from photoindex.models import EmbeddingChange, Photo
from photoindex.neighbours import VecSpace
from photoindex.snapshots import SnapshotSpace, Spaces, changes, tuning
from photoindex.snapshots.building import build, lists_of
from photoindex.snapshots.captions import CAPTIONS
from photoindex.snapshots.format import (
    CODES,
    HEADER,
    NORMS,
    PHOTOS,
    VECTORS,
    Depth,
    SnapshotError,
    new_name,
    open_snapshot,
    remove_others,
    verify,
)
from photoindex.spaces import Found, Neighbour, Space

DIM = 16


def clustered(chooser: np.random.Generator, count: int, dim: int = DIM) -> NDArray[np.float32]:
    """Rows as of a CLIP: a common mean, and clusters."""
    centres = chooser.standard_normal((12, dim))
    rows = 1.5 + centres[chooser.integers(12, size=count)] + 0.5 * chooser.standard_normal((count, dim))
    return unit(rows)


def fill(session: Session, count: int, seed: int = 0) -> StoredEncoder:
    encoder = register(session, dim=DIM)
    ids = add_photos(session, count)
    embeddings.put(session, encoder.id, dict(zip(ids, clustered(np.random.default_rng(seed), count), strict=True)))
    return encoder


def make(database: Database, encoder: StoredEncoder, folder: Path, lists_from: int = 10**9) -> str:
    """Build a snapshot and let it count, as the daemon does."""
    name = new_name()
    with database.write() as session:
        changes.prepare(session, encoder.id)
    header = build(database, encoder, folder, name, None, lists_from)
    with database.write() as session:
        changes.register(session, encoder.id, name, header.sequence)
    return name


def pairs(found: Found) -> list[tuple[int, float]]:
    return list(zip(found.photo_ids.tolist(), found.distances.tolist(), strict=True))


def assert_same_answers(session: Session, space: Space, encoder: StoredEncoder, seed: int, deep: bool = True) -> None:
    """Everything that a space can be asked gives what sqlite-vec gives, bit for bit."""
    exact, chooser = VecSpace(encoder), np.random.default_rng(seed)
    (query,) = clustered(chooser, 1)
    (text_like,) = unit(chooser.standard_normal((1, DIM)))
    all_ids = list(session.scalars(text("SELECT id FROM photo")))
    for vector in (query, text_like):
        for limit in (1, 10, 50):
            assert pairs(space.nearest(session, vector, limit)) == pairs(exact.nearest(session, vector, limit))
        some = chooser.choice(all_ids, 40).tolist()
        assert pairs(space.distances(session, vector, some)) == pairs(exact.distances(session, vector, some))
        every = exact.distances(session, vector, all_ids)
        for share in (0.0, 0.01, 0.3, 1.0) if deep else (0.01,):
            bound = float(every.distances[int(share * (len(every) - 1))])
            within = pairs(space.within(session, vector, bound))
            assert within == [each for each in pairs(every) if each[1] <= bound]
            assert within == pairs(exact.within(session, vector, bound))


@pytest.fixture(params=["by codes", "by every row"])
def exactly(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Snapshots that miss nothing, though they are searched in one of the two ways."""

    def all_but_one(vectors: NDArray[np.float16], *_: object) -> tuple[Depth, ...]:
        return (Depth(50, 0, len(vectors) - 1, 1.0, 1.0),)

    monkeypatch.setattr("photoindex.snapshots.tuning.depths", all_but_one)
    monkeypatch.setattr("photoindex.snapshots.space.SCAN_SHARE", 1.0 if request.param == "by codes" else 0.0)
    monkeypatch.setattr("photoindex.snapshots.space.THOROUGH", ((0, 1.0),))


def test_float16_rows_are_widened_exactly() -> None:
    every = np.arange(65536, dtype=np.uint16).view(np.float16)
    finite = every[np.isfinite(every)].reshape(-1, 2)
    assert np.array_equal(reckoning.widened(finite), finite.astype(np.float32))


@pytest.mark.parametrize("lists_from", [10**9, 0], ids=["codes", "codes in lists"])
def test_codes_miss_little_and_what_is_found_has_its_exact_distance(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lists_from: int
) -> None:
    monkeypatch.setattr("photoindex.snapshots.queries.COUNT", 40)
    with database.write() as session:
        encoder = fill(session, 2000)
    make(database, encoder, tmp_path, lists_from)
    exact, hits, missed, missed_even_so = VecSpace(encoder), 0, 0, 0
    with database.read() as session:
        space = Spaces(tmp_path).of(session, encoder)
        assert isinstance(space, SnapshotSpace)
        assert space.snapshot.header.lists == (0 if lists_from else lists_of(2000))
        assert space._depth(50) is not None  # else every row is looked at
        chooser = np.random.default_rng(5)
        for vector in (*clustered(chooser, 20), *unit(chooser.standard_normal((20, DIM)))):
            truth = pairs(exact.nearest(session, vector, 50))
            nearest, within = space.nearest(session, vector, 50), space.within(session, vector, truth[-1][1])
            thorough = set(pairs(space.within(session, vector, truth[-1][1], thorough=True)))
            missed_even_so += len(set(truth) - thorough)
            hits, missed = hits + len(set(pairs(nearest)) & set(truth)), missed + len(set(truth) - set(pairs(within)))
            for found in (nearest, within):
                assert pairs(found) == sorted(pairs(found), key=lambda pair: (pair[1], pair[0]))
        assert (
            lists_from or space._deeper(50, thorough=False) is not None
        )  # in lists, `within` has not looked at every row either
    assert hits / 2000 >= 0.97
    assert missed <= 4  # of 2,000, with the coarse codes of so few dimensions
    assert missed_even_so == 0


@pytest.mark.usefixtures("exactly")
def test_a_small_snapshot_answers_exactly_as_sqlite_vec_does(database: Database, tmp_path: Path) -> None:
    with database.write() as session:
        encoder = fill(session, 300)
    make(database, encoder, tmp_path)
    with database.read() as session:
        space = Spaces(tmp_path).of(session, encoder)
        assert isinstance(space, SnapshotSpace)
        for seed in range(4):
            assert_same_answers(session, space, encoder, seed)


@pytest.mark.usefixtures("exactly")
@pytest.mark.parametrize("seed", range(4))
def test_answers_are_those_of_the_database_whatever_has_changed_since_it_was_built(
    database: Database, tmp_path: Path, seed: int
) -> None:
    """Photos come, go, are hidden, shown and embedded anew, videos among them; between any two searches."""
    chooser = np.random.default_rng(seed)
    with database.write() as session:
        encoder = fill(session, 200, seed)
        _embed(session, encoder, chooser, list(range(1, 200, 9)), frames=4)
    spaces = Spaces(tmp_path)
    make(database, encoder, tmp_path)
    for turn in range(8):
        with database.write() as session:
            _change_something(session, encoder, chooser, turn)
        if turn == 5:
            make(database, encoder, tmp_path)
        with database.read() as session:
            space = spaces.of(session, encoder)
            assert isinstance(space, SnapshotSpace)
            assert (turn == 5) == (space.overlay.alive is None)
            assert_same_answers(session, space, encoder, turn)
            (vector,) = clustered(chooser, 1)
            ids = VecSpace(encoder).nearest(session, vector, 100).photo_ids.tolist()
            assert space.moments(session, vector, ids) == VecSpace(encoder).moments(session, vector, ids)


def _change_something(session: Session, encoder: StoredEncoder, chooser: np.random.Generator, turn: int) -> None:
    ids = list(session.scalars(text("SELECT id FROM photo ORDER BY id")))
    some = [ids[int(n)] for n in chooser.choice(len(ids), 5, replace=False)]
    for photo_id in some[:2]:
        session.execute(update(Photo).where(Photo.id == photo_id).values(visible=turn % 3 == 0))
    _embed(session, encoder, chooser, some[2:4], frames=1 + turn % 3)
    _embed(session, encoder, chooser, add_photos_hidden_stay(session, 4, 1000 * (turn + 1)), frames=1 + turn % 2)
    embeddings.delete_photos(session, [some[4]])
    if turn % 2:
        session.execute(delete(Photo).where(Photo.id == some[4]))


def add_photos_hidden_stay(session: Session, count: int, start: int) -> list[int]:
    """`add_photos` shows every photo there is; here those that are hidden stay so."""
    hidden = list(session.scalars(text("SELECT id FROM photo WHERE NOT visible")))
    ids = add_photos(session, count, start)
    session.execute(update(Photo).where(Photo.id.in_(hidden)).values(visible=False))
    return ids


def _embed(
    session: Session, encoder: StoredEncoder, chooser: np.random.Generator, photo_ids: list[int], frames: int
) -> None:
    for photo_id in photo_ids:
        rows = clustered(chooser, frames)
        embeddings.put(session, encoder.id, {photo_id: rows}, {photo_id: [1.5 * n for n in range(frames)]})


@pytest.mark.usefixtures("exactly")
def test_pages_of_a_snapshot_hold_every_photo_once(database: Database, tmp_path: Path) -> None:
    chooser = np.random.default_rng(2)
    with database.write() as session:
        encoder = fill(session, 400)
    make(database, encoder, tmp_path)
    with database.write() as session:
        _embed(session, encoder, chooser, add_photos(session, 60, 5000), frames=2)
    (query,) = clustered(chooser, 1)
    with database.read() as session:
        space, seen = Spaces(tmp_path).of(session, encoder), []
        while page := pairs(space.nearest(session, query, 37, Neighbour(*seen[-1]) if seen else None)):
            seen += page
        assert seen == pairs(VecSpace(encoder).within(session, query, 2.0))
        assert len(seen) == 460


def test_without_any_snapshot_nothing_is_noted(database: Database) -> None:
    with database.write() as session:
        encoder = fill(session, 5)
        session.execute(update(Photo).values(visible=False))
        embeddings.delete_photos(session, [1])
        assert session.query(EmbeddingChange).count() == 0
        assert isinstance(Spaces(Path("nowhere")).of(session, encoder), VecSpace)


def test_changes_that_a_new_snapshot_knows_of_are_forgotten_and_numbers_never_come_again(
    database: Database, tmp_path: Path
) -> None:
    with database.write() as session:
        encoder = fill(session, 50)
        other = register(session, "other", 4)
        changes.prepare(session, other.id)
    make(database, encoder, tmp_path)
    with database.write() as session:
        embeddings.put(session, encoder.id, {1: unit(np.ones(DIM)), 2: unit(np.ones(DIM))})
        embeddings.put(session, other.id, {3: unit(np.ones(4))})
        assert sorted(changes.changed(session, encoder.id, 0)) == [1, 2]
        last = changes.last_sequence(session)
    make(database, encoder, tmp_path)
    with database.write() as session:
        assert changes.changed(session, encoder.id, 0) == []
        assert changes.changed(session, other.id, 0) == [3]  # that one's snapshot knows nothing of it
        changes.forget(session, [other.id])
        assert session.query(EmbeddingChange).count() == 0
        assert changes.last_sequence(session) == last
        session.execute(text("UPDATE embedding SET vector = vector WHERE photo_id = 7"))
        assert changes.changed(session, encoder.id, last) == [7]
        session.execute(text(f"DELETE FROM encoder WHERE id = {encoder.id}"))
        assert changes.known(session) == {}


@pytest.mark.usefixtures("exactly")
def test_a_new_snapshot_is_taken_up_between_two_requests(database: Database, tmp_path: Path) -> None:
    with database.write() as session:
        encoder = fill(session, 60)
    spaces, first = Spaces(tmp_path), make(database, encoder, tmp_path)
    with database.read() as session:
        before = spaces.of(session, encoder)
        second = make(database, encoder, tmp_path)
        remove_others(tmp_path, {second})
        during = spaces.of(session, encoder)  # this transaction began before the swap
        assert isinstance(before, SnapshotSpace) and isinstance(during, SnapshotSpace)
        assert during.snapshot.name == first
        assert_same_answers(session, before, encoder, 1)  # its files are gone, but it has them open
    with database.read() as session:
        after = spaces.of(session, encoder)
        assert isinstance(after, SnapshotSpace) and after.snapshot.name == second
        assert_same_answers(session, after, encoder, 1)


def _flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 4
    path.write_bytes(content)


DAMAGES = {
    "no folder": lambda folder: folder.rename(folder.with_name("elsewhere")),
    "no header": lambda folder: (folder / HEADER).unlink(),
    "header of another encoder": lambda folder: _rewrite(folder, fingerprint="other"),
    "header of another version": lambda folder: _rewrite(folder, version=99),
    "a bit of the header": lambda folder: (folder / HEADER).write_text(
        (folder / HEADER).read_text().replace('"rows": 500', '"rows": 501')
    ),
    "header cut": lambda folder: os.truncate(folder / HEADER, 100),
    "vectors cut": lambda folder: os.truncate(folder / VECTORS, 1000),
    "no codes": lambda folder: (folder / CODES).unlink(),
    "codes cut": lambda folder: os.truncate(folder / CODES, 1000),
    "a bit of the codes": lambda folder: _flip(folder / CODES, 3000),
    "a bit of the ids": lambda folder: _flip(folder / PHOTOS, 80),
    "a bit of the norms": lambda folder: _flip(folder / NORMS, 80),
}


def _rewrite(folder: Path, **values: object) -> None:
    """A header that is sound in itself."""
    read = json.loads((folder / HEADER).read_text())
    content = read["content"] | values
    digest = blake3(json.dumps(content, sort_keys=True).encode()).hexdigest()
    (folder / HEADER).write_text(json.dumps({"content": content, "blake3": digest}))


def test_sqlite_vec_answers_for_a_snapshot_that_is_damaged_in_any_way(database: Database, tmp_path: Path) -> None:
    with database.write() as session:
        encoder = fill(session, 500)
    name = make(database, encoder, tmp_path / "whole")
    for damage, do in DAMAGES.items():
        folder = tmp_path / damage
        shutil.copytree(tmp_path / "whole", folder)
        verify(folder, name)
        open_snapshot(folder, name, encoder.fingerprint, encoder.dim)
        do(folder / name)
        with pytest.raises(SnapshotError):
            open_snapshot(folder, name, encoder.fingerprint, encoder.dim)
        spaces = Spaces(folder)
        with database.read() as session:
            for _ in range(2):
                assert isinstance(spaces.of(session, encoder), VecSpace), damage
            assert len(spaces.of(session, encoder).nearest(session, unit(np.ones(DIM)), 10)) == 10


def test_a_bit_that_flips_in_the_vectors_is_found_by_reading_all(database: Database, tmp_path: Path) -> None:
    with database.write() as session:
        encoder = fill(session, 100)
    name = make(database, encoder, tmp_path)
    verify(tmp_path, name)
    _flip(tmp_path / name / VECTORS, 999)
    with pytest.raises(SnapshotError, match=r"vectors\.f16 has changed"):
        verify(tmp_path, name)


def test_nothing_is_left_of_a_build_that_fails(database: Database, tmp_path: Path) -> None:
    with database.write() as session:
        encoder = register(session, dim=DIM)
        add_photos(session, 3)
    with pytest.raises(SnapshotError, match="no embedding"):
        build(database, encoder, tmp_path / "snapshots", "name", None)
    assert list((tmp_path / "snapshots").iterdir()) == []


def test_when_most_of_the_library_is_new_sqlite_vec_answers(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("photoindex.snapshots.opening.LARGEST_TAIL", 30)
    with database.write() as session:
        encoder = fill(session, 60)
    make(database, encoder, tmp_path)
    chooser, spaces = np.random.default_rng(0), Spaces(tmp_path)
    with database.write() as session:
        _embed(session, encoder, chooser, add_photos_hidden_stay(session, 30, 500), frames=1)
        assert isinstance(spaces.of(session, encoder), SnapshotSpace)
        _embed(session, encoder, chooser, add_photos_hidden_stay(session, 60, 900), frames=1)
        space = spaces.of(session, encoder)
        assert isinstance(space, VecSpace)
        assert len(space.within(session, unit(np.ones(DIM)), 2.0)) == 150


def test_sqlite_vec_finds_all_within_a_distance_beyond_its_largest_k(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("photoindex.neighbours.KNN_LIMIT", 60)
    with database.write() as session:
        encoder = register(session, dim=4)
        ids = add_photos(session, 430)
        rows = unit(np.random.default_rng(0).standard_normal((430, 4)))
        embeddings.put(session, encoder.id, dict(zip(ids, rows, strict=True)))
        session.execute(update(Photo).where(Photo.id % 50 == 0).values(visible=False))
        query, space = rows[0], VecSpace(encoder)
        every = space.distances(session, query, ids)
        assert len(every) == 430 - 8
        for bound in (0.2, 2.0):
            assert pairs(space.within(session, query, bound)) == [each for each in pairs(every) if each[1] <= bound]


class FakeCodes:
    """Finds rows at their true places, but for the second, which comes last: unless all four lists are looked into."""

    lists = 4

    def __init__(self, ever: bool) -> None:
        self._ever = ever

    def __len__(self) -> int:
        return 4000

    def search(self, _vector: NDArray[np.float32], count: int, probes: int) -> NDArray[np.int64]:
        found = np.arange(4000)
        if probes < 4 or not self._ever:
            found[[1, 3999]] = found[[3999, 1]]
        return found[:count]


@pytest.mark.parametrize("ever", [True, False])
def test_the_cheapest_way_that_reaches_the_recall_is_taken_and_else_the_best(
    monkeypatch: pytest.MonkeyPatch, ever: bool
) -> None:
    def nearest(_vectors: object, _inverse: object, asked: NDArray[np.float32], limit: int) -> NDArray[np.int64]:
        return np.tile(np.arange(limit), (len(asked), 1))

    monkeypatch.setattr("photoindex.snapshots.queries.true_nearest", nearest)
    monkeypatch.setattr("photoindex.snapshots.queries.nearest_first", lambda _vectors, _asked, positions: positions)
    monkeypatch.setitem(tuning.TARGETS, 50, 0.97)
    vectors, asked = np.ones((4000, 2), np.float16), np.ones((3, 2), np.float32)
    kinds = {"images": asked, "texts": asked}
    shallow, deep = tuning.depths(vectors, np.ones(4000, np.float32), FakeCodes(ever), kinds)  # type: ignore[arg-type]
    assert (shallow.limit, shallow.probes, shallow.candidates) == (10, 4 if ever else 1, 50)
    assert shallow.recall_images == shallow.recall_texts == pytest.approx(1.0 if ever else 0.9)
    assert (deep.limit, deep.probes, deep.candidates) == (50, 1, 100)
    assert deep.recall_images == deep.recall_texts == pytest.approx(0.98)


def test_recall_is_measured_with_real_texts_where_there_are_some(database: Database, tmp_path: Path) -> None:
    with database.write() as session:
        encoder = fill(session, 200)
    texts = unit(np.random.default_rng(1).standard_normal((9, DIM)))
    assert build(database, encoder, tmp_path, "a", texts).text_queries == "encoded"
    assert build(database, encoder, tmp_path, "b", None).text_queries == "made up"
    assert len(set(CAPTIONS)) == len(CAPTIONS) >= 100
