"""What a JPEG 2000 codestream (ISO/IEC 15444-1, annex A) costs to decode, and how far it can be reduced meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from photoindex.errors import UnreadableFileError
from photoindex.media.formats import Reason

# OpenJPEG takes memory for each of these before it looks at the data. An honest picture of 100 megapixels has about
# 5,000 tiles, 100,000 blocks and a million packets at most.
_MAX_TILES = 20_000
_MAX_BLOCKS = 2_000_000
_MAX_PACKETS = 4_000_000
_MAX_COMPONENTS = 4
_MAX_BOXES = 100
_MAX_MARKERS = 2_000

_START, _SIZE, _CODING, _COMPONENT_CODING = 0xFF4F, 0xFF51, 0xFF52, 0xFF53
_TILE_PART, _DATA = 0xFF90, 0xFF93


@dataclass(frozen=True)
class Codestream:
    """What the main header says."""

    width: int
    height: int
    tiles: int
    components: int
    reductions: int
    """How often the picture may be halved while it is decoded."""


@dataclass(frozen=True)
class _Coding:
    layers: int
    reductions: int
    block_pixels: int
    precinct_pixels: int


def read_codestream(content: bytes) -> Codestream:
    """The sizes in the header of a JPEG 2000 file, with or without boxes around its codestream.

    Raises `UnreadableFileError` (broken, unsupported) if it has none, or if it asks for far more memory or time than
    its pixels need.
    """
    start = _codestream_start(content)
    if content[start : start + 4] != b"\xff\x4f\xff\x51" or len(content) < start + 44:
        raise UnreadableFileError(Reason.BROKEN, "no JPEG 2000 codestream")
    right, bottom, left, top, tile_width, tile_height = (_number(content, start + 8 + 4 * i, 4) for i in range(6))
    components = _number(content, start + 40, 2)
    if not (left < right and top < bottom and tile_width and tile_height and components):
        raise UnreadableFileError(Reason.BROKEN, "an empty JPEG 2000 picture")
    if components > _MAX_COMPONENTS:
        raise UnreadableFileError(Reason.UNSUPPORTED, f"{components} components")
    width, height = right - left, bottom - top
    tiles = -(-right // tile_width) * -(-bottom // tile_height)
    if tiles > _MAX_TILES:
        raise UnreadableFileError(Reason.BROKEN, f"{tiles} tiles")
    reductions = 32
    for coding in _codings(content, start):
        _check(coding, width * height, tiles, components)
        reductions = min(reductions, coding.reductions)
    return Codestream(width, height, tiles, components, reductions if reductions <= 32 else 0)


def _check(coding: _Coding, pixels: int, tiles: int, components: int) -> None:
    blocks = pixels * components // min(coding.block_pixels, coding.precinct_pixels)
    precincts = components * max(tiles * (coding.reductions + 1), 2 * pixels // coding.precinct_pixels)
    if blocks > _MAX_BLOCKS or precincts * coding.layers > _MAX_PACKETS:
        detail = f"{blocks} blocks and {precincts * coding.layers} packets for {pixels} pixels"
        raise UnreadableFileError(Reason.BROKEN, detail)


def _codestream_start(content: bytes) -> int:
    """Where the codestream begins: at once, or in the first box of the type `jp2c`."""
    if content[:2] == b"\xff\x4f":
        return 0
    at = 0
    for _ in range(_MAX_BOXES):
        size, header = _number(content, at, 4), 8
        if size == 1:
            size, header = _number(content, at + 8, 8), 16
        if content[at + 4 : at + 8] == b"jp2c":
            return at + header
        if size < header:
            break
        at += size
    return len(content)


def _codings(content: bytes, start: int) -> Iterator[_Coding]:
    """How the picture is coded, by its header, and then by those of its tiles, which may say otherwise."""
    at, end, layers, part_start, part_bytes = start + 2, len(content), 1, 0, 0
    for _ in range(_MAX_MARKERS + 4 * _MAX_TILES):
        marker, length = _number(content, at, 2), _number(content, at + 2, 2)
        if at + 4 > end or length < 2 or marker < 0xFF01:
            return
        if marker == _TILE_PART:
            part_start, part_bytes = at, _number(content, at + 6, 4)
        if marker == _CODING:
            layers = max(layers, _number(content, at + 6, 2))
            yield _coding(content, at + 9, layers, bool(content[at + 4] & 1))
        elif marker == _COMPONENT_CODING:
            yield _coding(content, at + 6, layers, bool(content[at + 5 : at + 6] > b"\0"))
        at += 2 + length
        if _number(content, at, 2) == _DATA:
            if part_bytes < 14:
                return  # 0: up to the end
            at = part_start + part_bytes


def _coding(content: bytes, at: int, layers: int, has_precincts: bool) -> _Coding:
    """The coding parameters (table A.20) from `at` on."""
    parameters = content[at : at + 5 + 33].ljust(38, b"\0")
    reductions = parameters[0]
    block_pixels = 1 << (parameters[1] & 15) + (parameters[2] & 15) + 4
    precincts = parameters[5 : 6 + min(reductions, 32)] if has_precincts else b"\xff"
    return _Coding(layers, reductions, block_pixels, min(1 << (p & 15) + (p >> 4) for p in precincts))


def _number(content: bytes, at: int, size: int) -> int:
    return int.from_bytes(content[at : at + size], "big")
