"""The thumbnail of a photo: from the cache on disk, or made again from the original when it is not there."""

from __future__ import annotations

import logging
import os
import threading
import time
from pathlib import Path
from typing import BinaryIO

from blake3 import blake3

from photoindex import media
from photoindex.errors import NotFoundError, UnreadableFileError
from photoindex.isolation import Decoder
from photoindex.media.formats import BY_NAME
from photoindex.media.thumbnails import LONGEST_EDGE
from photoindex.messages import say
from photoindex.photos import PhotoFile, PhotoInfo
from photoindex.web.originals import open_original

log = logging.getLogger(__name__)

# Decoding takes much memory and a core: two at a time leave the other threads to answer what is ready.
_decoding = threading.BoundedSemaphore(2)
_saying = threading.Lock()
_said: dict[str, float] = {}
SAY_SECONDS = 600.0


def kept_thumbnail(folder: Path, content_hash: bytes) -> bytes:
    """The JPEG from the cache; nothing where there is none, or an empty file, as a power cut can leave one."""
    try:
        return media.thumbnail_path(folder, content_hash).read_bytes()
    except OSError:
        return b""


def make_thumbnail(folder: Path, photo: PhotoInfo, decoder: Decoder, *, max_file_bytes: int, max_pixels: int) -> bytes:
    """The JPEG, made from the original and kept. Raises NotFoundError when that can't give one, or IsolationError."""
    path = media.thumbnail_path(folder, photo.content_hash)
    with _decoding:
        jpeg = _make(photo, decoder, max_file_bytes, max_pixels)
    try:
        media.write_thumbnail(path, jpeg)
    except OSError as error:
        _say_once(f"thumbnails can't be kept in {folder}: {error.strerror}")
    return jpeg


def _say_once(line: str) -> None:
    """A page has hundreds of thumbnails: one line is enough for all, and one every ten minutes."""
    with _saying:
        last = _said.get(line, float("-inf"))
        if time.monotonic() - last < SAY_SECONDS:
            return
        _said.clear()
        _said[line] = time.monotonic()
    log.warning("%s", line)


def _make(photo: PhotoInfo, decoder: Decoder, max_file_bytes: int, max_pixels: int) -> bytes:
    opened, file = open_original(photo)
    with opened:
        try:
            decoded = (
                _decode_video(photo, opened, decoder, max_pixels)
                if photo.kind == media.Kind.VIDEO
                else _decode(photo, opened, file, decoder, max_file_bytes, max_pixels)
            )
        except UnreadableFileError as error:
            raise NotFoundError(
                say("%(filename)s can't be shown: %(error)s", filename=file.filename, error=error)
            ) from error
    return media.make_thumbnail(decoded.image)


def _decode(
    photo: PhotoInfo, opened: BinaryIO, file: PhotoFile, decoder: Decoder, max_file_bytes: int, max_pixels: int
) -> media.Decoded:
    content = opened.read(max_file_bytes + 1)
    if len(content) > max_file_bytes or blake3(content).digest() != photo.content_hash:
        raise NotFoundError(
            say("%(filename)s has changed since it was indexed; it is indexed again soon", filename=file.filename)
        )
    name = os.path.basename(file.path)
    return decoder.decode(content, name=name, shortest_edge=1, longest_edge=LONGEST_EDGE, max_pixels=max_pixels)


def _decode_video(photo: PhotoInfo, opened: BinaryIO, decoder: Decoder, max_pixels: int) -> media.Decoded:
    """Its poster. A video is not hashed first: that may take minutes, and its size is still the same."""
    format = BY_NAME[photo.format]
    return decoder.read_video(opened, format=format, shortest_edge=1, longest_edge=LONGEST_EDGE, max_pixels=max_pixels)
