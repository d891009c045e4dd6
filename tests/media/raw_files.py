"""Writes small camera raw files that LibRaw reads and develops for real: a DNG, and files shaped like those of makers.

A raw file is a TIFF whose directories lead to a colour filter mosaic and to previews (TIFF 6.0, TIFF/EP, DNG 1.6).
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED, SIGNED_RATIONAL = 1, 2, 3, 4, 5, 7, 10
_CODES = {SHORT: "H", LONG: "I", RATIONAL: "I", SIGNED_RATIONAL: "i"}

WHITE = 16_383
"""The highest value of the mosaic: a 14-bit sensor."""

# Of XYZ into linear sRGB (IEC 61966-2-1), times 10,000: a camera of this matrix sees sRGB's own primaries.
_XYZ_TO_SRGB = (32406, -15372, -4986, -9689, 18758, 415, 557, -2040, 10570)


@dataclass
class Directory:
    """A TIFF directory: tag → (type, value). A value is bytes, numbers, or directories (an offset to each)."""

    entries: dict[int, tuple[int, object]] = field(default_factory=dict)
    blobs: dict[int, bytes] = field(default_factory=dict)
    """Tag → data that are written elsewhere, of which the entry is the offset (strips, previews)."""


def tiff(*pages: Directory, magic: bytes = b"II*\0", extra: bytes = b"") -> bytes:
    """A TIFF file of these directories, one after the other; `extra` follows the eight bytes of the header."""
    order = "<" if magic[:2] == b"II" else ">"
    out, link = bytearray(magic + bytes(4) + extra), 4
    for page in pages:
        at, next_link = _write(out, page, order)
        struct.pack_into(order + "I", out, link, at)
        link = next_link
    return bytes(out)


def _write(out: bytearray, directory: Directory, order: str) -> tuple[int, int]:
    """Append a directory, what it points at first; its offset and that of its link to the next."""
    rows = []
    entries: dict[int, tuple[int, object]] = {**directory.entries, **{t: (LONG, b) for t, b in directory.blobs.items()}}
    for tag, (kind, value) in sorted(entries.items()):
        if tag in directory.blobs:
            value = [_append(out, directory.blobs[tag])]
        elif isinstance(value, list) and value and isinstance(value[0], Directory):
            value = [_write(out, each, order)[0] for each in value]
        raw = value if isinstance(value, bytes) else struct.pack(order + _CODES[kind] * len(value), *value)
        count = (
            len(raw) if isinstance(value, bytes) else len(value) // (2 if kind in (RATIONAL, SIGNED_RATIONAL) else 1)
        )
        inline = raw.ljust(4, b"\0") if len(raw) <= 4 else struct.pack(order + "I", _append(out, raw))
        rows.append(struct.pack(order + "HHI", tag, kind, count) + inline)
    at = _append(out, struct.pack(order + "H", len(rows)) + b"".join(rows) + bytes(4))
    return at, len(out) - 4


def _append(out: bytearray, data: bytes) -> int:
    out.extend(bytes(-len(out) % 4))
    at = len(out)
    out.extend(data)
    return at


def jpeg(image: Image.Image, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=90, **options)
    return buffer.getvalue()


def mosaic(image: Image.Image) -> np.ndarray:
    """What a sensor behind red, green / green, blue filters sees of an sRGB image: (height, width) uint16, linear."""
    values = np.asarray(image.convert("RGB"), dtype=np.float64) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    seen = np.empty(linear.shape[:2])
    for row, column, band in ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 2)):
        seen[row::2, column::2] = linear[row::2, column::2, band]
    return np.rint(seen * WHITE).astype("<u2")


def _sensor(image: Image.Image) -> Directory:
    """The directory of an uncompressed 16-bit mosaic."""
    width, height = image.size
    data = mosaic(image).tobytes()
    return Directory(
        {
            254: (LONG, [0]),
            256: (LONG, [width]),
            257: (LONG, [height]),
            258: (SHORT, [16]),
            259: (SHORT, [1]),
            262: (SHORT, [32_803]),  # colour filter array
            277: (SHORT, [1]),
            278: (LONG, [height]),
            279: (LONG, [len(data)]),
            284: (SHORT, [1]),
            33_421: (SHORT, [2, 2]),
            33_422: (BYTE, bytes([0, 1, 1, 2])),
        },
        {273: data},
    )


def _exif() -> Directory:
    return Directory(
        {
            0x829A: (RATIONAL, [1, 250]),
            0x829D: (RATIONAL, [28, 10]),
            0x8827: (SHORT, [400]),
            0x9003: (ASCII, b"2021:06:05 10:20:30\0"),
            0x9011: (ASCII, b"+02:00\0"),
            0x920A: (RATIONAL, [35, 1]),
            0xA434: (ASCII, b"35mm F2.8\0"),
        }
    )


def _camera(make: str, model: str, orientation: int) -> dict[int, tuple[int, object]]:
    return {
        0x010F: (ASCII, make.encode() + b"\0"),
        0x0110: (ASCII, model.encode() + b"\0"),
        0x0112: (SHORT, [orientation]),
        0x0132: (ASCII, b"2021:06:05 10:20:30\0"),
        0x8769: (LONG, [_exif()]),
    }


def _preview_directory(preview: bytes) -> Directory:
    with Image.open(io.BytesIO(preview)) as image:
        width, height = image.size
    return Directory(
        {
            254: (LONG, [1]),
            256: (LONG, [width]),
            257: (LONG, [height]),
            258: (SHORT, [8, 8, 8]),
            259: (SHORT, [7]),
            262: (SHORT, [6]),
            277: (SHORT, [3]),
            278: (LONG, [height]),
            279: (LONG, [len(preview)]),
        },
        {273: preview},
    )


def _bitmap_directory(bitmap: Image.Image) -> Directory:
    data = bitmap.convert("RGB").tobytes()
    entries = _preview_directory(jpeg(bitmap)).entries
    return Directory(entries | {259: (SHORT, [1]), 262: (SHORT, [2]), 279: (LONG, [len(data)])}, {273: data})


def dng(
    image: Image.Image,
    *,
    preview: bytes = b"",
    bitmap: Image.Image | None = None,
    orientation: int = 1,
    magic: bytes = b"II*\0",
    make: str = "Acme",
) -> bytes:
    """A DNG of `image` as the sensor sees it (before it is turned), with a preview in a directory of its own."""
    main = _sensor(image)
    main.entries |= _camera(make, "One", orientation) | {
        50_706: (BYTE, bytes([1, 4, 0, 0])),
        50_707: (BYTE, bytes([1, 1, 0, 0])),
        50_708: (ASCII, make.encode() + b" One\0"),
        50_714: (SHORT, [0]),
        50_717: (LONG, [WHITE]),
        50_721: (SIGNED_RATIONAL, [part for value in _XYZ_TO_SRGB for part in (value, 10_000)]),
        50_728: (RATIONAL, [1, 1] * 3),
        50_778: (SHORT, [21]),  # daylight
    }
    if preview:
        main.entries[330] = (LONG, [_preview_directory(preview)])
    if bitmap is not None:
        main.entries[330] = (LONG, [_bitmap_directory(bitmap)])
    if magic[:2] == b"MM":
        main.blobs[273] = mosaic(image).astype(">u2").tobytes()
    return tiff(main, magic=magic)


def maker_raw(
    image: Image.Image, preview: bytes, *, make: str, model: str, orientation: int = 1, magic: bytes = b"II*\0"
) -> bytes:
    """A raw file as most makers build it: the first directory is a preview, one below it is the sensor's."""
    first = _preview_directory(preview)
    first.entries |= {259: (SHORT, [6])} | _camera(make, model, orientation) | {330: (LONG, [_sensor(image)])}
    return tiff(first, magic=magic)


def orf(image: Image.Image, preview: bytes, *, orientation: int = 1) -> bytes:
    """An Olympus file: a TIFF of another magic number."""
    return maker_raw(
        image, preview, make="OLYMPUS IMAGING CORP.", model="E-500", orientation=orientation, magic=b"IIRO"
    )


def rw2(image: Image.Image, preview: bytes, *, orientation: int = 1) -> bytes:
    """A Panasonic file as far as its preview: own tags for the sensor's size, a JPEG in the first directory."""
    width, height = image.size
    main = Directory(
        {
            2: (SHORT, [width]),
            3: (SHORT, [height]),
            4: (SHORT, [0]),
            5: (SHORT, [0]),
            6: (SHORT, [height]),
            7: (SHORT, [width]),
            0x2E: (UNDEFINED, preview),
        }
        | _camera("Panasonic", "DMC-GH2", orientation),
        {0x118: bytes(width * height * 2)},
    )
    return tiff(main, magic=b"IIU\0")


def cr2(image: Image.Image, preview: bytes, *, orientation: int = 1) -> bytes:
    """A Canon file as far as its preview: the sensor's data, a lossless JPEG, are left out."""
    first = _preview_directory(preview)
    first.entries |= {259: (SHORT, [6])} | _camera("Canon", "Canon EOS 40D", orientation)
    return tiff(first, _sensor(image), extra=b"CR\x02\0" + bytes(4))


def raf(image: Image.Image, preview: bytes) -> bytes:
    """A Fujifilm file: a header of offsets to a JPEG, which holds the EXIF, and to the sensor's TIFF."""
    data = mosaic(image).tobytes()
    width, height = image.size
    numbers = {0xF001: (LONG, [width]), 0xF002: (LONG, [height]), 0xF003: (LONG, [16]), 0xF008: (LONG, [len(data)])}
    sensor = tiff(Directory({0xF000: (LONG, [Directory({**numbers}, {0xF007: data})])}))
    header = bytearray(b"FUJIFILMCCD-RAW 0201FF129502FinePix S5600  ".ljust(160, b"\0"))
    struct.pack_into(">IIIIII", header, 84, 160, len(preview), 0, 0, 160 + len(preview), len(sensor))
    return bytes(header) + preview + sensor
