"""Opens content with the one Pillow decoder of its format; no other of Pillow's decoders is ever reached."""

from __future__ import annotations

import ctypes
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
    Jpeg2KImagePlugin,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
    _imaging,
)

from photoindex.media.formats import FORMATS, PNG, PNM, Format
from photoindex.media.png import without_excess
from photoindex.media.pnm import read_pixels

HIGHEST_MAX_PIXELS = 400_000_000
"""The highest pixel limit a user may set."""

_WHOLE_BYTES = 1 << 28
"""A JPEG is handed to its decoder in one piece: the content is in memory anyway, and each piece costs a copy."""

_lock = threading.Lock()
_openers: dict[str, Callable[[io.BytesIO, str], ImageFile.ImageFile]] = {}


class _JpegFile(JpegImagePlugin.JpegImageFile):
    """A JPEG opened directly is its first picture: Pillow's own way in would look for more (MPO)."""

    def _open(self) -> None:
        super()._open()
        self.decodermaxblock = _WHOLE_BYTES

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
        _silence_libtiff()
        for format in FORMATS:
            # A name missing here (MPO is such a one) would be a KeyError at the first file only.
            assert not format.pillow or format.pillow in Image.OPEN, f"Pillow can't open {format.pillow}"
        _openers.update(
            JPEG=_JpegFile,
            PNG=PngImagePlugin.PngImageFile,
            WEBP=WebPImagePlugin.WebPImageFile,
            GIF=GifImagePlugin.GifImageFile,
            BMP=BmpImagePlugin.BmpImageFile,
            TIFF=TiffImagePlugin.TiffImageFile,
            AVIF=AvifImagePlugin.AvifImageFile,
            JPEG2000=Jpeg2KImagePlugin.Jpeg2KImageFile,
            HEIF=cast("Callable[[io.BytesIO, str], ImageFile.ImageFile]", Image.OPEN["HEIF"][0]),
        )


def open_image(content: bytes, format: Format) -> Image.Image:
    """The image of `content` with only its header read: size and mode are known, pixels are not decoded.

    PNM alone is decoded at once. Raises whatever the decoder raises.
    """
    register()
    if format is PNM:
        return read_pixels(content)
    return _openers[format.pillow](io.BytesIO(without_excess(content) if format is PNG else content), "")


def _silence_libtiff() -> None:
    """libtiff writes lines about odd tags to the standard error. Pillow tells about errors itself."""
    library = ctypes.CDLL(_imaging.__file__)
    for name in ("TIFFSetWarningHandler", "TIFFSetWarningHandlerExt", "TIFFSetErrorHandler", "TIFFSetErrorHandlerExt"):
        set_handler = getattr(library, name, None)  # none where libtiff is linked in statically
        if set_handler is not None:
            set_handler.restype = ctypes.c_void_p
            set_handler(None)
