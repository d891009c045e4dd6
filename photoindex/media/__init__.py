"""Media: from the bytes of a file to an upright RGB image, its metadata and its thumbnail. Knows no database."""

from photoindex.media.decoded import Decoded, Frame
from photoindex.media.decoding import MAX_PIXELS, decode
from photoindex.media.formats import (
    FORMATS,
    HEAD_BYTES,
    PHOTO_EXTENSIONS,
    REASONS,
    Format,
    Kind,
    Reason,
    detect,
    is_photo,
    promises_photo,
)
from photoindex.media.metadata import Metadata
from photoindex.media.opening import HIGHEST_MAX_PIXELS, register
from photoindex.media.reading import MAX_BYTES, Original, read_original
from photoindex.media.thumbnails import (
    is_whole_thumbnail,
    make_thumbnail,
    remove_leftovers,
    thumbnail_path,
    write_thumbnail,
)

__all__ = [
    "FORMATS",
    "HEAD_BYTES",
    "HIGHEST_MAX_PIXELS",
    "MAX_BYTES",
    "MAX_PIXELS",
    "PHOTO_EXTENSIONS",
    "REASONS",
    "Decoded",
    "Format",
    "Frame",
    "Kind",
    "Metadata",
    "Original",
    "Reason",
    "decode",
    "detect",
    "is_photo",
    "is_whole_thumbnail",
    "make_thumbnail",
    "promises_photo",
    "read_original",
    "register",
    "remove_leftovers",
    "thumbnail_path",
    "write_thumbnail",
]
