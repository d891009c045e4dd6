"""Writes a picture in each format that a test can write."""

from __future__ import annotations

import io

from media.raw_files import dng
from PIL import Image

from photoindex.media import FORMATS, Format, Kind
from photoindex.media.formats import DNG, PNM

STILLS = [format for format in FORMATS if format.kind is Kind.PHOTO]
WRITTEN = [*STILLS, DNG]


def write(image: Image.Image, format: Format, **options: object) -> bytes:
    """The bytes of `image` as a file of `format`; a DNG has no preview."""
    if format is DNG:
        return dng(image)
    buffer = io.BytesIO()
    image.save(buffer, "PPM" if format is PNM else format.pillow, **options)
    return buffer.getvalue()
