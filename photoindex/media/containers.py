"""Tells by the first bytes of a file which container of videos it is, by the name of its format."""

from __future__ import annotations

AUDIO_EXTENSIONS = frozenset(b".aac .f4a .m4a .m4b .m4p .mka .mp3 .oga .ogg .opus .spx .weba .wma".split())
"""Containers of videos hold music, too, and tell only far behind their first bytes."""

_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_OGG_VIDEO_CODECS = (b"\x80theora", b"OVP80", b"BBCD\0", b"\1video")

_QUICKTIME_BRANDS = frozenset({b"qt  "})
_MOBILE_BRANDS = frozenset({b"3gp", b"3g2", b"3ge", b"3gg", b"3gh", b"3gr", b"3gs"})  # followed by a version
_MP4_BRANDS = frozenset(b"iso2 iso3 iso4 iso5 iso6 iso7 iso8 iso9 isoa isob isoc isom".split()) | frozenset(
    {b"mp41", b"mp42", b"mp71", b"avc1", b"hvc1", b"av01", b"dash", b"mmp4", b"MSNV", b"XAVC", b"f4v ", b"F4V "}
    | {b"M4V ", b"M4VH", b"M4VP"}
)
# Built on the brands above: sound, JPEG 2000, JPEG XL, Canon's raw files.
_OTHER_BRANDS = frozenset({b"M4A ", b"M4B ", b"M4P ", b"F4A ", b"F4B ", b"aax ", b"jp2 ", b"jpx ", b"jxl ", b"crx "})
_MAX_BRANDS_BYTES = 256

_TS_PACKET_SIZES = ((0, 188), (4, 192))  # a camcorder's have a time code before each packet
_TS_PACKETS = 5


def detect_container(head: bytes) -> str | None:
    """The name of the video format that a file beginning with `head` (1 kB of it, at least) is in, if any.

    There may be sound only in it: that is seen when it is read.
    """
    if head[4:8] == b"ftyp":
        return _by_brands(head)
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "avi"
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return _by_doctype(head)
    if head[:4] == b"\0\0\1\xba":
        return "mpeg-ps"
    if head[:16] == _ASF:
        return "wmv"
    if head[:4] == b"FLV\1":
        return "flv"
    if head[:4] == b"OggS" and any(codec in head for codec in _OGG_VIDEO_CODECS):
        return "ogv"
    if _is_transport_stream(head):
        return "mpeg-ts"
    return "mov" if _is_old_quicktime(head) else None


def _by_brands(head: bytes) -> str | None:
    """Of a file in ISO-BMFF; one of an unknown brand counts where it says that it is compatible with a known one."""
    box_size = int.from_bytes(head[:4], "big")
    major, rest = head[8:12], head[16 : max(16, min(box_size, _MAX_BRANDS_BYTES))]
    if major in _QUICKTIME_BRANDS:
        return "mov"
    if major[:3] in _MOBILE_BRANDS:
        return "3gp"
    compatible = {rest[i : i + 4] for i in range(0, len(rest), 4)}
    return "mp4" if major in _MP4_BRANDS or (major not in _OTHER_BRANDS and compatible & _MP4_BRANDS) else None


def _by_doctype(head: bytes) -> str | None:
    """Of a file in EBML (RFC 8794): the element 0x4282 says what it is."""
    at = head.find(b"\x42\x82", 4)
    doctype = head[at + 2 : at + 20] if at > 0 else b""
    return "webm" if b"webm" in doctype else "mkv" if b"matroska" in doctype else None


def _is_transport_stream(head: bytes) -> bool:
    """One sync byte is a G in a text, five at the right distances are a stream (ISO/IEC 13818-1)."""
    return any(
        len(head) > first + size * (_TS_PACKETS - 1)
        and all(head[first + size * packet] == 0x47 for packet in range(_TS_PACKETS))
        for first, size in _TS_PACKET_SIZES
    )


def _is_old_quicktime(head: bytes) -> bool:
    """Whether it is a QuickTime file from before `ftyp`; texts have the names of its first atom at the same place."""
    size, kind, inner = int.from_bytes(head[:4], "big"), head[4:8], head[12:16]
    is_printable = 0x20 <= head[0] < 0x7F if head else False
    if kind == b"wide":
        return size == 8 and inner in (b"mdat", b"moov", b"free", b"skip", b"wide")
    if kind == b"moov":
        return inner in (b"mvhd", b"cmov", b"rmra", b"iods", b"udta", b"trak", b"meta")
    return kind in (b"mdat", b"free", b"skip", b"pnot") and not is_printable
