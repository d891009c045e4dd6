"""A confined process: takes jobs from its parent, decodes, answers; ends when its parent lets go of it."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from typing import Any

from PIL import Image

from photoindex.errors import UnreadableFileError
from photoindex.isolation.answers import pack_decoded, pack_metadata, unpack_metadata
from photoindex.isolation.wire import Message, receive, send
from photoindex.media import Reason, decode
from photoindex.media.embedded import read_embedded
from photoindex.media.failures import one_line
from photoindex.media.formats import BY_NAME
from photoindex.media.metadata import complete


def work(parent: socket.socket, inbox: int, outbox: int) -> None:
    """Do job after job. `inbox` and `outbox` are memory shared with the parent: bytes come in there, pixels go out."""
    while True:
        try:
            job, descriptors = receive(parent, descriptors=1)
        except (EOFError, OSError):
            return
        try:
            answer = _answer(job, inbox, outbox, descriptors)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        try:
            send(parent, answer)
        except OSError:  # it was tired of waiting
            return


def _answer(job: Message, inbox: int, outbox: int, descriptors: list[int]) -> dict[str, Any]:
    try:
        return JOBS[job["job"]](job, inbox, outbox, descriptors)
    except UnreadableFileError as error:
        return {"reason": error.reason, "detail": one_line(error.detail)}
    except MemoryError:
        return {"reason": Reason.OUT_OF_MEMORY, "detail": "while decoding"}
    # A decoder's own list of exceptions is open, and this process is there to be harmed.
    except Exception as error:
        return {"reason": Reason.BROKEN, "detail": one_line(f"{type(error).__name__}: {error}")}


def _decode(job: Message, inbox: int, outbox: int, _: list[int]) -> dict[str, Any]:
    decoded = decode(
        _content(inbox, job["bytes"]),
        name=os.fsencode(job["name"]),
        shortest_edge=job["shortest_edge"],
        longest_edge=job["longest_edge"],
        max_pixels=job["max_pixels"],
    )
    answer, images = pack_decoded(decoded)
    _put(outbox, images)
    return answer


def _read_video(job: Message, _: int, outbox: int, descriptors: list[int]) -> dict[str, Any]:
    from photoindex.media.videos import read_video  # FFmpeg: here already, if a video was to be expected

    with os.fdopen(os.dup(descriptors[0]), "rb", buffering=0) as file:
        decoded = read_video(
            file,
            format=BY_NAME[job["format"]],
            shortest_edge=job["shortest_edge"],
            longest_edge=job["longest_edge"],
            max_pixels=job["max_pixels"],
        )
    answer, images = pack_decoded(decoded)
    _put(outbox, images)
    return answer


def _read_embedded(job: Message, inbox: int, _: int, __: list[int]) -> dict[str, Any]:
    return {"metadata": pack_metadata(read_embedded(_content(inbox, job["bytes"]), BY_NAME[job["format"]]))}


def _complete(job: Message, inbox: int, _: int, __: list[int]) -> dict[str, Any]:
    sidecars, at = [], 0
    for name, length in job["sidecars"]:
        sidecars.append((os.fsencode(name), _content(inbox, length, at)))
        at += length
    return {"metadata": pack_metadata(complete(unpack_metadata(job["metadata"]), job["name"], sidecars))}


def _content(inbox: int, length: int, at: int = 0) -> bytes:
    """Read, never mapped: what is mapped may be cut short."""
    content = os.pread(inbox, length, at)
    while len(content) < length:  # the kernel gives at most 2 GiB at a time
        part = os.pread(inbox, length - len(content), at + len(content))
        if not part:
            raise EOFError("the parent has sent less than it says")
        content += part
    return content


def _put(outbox: int, images: list[Image.Image]) -> None:
    at = 0
    for image in images:
        pixels = memoryview(image.tobytes())
        while pixels:
            written = os.pwrite(outbox, pixels, at)
            pixels, at = pixels[written:], at + written


JOBS: dict[str, Callable[[Mapping[str, Any], int, int, list[int]], dict[str, Any]]] = {
    "decode": _decode,
    "read_video": _read_video,
    "read_embedded": _read_embedded,
    "complete": _complete,
}
"""By name. Modules that the parent names are imported before a process is confined, and may add to it: tests do."""
