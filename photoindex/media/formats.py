"""What counts as a photo, told by the first bytes of a file and not by its name; and why a file may fail."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from photoindex.media.containers import AUDIO_EXTENSIONS, detect_container


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


REASONS: Mapping[str, str] = MappingProxyType(
    {
        Reason.NOT_A_PHOTO: "This is not a picture of a kind PhotoIndex knows, whatever its name says.",
        Reason.EMPTY: "The file is empty.",
        Reason.TRUNCATED: "The end of the picture is missing: it was not copied or saved completely.",
        Reason.BROKEN: "The picture is damaged and can't be shown.",
        Reason.UNSUPPORTED: "The picture uses a variant of its format that PhotoIndex can't read.",
        Reason.TOO_MANY_PIXELS: "The picture has more pixels than the limit allows.",
        Reason.TOO_LARGE: "The file is larger than the limit allows.",
        Reason.UNREADABLE: "The file can't be read: permission is missing or the disk reports an error.",
        Reason.CHANGED: "The file was still being written; it is tried again later.",
        Reason.OUT_OF_MEMORY: "There was not enough memory to read the picture; it is tried again later.",
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


JPEG = Format("jpeg", "image/jpeg", ".jpg", "JPEG")
PNG = Format("png", "image/png", ".png", "PNG")
WEBP = Format("webp", "image/webp", ".webp", "WEBP")
GIF = Format("gif", "image/gif", ".gif", "GIF")
BMP = Format("bmp", "image/bmp", ".bmp", "BMP")
TIFF = Format("tiff", "image/tiff", ".tif", "TIFF")
AVIF = Format("avif", "image/avif", ".avif", "AVIF")
HEIF = Format("heif", "image/heif", ".heic", "HEIF")

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

FORMATS = (JPEG, PNG, WEBP, GIF, BMP, TIFF, AVIF, HEIF)
"""Of pictures."""

VIDEO_FORMATS = (MP4, MOV, THREE_GP, MKV, WEBM, AVI, MPEG_TS, MPEG_PS, WMV, FLV, OGV)

HEAD_BYTES = 4096
"""How many first bytes `detect` wants to see; fewer are fine when the file has no more."""

PHOTO_EXTENSIONS = frozenset(
    b".jpg .jpeg .jpe .jfif .png .webp .gif .bmp .dib .tif .tiff .avif .heic .heif .hif".split()
)

VIDEO_EXTENSIONS = frozenset(
    b".mp4 .m4v .f4v .mov .qt .3gp .3gpp .3g2 .mkv .webm .avi .divx "
    b".mts .m2ts .mpg .mpeg .vob .wmv .asf .flv .ogv".split()
)
"""Without .ts and .mod, which are TypeScript and Go more often: such videos are told by their content."""

# Raw files are TIFFs by their first bytes, but what a TIFF reader finds in them is a tiny preview.
_RAW_EXTENSIONS = frozenset(
    b".3fr .arw .cr2 .dcr .dng .erf .fff .iiq .k25 .kdc .mef .mos .nef .nrw .pef .raw .sr2 .srf .srw".split()
)

_MAGIC = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"II*\0", TIFF),
    (b"MM\0*", TIFF),
    (b"II+\0", TIFF),  # BigTIFF
    (b"MM\0+", TIFF),
)
_BMP_HEADER_SIZES = frozenset({12, 40, 52, 56, 64, 108, 124})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_MAX_BRAND_BYTES = 256
_VIDEO_BY_NAME = {format.name: format for format in VIDEO_FORMATS}
_GENERAL_BRANDS = frozenset({b"mif1", b"msf1"})  # an image in ISO-BMFF; its compatible brands tell the codec


def detect(head: bytes, name: bytes = b"") -> Format | None:
    """The format of a file that begins with `head` (`HEAD_BYTES` of it), or None if it is no photo.

    `name` tells music from videos in the same container.
    """
    for magic, format in _MAGIC:
        if head.startswith(magic):
            return format
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    if head[4:8] == b"ftyp" and (picture := _detect_by_brands(head)) is not None:
        return picture
    if (container := detect_container(head)) is not None and _extension(name) not in AUDIO_EXTENSIONS:
        return _VIDEO_BY_NAME[container]
    # "BM" alone begins many a text; the size of the second header makes it sure.
    if head[:2] == b"BM" and len(head) >= 18 and struct.unpack_from("<I", head, 14)[0] in _BMP_HEADER_SIZES:
        return BMP
    return None


def promises_photo(name: bytes) -> bool:
    """Whether a file of this name says that it is a photo: if its content isn't one, the user is told."""
    return _extension(name) in PHOTO_EXTENSIONS or _extension(name) in VIDEO_EXTENSIONS


def is_photo(name: bytes, head: bytes) -> bool:
    """Whether a file gets a row: its name promises a photo, or its first bytes are one's.

    Camera raw files don't (yet): what a TIFF reader finds in them is a preview as small as a stamp.
    """
    if promises_photo(name):
        return True
    format = detect(head, name)
    return format is not None and not (format is TIFF and _extension(name) in _RAW_EXTENSIONS)


def _extension(name: bytes) -> bytes:
    stem, dot, ending = name.rpartition(b".")
    return (dot + ending).lower() if stem else b""


def _detect_by_brands(head: bytes) -> Format | None:
    box_size = int.from_bytes(head[:4], "big")
    major, rest = head[8:12], head[16 : max(16, min(box_size, _MAX_BRAND_BYTES))]
    if major in _AVIF_BRANDS:
        return AVIF
    if major in _HEIF_BRANDS:
        return HEIF
    if major not in _GENERAL_BRANDS:
        return None
    compatible = {rest[i : i + 4] for i in range(0, len(rest), 4)}
    return AVIF if compatible & _AVIF_BRANDS and not compatible & _HEIF_BRANDS else HEIF
