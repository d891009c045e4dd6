"""Finds the blocks of EXIF, XMP and IPTC in a picture's file, without decoding the picture, and reads them."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from photoindex.media.formats import JPEG, JPEG2000, PNG, TIFF, WEBP, Format, Kind
from photoindex.media.guards import check_content
from photoindex.media.iptc import MAX_IPTC_BYTES
from photoindex.media.metadata import Metadata, read_metadata
from photoindex.media.motion import find_motion
from photoindex.media.opening import HIGHEST_MAX_PIXELS, open_image
from photoindex.media.raw import exif_block, open_raw

Info = Mapping[str | tuple[int, int], object]
"""What Pillow tells of an image besides its pixels."""
NO_INFO: Info = MappingProxyType({})

_MAX_EXIF_BYTES = 4_000_000
_MAX_MARKERS = 10_000
_MAX_CHUNKS = 200_000
_MAX_TEXT_BYTES = 2_000_000

_XMP_IN_JPEG = b"http://ns.adobe.com/xap/1.0/\0"
_PHOTOSHOP = b"Photoshop 3.0\0"
_XMP_IN_PNG = b"XML:com.adobe.xmp"
_RAW_PROFILES = {
    b"Raw profile type exif": "exif",
    b"Raw profile type APP1": "exif",
    b"Raw profile type xmp": "xmp",
    b"Raw profile type iptc": "iptc",
}
_XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_EXIF_UUID = b"JpgTiffExif->JP2"


@dataclass(frozen=True)
class Blocks:
    """What `read_metadata` reads, as it stands in a file."""

    exif: bytes = b""
    xmp: bytes = b""
    iptc: bytes = b""

    def read(self) -> Metadata:
        """The metadata in them. Never raises."""
        return read_metadata(self.exif, xmp=self.xmp, iptc=self.iptc)


def read_embedded(content: bytes, format: Format) -> Metadata:
    """The metadata in a photo's file, as `decode` gives them; none of a video. Never raises, decodes no pixels."""
    try:
        if format.kind is Kind.RAW:
            return read_raw(content, format)
        if format.kind is Kind.PHOTO:
            return read_photo(content, format, _info(content, format))
    # HEIF, AVIF and raw files are opened by their decoders, and what those raise on hostile bytes is an open list.
    except Exception:
        pass
    return Metadata()


def read_photo(content: bytes, format: Format, info: Info) -> Metadata:
    """The metadata in a file that is no raw file, with the clip of a motion photo; `info` as for `find_blocks`."""
    return replace(find_blocks(content, format, info).read(), motion=find_motion(content, format))


def read_raw(content: bytes, format: Format, preview: bytes | None = None) -> Metadata:
    """The metadata of a raw file, or of its preview, a JPEG, if it has none of its own.

    Without a `preview` LibRaw finds it; raises what `open_raw` raises.
    """
    metadata = read_metadata(exif_block(content, format))
    if metadata != Metadata():
        return metadata
    if preview is None:
        with open_raw(content, format) as raw:
            found = raw.preview()
        preview = found if isinstance(found, bytes) else b""
    return find_blocks(preview, JPEG).read()


def find_blocks(content: bytes, format: Format, info: Info = NO_INFO) -> Blocks:
    """The blocks in a file that is no raw file; in HEIF and AVIF they are what Pillow's `info` of the image has.

    Never raises: blocks that are damaged or larger than any honest ones are left out.
    """
    finder = _FINDERS.get(format)
    if finder is not None:
        return finder(content)
    exif, xmp = (info.get(name) for name in ("exif", "xmp"))
    return Blocks(exif if isinstance(exif, bytes) else b"", xmp if isinstance(xmp, bytes) else b"")


def _info(content: bytes, format: Format) -> Info:
    if format in _FINDERS or not format.pillow:
        return NO_INFO
    check_content(content, format, HIGHEST_MAX_PIXELS)
    with open_image(content, format) as image:
        return dict(image.info)


def _in_jpeg(content: bytes) -> Blocks:
    """The segments before the first scan; long blocks of EXIF and of Photoshop's are spread over several."""
    exif, xmp, iptc, exif_bytes, iptc_bytes = [], b"", [], 0, 0
    for marker, payload in _segments(content):
        if marker == 0xE1 and payload.startswith(b"Exif\0\0") and exif_bytes < _MAX_EXIF_BYTES:
            exif.append(payload[6:])
            exif_bytes += len(payload)
        elif marker == 0xE1 and payload.startswith(_XMP_IN_JPEG):
            xmp = xmp or payload[len(_XMP_IN_JPEG) :]
        elif marker == 0xED and payload.startswith(_PHOTOSHOP) and iptc_bytes < MAX_IPTC_BYTES:
            iptc.append(payload[len(_PHOTOSHOP) :])
            iptc_bytes += len(payload)
    return Blocks(b"".join(exif), xmp, b"".join(iptc))


def _segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Markers with a payload, skipping what lies between segments as Pillow does."""
    at = 2
    for _ in range(_MAX_MARKERS):
        at = content.find(b"\xff", at)
        if at < 0 or at + 4 > len(content):
            return
        marker = content[at + 1]
        if marker == 0xDA:
            return
        if marker in (0x00, 0xFF):
            at += 1
        elif marker == 0x01 or 0xD0 <= marker <= 0xD9:
            at += 2
        else:
            length = max(2, int.from_bytes(content[at + 2 : at + 4], "big"))
            yield marker, content[at + 4 : at + 2 + length]
            at += 2 + length


def _in_png(content: bytes) -> Blocks:
    """Chunks of their own for EXIF and XMP, else the hexadecimal texts that ImageMagick writes."""
    own: dict[str, bytes] = {}
    texts: dict[str, bytes] = {}
    for kind, start, end in _png_chunks(content):
        if kind == b"eXIf":
            own.setdefault("exif", content[start : min(end, start + _MAX_EXIF_BYTES)])
        elif kind == b"iTXt" and content.startswith(_XMP_IN_PNG + b"\0", start):
            own.setdefault("xmp", _international_text(content[start:end]))
        elif kind in (b"tEXt", b"zTXt"):
            keyword = content[start : min(end, start + 80)].partition(b"\0")[0]
            if keyword in _RAW_PROFILES and _RAW_PROFILES[keyword] not in texts:
                texts[_RAW_PROFILES[keyword]] = _raw_profile(content[start + len(keyword) + 1 : end], kind == b"zTXt")
    exif = own.get("exif") or texts.get("exif", b"")
    if exif.startswith(_XMP_IN_JPEG):  # a whole APP1 segment, which may be either
        texts.setdefault("xmp", exif.removeprefix(_XMP_IN_JPEG))
    return Blocks(exif, own.get("xmp") or texts.get("xmp", b""), texts.get("iptc", b""))


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Type, and start and end of the data, of every chunk."""
    at = 8
    for _ in range(_MAX_CHUNKS):
        end = at + 8 + int.from_bytes(content[at : at + 4], "big")
        if at + 8 > len(content) or content[at + 4 : at + 8] == b"IEND":
            return
        yield content[at + 4 : at + 8], at + 8, end
        at = end + 4


def _international_text(data: bytes) -> bytes:
    """The text of an iTXt chunk: keyword, whether it is compressed, how, language, translated keyword."""
    _, _, rest = data.partition(b"\0")
    text = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    return _inflate(text) if rest[:1] == b"\1" else text


def _raw_profile(data: bytes, is_compressed: bool) -> bytes:
    """A blank line, the name, the length, then lines of hexadecimal digits."""
    text = _inflate(data[1:]) if is_compressed else data[:_MAX_TEXT_BYTES]
    try:
        return bytes.fromhex(b"".join(text.split(b"\n")[3:]).decode("ascii"))
    except ValueError:
        return b""


def _inflate(data: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, _MAX_TEXT_BYTES)
    except zlib.error:
        return b""


def _in_webp(content: bytes) -> Blocks:
    found: dict[bytes, bytes] = {}
    at = 12
    for _ in range(_MAX_CHUNKS):
        kind, size = content[at : at + 4], int.from_bytes(content[at + 4 : at + 8], "little")
        if at + 8 > len(content):
            break
        if kind in (b"EXIF", b"XMP "):
            found.setdefault(kind, content[at + 8 : at + 8 + min(size, _MAX_EXIF_BYTES)])
        at += 8 + size + size % 2
    return Blocks(found.get(b"EXIF", b""), found.get(b"XMP ", b""))


def _in_jpeg2000(content: bytes) -> Blocks:
    """Boxes of the type `uuid`, each with its own identifier."""
    found: dict[bytes, bytes] = {}
    at = 0 if content[4:8] == b"jP  " else len(content)
    for _ in range(_MAX_MARKERS):
        size, start = int.from_bytes(content[at : at + 4], "big"), at + 8
        if size == 1:
            size, start = int.from_bytes(content[at + 8 : at + 16], "big"), at + 16
        end = len(content) if size == 0 else at + size
        if start >= len(content) or end < start:
            break
        if content[at + 4 : at + 8] == b"uuid":
            found.setdefault(content[start : start + 16], content[start + 16 : min(end, start + _MAX_EXIF_BYTES)])
        at = end
    return Blocks(found.get(_EXIF_UUID, b""), found.get(_XMP_UUID, b""))


def _in_tiff(content: bytes) -> Blocks:
    return Blocks(content)


_FINDERS: Mapping[Format, Callable[[bytes], Blocks]] = {
    JPEG: _in_jpeg,
    PNG: _in_png,
    WEBP: _in_webp,
    TIFF: _in_tiff,
    JPEG2000: _in_jpeg2000,
}
