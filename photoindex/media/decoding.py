"""From the bytes of an original to an upright RGB image, no larger than needed, and its metadata."""

from __future__ import annotations

from PIL import Image, ImageFile

from photoindex.errors import UnreadableFileError
from photoindex.media.colours import to_srgb
from photoindex.media.decoded import Decoded
from photoindex.media.failures import explain
from photoindex.media.formats import HEAD_BYTES, JPEG, PNG, TIFF, Format, Reason, detect
from photoindex.media.guards import check_content, check_pixels
from photoindex.media.metadata import read_metadata
from photoindex.media.opening import open_image

MAX_PIXELS = 100_000_000
"""Larger pictures are refused unless the user sets another limit, up to `HIGHEST_MAX_PIXELS`."""

# A box filter so close to the final size would blur: leave the resampling filter twice the pixels to work on.
_REDUCTION_HEADROOM = 2

# By these a JPEG decoder leaves out work, down to a quarter of the time.
_DRAFT_SCALES = (1, 2, 4, 8)

_TRANSPOSITIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def decode(content: bytes, *, shortest_edge: int, longest_edge: int, max_pixels: int = MAX_PIXELS) -> Decoded:
    """Decode the first picture in `content`, reduced while decoding where that is cheap.

    The image's shorter edge is at least `shortest_edge` and its longer one at least `longest_edge`, in pixels, where
    the picture has as many: ask for what the encoder and the thumbnail need, and make both from it.
    Raises `UnreadableFileError`, and nothing else. May be called from any thread.
    """
    if not content:
        raise UnreadableFileError(Reason.EMPTY)
    format = detect(content[:HEAD_BYTES])
    if format is None:
        raise UnreadableFileError(Reason.NOT_A_PHOTO, "the content is of no known picture format")
    check_content(content, format, max_pixels)
    try:
        with open_image(content, format) as image:
            return _decode(image, content, format, (shortest_edge, longest_edge), max_pixels)
    except UnreadableFileError:
        raise
    # Decoders meet hostile bytes here, and what they raise on them is an open list: everything means a bad file.
    except Exception as error:
        raise explain(error, content, format) from error


def _decode(
    image: ImageFile.ImageFile, content: bytes, format: Format, edges: tuple[int, int], max_pixels: int
) -> Decoded:
    width, height = image.size
    check_pixels(width, height, max_pixels)
    if format is JPEG:
        scale = max(s for s in _DRAFT_SCALES if s <= _scale(image.size, edges, headroom=1))
        image.draft(image.mode, (width // scale, height // scale))
        image.load()
    else:
        image.load()
        width, height = image.size  # only the decoder knows a HEIF's for sure
        check_pixels(width, height, max_pixels)
    # After loading: a PNG's EXIF may follow its pixels.
    metadata = read_metadata(_exif_block(image, content, format))
    upright = to_srgb(image, _scale(image.size, edges, headroom=_REDUCTION_HEADROOM))
    if format is not TIFF and metadata.orientation in _TRANSPOSITIONS:  # Pillow turns TIFFs while loading
        upright = upright.transpose(_TRANSPOSITIONS[metadata.orientation])
        if metadata.orientation >= 5:
            width, height = height, width
    return Decoded(upright, width, height, format, metadata)


def _scale(size: tuple[int, int], edges: tuple[int, int], headroom: int) -> int:
    """The largest whole number by which `size` may be divided without falling below `edges` × `headroom`."""
    shortest_edge, longest_edge = edges
    return max(1, min(min(size) // (shortest_edge * headroom), max(size) // (longest_edge * headroom)))


def _exif_block(image: Image.Image, content: bytes, format: Format) -> bytes:
    """The EXIF of an image in TIFF's structure: a TIFF file is its own."""
    if format is TIFF:
        return content
    block = image.info.get("exif", b"")
    if not block and format is PNG:
        block = _png_text_exif(image.info.get("Raw profile type exif"))
    return block if isinstance(block, bytes) else b""


def _png_text_exif(text: object) -> bytes:
    """EXIF as ImageMagick writes it into a PNG: a blank line, the name, the length, then lines of hex digits."""
    if not isinstance(text, str):
        return b""
    try:
        return bytes.fromhex("".join(text.split("\n")[3:]))
    except ValueError:
        return b""
