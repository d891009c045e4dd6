"""Thumbnails: small JPEGs made anew from pixels, so nothing of an original's bytes or metadata is in them."""

from __future__ import annotations

import io
import os
import secrets
from pathlib import Path

from PIL import Image

LONGEST_EDGE = 512
"""Pixels of a thumbnail's longer edge; up to a sixteenth fewer where a picture is divided by a whole number."""
QUALITY = 80

_CLOSE = 15 / 16

_LEFTOVER_PATTERN = ".*.part"


def make_thumbnail(image: Image.Image, longest_edge: int = LONGEST_EDGE, quality: int = QUALITY) -> bytes:
    """A baseline JPEG of an RGB image, its longer edge at most `longest_edge` pixels; small images stay small.

    JPEG, for it is written in a tenth of WebP's time; not optimised, for that would double the time for a few bytes.
    """
    bare = shrink(image, longest_edge)
    bare.info = {}  # `save` would write what it finds there (profile, comment) into the JPEG
    buffer = io.BytesIO()
    bare.save(buffer, "JPEG", quality=quality, optimize=False, progressive=False)
    return buffer.getvalue()


def shrink(image: Image.Image, longest_edge: int = LONGEST_EDGE) -> Image.Image:
    """A new image: averages of squares of pixels where that comes close to `longest_edge`, else resampled to it."""
    longest = max(image.size)
    if longest <= longest_edge:
        return image.copy()
    divisor = -(-longest // longest_edge)
    if longest / divisor >= longest_edge * _CLOSE:
        return image.reduce(divisor)  # a fifth of the time of the best filter, and as good
    width, height = (max(1, round(edge * longest_edge / longest)) for edge in image.size)
    # As sharp as bicubic when shrinking, in half the time.
    return image.resize((width, height), Image.Resampling.HAMMING)


def thumbnail_path(folder: Path, content_hash: bytes) -> Path:
    """Where the thumbnail of a content lies below `folder`: `ab/cdef….jpg`, at most 256 folders."""
    name = content_hash.hex()
    return folder / name[:2] / f"{name[2:]}.jpg"


def write_thumbnail(path: Path, jpeg: bytes) -> None:
    """Put `jpeg` at `path` so that a reader sees the whole of it or nothing; folders are made. Raises OSError.

    Not synced to the disk: after a power cut a thumbnail may be missing or empty, and is made again, whereas a sync
    for each would cost more than decoding the photo. A killed process leaves at most a file for `remove_leftovers`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # In the folder above, so that looking for leftovers is not looking through every thumbnail.
    temporary = path.parent.with_name(f".{path.stem}.{secrets.token_hex(4)}.part")
    try:
        temporary.write_bytes(jpeg)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def is_whole_thumbnail(path: Path, decode: bool = False) -> bool:
    """Whether a thumbnail is there and not empty; with `decode`, whether all of it can be decoded too."""
    try:
        if not decode:
            return path.stat().st_size > 0
        with Image.open(path, formats=["JPEG"]) as image:
            image.load()
    except (OSError, ValueError, SyntaxError):
        return False
    return True


def remove_leftovers(folder: Path) -> int:
    """Delete what killed processes left half-written below `folder`; how many files. Call when no one else writes."""
    leftovers = list(folder.glob(_LEFTOVER_PATTERN))
    for leftover in leftovers:
        leftover.unlink(missing_ok=True)
    return len(leftovers)
