"""Originals as one zip file, made while it is sent: nothing is written anywhere, and nothing is compressed again.

Python's own `zipfile` writes to a stream that can't be wound back, which is all that is needed here. (zipstream-ng is
under the LGPL, stream-zip brings a library of ciphers.)
"""

from __future__ import annotations

import io
import os
import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import BinaryIO
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from photoindex.errors import NotFoundError
from photoindex.photos import PhotoInfo
from photoindex.web.originals import open_original

MOST_BYTES = 4_000_000_000
"""Of all originals together."""

LEFT_OUT = "Not in this file.txt"

_CHUNK_BYTES = 1 << 18
_UNSAFE = re.compile(r'[\\/:*?"<>|]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)", re.IGNORECASE)
_LONGEST_NAME_BYTES = 200


def stream(photos: Sequence[PhotoInfo]) -> Iterator[bytes]:
    """The zip file in pieces. What can't be read to its end is named in a text file within it, `LEFT_OUT`.

    At most one original is open at a time; it is closed when the iterator is.
    """
    sent, names, left_out = _Sent(), Names([LEFT_OUT]), []
    with ZipFile(sent, "w", ZIP_STORED) as archive:
        for photo in photos:
            try:
                opened, file = open_original(photo)
            except NotFoundError:
                left_out.append(photo.filename)
                continue
            with opened, archive.open(_entry(photo, names.free(file.filename)), "w") as target:
                left = photo.size_bytes
                while left and (piece := _read(opened, min(left, _CHUNK_BYTES))):
                    left -= len(piece)
                    target.write(piece)
                    yield sent.take()
            if left:
                left_out.append(file.filename)
        if left_out:
            archive.writestr(_info(LEFT_OUT, datetime.now()), "\n".join([*left_out, ""]))
    yield sent.take()


class Names:
    """Names of files in one folder that every system can make: safe, and unique whatever it takes for the same."""

    def __init__(self, taken: Sequence[str] = ()) -> None:
        self._taken = {_key(name) for name in taken}

    def free(self, name: str) -> str:
        """The name, made safe, with a number when it is taken."""
        name = safe_name(name)
        stem, ending = os.path.splitext(name)
        number = 1
        while _key(name) in self._taken:
            number += 1
            name = f"{stem} ({number}){ending}"
        self._taken.add(_key(name))
        return name


def safe_name(name: str) -> str:
    """A file name without anything that is special to some system: no folders, no controls, no device."""
    name = _UNSAFE.sub("_", "".join(char if char.isprintable() else "_" for char in name)).strip(" .")
    stem, ending = os.path.splitext(name)
    ending = ending if len(ending.encode()) < _LONGEST_NAME_BYTES // 4 else ""
    room = _LONGEST_NAME_BYTES - len(ending.encode())
    stem = (name.removesuffix(ending) if ending else name).encode()[:room].decode("utf-8", "ignore").rstrip(" .")
    if not stem:
        stem = "photo"
    return f"_{stem}{ending}" if _RESERVED.match(stem) else f"{stem}{ending}"


def _key(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


def _entry(photo: PhotoInfo, name: str) -> ZipInfo:
    entry = _info(name, photo.timeline_at)
    entry.file_size = photo.size_bytes  # so that zipfile knows whether it needs the form for large files
    return entry


def _info(name: str, at: datetime) -> ZipInfo:
    at = min(max(at, datetime(1980, 1, 1)), datetime(2107, 12, 31))  # all that a zip file can say
    entry = ZipInfo(name, (at.year, at.month, at.day, at.hour, at.minute, at.second))
    entry.external_attr = 0o644 << 16
    return entry


def _read(opened: BinaryIO, size: int) -> bytes:
    """The next bytes; none at the end, and none when the disk fails."""
    try:
        return opened.read(size)
    except OSError:
        return b""


class _Sent(io.RawIOBase):
    """What was written and not yet taken."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: bytes) -> int:  # type: ignore[override]
        self._pieces.append(bytes(piece))
        return len(piece)

    def take(self) -> bytes:
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken
