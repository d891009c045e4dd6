"""The dominant colour of a picture: what stands in its place on a page until it is there."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

NO_COLOUR = -1
"""Of a picture that can't be read."""

_EDGE = 16
_BIN_BITS = 2


def dominant_colour(image: Image.Image) -> int:
    """Of an RGB image of any size: 0xRRGGBB, the mean of the colours that are most frequent.

    Not the mean of the whole, which is a brown or grey that is nowhere on the picture.
    """
    small = image.resize((_EDGE, _EDGE), Image.Resampling.BOX, reducing_gap=1.0)
    pixels = np.asarray(small, dtype=np.uint8).reshape(-1, 3)
    coarse = (pixels >> (8 - _BIN_BITS)).astype(np.intp)
    bins = coarse[:, 0] << (2 * _BIN_BITS) | coarse[:, 1] << _BIN_BITS | coarse[:, 2]
    fullest = int(np.bincount(bins).argmax())
    red, green, blue = pixels[bins == fullest].mean(axis=0).round().astype(int).tolist()
    return int(red << 16 | green << 8 | blue)


def read_dominant_colour(thumbnail: Path) -> int:
    """That of a thumbnail on disk; `NO_COLOUR` where there is none, or a broken one. Raises OSError for a disk's."""
    try:
        jpeg = thumbnail.read_bytes()
    except FileNotFoundError:
        return NO_COLOUR
    try:
        with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as image:
            image.draft("RGB", (4 * _EDGE, 4 * _EDGE))
            return dominant_colour(image.convert("RGB"))
    except (OSError, ValueError, SyntaxError):
        return NO_COLOUR
