"""What counts as a photo, told by the first bytes of a file and not by its name; and why a file may fail."""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from photoindex.media.containers import AUDIO_EXTENSIONS, detect_container
from photoindex.messages import mark


class Reason(StrEnum):
    """Why a file can't be indexed: the `reason` of an `UnreadableFileError`, kept in the file's row."""

    NOT_A_PHOTO = "not-a-photo"
    EMPTY = "empty"
    TRUNCATED = "truncated"
    BROKEN = "broken"
    UNSUPPORTED = "unsupported"
    TOO_MANY_PIXELS = "too-many-pixels"
    TOO_LARGE = "too-large"
    UNREADABLE = "unreadable"
    CHANGED = "changed-while-reading"
    OUT_OF_MEMORY = "out-of-memory"
    TIMED_OUT = "too-slow"
    CRASHED = "crashed"


REASONS: Mapping[str, str] = MappingProxyType(
    {
        Reason.NOT_A_PHOTO: mark("This is not a picture of a kind PhotoIndex knows, whatever its name says."),
        Reason.EMPTY: mark("The file is empty."),
        Reason.TRUNCATED: mark("The end of the picture is missing: it was not copied or saved completely."),
        Reason.BROKEN: mark("The picture is damaged and can't be shown."),
        Reason.UNSUPPORTED: mark("The picture uses a variant of its format that PhotoIndex can't read."),
        Reason.TOO_MANY_PIXELS: mark("The picture has more pixels than the limit allows."),
        Reason.TOO_LARGE: mark("The file is larger than the limit allows."),
        Reason.UNREADABLE: mark("The file can't be read: permission is missing or the disk reports an error."),
        Reason.CHANGED: mark("The file was still being written; it is tried again later."),
        Reason.OUT_OF_MEMORY: mark("Decoding the picture takes more memory than the limit allows."),
        Reason.TIMED_OUT: mark("Decoding the picture takes longer than the limit allows."),
        Reason.CRASHED: mark("The decoder crashes on this picture."),
    }
)
"""Each reason with a sentence for the user. A reason is stored and shown in the API: never rename one."""


class Kind(StrEnum):
    """What people tell apart: a photo, a camera's raw file, a video."""

    PHOTO = "photo"
    RAW = "raw"
    VIDEO = "video"


@dataclass(frozen=True)
class Format:
    """A kind of file that PhotoIndex reads."""

    name: str
    mime_type: str
    extension: str
    """With the dot: what a download of such a file is called."""
    pillow: str
    """Pillow's name of it; empty for what Pillow does not decode."""
    kind: Kind = Kind.PHOTO
    shown_by_browsers: bool = False
    """Whether today's browsers show the file itself."""


def _raw(name: str, maker: str) -> Format:
    return Format(name, f"image/x-{maker}-{name}", f".{name}", "", Kind.RAW)


JPEG = Format("jpeg", "image/jpeg", ".jpg", "JPEG", shown_by_browsers=True)
PNG = Format("png", "image/png", ".png", "PNG", shown_by_browsers=True)
WEBP = Format("webp", "image/webp", ".webp", "WEBP", shown_by_browsers=True)
GIF = Format("gif", "image/gif", ".gif", "GIF", shown_by_browsers=True)
BMP = Format("bmp", "image/bmp", ".bmp", "BMP", shown_by_browsers=True)
TIFF = Format("tiff", "image/tiff", ".tif", "TIFF")
AVIF = Format("avif", "image/avif", ".avif", "AVIF", shown_by_browsers=True)
HEIF = Format("heif", "image/heif", ".heic", "HEIF")
JPEG2000 = Format("jpeg2000", "image/jp2", ".jp2", "JPEG2000")
PNM = Format("pnm", "image/x-portable-anymap", ".pnm", "")

CR2, CR3, CRW = _raw("cr2", "canon"), _raw("cr3", "canon"), _raw("crw", "canon")
NEF, NRW = _raw("nef", "nikon"), _raw("nrw", "nikon")
ARW, SR2, SRF = _raw("arw", "sony"), _raw("sr2", "sony"), _raw("srf", "sony")
DNG = _raw("dng", "adobe")
RAF = _raw("raf", "fuji")
ORF = _raw("orf", "olympus")
RW2, RWL = _raw("rw2", "panasonic"), _raw("rwl", "leica")
PEF = _raw("pef", "pentax")
SRW = _raw("srw", "samsung")
HASSELBLAD_3FR, FFF = _raw("3fr", "hasselblad"), _raw("fff", "hasselblad")
IIQ = _raw("iiq", "phaseone")
MOS = _raw("mos", "leaf")
MEF = _raw("mef", "mamiya")
MRW = _raw("mrw", "minolta")
X3F = _raw("x3f", "sigma")
ERF = _raw("erf", "epson")
KDC, DCR, K25 = _raw("kdc", "kodak"), _raw("dcr", "kodak"), _raw("k25", "kodak")

RAW_FORMATS = (
    *(CR2, CR3, CRW, NEF, NRW, ARW, SR2, SRF, DNG, RAF, ORF, RW2, RWL, PEF, SRW, HASSELBLAD_3FR, FFF, IIQ, MOS, MEF),
    *(MRW, X3F, ERF, KDC, DCR, K25),
)
MP4 = Format("mp4", "video/mp4", ".mp4", "", Kind.VIDEO)
MOV = Format("mov", "video/quicktime", ".mov", "", Kind.VIDEO)
THREE_GP = Format("3gp", "video/3gpp", ".3gp", "", Kind.VIDEO)
MKV = Format("mkv", "video/matroska", ".mkv", "", Kind.VIDEO)
WEBM = Format("webm", "video/webm", ".webm", "", Kind.VIDEO)
AVI = Format("avi", "video/x-msvideo", ".avi", "", Kind.VIDEO)
MPEG_TS = Format("mpeg-ts", "video/mp2t", ".mts", "", Kind.VIDEO)
MPEG_PS = Format("mpeg-ps", "video/mpeg", ".mpg", "", Kind.VIDEO)
WMV = Format("wmv", "video/x-ms-wmv", ".wmv", "", Kind.VIDEO)
FLV = Format("flv", "video/x-flv", ".flv", "", Kind.VIDEO)
OGV = Format("ogv", "video/ogg", ".ogv", "", Kind.VIDEO)

FORMATS = (JPEG, PNG, WEBP, GIF, BMP, TIFF, AVIF, HEIF, JPEG2000, PNM, *RAW_FORMATS)
"""Of pictures."""

VIDEO_FORMATS = (MP4, MOV, THREE_GP, MKV, WEBM, AVI, MPEG_TS, MPEG_PS, WMV, FLV, OGV)

HEAD_BYTES = 4096
"""How many first bytes `detect` wants to see; fewer are fine when the file has no more."""

RAW_EXTENSIONS = frozenset(format.extension.encode() for format in RAW_FORMATS)
PHOTO_EXTENSIONS = RAW_EXTENSIONS | frozenset(
    b".jpg .jpeg .jpe .jfif .png .apng .webp .gif .bmp .dib .tif .tiff .avif .heic .heif .hif "
    b".jp2 .j2k .j2c .jpc .jpf .jpx .pbm .pgm .ppm .pnm .pam .pfm".split()
)

VIDEO_EXTENSIONS = frozenset(
    b".mp4 .m4v .f4v .mov .qt .3gp .3gpp .3g2 .mkv .webm .avi .divx "
    b".mts .m2ts .mpg .mpeg .vob .wmv .asf .flv .ogv".split()
)
"""Without .ts and .mod, which are TypeScript and Go more often: such videos are told by their content."""

_MAGIC = (
    (0, b"\xff\xd8\xff", JPEG),
    (0, b"\x89PNG\r\n\x1a\n", PNG),
    (0, b"GIF87a", GIF),
    (0, b"GIF89a", GIF),
    (8, b"IIIITwaR", IIQ),
    (8, b"MMMMRawT", IIQ),
    (0, b"II+\0", TIFF),  # BigTIFF
    (0, b"MM\0+", TIFF),
    (0, b"\0\0\0\x0cjP  \r\n\x87\n", JPEG2000),
    (0, b"\xff\x4f\xff\x51\0", JPEG2000),
    (0, b"FUJIFILMCCD-RAW ", RAF),
    (0, b"IIRO", ORF),
    (0, b"IIRS", ORF),
    (0, b"MMOR", ORF),
    (0, b"IIU\0", RW2),
    (0, b"FOVb", X3F),
    (0, b"\0MRM", MRW),
    (6, b"HEAPCCDR", CRW),
)
_BMP_HEADER_SIZES = frozenset({12, 40, 52, 56, 64, 108, 124})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_GENERAL_BRANDS = frozenset({b"mif1", b"msf1"})  # an image in ISO-BMFF; its compatible brands tell the codec
_MAX_BRAND_BYTES = 256

# A letter and a digit begin many a text: only with the numbers that must follow is it sure.
_PNM = re.compile(
    rb"P(?:[14](?:\s|#[^\r\n]*[\r\n])+\d{1,10}\s+\d{1,10}\s"
    rb"|[2356](?:\s|#[^\r\n]*[\r\n])+\d{1,10}\s+\d{1,10}(?:\s|#[^\r\n]*[\r\n])+\d{1,10}\s"
    rb"|[fF]\s+\d{1,10}\s+\d{1,10}\s+[+-]?\d*\.?\d+\s"
    rb"|7[ \t]*\n(?:#[^\n]*\n)*(?:WIDTH|HEIGHT|DEPTH|MAXVAL|TUPLTYPE)[ \t])"
)

BY_NAME = {format.name: format for format in (*FORMATS, *VIDEO_FORMATS)}
"""All formats, by their names."""
_RAW_BY_EXTENSION = {format.extension.encode(): format for format in RAW_FORMATS}
# What makers write into their files, of which the first directory is a preview and others are the sensor's.
_RAW_BY_MAKE = {
    b"NIKON": NEF,
    b"SONY": ARW,
    b"PENTAX": PEF,
    b"RICOH": PEF,
    b"SAMSUNG": SRW,
    b"Hasselblad": HASSELBLAD_3FR,
    b"Leaf": MOS,
    b"SEIKO EPSON": ERF,
    b"Mamiya": MEF,
    b"EASTMAN KODAK": KDC,
}
_NEW_SUBFILE_TYPE, _MAKE, _SUB_DIRECTORIES, _DNG_VERSION = 0x00FE, 0x010F, 0x014A, 0xC612
_MAX_ENTRIES = 300


def detect(head: bytes, name: bytes = b"") -> Format | None:
    """The format of a file that begins with `head` (`HEAD_BYTES` of it), or None if it is no photo.

    Many camera raw files are TIFFs by their first bytes. Where nothing else in `head`, which may be the whole file,
    tells the two apart, the ending of `name` does; without a name such a file is a TIFF.
    """
    for at, magic, format in _MAGIC:
        if head.startswith(magic, at):
            return _same_magic(format, head, name)
    if head.startswith((b"II*\0", b"MM\0*")):
        return _detect_tiff(head, _extension(name))
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    if head[4:8] == b"ftyp" and (picture := _detect_by_brands(head)) is not None:
        return picture
    if (container := detect_container(head)) is not None and _extension(name) not in AUDIO_EXTENSIONS:
        return BY_NAME[container]
    # "BM" alone begins many a text; the size of the second header makes it sure.
    if head[:2] == b"BM" and len(head) >= 18 and struct.unpack_from("<I", head, 14)[0] in _BMP_HEADER_SIZES:
        return BMP
    if head[:1] == b"P" and _PNM.match(head[:HEAD_BYTES]):
        return PNM
    return None


def promises_photo(name: bytes) -> bool:
    """Whether a file of this name says that it is a photo: if its content isn't one, the user is told."""
    return _extension(name) in PHOTO_EXTENSIONS or _extension(name) in VIDEO_EXTENSIONS


def is_photo(name: bytes, head: bytes) -> bool:
    """Whether a file gets a row: its name promises a photo, or its first bytes are one's."""
    return promises_photo(name) or detect(head, name) is not None


def _extension(name: bytes) -> bytes:
    stem, dot, ending = name.rpartition(b".")
    return (dot + ending).lower() if stem else b""


def _same_magic(format: Format, head: bytes, name: bytes) -> Format | None:
    """`format`, or what begins like it: Leica's files like Panasonic's, films of JPEG 2000 pictures like a picture."""
    if format is RW2 and _extension(name) == b".rwl":
        return RWL
    return None if format is JPEG2000 and head[20:24] == b"mjp2" else format


def _detect_tiff(head: bytes, extension: bytes) -> Format:
    """TIFF, or the raw format in its structure: by marks of its own, by the name, by maker and kinds of directories."""
    if head[:4] == b"II*\0" and head[8:10] == b"CR":
        return CR2
    tags = _first_directory(head)
    if _DNG_VERSION in tags:
        return DNG
    if extension in _RAW_BY_EXTENSION:
        return _RAW_BY_EXTENSION[extension]
    if extension in (b".tif", b".tiff") or _SUB_DIRECTORIES not in tags or not any(tags.get(_NEW_SUBFILE_TYPE, b"")):
        return TIFF
    make_at = int.from_bytes(tags.get(_MAKE, b""), "little" if head[:2] == b"II" else "big")
    make = head[make_at : make_at + 20]
    return next((format for name, format in _RAW_BY_MAKE.items() if make.startswith(name)), TIFF)


def _first_directory(head: bytes) -> dict[int, bytes]:
    """The first directory of a TIFF: tag → the four bytes that hold the value, or where it is."""
    order = "<" if head[:2] == b"II" else ">"
    if len(head) < 10:
        return {}
    (at,) = struct.unpack_from(order + "I", head, 4)
    if at + 2 > len(head):
        return {}
    (count,) = struct.unpack_from(order + "H", head, at)
    starts = range(at + 2, min(at + 2 + 12 * min(count, _MAX_ENTRIES), len(head) - 11), 12)
    return {struct.unpack_from(order + "H", head, start)[0]: head[start + 8 : start + 12] for start in starts}


def _detect_by_brands(head: bytes) -> Format | None:
    box_size = int.from_bytes(head[:4], "big")
    major, rest = head[8:12], head[16 : max(16, min(box_size, _MAX_BRAND_BYTES))]
    if major == b"crx ":
        return CR3
    if major in _AVIF_BRANDS:
        return AVIF
    if major in _HEIF_BRANDS:
        return HEIF
    if major not in _GENERAL_BRANDS:
        return None
    compatible = {rest[i : i + 4] for i in range(0, len(rest), 4)}
    return AVIF if compatible & _AVIF_BRANDS and not compatible & _HEIF_BRANDS else HEIF
