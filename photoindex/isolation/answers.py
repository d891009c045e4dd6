"""What a confined process answers, as JSON and pixels; whoever reads an answer checks every value of it.

Pixels don't travel in messages: the process writes them, image after image, into memory that it shares with its parent.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photoindex.isolation.wire import WireError
from photoindex.media import Decoded, Frame, Metadata
from photoindex.media.formats import BY_NAME
from photoindex.media.metadata import Motion, TakenAtSource

MAX_PIXELS = 32_000_000
"""Of all images of one answer. A decoded picture has as few as its purpose needs; a ribbon of 400,000 by 250 is cut."""
MAX_PIXEL_BYTES = 3 * MAX_PIXELS

_MAX_CHARACTERS = 100_000
_MAX_TEXTS = 10_000
_MAX_FRAMES = 1_000
_MAX_NUMBER = (1 << 63) - 1

Answer = Mapping[str, Any]
T = TypeVar("T")


def pack_metadata(metadata: Metadata) -> dict[str, Any]:
    """As JSON; what is not known is left out."""
    packed: dict[str, Any] = {}
    for each in fields(Metadata):
        value = getattr(metadata, each.name)
        if isinstance(value, datetime):
            value = value.isoformat()
        elif isinstance(value, Motion):
            value = [value.offset, value.size_bytes]
        if value not in (None, ()):
            packed[each.name] = value
    return packed


def unpack_metadata(packed: object) -> Metadata:
    """Raises WireError for anything but what `pack_metadata` may give."""
    if not isinstance(packed, dict) or not packed.keys() <= _CHECKS.keys():
        raise WireError("no metadata")
    return Metadata(**{name: _CHECKS[name](value) for name, value in packed.items()})


def pack_decoded(decoded: Decoded) -> tuple[dict[str, Any], list[Image.Image]]:
    """As JSON, and the images of which the pixels are to follow: those of the frames, or the one."""
    images = [frame.image for frame in decoded.frames] or [decoded.image]
    poster = next((index for index, image in enumerate(images) if image is decoded.image), None)
    if poster is None:
        poster = len(images)
        images.append(decoded.image)
    images = [_cut(image, MAX_PIXELS // len(images)) for image in images]
    return {
        "format": decoded.format.name,
        "width": decoded.width,
        "height": decoded.height,
        "duration": decoded.duration_seconds,
        "metadata": pack_metadata(decoded.metadata),
        "sizes": [image.size for image in images],
        "poster": poster,
        "moments": [frame.at_seconds for frame in decoded.frames],
    }, images


def pixel_bytes(answer: Answer) -> int:
    """How many bytes of pixels come with the answer. Raises WireError."""
    return sum(3 * width * height for width, height in _sizes(answer))


def unpack_decoded(answer: Answer, pixels: NDArray[np.uint8]) -> Decoded:
    """`pixels` are as many bytes as `pixel_bytes` says. Raises WireError."""
    images, at = [], 0
    for size in _sizes(answer):
        length = 3 * size[0] * size[1]
        images.append(Image.frombytes("RGB", size, pixels[at : at + length]))
        at += length
    poster, moments = answer.get("poster"), answer.get("moments")
    if not isinstance(poster, int) or not 0 <= poster < len(images):
        raise WireError("no poster")
    if not isinstance(moments, list) or len(moments) > len(images):
        raise WireError("no moments")
    duration = answer.get("duration")
    return Decoded(
        image=images[poster],
        width=_whole(answer.get("width"), 1),
        height=_whole(answer.get("height"), 1),
        format=_known(BY_NAME, answer.get("format")),
        metadata=unpack_metadata(answer.get("metadata")),
        duration_seconds=None if duration is None else _number(duration),
        frames=tuple(Frame(_number(at), image) for at, image in zip(moments, images, strict=False)),
    )


def _cut(image: Image.Image, most: int) -> Image.Image:
    """`image` as RGB, with no more than so many pixels."""
    image = image if image.mode == "RGB" else image.convert("RGB")
    if image.width * image.height <= most:
        return image
    scale = math.sqrt(most / (image.width * image.height))
    return image.resize((max(1, int(image.width * scale)), max(1, int(image.height * scale))), reducing_gap=2)


def _sizes(answer: Answer) -> Sequence[tuple[int, int]]:
    sizes = answer.get("sizes")
    if not isinstance(sizes, list) or not 1 <= len(sizes) <= _MAX_FRAMES:
        raise WireError("no sizes")
    found = []
    for size in sizes:
        if not isinstance(size, list) or len(size) != 2:
            raise WireError("no size")
        found.append((_whole(size[0], 1, MAX_PIXELS), _whole(size[1], 1, MAX_PIXELS)))
    if sum(width * height for width, height in found) > MAX_PIXELS:
        raise WireError("too many pixels")
    return found


def _whole(value: object, least: int = -_MAX_NUMBER, most: int = _MAX_NUMBER) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise WireError("no such number")
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise WireError("no number")
    return float(value)


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > _MAX_CHARACTERS:
        raise WireError("no text")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise WireError("no text") from None
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > _MAX_TEXTS:
        raise WireError("no texts")
    return tuple(_text(each) for each in value)


def _moment(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(_text(value))
    except ValueError:
        raise WireError("no moment") from None
    if moment.tzinfo is not None:
        raise WireError("a moment with a zone")
    return moment


def _motion(value: object) -> Motion:
    if not isinstance(value, list) or len(value) != 2:
        raise WireError("no clip")
    return Motion(_whole(value[0], 0), _whole(value[1], 0))


def _known(known: Mapping[str, T], value: object) -> T:
    if not isinstance(value, str) or value not in known:
        raise WireError("no known name")
    return known[value]


def _source(value: object) -> TakenAtSource:
    return _known({each.value: each for each in TakenAtSource}, value)


_CHECKS: Mapping[str, Callable[[object], Any]] = {
    "taken_at": _moment,
    "taken_at_source": _source,
    "taken_at_offset_minutes": _whole,
    "keywords": _texts,
    "people": _texts,
    "motion": _motion,
    "rating": lambda value: _whole(value, -1, 5),
    "orientation": lambda value: _whole(value, 1, 8),
    "iso": _whole,
    **dict.fromkeys(("camera_make", "camera_model", "lens", "title", "caption", "pairing_id"), _text),
    **dict.fromkeys(("focal_length_mm", "f_number", "exposure_seconds"), _number),
    **dict.fromkeys(("latitude", "longitude", "altitude_m"), _number),
}
