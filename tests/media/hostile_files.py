"""Hostile files, made byte by byte: each a name, a content, and what may come of it.

`OK` means that it decodes; everything else is a reason. Where a case allows several, decoders of different versions
may well disagree, and only that nothing worse happens counts.
"""

import io
import struct
import zlib
from collections.abc import Iterator

from drawing import draw_image
from media import raw_files
from media.exif_blocks import ASCII, LONG, RATIONAL, SHORT, UNDEFINED, exif_block
from PIL import Image

from photoindex.media import register

register()  # HEIF is written here too

OK = "ok"
NOT_A_PHOTO = {"not-a-photo"}
BAD = {"broken", "truncated", "unsupported"}
BOMB = {"too-many-pixels"}

Case = tuple[str, bytes, set[str]]


def picture(format: str, size: tuple[int, int] = (96, 64), **options: object) -> bytes:
    """An honest file to spoil."""
    buffer = io.BytesIO()
    draw_image(seed=5, size=size).save(buffer, format, **options)
    return buffer.getvalue()


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *chunks: bytes, bits: int = 8, colour: int = 2, rows: bytes | None = None) -> bytes:
    """A PNG by hand; `rows` are the raw bytes that are compressed into it."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))
    rows = bytes(height * (width * 3 + 1)) if rows is None else rows
    tail = png_chunk(b"IDAT", zlib.compress(rows)) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + tail


def _jpeg_with(*segments: bytes) -> bytes:
    content = picture("JPEG")
    return content[:2] + b"".join(segments) + content[2:]


def _segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def _jpeg_of_size(width: int, height: int, *, components: int | None = None, bits: int = 8) -> bytes:
    content = bytearray(picture("JPEG"))
    frame = content.index(b"\xff\xc0")
    struct.pack_into(">BHH", content, frame + 4, bits, height, width)
    if components is not None:
        content[frame + 9] = components
    return bytes(content)


def _patched(content: bytes, where: bytes, skip: int, new: bytes) -> bytes:
    at = content.index(where) + skip
    return content[:at] + new + content[at + len(new) :]


def _with_exif(block: bytes) -> bytes:
    return png(16, 16, png_chunk(b"eXIf", block))


def not_photos() -> Iterator[Case]:
    yield "empty", b"", {"empty"}
    yield "one byte", b"\xff", NOT_A_PHOTO
    yield "text", b"Not a photo at all.\n" * 50, NOT_A_PHOTO
    yield "text that begins like a bitmap", b"BMW, Audi and others" * 50, NOT_A_PHOTO
    yield "html", b"<!doctype html><script>alert(1)</script>", NOT_A_PHOTO
    yield "svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", NOT_A_PHOTO
    yield "zip", b"PK\x03\x04" + bytes(100), NOT_A_PHOTO
    yield "elf", b"\x7fELF\x02\x01\x01" + bytes(100), NOT_A_PHOTO
    yield "photoshop", b"8BPS\0\1" + bytes(100), NOT_A_PHOTO
    yield "postscript", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", NOT_A_PHOTO
    yield "fits", b"SIMPLE  =                    T", NOT_A_PHOTO
    yield "video", b"\0\0\0\x18ftypisom\0\0\0\0isommp42" + bytes(50), NOT_A_PHOTO
    yield "pdf before jpeg", b"%PDF-1.7\n" + picture("JPEG"), NOT_A_PHOTO


def polyglots() -> Iterator[Case]:
    yield "jpeg and html", _jpeg_with(_segment(0xFE, b"<script>alert(1)</script>")) + b"<html>", {OK}
    yield "jpeg and zip", picture("JPEG") + b"PK\x05\x06" + bytes(18), {OK}
    yield "png and pdf", picture("PNG") + b"%PDF-1.7", {OK}
    yield "gif and script", b"GIF89a=1;alert(document.cookie);//", BAD | BOMB


def bombs() -> Iterator[Case]:
    yield "png of 2.5 gigapixels", png(50_000, 50_000, rows=b""), BOMB
    yield "png just above the limit", png(12_000, 8_334, rows=b""), BOMB
    yield "png of one endless row", png(2**31 - 1, 1, rows=b""), BOMB
    yield "png without width", png(0, 10), BAD
    yield "jpeg of 4 gigapixels", _jpeg_of_size(65_500, 65_500), BOMB
    yield "jpeg without height", _jpeg_of_size(10, 0), BAD
    yield "gif of 4 gigapixels", _patched(picture("GIF"), b"GIF8", 6, b"\xff\xff\xff\xff"), BOMB
    yield "gif with a frame beyond", _patched(picture("GIF"), b"\x2c\0\0\0\0", 5, b"\xff\xff\xff\xff"), BOMB | BAD
    yield "bmp of 1e18 pixels", _patched(picture("BMP"), b"BM", 18, b"\xff\xff\xff\x3f\xff\xff\xff\x3f"), BOMB
    yield "bmp of negative width", _patched(picture("BMP"), b"BM", 18, b"\xff\xff\xff\xff"), BOMB | BAD
    yield "webp canvas of 268 megapixels", _webp(b"VP8X", b"\0\0\0\0\xff\x3f\0\xff\x3f\0"), BOMB
    yield "lossless webp of 268 megapixels", _webp(b"VP8L", b"\x2f\xff\xff\xff\x0f" + bytes(20)), BOMB
    yield "lossy webp of 268 megapixels", _webp(b"VP8 ", b"\x10\0\0\x9d\x01\x2a\xff\x3f\xff\x3f" + bytes(20)), BOMB
    for format in ("AVIF", "HEIF"):
        content = _patched(picture(format), b"ispe", 8, struct.pack(">II", 60_000, 60_000))
        yield f"{format} of 3.6 gigapixels", content, BOMB | BAD
    yield "tiff of 1e12 pixels", _tiff(1_000_000, 1_000_000), BOMB
    yield "tiff of 65535 bands", _tiff(16, 16, (277, SHORT, [65_535])), BAD
    tiles = [(322, LONG, [2**30]), (323, LONG, [2**30]), (324, LONG, [8]), (325, LONG, [100])]
    yield "tiff of a giant tile", _tiff(16, 16, (273, LONG, None), *tiles), BAD | BOMB


def _webp(kind: bytes, data: bytes) -> bytes:
    body = b"WEBP" + kind + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _tiff(width: int, height: int, *more: tuple[int, int, object]) -> bytes:
    main = {
        256: (256, LONG, [width]),
        257: (257, LONG, [height]),
        258: (258, SHORT, [8]),
        259: (259, SHORT, [1]),
        262: (262, SHORT, [1]),
        273: (273, LONG, [8]),
        277: (277, SHORT, [1]),
        278: (278, LONG, [height]),
        279: (279, LONG, [width * height & 0xFFFFFFFF]),
    }
    main |= {entry[0]: entry for entry in more}
    return exif_block([main[tag] for tag in sorted(main) if main[tag][2] is not None]) + bytes(4096)


def jpeg_2000() -> Iterator[Case]:
    yield "jpeg 2000 of nothing", b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(50), BAD
    stream = picture("JPEG2000", no_jp2=True)
    boxed = picture("JPEG2000")
    size, coding = stream.index(b"\xff\x51") + 6, stream.index(b"\xff\x52")
    everything = struct.pack(">II", 60_000, 60_000)
    for name, content in (("codestream", stream), ("jpeg 2000", boxed)):
        at = content.index(b"\xff\x51") + 6
        yield f"{name} of 3.6 gigapixels", _at(content, at, everything), BOMB | BAD
        yield f"{name} just above the limit", _at(content, at, struct.pack(">II", 12_000, 8_334)), BOMB
        yield f"{name} of 16 components", _at(content, at + 32, struct.pack(">H", 16)), {"unsupported"}
        yield f"{name} without width", _at(content, at, bytes(4)), BAD
        yield f"{name} without tiles", _at(content, at + 16, bytes(8)), BAD
        yield f"{name} of 98 megapixels in 1 kB", _at(content, at, struct.pack(">II", 9_900, 9_900)), BAD | {OK}
    large = _at(stream, size, struct.pack(">II", 9_900, 9_900))
    yield "codestream of a tile a pixel", _at(large, size + 16, struct.pack(">II", 1, 1)), BAD
    whole = _at(large, size + 16, struct.pack(">II", 9_900, 9_900))
    yield "codestream of one tile of 98 megapixels", whole, BAD | {OK}
    yield "codestream of the smallest blocks", _at(whole, coding + 10, b"\0\0"), BAD
    yield (
        "codestream of 65,535 layers",
        _at(_at(stream, coding + 6, b"\xff\xff"), size + 16, bytes([0, 0, 0, 2] * 2)),
        BAD,
    )
    precincts = _at(whole, coding + 4, b"\x01")
    yield "codestream of the smallest precincts", _at(precincts, coding + 14, bytes(6)), BAD | {OK}
    tile = stream.index(b"\xff\x90")
    again = stream[coding : coding + 4] + b"\0\0\xff\xff" + stream[coding + 8 : coding + 4 + stream[coding + 3] - 2]
    yield (
        "tile that codes otherwise",
        _at(stream[: tile + 12] + again + stream[tile + 12 :], tile + 6, bytes(4)),
        BAD | {OK},
    )
    boxes = boxed[:12] + struct.pack(">I4s", 8, b"free") * 10_000 + boxed[12:]
    yield "jpeg 2000 of 10,000 boxes", boxes, BAD | {OK}
    for size_of_box in (0, 1, 2, 7, 2**32 - 1):
        yield f"jpeg 2000 with a box of {size_of_box}", _at(boxed, 12, struct.pack(">I", size_of_box)), BAD | {OK}


def pnm() -> Iterator[Case]:
    pixels = draw_image(seed=5, size=(96, 64)).tobytes()
    yield "ppm", b"P6 96 64 255\n" + pixels, {OK}
    yield "ppm of 1e18 pixels", b"P6 999999999 999999999 255\n" + pixels, BOMB
    yield "pbm just above the limit", b"P4 12000 8334\n", BOMB
    yield "pam of 1e18 pixels", b"P7\nWIDTH 999999999\nHEIGHT 999999999\nDEPTH 3\nMAXVAL 255\nENDHDR\n", BOMB
    yield "pfm of 1e18 pixels", b"PF 999999999 999999999 -1.0\n", BOMB
    yield "ppm of 98 megapixels in 20 bytes", b"P6 9900 9900 255\n", {"truncated"}
    yield "plain ppm of 98 megapixels in 20 bytes", b"P3 9900 9900 255\n", {"truncated"}
    yield "plain ppm of 30 MB", b"P3 3000 2000 255\n" + b"9  " * 10_000_000, {"truncated"}
    yield "plain pbm of 30 MB", b"P1 9900 9900\n" + b"1 " * 15_000_000, {"truncated"}
    yield "plain ppm of one number", b"P3 100 100 255\n" + b"1" * 30_000, {"truncated"}
    yield "plain ppm of spaces", b"P3 10 10 255\n" + b" " * 1_000_000, {"truncated"}
    yield "plain ppm of minus signs", b"P3 10 10 255\n" + b"-1 " * 400, {"broken"}
    yield "plain ppm of remarks", b"P3 10 10 255\n" + b"#\n" * 1_000_000, {"broken"}
    yield "ppm of spaces", b"P6" + b" " * 1_000_000 + b"x", NOT_A_PHOTO
    yield "plain ppm of numbers too large", b"P3 10 10 255\n" + b"99999999999999999999999 " * 300, {OK}
    yield "ppm of values too large", b"P6 96 64 9\n" + pixels, {OK}
    yield "ppm without width", b"P6 0 64 255\n" + pixels, {"broken"}
    yield "ppm without maximum", b"P6 96 64 0\n" + pixels, {"broken"}
    yield "ppm of 32 bits", b"P6 96 64 4294967295\n" + pixels, {"unsupported"}
    yield "pam of 5 bands", b"P7\nWIDTH 9\nHEIGHT 9\nDEPTH 5\nMAXVAL 255\nENDHDR\n" + bytes(500), {"unsupported"}
    yield "pam whose header never ends", b"P7\nWIDTH 9\n" + b"HEIGHT 9\n" * 100_000, {"broken"}
    yield "pam without fields", b"P7\nWIDTH\t\nENDHDR\n", {"broken"}
    yield "pfm of nan", b"Pf 4 4 -1.0\n" + b"\xff\xff\xff\x7f" * 16, {OK}
    yield "pfm of no scale", b"Pf 4 4 0.0\n" + bytes(64), {"broken"}
    yield "remark that never ends", b"P6\n#" + b"x" * 1_000_000, NOT_A_PHOTO


def raw() -> Iterator[Case]:
    """Of a DNG that decodes: what its header says of the sensor, of the preview and of directories."""
    image = draw_image(seed=5, size=(96, 64))
    honest = raw_files.dng(image)
    stamp = raw_files.jpeg(image.resize((24, 16)))
    yield "dng", honest, {OK}
    for name, width, height in (("3.6 gigapixels", 60_000, 60_000), ("the limit and a bit", 12_000, 8_334)):
        yield f"dng of {name}", _dng_with(honest, {256: width, 257: height, 278: height}), BOMB | BAD
    yield "dng of 98 megapixels in 12 kB", _dng_with(honest, {256: 9_900, 257: 9_900, 278: 9_900}), BAD
    yield "dng of 4e9 columns", _dng_with(honest, {256: 2**32 - 1}), BAD | BOMB
    yield "dng without width", _dng_with(honest, {256: 0}), BAD
    yield "dng whose strip is behind the end", _dng_with(honest, {273: 2**31}), {"truncated"}
    yield "dng whose strip is endless", _dng_with(honest, {279: 2**32 - 1}), {"truncated", OK}
    for compression in (7, 8, 9, 34_892, 52_546, 34_713, 32_767, 65_000, 32_867):
        yield f"dng of compression {compression}", _dng_with(honest, {259: compression}), BAD | {OK}
    previewed = raw_files.dng(image, preview=stamp)
    yield "dng whose preview is behind the end", previewed.replace(stamp, b"")[: len(previewed)], BAD
    bomb = _jpeg_of_size(65_500, 65_500)
    yield (
        "dng with a preview of 4 gigapixels",
        raw_files.dng(image, preview=stamp).replace(stamp, bomb[: len(stamp)]),
        {OK},
    )
    version = {50_706: (1, b"\1\4\0\0")}
    loop = raw_files.Directory({330: (LONG, [8]), **version})
    yield "dng whose directory leads to itself", raw_files.tiff(loop, loop), BAD
    many = raw_files.Directory({330: (LONG, [8] * 20_000), **version})
    yield "dng of 20,000 directories", raw_files.tiff(many), BAD
    yield "fuji header whose parts are behind the end", b"FUJIFILMCCD-RAW 0201".ljust(84) + b"\xff" * 80, BAD
    yield "canon boxes in boxes", _nested_boxes(), BAD
    yield "sigma of nothing", b"FOVb\0\0\2\0" + bytes(600), BAD
    yield "minolta of endless parts", b"\0MRM\0\1\0\0" + (b"\0PRD" + bytes(4)) * 8_000, BAD
    yield "ciff of nothing", b"II\x1a\0\0\0HEAPCCDR" + bytes(600), BAD


def _dng_with(content: bytes, changes: dict[int, int]) -> bytes:
    """A little-endian TIFF with other numbers in its first directory."""
    out = bytearray(content)
    (at,) = struct.unpack_from("<I", out, 4)
    (count,) = struct.unpack_from("<H", out, at)
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        tag, kind = struct.unpack_from("<HH", out, entry)
        if tag in changes:
            struct.pack_into("<H" if kind == SHORT else "<I", out, entry + 8, changes[tag])
    return bytes(out)


def _nested_boxes() -> bytes:
    body = b""
    for _ in range(2_000):
        body = struct.pack(">I4s", len(body) + 8, b"moov") + body
    return b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + body


def frames_and_pages() -> Iterator[Case]:
    gif = picture("GIF")
    frame = gif[gif.index(b"\x2c\0\0\0\0") : -1]
    yield "gif of 10,000 frames", gif[:-1] + frame * 10_000 + b";", {OK}
    animation = picture("WEBP", save_all=True, append_images=[draw_image(seed=6, size=(96, 64))])
    second = animation[animation.rindex(b"ANMF") :]
    body = animation[8:] + second * 5_000
    yield "webp of 5,000 frames", b"RIFF" + struct.pack("<I", len(body)) + body, {OK}
    control = png_chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, 16, 16, 0, 0, 1, 1, 0, 0))
    yield "png of 10,000 frames", png(16, 16, png_chunk(b"acTL", struct.pack(">II", 10_000, 0)), control), {OK}
    tiff = picture("TIFF")
    (directory,) = struct.unpack_from("<I", tiff, 4)
    (count,) = struct.unpack_from("<H", tiff, directory)
    to_itself = _at(tiff, directory + 2 + 12 * count, struct.pack("<I", directory))
    yield "tiff whose next page is the first", to_itself, {OK}
    pages = b"".join(
        struct.pack("<HHHIIxxI", 1, 256, LONG, 1, 0, 0)[:2] + struct.pack("<HHIII", 256, LONG, 1, 16, at)
        for at in range(len(tiff) + 18, len(tiff) + 18 * 10_000, 18)
    )
    yield "tiff of 10,000 pages", _at(tiff, directory + 2 + 12 * count, struct.pack("<I", len(tiff))) + pages, {OK}


def _at(content: bytes, at: int, new: bytes) -> bytes:
    return content[:at] + new + content[at + len(new) :]


def metadata() -> Iterator[Case]:
    yield "exif directory that is the main one", _with_exif(exif_block([(0x8769, LONG, [8])])), {OK}
    yield "gps directory past the end", _with_exif(exif_block([(0x8825, LONG, [2**32 - 1])])), {OK}
    yield (
        "exif of 65,535 entries",
        _with_exif(b"II*\0\x08\0\0\0\xff\xff" + b"\x0f\x01\x02\0\xff\xff\xff\xff" * 900),
        {OK},
    )
    yield "exif value longer than all", _with_exif(_at(exif_block([(0x010F, ASCII, b"abcdef")]), 14, b"\xff" * 8)), {OK}
    yield "exif that is noise", _with_exif(bytes(range(256)) * 40), {OK}
    for value in (0, 9, 65_535):
        yield f"orientation {value}", _with_exif(exif_block([(0x0112, SHORT, [value])])), {OK}
    yield "orientation in words", _with_exif(exif_block([(0x0112, ASCII, b"upside down")])), {OK}
    gps = [(1, ASCII, b"N"), (2, RATIONAL, [0] * 6), (3, ASCII, b"E"), (4, RATIONAL, [10**9, 1] * 3)]
    yield "gps of 0/0 and 1e9", _with_exif(exif_block(gps=gps)), {OK}
    yield "maker note", _with_exif(exif_block(own=[(0x927C, UNDEFINED, b"\xff" * 60_000)])), {OK}
    laughs = b"<!DOCTYPE x [<!ENTITY a 'ha'>" + b"".join(
        b"<!ENTITY %c '%s'>" % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(9)
    )
    namespace = b"http://ns.adobe.com/xap/1.0/\0"
    yield "xmp of a billion laughs", _jpeg_with(_segment(0xE1, namespace + laughs + b"]><x>&j;</x>")), {OK}
    entity = b"<!DOCTYPE x [<!ENTITY f SYSTEM 'file:///etc/passwd'>]><x>&f;</x>"
    yield "xmp with an external entity", _jpeg_with(_segment(0xE1, namespace + entity)), {OK}
    yield "profile that is none", _jpeg_with(_segment(0xE2, b"ICC_PROFILE\0\1\1" + bytes(5000))), {OK}
    huge = zlib.compress(bytes(64_000_000))
    yield "png profile of 64 MB", png(16, 16, png_chunk(b"iCCP", b"x\0\0" + huge)), BAD | {OK}
    yield "png text of 64 MB", png(16, 16, png_chunk(b"zTXt", b"x\0\0" + huge)), BAD | {OK}
    yield "png international text of 64 MB", png(16, 16, png_chunk(b"iTXt", b"x\0\1\0\0\0" + huge)), BAD | {OK}


def spoiled() -> Iterator[Case]:
    yield "jpeg that only begins", b"\xff\xd8\xff\xe0", {"truncated"}
    yield "jpeg of 1,000 segments", _jpeg_with(*[_segment(0xE5, b"x" * 50)] * 1_000), {OK}
    yield "jpeg of 100,000 segments", _jpeg_with(*[_segment(0xE5, b"")] * 100_000), {"broken"}
    yield "jpeg of 10 MB padding", picture("JPEG")[:2] + b"\xff" * 10_000_000, {"broken"}
    yield "jpeg of 10 MB junk", picture("JPEG")[:2] + _segment(0xE0, b"") + b"a" * 10_000_000 + b"\xff", BAD
    yield "jpeg with 6 MB of exif", _jpeg_with(*[_segment(0xE1, b"Exif\0\0" + bytes(65_000))] * 93), {"broken"}
    yield "jpeg of 10,000 scans", _scan_bomb(), {"broken"}
    yield "jpeg of 2 components", _jpeg_of_size(96, 64, components=2), BAD
    yield "jpeg of 12 bits", _jpeg_of_size(96, 64, bits=12), {"unsupported"}
    yield "jpeg without tables", picture("JPEG").replace(b"\xff\xdb", b"\xff\xef"), BAD | {OK}
    yield "png with a wrong checksum", _patched(picture("PNG"), b"IHDR", 17, b"\0\0\0\0"), BAD
    yield "png of noise", _patched(picture("PNG"), b"IDAT", 6, b"\xaa" * 60), BAD
    yield "png with far too many rows", png(16, 16, rows=bytes(50_000_000)), BAD | {OK}
    yield "png with too few rows", png(64, 64, rows=bytes(100)), BAD
    yield "png without palette", png(16, 16, colour=3, rows=bytes(17 * 16)), BAD | {OK}
    yield "gif without pictures", picture("GIF")[:13] + b";", BAD
    yield "gif of impossible codes", _patched(picture("GIF"), b"\x2c\0\0\0\0", 10, b"\xff"), BAD | {OK}
    yield "bmp of an unknown compression", _patched(picture("BMP"), b"BM", 30, b"\x63"), {"unsupported"}
    yield "bmp with pixels past the end", _patched(picture("BMP"), b"BM", 10, b"\xff\xff\xff\x7f"), BAD
    yield "webp of zeros", _webp(b"VP8 ", bytes(100)), BAD
    yield "tiff with pixels past the end", _tiff(16, 16, (273, LONG, [2**31])), BAD
    yield "tiff without anything", b"II*\0\x08\0\0\0\0\0\0\0\0\0", BAD
    yield "tiff past the end", b"II*\0\xff\xff\xff\xff", BAD
    yield "heif of a name only", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", BAD
    yield "avif of a name only", b"\0\0\0\x18ftypavif\0\0\0\0mif1avif", BAD
    yield "heif whose name has no size", b"\0\0\0\0ftypheic" + bytes(100), BAD
    yield "heif whose name is endless", b"\xff\xff\xff\xffftypheic" + bytes(100), BAD
    yield "heif that says avif", _patched(picture("HEIF"), b"heic", 0, b"avif"), BAD | {OK}


def odd_but_honest() -> Iterator[Case]:
    yield "progressive jpeg", picture("JPEG", progressive=True), {OK}
    yield "jpeg in tiff", picture("TIFF", compression="jpeg"), {OK}
    yield "big tiff", picture("TIFF", big_tiff=True), {OK}
    yield "picture of one pixel", picture("PNG", size=(1, 1)), {OK}
    yield "picture of one row", picture("JPEG", size=(5_000, 1)), {OK}
    yield "picture of one column", picture("WEBP", size=(1, 5_000)), {OK}
    buffer = io.BytesIO()
    Image.new("CMYK", (16, 16)).save(buffer, "JPEG")
    yield "cmyk jpeg", buffer.getvalue(), {OK}


def _scan_bomb() -> bytes:
    """A progressive JPEG whose last scan comes again and again."""
    content = picture("JPEG", progressive=True)
    last = content[content.rindex(b"\xff\xda") : -2]
    return content[:-2] + last * 10_000 + content[-2:]


CASES: list[Case] = [
    *not_photos(),
    *polyglots(),
    *bombs(),
    *jpeg_2000(),
    *pnm(),
    *raw(),
    *frames_and_pages(),
    *metadata(),
    *spoiled(),
    *odd_but_honest(),
]
