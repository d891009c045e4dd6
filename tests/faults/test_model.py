"""R38: whatever is done to files, folders, disks and daemons, in any order, in the end the index says what is there."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from blake3 import blake3
from daemon.conftest import Home, eventually
from drawing import draw_noise
from faults.daemons import SETTINGS, Daemon, Forge
from faults.invariants import Given, assert_invariants, originals
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from photoindex import collections, libraries
from photoindex.config import load_settings
from photoindex.database import Database
from photoindex.models import File, FileState, Photo

FOLDERS = ("", "a", "a/b", "c", "d e")
NAMES = ("1.png", "2.png", "3.png", "ü\n4.png")
CONTENTS = 6
CUT_BYTES = 60
"""So much of a photo is left by `truncate`: too little to be one."""

folders = st.sampled_from(FOLDERS)
paths = st.builds(os.path.join, folders, st.sampled_from(NAMES))
contents = st.integers(0, CONTENTS - 1)


class Model(RuleBasedStateMachine):
    """The oracle is a dict: the content of each path, None where it can't be indexed."""

    def __init__(self, forge: Forge, folder: Path, new_database: Callable[[Path], Database], photos: list[bytes]):
        super().__init__()
        self._forge, self._folder, self._new_database, self._photos = forge, folder, new_database, photos
        self._oracle: dict[str, bytes | None] = {}
        self._ever: set[bytes] = set()
        self._favourites: set[bytes] = set()
        self._daemon: Daemon | None = None

    @initialize()
    def begin(self) -> None:
        """A new home with an empty library, and a daemon on it."""
        root = self._folder / "photos"
        root.mkdir(parents=True)
        self._away = self._folder / "away"
        found = load_settings({"data": self._folder / "data"}, {})
        database = self._new_database(found.database)
        with database.write() as session:
            libraries.add(session, root)
        database.close()
        self._home = Home(found, root)
        self._daemon = self._forge.start(self._home)

    # --- files, on the disk wherever it is --------------------------------------------------------------------

    @property
    def _tree(self) -> Path:
        return self._away if self._away.exists() else self._home.root

    def _put(self, path: str, content: bytes | None) -> None:
        self._oracle[path] = content
        self._ever.add(os.fsencode(path))

    @rule(path=paths, content=contents)
    def write(self, path: str, content: int) -> None:
        """Make a file, or write another content into it."""
        file = self._tree / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(self._photos[content])
        self._put(path, blake3(self._photos[content]).digest())

    @rule(path=paths)
    def truncate(self, path: str) -> None:
        if path in self._oracle:
            os.truncate(self._tree / path, CUT_BYTES)
            self._put(path, None)

    @rule(path=paths, to=paths)
    def rename(self, path: str, to: str) -> None:
        if path in self._oracle and path != to:
            (self._tree / to).parent.mkdir(parents=True, exist_ok=True)
            os.rename(self._tree / path, self._tree / to)
            self._put(to, self._oracle.pop(path))

    @rule(path=paths)
    def delete(self, path: str) -> None:
        if self._oracle.pop(path, "none") != "none":
            os.unlink(self._tree / path)

    @rule(path=paths, mode=st.sampled_from([0o400, 0o644, 0o777]))
    def chmod(self, path: str, mode: int) -> None:
        if path in self._oracle:
            os.chmod(self._tree / path, mode)

    @rule(folder=folders)
    def mkdir(self, folder: str) -> None:
        (self._tree / folder).mkdir(parents=True, exist_ok=True)

    @rule(folder=folders, to=folders)
    def move_folder(self, folder: str, to: str) -> None:
        source, target = self._tree / folder, self._tree / to
        if folder and source.is_dir() and not target.exists() and not f"{to}/".startswith(f"{folder}/"):
            target.parent.mkdir(parents=True, exist_ok=True)
            os.rename(source, target)
            for path in [path for path in self._oracle if path.startswith(f"{folder}/")]:
                self._put(os.path.join(to, os.path.relpath(path, folder)), self._oracle.pop(path))

    @rule(folder=folders)
    def delete_folder(self, folder: str) -> None:
        if folder and (self._tree / folder).is_dir():
            shutil.rmtree(self._tree / folder)
            self._oracle = {path: each for path, each in self._oracle.items() if not path.startswith(f"{folder}/")}

    # --- the disk ---------------------------------------------------------------------------------------------

    @precondition(lambda self: not self._away.exists())
    @rule(leaves_a_folder=st.booleans())
    def unmount(self, leaves_a_folder: bool) -> None:
        """The disk goes; where it was there is an empty folder, or nothing."""
        os.rename(self._home.root, self._away)
        if leaves_a_folder:
            self._home.root.mkdir()

    @precondition(lambda self: self._away.exists())
    @rule()
    def mount(self) -> None:
        if self._home.root.exists():
            self._home.root.rmdir()
        os.rename(self._away, self._home.root)

    # --- the daemon and its user ------------------------------------------------------------------------------

    @precondition(lambda self: self._daemon is not None)
    @rule()
    def kill(self) -> None:
        assert self._daemon is not None
        self._daemon.kill()
        self._daemon = None

    @precondition(lambda self: self._daemon is not None)
    @rule()
    def end(self) -> None:
        """In order, at whatever moment."""
        assert self._daemon is not None
        self._daemon.signal(signal.SIGTERM)
        code = self._daemon.wait()
        assert code == 0 or (code == -signal.SIGTERM and self._daemon.status() is None), self._daemon.said()
        self._daemon = None

    @precondition(lambda self: self._daemon is None)
    @rule()
    def start(self) -> None:
        self._daemon = self._forge.start(self._home)

    @precondition(lambda self: self._daemon is None)
    @rule()
    def scan(self) -> None:
        """`photoindex index`"""
        once = self._forge.start(self._home, "index")
        assert once.wait(60) == 0, once.said()

    @rule(content=contents)
    def favourite(self, content: int) -> None:
        """If there is such a photo yet."""
        content_hash = blake3(self._photos[content]).digest()
        database = self._home.open()
        with database.write() as session:
            photo_id = session.scalar(select(Photo.id).where(Photo.content_hash == content_hash))
            if photo_id is not None:
                collections.set_favourite(session, photo_id, True)
                self._favourites.add(content_hash)
        database.close()

    # --- what must be so --------------------------------------------------------------------------------------

    @rule()
    def settle(self) -> None:
        """With the disk there and a daemon that runs, the index is soon that of the disk."""
        if self._away.exists():
            self.mount()
        if self._daemon is None:
            self.start()
        assert self._daemon is not None
        eventually(lambda: self._found() == self._oracle and self._daemon.is_idle())
        assert_invariants(
            self._home,
            was_given=Given(frozenset(self._favourites), frozenset()),
            ever=self._ever,
            unreadable={os.fsencode(path) for path, content in self._oracle.items() if content is None},
        )

    def _found(self) -> dict[str, bytes | None]:
        database = self._home.open()
        with database.read() as session:
            rows = session.execute(
                select(File.path, File.state, Photo.content_hash)
                .outerjoin(Photo, Photo.id == File.photo_id)
                .where(File.state != FileState.MISSING)
            ).all()
        database.close()
        return {
            os.fsdecode(row.path): row.content_hash if row.state == FileState.INDEXED else None
            for row in rows
            if row.state != FileState.PENDING
        } | {os.fsdecode(row.path): b"pending" for row in rows if row.state == FileState.PENDING}

    def teardown(self) -> None:
        if not hasattr(self, "_home"):
            return
        try:
            self.settle()
            before = originals(self._home.root)
            self.end()
            assert originals(self._home.root) == before
        except BaseException as error:
            error.add_note(f"found {self._found()}")
            error.add_note(f"status {self._home.status()}")
            error.add_note((self._folder / "output").read_text()[-2000:])
            if self._daemon is not None:
                self._daemon.signal(signal.SIGKILL)
            raise
        shutil.rmtree(self._folder)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """A few contents."""
    folder = tmp_path_factory.mktemp("contents")
    return [draw_noise(folder / f"{seed}.png", seed).read_bytes() for seed in range(CONTENTS)]


@pytest.mark.parametrize(
    ("seeded", "examples", "steps"),
    [
        (0, 3, 15),
        *(pytest.param(number, 20, 30, marks=[pytest.mark.long, pytest.mark.timeout(1200)]) for number in range(1, 11)),
    ],
)
def test_R38_after_any_operations_the_index_is_that_of_the_disk(
    forge: Forge,
    tmp_path: Path,
    new_database: Callable[[Path], Database],
    photos: list[bytes],
    seeded: int,
    examples: int,
    steps: int,
) -> None:
    numbers = itertools.count()

    @seed(seeded)
    def make() -> Model:
        return Model(forge, tmp_path / str(next(numbers)), new_database, photos)

    run_state_machine_as_test(
        make,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            phases=(Phase.generate,),  # each failure waits for what does not come: shrinking it would take hours
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_forge_takes_settings_that_there_are() -> None:
    load_settings({"data": "/nowhere"}, SETTINGS)
