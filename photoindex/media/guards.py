"""Refuses, before a decoder sees it, content on which a decoder would hang or exhaust the memory."""

from __future__ import annotations

from photoindex.errors import UnreadableFileError
from photoindex.media.formats import JPEG, JPEG2000, PNM, WEBP, Format, Reason
from photoindex.media.jpeg2000 import read_codestream
from photoindex.media.pnm import read_header

# Honest files: an ICC profile takes up to 255 segments, a phone's depth map in extended XMP a few hundred.
_MAX_JPEG_MARKERS = 10_000
_MAX_JPEG_EXIF_BYTES = 4_000_000
_MAX_JPEG_JUNK_BYTES = 1_000_000
# Honest progressive files have about ten scans.
_MAX_PROGRESSIVE_SCANS = 500
_PROGRESSIVE_MARKERS = (0xC2, 0xC6, 0xCA, 0xCE)


def check_content(content: bytes, format: Format, max_pixels: int) -> None:
    """Raise `UnreadableFileError` (broken, unsupported, too-many-pixels) if decoding `content` could not be bounded."""
    if format is JPEG:
        _check_jpeg_header(content)
    elif format is WEBP:
        # The decoder takes memory for the canvas as soon as it is made, before anyone can ask for the size.
        check_pixels(*_webp_canvas(content), max_pixels)
    elif format is JPEG2000:
        codestream = read_codestream(content)
        check_pixels(codestream.width, codestream.height, max_pixels)
    elif format is PNM:
        header = read_header(content)
        check_pixels(header.width, header.height, max_pixels)


def check_pixels(width: int, height: int, max_pixels: int) -> None:
    """Raise `UnreadableFileError` (too-many-pixels) above the limit."""
    if width * height > max_pixels:
        detail = f"{width} x {height} = {width * height} pixels, the limit is {max_pixels}"
        raise UnreadableFileError(Reason.TOO_MANY_PIXELS, detail)


def _check_jpeg_header(content: bytes) -> None:
    """Pillow walks the header in Python, joining Exif segments one by one: bound what it can be made to walk."""
    position, markers, exif_bytes = 2, 0, 0
    while (start := content.find(b"\xff", position)) >= 0 and start + 1 < len(content):
        marker = content[start + 1]
        if marker == 0xDA:
            return
        if marker in _PROGRESSIVE_MARKERS:
            _check_scans(content)
        length = 0
        if marker in (0x00, 0xFF):
            length = -1  # padding: the next marker may begin at its second byte
        elif marker != 0x01 and not 0xD0 <= marker <= 0xD9:
            length = max(2, int.from_bytes(content[start + 2 : start + 4], "big"))
        if marker == 0xE1 and content[start + 4 : start + 8] == b"Exif":
            exif_bytes += length
        markers += 1
        junk = start - position
        if markers > _MAX_JPEG_MARKERS or exif_bytes > _MAX_JPEG_EXIF_BYTES or junk > _MAX_JPEG_JUNK_BYTES:
            raise UnreadableFileError(Reason.BROKEN, "endless JPEG header")
        position = start + 2 + length
    if len(content) - position > _MAX_JPEG_JUNK_BYTES:
        raise UnreadableFileError(Reason.BROKEN, "endless JPEG header")


def _check_scans(content: bytes) -> None:
    """Each scan of a progressive JPEG costs a pass over the picture and may be a few bytes small.

    Compressed data never hold a scan marker; a video that a phone put behind the photo may, once in 64 KiB.
    """
    if content.count(b"\xff\xda") > _MAX_PROGRESSIVE_SCANS + len(content) // 2**15:
        raise UnreadableFileError(Reason.BROKEN, "too many progressive scans")


def _webp_canvas(content: bytes) -> tuple[int, int]:
    """Width and height of a WebP by its first chunk (RFC 9649), 0 × 0 if it has no known one."""
    kind = content[12:16]
    if kind == b"VP8X":
        return _little(content[24:27]) + 1, _little(content[27:30]) + 1
    if kind == b"VP8L":
        bits = _little(content[21:25])
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        return _little(content[26:28]) & 0x3FFF, _little(content[28:30]) & 0x3FFF
    return 0, 0


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")
