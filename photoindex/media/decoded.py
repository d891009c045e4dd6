"""What decoding gives: upright images, no larger than needed, and what the file says about itself."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

from photoindex.media.formats import Format
from photoindex.media.metadata import Metadata


@dataclass(frozen=True)
class Frame:
    """A moment of a video."""

    at_seconds: float
    """From the beginning."""
    image: Image.Image
    """RGB (sRGB), upright, as large as `Decoded.image`."""


@dataclass(frozen=True)
class Decoded:
    """A decoded photo, or the poster and some frames of a video."""

    image: Image.Image
    """RGB (sRGB), upright; reduced, but never below what was asked for."""
    width: int
    """Of the whole upright picture, in pixels; `image` may be smaller."""
    height: int
    format: Format
    metadata: Metadata
    duration_seconds: float | None = None
    """Of a video, where it is known."""
    frames: tuple[Frame, ...] = ()
    """Of a video: the frames to embed, in order. Empty for everything else, which is embedded by `image`."""
