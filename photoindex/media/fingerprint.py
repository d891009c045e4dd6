"""The fingerprint of a picture: 64 bytes that stay nearly the same when it is resized, recompressed or brightened.

The first 32 bytes are 256 bits, the signs of the lowest 16 × 16 frequencies of the luminance (a perceptual hash from
the discrete cosine transform, after Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions",
2010, with signs in place of a median). The other 32 are the mean blue and red differences of 4 × 4 squares.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SHAPE_BYTES = 32
COLOUR_BYTES = 32
MIN_CONTRAST = 4.0
"""Standard deviation of the luminance (0 to 255) below which a picture shows nothing: black frames, blank pages."""

_EDGE = 64
_KEPT = 16
_LOW = 8
_SQUARES = 4


def fingerprint(image: Image.Image) -> bytes:
    """Of an upright RGB image of any size: SHAPE_BYTES + COLOUR_BYTES, or nothing when there is nothing on it.

    The first 64 bits are the lowest 8 × 8 frequencies, which change least. Distances are Hamming's for the first part
    and the mean of absolute differences of signed bytes for the second.
    """
    small = image.resize((_EDGE, _EDGE), Image.Resampling.BOX, reducing_gap=1.0).convert("YCbCr")
    planes = np.asarray(small, dtype=np.float32)
    luminance = planes[:, :, 0]
    if float(luminance.std()) < MIN_CONTRAST:
        return b""
    signs = (_BASIS @ luminance @ _BASIS.T).ravel()[_ORDER] > 0
    side = _EDGE // _SQUARES
    colours = planes[:, :, 1:].reshape(_SQUARES, side, _SQUARES, side, 2).mean(axis=(1, 3)) - 128
    shape: bytes = np.packbits(signs).tobytes()
    colour: bytes = colours.round().clip(-127, 127).astype(np.int8).tobytes()
    return shape + colour


def read_fingerprint(thumbnail: Path) -> bytes | None:
    """That of a thumbnail on disk; None where there is none that can be read."""
    try:
        with Image.open(io.BytesIO(thumbnail.read_bytes()), formats=("JPEG",)) as image:
            image.draft("RGB", (2 * _EDGE, 2 * _EDGE))
            return fingerprint(image.convert("RGB"))
    except (OSError, ValueError, SyntaxError):
        return None


def _basis() -> NDArray[np.float32]:
    """The lowest frequencies of the discrete cosine transform, (_KEPT, _EDGE)."""
    frequencies, places = np.arange(_KEPT)[:, None], np.arange(_EDGE)[None]
    return np.cos(np.pi * (2 * places + 1) * frequencies / (2 * _EDGE)).astype(np.float32)


def _order() -> NDArray[np.intp]:
    """Where each bit is taken from: the lowest _LOW × _LOW frequencies, then the others."""
    rows, columns = np.divmod(np.arange(_KEPT * _KEPT), _KEPT)
    return np.argsort((rows >= _LOW) | (columns >= _LOW), kind="stable")


_BASIS = _basis()
_ORDER = _order()
