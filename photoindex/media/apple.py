"""What pairs the photo with the clip of a Live Photo, out of Apple's maker note in EXIF."""

from __future__ import annotations

import re
import struct

_SIGNATURE = b"Apple iOS\0"
_CONTENT_IDENTIFIER = 0x11
_ASCII = 2
_MAX_ENTRIES = 200
_IDENTIFIER = re.compile(rb"[0-9A-Za-z-]{8,64}")


def content_identifier(maker_note: bytes) -> str | None:
    """The identifier, in upper case, that the clip has in its `com.apple.quicktime.content.identifier`. Never raises.

    Apple's note is a TIFF directory behind a signature of 14 bytes, its offsets counted from the note's beginning.
    """
    if not maker_note.startswith(_SIGNATURE) or len(maker_note) < 16:
        return None
    order = ">" if maker_note[12:14] == b"MM" else "<"
    (count,) = struct.unpack_from(order + "H", maker_note, 14)
    for at in range(16, min(16 + 12 * min(count, _MAX_ENTRIES), len(maker_note) - 11), 12):
        tag, kind, length, value_at = struct.unpack_from(order + "HHII", maker_note, at)
        if tag == _CONTENT_IDENTIFIER and kind == _ASCII and length <= 65:
            value = maker_note[value_at : value_at + length]
            identifier = value.rstrip(b"\0 ")
            is_whole = len(value) == length and _IDENTIFIER.fullmatch(identifier)
            return identifier.decode().upper() if is_whole else None
    return None
