"""Turns what a decoder raised into the reason that is stored and the detail that is shown."""

from __future__ import annotations

import re

from PIL import Image

from photoindex.errors import UnreadableFileError
from photoindex.media.formats import AVIF, BMP, GIF, HEIF, JPEG, JPEG2000, PNG, TIFF, WEBP, Format, Reason
from photoindex.media.raw import is_cut

_MAX_DETAIL_CHARACTERS = 200

_TRUNCATED = re.compile(r"truncat|premature|end of (data|file)|unexpected eof", re.IGNORECASE)
_UNSUPPORTED = re.compile(
    r"unsupported|not supported|not implemented|cannot handle|unknown (pixel|raw) mode|no decod|no codec", re.I
)
_MEMORY = re.compile(r"out of memory|memory allocation(?!.*security limit)|decoder error -9\b", re.IGNORECASE)
_PIXELS = re.compile(r"decompression bomb|maximum (image )?(size|number of pixels)|image size exceeds", re.I)


def explain(error: Exception, content: bytes, format: Format) -> UnreadableFileError:
    """The error to raise when decoding `content` raised `error`."""
    detail = one_line(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)
    return UnreadableFileError(_reason(error, detail, content, format), detail)


def one_line(text: str) -> str:
    """`text` without control characters, at most 200 characters."""
    printable = "".join(c if c.isprintable() else " " for c in text[: 4 * _MAX_DETAIL_CHARACTERS])
    return " ".join(printable.split())[:_MAX_DETAIL_CHARACTERS]


def _reason(error: Exception, detail: str, content: bytes, format: Format) -> Reason:
    if isinstance(error, MemoryError) or _MEMORY.search(detail):
        return Reason.OUT_OF_MEMORY
    if isinstance(error, (Image.DecompressionBombError, Image.DecompressionBombWarning)):
        return Reason.TOO_MANY_PIXELS
    if _PIXELS.search(detail):
        return Reason.TOO_MANY_PIXELS
    if isinstance(error, NotImplementedError) or _UNSUPPORTED.search(detail):
        return Reason.UNSUPPORTED
    if isinstance(error, EOFError) or _TRUNCATED.search(detail) or _is_cut(content, format):
        return Reason.TRUNCATED
    return Reason.BROKEN


def _is_cut(content: bytes, format: Format) -> bool:
    """Whether the end is missing, told by the container: decoders often only say that data are wrong."""
    if format in (JPEG, JPEG2000):
        return b"\xff\xd9" not in content[-(1 << 16) :]
    if format is PNG:
        return b"IEND" not in content[-(1 << 16) :]
    if format is GIF:
        return not content.rstrip(b"\0").endswith(b";")
    if format is WEBP:
        return len(content) < 8 + int.from_bytes(content[4:8], "little")
    if format is BMP:
        return len(content) < int.from_bytes(content[2:6], "little")
    if format is TIFF:
        return is_cut(content, format)
    return format in (AVIF, HEIF) and _has_cut_box(content)


def _has_cut_box(content: bytes) -> bool:
    """Whether a top-level box (ISO/IEC 14496-12) reaches beyond the end."""
    position = 0
    for _ in range(100):
        if position >= len(content):
            return position > len(content)
        size = int.from_bytes(content[position : position + 4], "big")
        if size == 1:
            size = int.from_bytes(content[position + 8 : position + 16], "big")
        if size < 8:
            return False  # 0 means up to the end; less makes no sense
        position += size
    return False
