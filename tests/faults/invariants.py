"""What must hold after any fault: one check for all of them, INV (a) to (h) of docs/reliability.md."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

from blake3 import blake3
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from photoindex import embeddings, files
from photoindex.config import IGNORED_BY_DEFAULT
from photoindex.models import Album, AlbumPhoto, File, FileState, Library, Photo

if TYPE_CHECKING:
    from daemon.conftest import Home


@dataclass(frozen=True)
class Given:
    """What the user gave photos, by the hash of their content."""

    favourites: frozenset[bytes]
    albums: frozenset[tuple[str, bytes, int]]
    """Name of the album, photo, position."""

    def __le__(self, later: Given) -> bool:
        """Whether all of it is still there."""
        return self.favourites <= later.favourites and self.albums <= later.albums


def given(home: Home) -> Given:
    """What the user has given so far."""
    with closing(home.open()) as database, database.read() as session:
        albums = session.execute(
            select(Album.name, Photo.content_hash, AlbumPhoto.position)
            .join(AlbumPhoto, AlbumPhoto.album_id == Album.id)
            .join(Photo, Photo.id == AlbumPhoto.photo_id)
        )
        return Given(
            frozenset(session.scalars(select(Photo.content_hash).where(Photo.favourite))),
            frozenset((row[0], row[1], row[2]) for row in albums),
        )


def originals(root: Path) -> dict[bytes, tuple[int, bytes]]:
    """All that is below a root, by its path: the kind, permissions and content of each entry."""
    return {path: (mode, content) for path, mode, content in _walk(os.fsencode(root))}


def assert_invariants(
    home: Home,
    *,
    before: Mapping[bytes, tuple[int, bytes]] | None = None,
    was_given: Given | None = None,
    ever: Collection[bytes] | None = None,
    unreadable: Collection[bytes] = (),
) -> None:
    """Check a daemon's work when it has nothing left to do.

    `before` is what `originals` of the root said, which must be the same now; `was_given` what users gave, which must
    still be there; `ever` the paths, relative to the root, that any row may name; `unreadable` those of files that
    can't be indexed, which must have failed with a reason.
    """
    with closing(home.open()) as database, database.read() as session:
        _assert_sound(session)
        _assert_embeddings(session)
        _assert_files(session, {os.path.join(os.fsencode(home.root), path) for path in unreadable})
        if ever is not None:
            claimed = set(session.scalars(select(File.path).join(Library).where(Library.root == bytes(home.root))))
            assert claimed <= set(ever), "no row claims a file that never was"
        counted = Counter(session.scalars(select(File.state)))
        counts = files.counts(session)
        assert {state: getattr(counts, state) for state in FileState} == {state: counted[state] for state in FileState}
        assert counts.pending == 0, "the queue is empty"
    if was_given is not None:
        assert was_given <= given(home), "favourites and albums are as they were"
    if before is not None:
        assert originals(home.root) == before, "originals are as they were, and nothing was written below a root"
    left = [path for path in home.settings.data.rglob(".*") if path.name.endswith((".part", ".tmp"))]
    assert left == [], "no temporary file is left over"


def _assert_sound(session: Session) -> None:
    assert session.execute(text("PRAGMA integrity_check")).scalar() == "ok"
    assert session.execute(text("PRAGMA foreign_key_check")).all() == []


def _assert_embeddings(session: Session) -> None:
    """Each photo that is on disk has one embedding by the encoder, and the sqlite-vec table has those of the rows."""
    (encoder,) = embeddings.stored_encoders(session)
    stored = Counter(session.scalars(text("SELECT photo_id FROM embedding WHERE frame = 0")))
    assert set(stored.values()) <= {1}
    assert set(session.scalars(text(f"SELECT photo_id FROM vec_{encoder.id}"))) == set(stored)
    assert embeddings.count_lacking(session, encoder.id) == 0
    present = set(session.scalars(select(File.photo_id).where(File.state == FileState.INDEXED)))
    assert present <= set(stored)


def _assert_files(session: Session, unreadable: set[bytes]) -> None:
    """Each file on disk has one row, that of its content; what is gone has none but as missing."""
    on_disk: dict[bytes, bytes | None] = {}
    for root in session.scalars(select(Library.root)):
        for path, mode, content in _walk(root):
            if stat.S_ISREG(mode) and not _is_ignored(path):
                absolute = os.path.join(root, path)
                on_disk[absolute] = None if absolute in unreadable else content
    rows = session.execute(
        select(Library.root, File.path, File.state, File.reason, Photo.content_hash)
        .join(Library, Library.id == File.library_id)
        .outerjoin(Photo, Photo.id == File.photo_id)
        .where(File.state != FileState.MISSING)
    ).all()
    found = {os.path.join(row.root, row.path): row for row in rows}
    assert len(found) == len(rows), "one row a path"
    assert found.keys() == on_disk.keys()
    for path, content in on_disk.items():
        if content is None:
            assert (found[path].state, bool(found[path].reason)) == (FileState.FAILED, True), path
        else:
            assert (found[path].state, found[path].content_hash) == (FileState.INDEXED, content), path


def _walk(root: bytes) -> Iterator[tuple[bytes, int, bytes]]:
    """Relative path, mode and hash of the content of all below a root; nothing for a root that is not there."""
    for folder, folders, names in os.walk(root):
        for name in (*folders, *names):
            path = os.path.join(folder, name)
            mode = os.lstat(path).st_mode
            content = b""
            if stat.S_ISREG(mode):
                with open(path, "rb") as stream:
                    content = blake3(stream.read()).digest()
            elif stat.S_ISLNK(mode):
                content = os.readlink(path)
            yield os.path.relpath(path, root), mode, content


def _is_ignored(path: bytes) -> bool:
    parts = os.fsdecode(path).split("/")
    return any(fnmatch(part, pattern) for part in parts for pattern in IGNORED_BY_DEFAULT)
