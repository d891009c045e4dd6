"""Camera raw files by LibRaw: their size, their embedded preview, the developed picture, and where their EXIF is."""

from __future__ import annotations

import ctypes
import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from photoindex.errors import UnreadableFileError
from photoindex.media.formats import CR3, MRW, RAF, Format, Reason

if TYPE_CHECKING:
    import rawpy

# LibRaw's flips are three bits: swap rows and columns, mirror rows, mirror columns.
_ORIENTATIONS = {0: 1, 1: 2, 3: 3, 2: 4, 4: 5, 6: 6, 7: 7, 5: 8}

_SRGB_CURVE = (2.4, 12.92)
"""The exponent and the slope near black (IEC 61966-2-1)."""

_MAX_EXIF_BYTES = 16_000_000
_MAX_BOXES = 100
_CANON_METADATA = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
_SUB_DIRECTORIES, _EXIF_DIRECTORY, _GPS_DIRECTORY = 0x014A, 0x8769, 0x8825
_OFFSETS_AND_LENGTHS = ((273, 279), (324, 325), (513, 514))  # strips, tiles, a preview
_TYPE_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_MAX_ENTRIES, _MAX_DIRECTORIES = 500, 50

Entry = tuple[int, int, int, bytes]
"""Tag, type, count, and the four bytes that hold the value or its offset."""


@dataclass(frozen=True)
class RawSize:
    """The picture as the camera means it, not yet turned."""

    width: int
    height: int
    orientation: int
    """1 to 8, as EXIF counts."""


class RawFile:
    """A raw file that LibRaw has opened. Not to be used by two threads at once."""

    def __init__(self, raw: rawpy.RawPy) -> None:
        self._raw = raw
        self.sensor_pixels = raw.sizes.raw_width * raw.sizes.raw_height
        self.size = _size(raw.sizes)

    def preview(self) -> bytes | Image.Image | None:
        """The largest embedded preview, as a JPEG or as an RGB image; None if there is none that can be read."""
        import rawpy

        try:
            found = self._raw.extract_thumb()
        except (rawpy.LibRawError, NotImplementedError, OSError, ValueError):
            return None
        if isinstance(found.data, bytes):
            return found.data
        return Image.fromarray(np.ascontiguousarray(found.data[..., :3])) if found.data.dtype == np.uint8 else None

    def develop(self, *, half_size: bool) -> Image.Image:
        """The sensor's picture as upright sRGB (RGB or L), by the camera's white balance, or at half the size.

        Raises LibRaw's errors. Half the size takes a quarter of the time: four filters make one pixel.
        """
        pixels = self._raw.postprocess(half_size=half_size, use_camera_wb=True, no_auto_bright=True, gamma=_SRGB_CURVE)
        return Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else np.ascontiguousarray(pixels[..., :3]))


@contextmanager
def open_raw(content: bytes, format: Format) -> Iterator[RawFile]:
    """Open a raw file with LibRaw, reading its header only.

    What LibRaw raises, here or in the block, becomes an `UnreadableFileError` (unsupported, truncated, broken,
    too-many-pixels, out-of-memory).
    """
    import rawpy

    _use_one_thread(rawpy._rawpy.__file__)
    try:
        with rawpy.RawPy() as raw:
            raw.open_buffer(io.BytesIO(content))
            yield RawFile(raw)
    except rawpy.LibRawError as error:
        text = error.args[0] if error.args else b""
        detail = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
        raise UnreadableFileError(_reason(error, content, format), f"LibRaw: {detail}") from error


def _use_one_thread(library: str) -> None:
    """LibRaw would develop with a thread for each core, in each thread of ours. OpenMP's number is the caller's own.

    Where torch has brought its own OpenMP, LibRaw's calls go to that one: so both are told.
    """
    for name in (library, None):
        set_threads = getattr(ctypes.CDLL(name), "omp_set_num_threads", None)  # none in a build without OpenMP
        if set_threads is not None:
            set_threads(1)


def _reason(error: Exception, content: bytes, format: Format) -> Reason:
    import rawpy

    if isinstance(error, rawpy.LibRawUnsufficientMemoryError | rawpy.LibRawMemPoolOverflowError):
        return Reason.OUT_OF_MEMORY
    if isinstance(error, rawpy.LibRawTooBigError):
        return Reason.TOO_MANY_PIXELS
    if is_cut(content, format):
        return Reason.TRUNCATED
    unsupported = rawpy.LibRawFileUnsupportedError | rawpy.LibRawNotImplementedError
    return Reason.UNSUPPORTED if isinstance(error, unsupported) else Reason.BROKEN


def _size(sizes: rawpy.ImageSizes) -> RawSize:
    """What the camera crops to, where it says so, else all pixels that see light."""
    width, height = sizes.width, sizes.height
    if width <= 2 * sizes.crop_width <= 2 * width and height <= 2 * sizes.crop_height <= 2 * height:
        width, height = sizes.crop_width, sizes.crop_height
    return RawSize(width, height, _ORIENTATIONS.get(sizes.flip, 1))


def preview_orientation(size: RawSize, preview: tuple[int, int], own: int) -> int:
    """How to turn an embedded preview of this width and height, whose own EXIF says `own` (0 if nothing).

    Cameras write previews as the sensor lies or upright, with an orientation or without; LibRaw adds that of the raw
    file where there is none. So a turn counts only if it gives the shape of the upright picture.
    """
    is_tall = (size.height > size.width) != (size.orientation >= 5)
    for orientation in (own, size.orientation):
        width, height = preview if orientation < 5 else preview[::-1]
        if orientation and (width == height or (height > width) == is_tall):
            return orientation
    return 1


def exif_block(content: bytes, format: Format) -> bytes:
    """The EXIF of a raw file in TIFF's structure, empty where it is in the preview only. Never raises."""
    if content[:4] in (b"II*\0", b"MM\0*"):
        return content
    if content[:4] in (b"IIRO", b"IIRS", b"IIU\0"):  # TIFFs but for the magic number
        return b"II*\0" + content[4:_MAX_EXIF_BYTES]
    if content[:4] == b"MMOR":
        return b"MM\0*" + content[4:_MAX_EXIF_BYTES]
    if format is CR3:
        return _canon_exif(content)
    if format is MRW:
        return _minolta_exif(content)
    if format is RAF:
        return _fuji_exif(content)
    return b""


def is_cut(content: bytes, format: Format) -> bool:
    """Whether the file, which may be a TIFF too, ends before the data that its header leads to. Never raises."""
    if format is RAF:
        parts = [content[at : at + 8].ljust(8, b"\0") for at in (84, 92, 100)]
        return any(sum(struct.unpack(">II", part)) > len(content) for part in parts)
    is_big = content[2:4] in (b"+\0", b"\0+")
    block = content if content[:2] in (b"II", b"MM") and not is_big else b""
    order = "<" if block[:2] == b"II" else ">"
    pending, seen = [_number(block, 4, order)], 0
    while pending and seen < _MAX_DIRECTORIES:
        at, seen = pending.pop(), seen + 1
        if at + 2 > len(block):
            return bool(block)
        found = {tag: (kind, count, value) for tag, kind, count, value in _entries(block, at, order)}
        if _SUB_DIRECTORIES in found:
            pending += _numbers(block, found[_SUB_DIRECTORIES], order)
        for offset_tag, length_tag in _OFFSETS_AND_LENGTHS:
            if offset_tag in found and length_tag in found:
                offsets, lengths = (_numbers(block, found[tag], order) for tag in (offset_tag, length_tag))
                if any(offset + length > len(content) for offset, length in zip(offsets, lengths, strict=False)):
                    return True
    return False


def _entries(block: bytes, at: int, order: str) -> Iterator[Entry]:
    if at + 2 > len(block):
        return
    (count,) = struct.unpack_from(order + "H", block, at)
    for start in range(at + 2, min(at + 2 + 12 * min(count, _MAX_ENTRIES), len(block) - 11), 12):
        tag, kind, length = struct.unpack_from(order + "HHI", block, start)
        yield tag, kind, length, block[start + 8 : start + 12]


def _numbers(block: bytes, entry: tuple[int, int, bytes], order: str) -> list[int]:
    """The values of an entry of unsigned numbers, 1,000 at most."""
    kind, count, value = entry
    code = {3: "H", 4: "I", 13: "I"}.get(kind)
    if code is None:
        return []
    size, kept = _TYPE_SIZES[kind], min(count, 1_000)
    if count * size > 4:
        at = _number(value, 0, order)
        value = block[at : at + kept * size]
    return list(struct.unpack(order + code * (len(value) // size), value[: len(value) // size * size]))[:kept]


def _number(block: bytes, at: int, order: str) -> int:
    return int.from_bytes(block[at : at + 4], "little" if order == "<" else "big")


def _boxes(content: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """The boxes (ISO/IEC 14496-12) between two offsets: type, where the content begins, where it ends."""
    for _ in range(_MAX_BOXES):
        size, header = _number(content, start, ">"), 8
        if size == 1:
            size, header = int.from_bytes(content[start + 8 : start + 16], "big"), 16
        stop = min(start + size, end)
        if size < header or stop < start + header:
            return
        yield content[start + 4 : start + 8], start + header, stop
        start += size


def _canon_exif(content: bytes) -> bytes:
    """One block of the three that a CR3 has in boxes of their own: the main directory, EXIF's and that of GPS."""
    parts: dict[bytes, bytes] = {}
    for kind, start, stop in _boxes(content, 0, len(content)):
        if kind != b"moov":
            continue
        for inner, inner_start, inner_stop in _boxes(content, start, stop):
            if inner == b"uuid" and content[inner_start : inner_start + 16] == _CANON_METADATA:
                for name, at, end in _boxes(content, inner_start + 16, inner_stop):
                    parts.setdefault(name, content[at : min(end, at + _MAX_EXIF_BYTES)])
    blocks = [parts.get(name, b"") for name in (b"CMT1", b"CMT2", b"CMT4")]
    return _joined(blocks) if all(block[:4] in (b"II*\0", b"") for block in blocks) else b""


def _joined(blocks: list[bytes]) -> bytes:
    """One little-endian block of three: where their values are is shifted, and new directories lead to them."""
    shifts, position = [], 8
    for block in blocks:
        shifts.append(position)
        position += len(block)
    tables = []
    for block, shift in zip(blocks, shifts, strict=True):
        rows = []
        for tag, kind, count, value in _entries(block, _number(block, 4, "<"), "<") if len(block) >= 10 else ():
            if count * _TYPE_SIZES.get(kind, 1) > 4:
                value = struct.pack("<I", (_number(value, 0, "<") + shift) & 0xFFFFFFFF)
            if tag not in (_EXIF_DIRECTORY, _GPS_DIRECTORY):
                rows.append(struct.pack("<HHI", tag, kind, count) + value)
        tables.append(rows)
    main, own, _ = tables
    own_at = position + 2 + 12 * (len(main) + 2) + 4
    gps_at = own_at + 2 + 12 * len(own) + 4
    main.append(struct.pack("<HHII", _EXIF_DIRECTORY, 4, 1, own_at))
    main.append(struct.pack("<HHII", _GPS_DIRECTORY, 4, 1, gps_at))
    directories = b"".join(struct.pack("<H", len(rows)) + b"".join(rows) + bytes(4) for rows in tables)
    return b"II*\0" + struct.pack("<I", position) + b"".join(blocks) + directories


def _minolta_exif(content: bytes) -> bytes:
    """The TIFF block in an MRW, whose header is a row of named parts."""
    at, end = 8, min(len(content), 8 + _number(content, 4, ">"))
    for _ in range(_MAX_BOXES):
        size = _number(content, at + 4, ">")
        if at + 8 > end:
            break
        if content[at : at + 4] == b"\0TTW":
            return content[at + 8 : at + 8 + min(size, _MAX_EXIF_BYTES)]
        at += 8 + size
    return b""


def _fuji_exif(content: bytes) -> bytes:
    """The block in the JPEG to which the header of a RAF leads. (LibRaw may put one of its own before it.)"""
    start = _number(content, 84, ">")
    at = content.find(b"Exif\0\0", start, start + 1_000)
    return content[at + 6 : at - 2 + int.from_bytes(content[at - 2 : at], "big")] if at >= 2 else b""
