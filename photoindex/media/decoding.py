"""From the bytes of an original to an upright RGB image, no larger than needed, and its metadata."""

from __future__ import annotations

from PIL import Image
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile

from photoindex.errors import UnreadableFileError
from photoindex.media.colours import to_srgb
from photoindex.media.decoded import Decoded
from photoindex.media.embedded import find_blocks, read_photo, read_raw
from photoindex.media.failures import explain
from photoindex.media.formats import JPEG, TIFF, Format, Kind, Reason, detect
from photoindex.media.guards import check_content, check_pixels
from photoindex.media.jpeg2000 import read_codestream
from photoindex.media.metadata import read_metadata
from photoindex.media.opening import open_image
from photoindex.media.raw import RawFile, is_cut, open_raw, preview_orientation

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


def decode(
    content: bytes, *, shortest_edge: int, longest_edge: int, max_pixels: int = MAX_PIXELS, name: bytes = b""
) -> Decoded:
    """Decode the first picture in `content`, reduced while decoding where that is cheap.

    The image's shorter edge is at least `shortest_edge` and its longer one at least `longest_edge`, in pixels, where
    the picture has as many: ask for what the encoder and the thumbnail need, and make both from it. A camera raw file
    is seen through its embedded preview, where that is large enough or half as large as the picture.
    The ending of `name`, the file's, tells apart what the content alone does not (see `detect`).
    Raises `UnreadableFileError`, and nothing else. May be called from any thread.
    """
    if not content:
        raise UnreadableFileError(Reason.EMPTY)
    format = detect(content, name)
    if format is None or format.kind is Kind.VIDEO:
        raise UnreadableFileError(Reason.NOT_A_PHOTO, "the content is of no known picture format")
    edges = (shortest_edge, longest_edge)
    try:
        if format.kind is Kind.RAW:
            with open_raw(content, format) as raw:
                return _decode_raw(raw, content, format, edges, max_pixels)
        check_content(content, format, max_pixels)
        with open_image(content, format) as image:
            return _decode(image, content, format, edges, max_pixels)
    except UnreadableFileError:
        raise
    # Decoders meet hostile bytes here, and what they raise on them is an open list: everything means a bad file.
    except Exception as error:
        raise explain(error, content, format) from error


def _decode(image: Image.Image, content: bytes, format: Format, edges: tuple[int, int], max_pixels: int) -> Decoded:
    width, height = image.size
    check_pixels(width, height, max_pixels)
    if format is JPEG:
        _load_jpeg(image, edges)
    elif isinstance(image, Jpeg2KImageFile):
        _load_jpeg2000(image, content, edges)
    else:
        image.load()
        width, height = image.size  # only the decoder knows a HEIF's for sure
        check_pixels(width, height, max_pixels)
    metadata = read_photo(content, format, image.info)
    upright = to_srgb(image, _scale(image.size, edges, headroom=_REDUCTION_HEADROOM))
    if format is not TIFF and metadata.orientation in _TRANSPOSITIONS:  # Pillow turns TIFFs while loading
        upright = upright.transpose(_TRANSPOSITIONS[metadata.orientation])
        if metadata.orientation >= 5:
            width, height = height, width
    return Decoded(upright, width, height, format, metadata)


def _load_jpeg(image: Image.Image, edges: tuple[int, int]) -> None:
    shortest_edge, longest_edge = edges
    needed = shortest_edge * _REDUCTION_HEADROOM, longest_edge
    scale = max(s for s in _DRAFT_SCALES if s <= _scale(image.size, needed, headroom=1))
    image.draft(image.mode, (image.width // scale, image.height // scale))
    image.load()


def _load_jpeg2000(image: Jpeg2KImageFile, content: bytes, edges: tuple[int, int]) -> None:
    """Each level of wavelets that is left out halves the picture."""
    levels = _scale(image.size, edges, headroom=1).bit_length() - 1
    image.reduce = min(levels, read_codestream(content).reductions)
    image.load()
    image.reduce = 0  # the name is also that of a method, once it is 0


def _decode_raw(raw: RawFile, content: bytes, format: Format, edges: tuple[int, int], max_pixels: int) -> Decoded:
    width, height = raw.size.width, raw.size.height
    check_pixels(raw.sensor_pixels, 1, max_pixels)
    preview = raw.preview()
    image = _decode_preview(preview, raw, edges, max_pixels) if preview is not None else None
    if image is None or not _serves(image.size, (width, height), edges):
        try:
            image = to_srgb(raw.develop(half_size=_scale((width, height), edges, headroom=1) > 1))
        except Exception:
            if image is None or is_cut(content, format):
                raise
    metadata = read_raw(content, format, preview if isinstance(preview, bytes) else b"")
    if raw.size.orientation >= 5:
        width, height = height, width
    return Decoded(image, width, height, format, metadata)


def _decode_preview(
    preview: bytes | Image.Image, raw: RawFile, edges: tuple[int, int], max_pixels: int
) -> Image.Image | None:
    """The embedded preview of a raw file, upright; None if it can't be decoded."""
    try:
        if isinstance(preview, Image.Image):
            size, own, image = preview.size, 0, to_srgb(preview)
        else:
            check_content(preview, JPEG, max_pixels)
            with open_image(preview, JPEG) as opened:
                size = opened.size
                check_pixels(*size, max_pixels)
                _load_jpeg(opened, edges)
                exif = find_blocks(preview, JPEG).exif
                own = read_metadata(exif).orientation if exif else 0
                image = to_srgb(opened, _scale(opened.size, edges, headroom=_REDUCTION_HEADROOM))
    except Exception:  # as with any picture; but here there is another one
        return None
    orientation = preview_orientation(raw.size, size, own)
    return image.transpose(_TRANSPOSITIONS[orientation]) if orientation in _TRANSPOSITIONS else image


def _serves(preview: tuple[int, int], picture: tuple[int, int], edges: tuple[int, int]) -> bool:
    """Whether a preview is as large as is asked for, or half as large as the picture."""
    shortest_edge, longest_edge = edges
    is_enough = min(preview) >= shortest_edge and max(preview) >= longest_edge
    return is_enough or 2 * max(preview) >= max(picture)


def _scale(size: tuple[int, int], edges: tuple[int, int], headroom: int) -> int:
    """The largest whole number by which `size` may be divided without falling below `edges` × `headroom`."""
    shortest_edge, longest_edge = edges
    return max(1, min(min(size) // (shortest_edge * headroom), max(size) // (longest_edge * headroom)))
