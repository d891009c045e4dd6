"""A snapshot on disk: a folder that is complete or not there, and tells when it is damaged.

    snapshots/<name>/header.json    what it is, how to search it, sizes and checksums of the rest
                     vectors.f16    (n, dim) float16, little-endian, by photo id and frame
                     photos.i64     (n,) photo ids
                     norms.f32      (n,) 1 / norm of each row
                     codes.faiss    see `codes`

It is written under a name with a dot in front, brought to the disk, and renamed. Ids, norms and codes are checked
whole when it is opened, which also brings them into memory, where they are needed; of the vectors, a gigabyte for a
million photos, only the size then, and all of them by the daemon now and then (`verify`).
"""

from __future__ import annotations

import json
import mmap
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from blake3 import blake3
from numpy.typing import NDArray

from photoindex import reckoning
from photoindex.errors import PhotoIndexError
from photoindex.snapshots.codes import Codes

VERSION = 1
VECTORS, PHOTOS, NORMS, CODES = "vectors.f16", "photos.i64", "norms.f32", "codes.faiss"
HEADER = "header.json"
SAMPLE_ROWS = 1024


class SnapshotError(PhotoIndexError):
    """A snapshot is missing, damaged, or of something else. sqlite-vec answers instead, and the daemon rebuilds it."""


@dataclass(frozen=True)
class Depth:
    """How to look for so many nearest photos, and what was measured with that on the library's own embeddings."""

    limit: int
    probes: int
    """Inverted lists to look into; 0 where there are none."""
    candidates: int
    """Rows to reckon exactly."""
    recall_images: float
    recall_texts: float
    """Of the true `limit` nearest, the part that is among them: for queries like images, and like texts."""


@dataclass(frozen=True)
class Header:
    """What a snapshot is."""

    fingerprint: str
    """The encoder's."""
    dim: int
    rows: int
    photos: int
    sequence: int
    """The last change that it knows of."""
    lists: int
    depths: tuple[Depth, ...]
    """By rising limit."""
    text_queries: str
    """Whether recall was measured with real texts (`encoded`) or without the encoder (`made up`)."""


@dataclass(frozen=True)
class Snapshot:
    """An open snapshot, for any thread."""

    name: str
    header: Header
    vectors: NDArray[np.float16]
    """(n, dim), mapped."""
    photo_ids: NDArray[np.int64]
    """(n,), not falling."""
    inverse: NDArray[np.float32]
    """(n,) 1 / norm."""
    codes: Codes
    sample: NDArray[np.float32]
    """Some rows from all over, of norm 1: what tells how many photos are within a distance."""


def open_snapshot(folder: Path, name: str, fingerprint: str, dim: int) -> Snapshot:
    """Open the snapshot `name`, for an encoder. Raises SnapshotError."""
    where = folder / name
    try:
        header, files = _read_header(where)
        if (header.fingerprint, header.dim) != (fingerprint, dim):
            raise SnapshotError(f"the snapshot {name} is of another encoder")
        _check_sizes(where, header, files)
        for file in (PHOTOS, NORMS, CODES):
            if _checksum(where / file) != files[file]["blake3"]:
                raise SnapshotError(f"the snapshot {name} is damaged: {file} has changed")
        vectors = _mapped(where / VECTORS).reshape(-1, dim)
        inverse = np.fromfile(where / NORMS, "<f4")
        codes = Codes.load(where / CODES)
        if len(codes) != header.rows:
            raise SnapshotError(f"the snapshot {name} is damaged: it has {len(codes)} codes for {header.rows} rows")
        chosen = np.linspace(0, header.rows - 1, min(SAMPLE_ROWS, header.rows)).astype(np.int64)
        sample = reckoning.widened(vectors[chosen]) * inverse[chosen, None]
        return Snapshot(name, header, vectors, np.fromfile(where / PHOTOS, "<i8"), inverse, codes, sample)
    except (OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
        raise SnapshotError(f"the snapshot {name} can't be opened: {error}") from error


def header_of(folder: Path, name: str) -> Header:
    """What a snapshot is, when its files have the right sizes. Raises SnapshotError."""
    try:
        header, files = _read_header(folder / name)
        _check_sizes(folder / name, header, files)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SnapshotError(f"the snapshot {name} can't be read: {error}") from error
    return header


def verify(folder: Path, name: str, going_on: Callable[[], bool] = lambda: True) -> None:
    """Read the whole snapshot and compare every checksum, for as long as `going_on`. Raises SnapshotError."""
    try:
        header, files = _read_header(folder / name)
        _check_sizes(folder / name, header, files)
        for file, about in files.items():
            found = _checksum(folder / name / file, going_on)
            if found is not None and found != about["blake3"]:
                raise SnapshotError(f"the snapshot {name} is damaged: {file} has changed")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SnapshotError(f"the snapshot {name} can't be read: {error}") from error


@contextmanager
def writing(folder: Path, name: str) -> Iterator[Path]:
    """A folder to write a snapshot's files into, which `seal` must end. Nothing is left of it when that fails."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = folder / f".{name}"
    part.mkdir(mode=0o700)
    try:
        yield part
    finally:
        shutil.rmtree(part, ignore_errors=True)


def seal(part: Path, folder: Path, name: str, header: Header) -> None:
    """Write the header, bring all to the disk, and give the snapshot its name, which must be new."""
    files = {}
    for file in (VECTORS, PHOTOS, NORMS, CODES):
        files[file] = {"bytes": (part / file).stat().st_size, "blake3": _checksum(part / file)}
        _to_disk(part / file)
    content = {"version": VERSION, **asdict(header), "files": files}
    (part / HEADER).write_text(json.dumps({"content": content, "blake3": _digest(content)}, indent=1), "utf-8")
    _to_disk(part / HEADER)
    _to_disk(part)
    part.rename(folder / name)
    _to_disk(folder)


def new_name() -> str:
    """A name that no snapshot had before, not even of a database of which this one is a copy."""
    return secrets.token_hex(8)


def remove_others(folder: Path, keep: set[str]) -> None:
    """Remove what no one needs: other snapshots, and what a killed builder left. Who has one open keeps it."""
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        if path.is_dir() and path.name not in keep:
            shutil.rmtree(path, ignore_errors=True)


def _read_header(where: Path) -> tuple[Header, dict[str, Any]]:
    read = json.loads((where / HEADER).read_text("utf-8"))
    content = dict(read["content"])
    if read["blake3"] != _digest(content):
        raise SnapshotError(f"the snapshot {where.name} is damaged: {HEADER} has changed")
    if content.pop("version") != VERSION:
        raise SnapshotError(f"the snapshot {where.name} was built by another version of PhotoIndex")
    files = content.pop("files")
    depths = tuple(Depth(**each) for each in content.pop("depths"))
    return Header(**content, depths=depths), files


def _check_sizes(where: Path, header: Header, files: dict[str, Any]) -> None:
    rows = header.rows
    expected = {VECTORS: rows * header.dim * 2, PHOTOS: rows * 8, NORMS: rows * 4, CODES: files[CODES]["bytes"]}
    for file, size_bytes in expected.items():
        found = (where / file).stat().st_size
        if found != size_bytes:
            raise SnapshotError(f"the snapshot {where.name} is damaged: {file} has {found} bytes, not {size_bytes}")


def _digest(content: dict[str, Any]) -> str:
    return blake3(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _checksum(path: Path, going_on: Callable[[], bool] = lambda: True) -> str | None:
    digest = blake3()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            if not going_on():
                return None
            digest.update(block)
    return digest.hexdigest()


def _mapped(path: Path) -> NDArray[np.float16]:
    with path.open("rb") as stream:
        return np.frombuffer(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ), "<f2")


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
