"""Opens content with the one Pillow decoder of its format; no other of Pillow's decoders is ever reached."""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Callable
from typing import cast

from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from photoindex.media.formats import FORMATS, Format

HIGHEST_MAX_PIXELS = 400_000_000
"""The highest pixel limit a user may set."""

_lock = threading.Lock()
_openers: dict[str, Callable[[io.BytesIO, str], ImageFile.ImageFile]] = {}


class _JpegFile(JpegImagePlugin.JpegImageFile):
    """A JPEG opened directly is its first picture: Pillow's own way in would look for more (MPO)."""

    def _read_dpi_from_exif(self) -> None:
        """Nothing: no one here asks for the resolution, and Pillow's EXIF reader has no memory limit."""


def register() -> None:
    """Set up the decoders, once a process: HEIF, one thread each, security limits on. Safe from any thread."""
    with _lock:
        if _openers:
            return
        import pillow_heif

        # No thumbnails or auxiliary images: what isn't looked at can't be attacked. libheif's limits stay on.
        pillow_heif.register_heif_opener(decode_threads=1, thumbnails=False, depth_images=False, aux_images=False)
        AvifImagePlugin.DEFAULT_MAX_THREADS = 1
        # `decode` checks the pixels itself, for a warning can't be caught per thread. This is the second fence.
        Image.MAX_IMAGE_PIXELS = HIGHEST_MAX_PIXELS
        # Pillow warns of oddities that it then copes with; failures are exceptions.
        warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
        for format in FORMATS:
            # A name missing here (MPO is such a one) would be a KeyError at the first file only.
            assert format.pillow in Image.OPEN, f"Pillow can't open {format.pillow}"
        _openers.update(
            JPEG=_JpegFile,
            PNG=PngImagePlugin.PngImageFile,
            WEBP=WebPImagePlugin.WebPImageFile,
            GIF=GifImagePlugin.GifImageFile,
            BMP=BmpImagePlugin.BmpImageFile,
            TIFF=TiffImagePlugin.TiffImageFile,
            AVIF=AvifImagePlugin.AvifImageFile,
            HEIF=cast("Callable[[io.BytesIO, str], ImageFile.ImageFile]", Image.OPEN["HEIF"][0]),
        )


def open_image(content: bytes, format: Format) -> ImageFile.ImageFile:
    """The image of `content` with only its header read: size and mode are known, pixels are not decoded.

    Raises whatever the decoder raises.
    """
    register()
    return _openers[format.pillow](io.BytesIO(content), "")
