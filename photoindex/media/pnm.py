"""Reads the PNM family (netpbm's PBM, PGM, PPM, PAM, and PFM), as text or binary.

Pillow's decoders of the text variants and of unusual maxima are loops in Python: a minute for a photo of a camera.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photoindex.errors import UnreadableFileError
from photoindex.media.formats import Reason

_MAX_HEADER_BYTES = 65_536
_MAX_REMARKS = 100_000
_HIGHEST_MAXIMUM = 65_535
_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_BANDS = {b"P1": 1, b"P2": 1, b"P3": 3, b"P4": 1, b"P5": 1, b"P6": 3, b"Pf": 1, b"PF": 3}
_GAP = rb"(?:\s|#[^\r\n]*[\r\n])+"
_NUMBER = rb"(\d{1,10})"
_HEADERS = {
    b"bitmap": re.compile(rb"P[14]" + _GAP + _NUMBER + _GAP + _NUMBER + rb"\s"),
    b"map": re.compile(rb"P[2356]" + _GAP + _NUMBER + _GAP + _NUMBER + _GAP + _NUMBER + rb"\s"),
    b"float": re.compile(rb"P[fF]\s+" + _NUMBER + rb"\s+" + _NUMBER + rb"\s+([+-]?[\d.eE+-]{1,20})\s"),
    b"arbitrary": re.compile(rb"P7[ \t]*\n.{0,4000}?ENDHDR[ \t]*\n", re.DOTALL),
}
_COMMENT = re.compile(rb"#[^\r\n]*")
_WHITESPACE = b" \t\n\v\f\r"


@dataclass(frozen=True)
class PnmHeader:
    """What stands before the pixels."""

    magic: bytes
    width: int
    height: int
    bands: int
    maximum: float
    """The value of white; for floats the scale, whose sign tells the byte order (negative is little-endian)."""
    size_bytes: int


def read_header(content: bytes) -> PnmHeader:
    """The header of a PNM file. Raises `UnreadableFileError` (broken, unsupported)."""
    head = content[:_MAX_HEADER_BYTES]
    for pattern in _HEADERS.values():
        if match := pattern.match(head):
            header = _arbitrary_header(match) if head[:2] == b"P7" else _plain_header(match)
            if not header.width or not header.height or not header.maximum:
                raise UnreadableFileError(Reason.BROKEN, "a width, height or maximum of 0")
            if header.bands not in _MODES or (header.magic[1:] not in b"fF" and header.maximum > _HIGHEST_MAXIMUM):
                raise UnreadableFileError(Reason.UNSUPPORTED, "more than 4 bands or 16 bits")
            return header
    raise UnreadableFileError(Reason.BROKEN, "damaged PNM header")


def read_pixels(content: bytes) -> Image.Image:
    """The picture in a PNM file, 8 bits a band, or floats. Raises `UnreadableFileError` (broken, truncated)."""
    header = read_header(content)
    if header.magic in (b"Pf", b"PF"):
        return _floats(content, header)
    if header.magic == b"P4":
        row_bytes = (header.width + 7) // 8
        rows = _numbers(content, header, "u1", header.height * row_bytes).reshape(header.height, row_bytes)
        return Image.fromarray((1 - np.unpackbits(rows, axis=1, count=header.width)) * 255)
    count = header.width * header.height * header.bands
    if header.magic == b"P1":
        values: NDArray[Any] = _bits_as_text(content, header, count)
    elif header.magic in (b"P2", b"P3"):
        values = _numbers_as_text(content, header, count)
    else:
        values = _numbers(content, header, "u1" if header.maximum < 256 else ">u2", count)
    if header.maximum != 255:
        maximum = int(header.maximum)
        scale = (np.arange(65_536).clip(max=maximum) * 255 + maximum // 2) // maximum
        values = scale.astype(np.uint8)[values]
    shape = (header.height, header.width, header.bands)
    pixels = values.astype(np.uint8, copy=False).reshape(shape if header.bands > 1 else shape[:2])
    return Image.fromarray(pixels, _MODES[header.bands])


def _plain_header(match: re.Match[bytes]) -> PnmHeader:
    magic = match.string[:2]
    maximum = 1.0
    if match.re.groups == 3:
        try:
            maximum = float(match[3])
        except ValueError:
            maximum = 0
    return PnmHeader(magic, int(match[1]), int(match[2]), _BANDS[magic], maximum, match.end())


def _arbitrary_header(match: re.Match[bytes]) -> PnmHeader:
    fields = {b"WIDTH": 0, b"HEIGHT": 0, b"DEPTH": 0, b"MAXVAL": 0}
    for line in match[0].splitlines()[1:-1]:
        name, _, value = line.strip().partition(b" ")
        if name in fields and value.strip().isdigit() and len(value) <= 10:
            fields[name] = int(value)
    width, height, depth, maximum = fields.values()
    return PnmHeader(b"P7", width, height, depth, maximum, match.end())


def _numbers(content: bytes, header: PnmHeader, kind: str, count: int) -> NDArray[Any]:
    size_bytes = count * np.dtype(kind).itemsize
    if len(content) < header.size_bytes + size_bytes:
        detail = f"{len(content) - header.size_bytes} of {size_bytes} bytes of pixels"
        raise UnreadableFileError(Reason.TRUNCATED, detail)
    return np.frombuffer(content, kind, count, header.size_bytes)


def _text(content: bytes, header: PnmHeader) -> bytes:
    text = content[header.size_bytes :]
    remarks = text.count(b"#")
    if remarks > _MAX_REMARKS:
        raise UnreadableFileError(Reason.BROKEN, f"{remarks} remarks among the pixels")
    text = _COMMENT.sub(b"", text) if remarks else text
    if text.translate(None, b"0123456789" + _WHITESPACE):
        raise UnreadableFileError(Reason.BROKEN, "something else than numbers among the pixels")
    return text


def _bits_as_text(content: bytes, header: PnmHeader, count: int) -> NDArray[np.uint8]:
    """1 for white; the digits of a bitmap need no space between them."""
    digits = _text(content, header).translate(None, _WHITESPACE)[:count]
    if len(digits) < count:
        raise UnreadableFileError(Reason.TRUNCATED, f"{len(digits)} of {count} pixels")
    bits: NDArray[np.uint8] = (np.frombuffer(digits, np.uint8) == ord("0")).astype(np.uint8)
    return bits


def _numbers_as_text(content: bytes, header: PnmHeader, count: int) -> NDArray[np.uint16]:
    text = _text(content, header).rstrip()
    if len(text) < 2 * count - 1:  # before memory is taken for them
        raise UnreadableFileError(Reason.TRUNCATED, f"{len(text)} characters for {count} numbers")
    values: NDArray[np.uint32] = np.fromstring(text, np.uint32, count, sep=" ")
    if len(values) < count:
        raise UnreadableFileError(Reason.TRUNCATED, f"{len(values)} of {count} numbers")
    return values.clip(max=_HIGHEST_MAXIMUM).astype(np.uint16)


def _floats(content: bytes, header: PnmHeader) -> Image.Image:
    """A PFM, whose rows go from the bottom up. One of three bands becomes 8 bits, as Pillow has no such floats."""
    count = header.width * header.height * header.bands
    values = _numbers(content, header, "<f4" if header.maximum < 0 else ">f4", count)
    values = values.reshape(header.height, header.width, header.bands)[::-1].astype(np.float32)
    if header.bands == 1:
        return Image.fromarray(values[..., 0])
    return Image.fromarray((np.nan_to_num(values, nan=0.0).clip(0, 1) * 255).round().astype(np.uint8))
