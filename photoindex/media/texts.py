"""Texts out of metadata: printable, on one line, and short."""

from __future__ import annotations

import re
from collections.abc import Iterable

MAX_TEXT_BYTES = 1024
MAX_CAPTION_BYTES = 4096
MAX_LIST = 200
"""How many keywords, or names, are kept."""

# Not printable by themselves, but what joins the parts of emoji and the letters of Persian and Hindi words.
_JOINERS = "\u200c\u200d"

# What cameras and programs write where a person would describe the picture, in lower case.
_JUNK = frozenset(
    {"asciiscreenshot", "camera", "created with gimp", "created with the gimp", "default", "description"}
    | {"digital still camera", "exif_jpeg_picture", "exif_jpeg_t420", "image", "jpeg picture"}
    | {"jpeg", "kodak digital still camera", "my beautiful picture", "minolta dsc", "samsung"}
    | {"sony dsc", "untitled", "xmp"}
)  # fmt: skip
_JUNK_FORMS = re.compile(r"(?:[\w-]+ ){0,2}digital camera|[0-9a-f-]{16,}")
_JUNK_BEGINNINGS = (
    *("applemark", "charset=", "created by digital camera", "creator: gd-jpeg", "dcim", "file source:", "hdrpl"),
    *("<kenox", "lead technologies", "processed with vsco", "binary comment", "<digimax", "<samsung", "metadata-start"),
)


def clean(text: str, max_bytes: int = MAX_TEXT_BYTES) -> str | None:
    """`text` on one line without control characters, at most `max_bytes` of UTF-8; None if nothing is left."""
    printable = "".join(c if c.isprintable() or c in _JOINERS else " " for c in text[:max_bytes])
    short = " ".join(printable.split()).encode()[:max_bytes].decode(errors="ignore")
    return short.strip(_JOINERS + " ") or None


def decode_text(raw: bytes, max_bytes: int = MAX_TEXT_BYTES) -> str | None:
    """Clean text of bytes in UTF-8, or else in Latin-1, up to the first NUL: behind it is a buffer's leftover."""
    raw = raw[:max_bytes].lstrip(b"\0 ").partition(b"\0")[0]
    try:
        return clean(raw.decode("utf-8"), max_bytes)
    except UnicodeDecodeError as error:
        # Cut in the middle of a character, it is UTF-8 still.
        encoding = "utf-8" if error.start >= len(raw) - 3 and len(raw) == max_bytes else "latin-1"
        return clean(raw.decode(encoding, errors="ignore"), max_bytes)


def clean_caption(text: str | None) -> str | None:
    """A title or caption that a person may have written: none if a camera or a program did."""
    caption = clean(text, MAX_CAPTION_BYTES) if text else None
    if caption is None:
        return None
    lower = caption.casefold()
    is_junk = lower in _JUNK or lower.startswith(_JUNK_BEGINNINGS) or _JUNK_FORMS.fullmatch(lower)
    says_something = any(c.isalpha() or ord(c) > 0x2000 for c in lower)
    return caption if says_something and not is_junk else None


def unique(texts: Iterable[str | None]) -> tuple[str, ...]:
    """The first `MAX_LIST` different texts in their order; upper and lower case make no difference."""
    kept: dict[str, str] = {}
    for text in texts:
        if text:
            kept.setdefault(text.casefold(), text)
        if len(kept) == MAX_LIST:
            break
    return tuple(kept.values())
