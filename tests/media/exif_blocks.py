"""Builds EXIF blocks byte by byte, so that they can be as wrong as files in the wild are."""

import struct

ASCII, SHORT, LONG, RATIONAL, UNDEFINED, SIGNED_RATIONAL, FLOAT, DOUBLE = 2, 3, 4, 5, 7, 10, 11, 12
_CODES = {SHORT: "H", LONG: "I", RATIONAL: "I", SIGNED_RATIONAL: "i", FLOAT: "f", DOUBLE: "d"}

Entry = tuple[int, int, object]
"""Tag, type, and a value: bytes, or a sequence of numbers (for rationals two each)."""


def exif_block(main: list[Entry] = [], own: list[Entry] = [], gps: list[Entry] = [], order: str = "<") -> bytes:  # noqa: B006
    """A block with the entries of the main, EXIF's own and the GPS directory."""
    main = [*main, *([(0x8769, LONG, [0])] if own else []), *([(0x8825, LONG, [0])] if gps else [])]
    header = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    own_at = 8 + len(_directory(main, 0, order))
    gps_at = own_at + (len(_directory(own, 0, order)) if own else 0)
    pointers = {0x8769: own_at, 0x8825: gps_at}
    main = [
        (tag, kind, [pointers[tag]] if kind == LONG and value == [0] and tag in pointers else value)
        for tag, kind, value in main
    ]
    return (
        header
        + _directory(main, 8, order)
        + (_directory(own, own_at, order) if own else b"")
        + (_directory(gps, gps_at, order) if gps else b"")
    )


def _directory(entries: list[Entry], at: int, order: str) -> bytes:
    data_at = at + 2 + 12 * len(entries) + 4
    table, data = struct.pack(order + "H", len(entries)), b""
    for tag, kind, value in entries:
        raw = value if isinstance(value, bytes) else struct.pack(order + _CODES[kind] * len(value), *value)
        count = len(raw) if isinstance(value, bytes) else len(value) // (2 if kind in (5, 10) else 1)
        table += struct.pack(order + "HHI", tag, kind, count)
        if len(raw) <= 4:
            table += raw.ljust(4, b"\0")
        else:
            table += struct.pack(order + "I", data_at + len(data))
            data += raw
    return table + b"\0\0\0\0" + data
