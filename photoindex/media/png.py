"""Leaves out of a PNG what its decoder would refuse the picture for: texts and profiles of many megabytes."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from photoindex.errors import UnreadableFileError
from photoindex.media.formats import Reason

# Pillow gives up at 1 MB unpacked, and at 64 MB in all.
_MAX_TEXT_BYTES = 1_000_000
_MAX_ALL_TEXT_BYTES = 32_000_000
# It walks the chunks in Python. Honest files of 200 MB have 25,000 of 8 KiB.
_MAX_CHUNKS = 200_000

_SIGNATURE_BYTES = 8
_TEXTS = frozenset({b"tEXt", b"zTXt", b"iTXt", b"iCCP"})


def without_excess(content: bytes) -> bytes:
    """A PNG without its too large texts and colour profile; `content` itself where there are none, as is the rule.

    Raises `UnreadableFileError` (broken) if there are more chunks than any program writes.
    """
    excess: list[tuple[int, int]] = []
    total = 0
    for kind, start, end in _chunks(content):
        if kind in _TEXTS:
            size_bytes = _unpacked_bytes(kind, content[start + 8 : end - 4])
            if size_bytes > _MAX_TEXT_BYTES or total + size_bytes > _MAX_ALL_TEXT_BYTES:
                excess.append((start, end))
            else:
                total += size_bytes
    if not excess:
        return content
    kept, position = [], 0
    for start, end in excess:
        kept.append(content[position:start])
        position = end
    return b"".join([*kept, content[position:]])


def _chunks(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Type, start and end of every chunk (length, type, data, checksum) that is there as a whole."""
    at = _SIGNATURE_BYTES
    for _ in range(_MAX_CHUNKS):
        end = at + 12 + int.from_bytes(content[at : at + 4], "big")
        if end > len(content):
            return
        yield content[at + 4 : at + 8], at, end
        at = end
    raise UnreadableFileError(Reason.BROKEN, "endless PNG chunks")


def _unpacked_bytes(kind: bytes, data: bytes) -> int:
    """How many bytes the text or profile in a chunk has, or a few more than are allowed; damaged ones have none."""
    keyword, _, rest = data.partition(b"\0")
    if kind == b"tEXt" or (kind == b"iTXt" and rest[:1] != b"\1"):
        return len(data)
    if kind == b"iTXt":
        rest = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    else:
        rest = rest[1:]
    try:
        return len(keyword) + len(zlib.decompressobj().decompress(rest, _MAX_TEXT_BYTES + 1))
    except zlib.error:
        return 0
