"""The daemon keeps the search snapshot: built, rebuilt, checked, removed, and never in the way."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest
from daemon.conftest import Home, eventually
from sqlalchemy import delete, text
from storage.test_snapshot import DIM, clustered, fill, pairs

from photoindex import embeddings
from photoindex.daemon.snapshots import Snapshots
from photoindex.database import Database
from photoindex.embeddings import StoredEncoder
from photoindex.models import Photo
from photoindex.neighbours import VecSpace
from photoindex.snapshots import SnapshotSpace, Spaces, changes
from photoindex.snapshots.format import VECTORS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "snapshots"


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing waits for the sake of a user's processor."""
    monkeypatch.setattr("photoindex.daemon.snapshots.REBUILD_LEAST", 3)
    monkeypatch.setattr("photoindex.daemon.snapshots.REST", 0.0)


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Build in this process: starting one for each build would take the most time here. The names built."""
    from photoindex.snapshots.building import build

    built: list[str] = []

    def run(keeper: Snapshots, command: list[str]) -> int:
        database, folder, name, encoder_id, _parent = command[-5:]
        assert (keeper._database.path, keeper._folder) == (Path(database), Path(folder))
        with keeper._database.read() as session:
            (encoder,) = [e for e in embeddings.stored_encoders(session) if e.id == int(encoder_id)]
        build(keeper._database, encoder, keeper._folder, name, None)
        built.append(name)
        return 0

    monkeypatch.setattr(Snapshots, "_run", run)
    return built


def keeper_of(database: Database, folder: Path, build_from: int = 100) -> Snapshots:
    return Snapshots(database, folder, lambda: False, build_from=build_from)


def put(database: Database, encoder: StoredEncoder, photo_ids: list[int]) -> None:
    chooser = np.random.default_rng(len(photo_ids))
    with database.write() as session:
        rows = clustered(chooser, len(photo_ids))
        embeddings.put(session, encoder.id, dict(zip(photo_ids, rows, strict=True)))


def counting(database: Database) -> dict[int, str | None]:
    with database.read() as session:
        return changes.known(session)


def test_a_library_that_grows_large_gets_a_snapshot_and_keeps_it_fresh(
    database: Database, folder: Path, in_process: list[str]
) -> None:
    with database.write() as session:
        encoder = fill(session, 90)
    small, keeper = keeper_of(database, folder, 91), keeper_of(database, folder, 90)
    assert small.step() and not in_process and counting(database) == {}
    assert keeper.step()
    (first,) = in_process
    assert counting(database) == {encoder.id: first}
    put(database, encoder, [1, 2, 3, 4])
    assert keeper.step() and in_process == [first]  # four of ninety are searched beside it
    put(database, encoder, [5])
    assert keeper.step() and len(in_process) == 2
    second = in_process[1]
    assert counting(database) == {encoder.id: second}
    assert keeper.step() and len(in_process) == 2
    assert [path.name for path in folder.iterdir()] == [second]
    with database.read() as session:
        space = Spaces(folder).of(session, encoder)
        assert isinstance(space, SnapshotSpace) and space.overlay.alive is None


def test_a_library_that_has_shrunk_loses_its_snapshot(database: Database, folder: Path, in_process: list[str]) -> None:
    with database.write() as session:
        fill(session, 120)
    keeper = keeper_of(database, folder)
    assert keeper.step() and len(counting(database)) == 1
    with database.write() as session:
        session.execute(delete(Photo).where(Photo.id > 60))
    assert keeper.step()
    assert counting(database) == {} and list(folder.iterdir()) == []
    with database.write() as session:
        assert session.execute(text("SELECT count(*) FROM embedding_change")).scalar() == 0


def test_the_snapshot_of_an_encoder_that_is_no_longer_used_goes(
    database: Database, folder: Path, in_process: list[str]
) -> None:
    with database.write() as session:
        old = fill(session, 120)
    keeper = keeper_of(database, folder)
    assert keeper.step()
    with database.write() as session:
        new = embeddings.register_encoder(
            session,
            name="new",
            fingerprint="new",
            dim=DIM,
            multilingual=False,
            text_range=(0.0, 1.0),
            image_range=(0.0, 1.0),
        )
        embeddings.put(session, new.id, dict(enumerate(clustered(np.random.default_rng(1), 120), 1)))
    assert keeper.step() and counting(database) == {old.id: in_process[0]}
    with database.write() as session:
        embeddings.activate(session, new.id)
    assert keeper.step() and counting(database) == {new.id: in_process[1]}
    assert [path.name for path in folder.iterdir()] == [in_process[1]]


@pytest.mark.parametrize("damage", ["gone", "cut", "a bit"])
def test_a_damaged_snapshot_is_built_anew(
    database: Database, folder: Path, in_process: list[str], damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    with database.write() as session:
        encoder = fill(session, 120)
    assert keeper_of(database, folder).step()
    vectors = folder / in_process[0] / VECTORS
    if damage == "gone":
        (folder / in_process[0]).rename(folder.parent / "elsewhere")
    elif damage == "cut":
        os.truncate(vectors, 100)
    else:
        content = bytearray(vectors.read_bytes())
        content[77] ^= 1
        vectors.write_bytes(content)
    assert keeper_of(database, folder).step()  # as after the next start of the daemon
    assert len(in_process) == 2 and counting(database) == {encoder.id: in_process[1]}
    assert "it is built anew" in caplog.text


def test_after_a_build_the_next_one_waits_and_finishing_does_not(
    database: Database, folder: Path, in_process: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.write() as session:
        encoder = fill(session, 120)
    keeper = keeper_of(database, folder)
    assert keeper.step()
    put(database, encoder, list(range(1, 30)))
    monkeypatch.setattr(keeper, "_not_before", time.monotonic() + 60)
    assert not keeper.step() and len(in_process) == 1
    keeper.finish()
    assert len(in_process) == 2


def test_a_build_that_fails_harms_nothing_and_is_tried_again_later(
    database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with database.write() as session:
        encoder = fill(session, 120)
    monkeypatch.setattr(Snapshots, "_run", lambda _keeper, _command: 1)
    keeper = keeper_of(database, folder)
    assert not keeper.step()
    assert "ended with code 1" in caplog.text
    assert counting(database) == {encoder.id: None}
    assert keeper._not_before > time.monotonic() + 100
    with database.read() as session:
        assert isinstance(Spaces(folder).of(session, encoder), VecSpace)


def test_it_is_built_by_a_process_of_its_own(database: Database, folder: Path) -> None:
    with database.write() as session:
        encoder = fill(session, 150)
    assert keeper_of(database, folder).step()
    with database.read() as session:
        space = Spaces(folder).of(session, encoder)
        assert isinstance(space, SnapshotSpace)
        assert space.snapshot.header.text_queries == "made up"  # an encoder called `test` can't be loaded
        (query,) = clustered(np.random.default_rng(3), 1)
        every = [pairs(each.within(session, query, 2.0)) for each in (space, VecSpace(encoder))]
        assert every[0] == every[1] and len(every[0]) == 150


def test_a_build_ends_at_once_with_the_daemon_and_leaves_nothing(database: Database, folder: Path) -> None:
    with database.write() as session:
        fill(session, 150)
    ending = threading.Event()
    keeper = Snapshots(database, folder, ending.is_set, build_from=100)
    thread = threading.Thread(target=keeper.run, args=(ending,))
    thread.start()
    eventually(lambda: psutil.Process().children())
    started = time.monotonic()
    ending.set()
    thread.join(60)
    assert not thread.is_alive() and time.monotonic() - started < 30
    assert psutil.Process().children() == []
    assert set(counting(database).values()) == {None}
    assert keeper_of(database, folder).step()  # clears what was left, and builds
    (name,) = counting(database).values()
    assert [path.name for path in folder.iterdir()] == [name]


def test_a_builder_ends_with_a_daemon_that_was_killed(database: Database, folder: Path) -> None:
    with database.write() as session:
        fill(session, 150)
    script = (
        "import sys; from pathlib import Path; from photoindex.database import open_database;"
        "from photoindex.daemon.snapshots import Snapshots;"
        "Snapshots(open_database(Path(sys.argv[1])), Path(sys.argv[2]), lambda: False, build_from=100).step()"
    )
    daemon = subprocess.Popen([sys.executable, "-c", script, str(database.path), str(folder)])
    known = psutil.Process(daemon.pid)
    eventually(lambda: known.children())
    (builder,) = known.children()
    daemon.send_signal(signal.SIGKILL)
    daemon.wait()
    eventually(lambda: not builder.is_running() or builder.status() == psutil.STATUS_ZOMBIE)
    assert set(counting(database).values()) == {None}
    assert keeper_of(database, folder).step()


def test_indexing_ends_with_the_snapshot_that_is_due(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("photoindex.daemon.snapshots.BUILD_FROM", 20)
    for number in range(20):
        home.draw(f"{number}.jpg", seed=number)
    home.index()
    found = _open(home, lambda session, encoder, spaces: spaces.of(session, encoder))
    assert isinstance(found, SnapshotSpace) and found.snapshot.header.photos == 20


def _open(home: Home, ask: Callable[..., object]) -> object:
    database = home.open()
    try:
        with database.read() as session:
            encoder = embeddings.active_encoder(session)
            return ask(session, encoder, Spaces(home.settings.snapshots))
    finally:
        database.close()


def test_trouble_is_said_and_the_thread_goes_on(
    database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    steps, stop = [], threading.Event()

    def step(_keeper: Snapshots, _patient: bool) -> bool:
        steps.append(1)
        if len(steps) == 3:
            stop.set()
        raise (OSError("the disk is full") if len(steps) == 1 else RuntimeError("odd"))

    monkeypatch.setattr(Snapshots, "step", step)
    monkeypatch.setattr("photoindex.daemon.snapshots.LOOK_SECONDS", 0.0)
    with caplog.at_level(logging.ERROR):
        keeper_of(database, folder).run(stop)
    assert len(steps) == 3
    assert "the disk is full" in caplog.text and "unexpected" in caplog.text
