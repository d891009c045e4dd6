"""Sends a part of a file: byte ranges (RFC 9110, section 14) over a stream that holds one piece at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from flask import Request, Response
from werkzeug.exceptions import RequestedRangeNotSatisfiable

_PIECE_BYTES = 256 * 1024
_ONE_RANGE = re.compile(r"bytes=[ \t]*([0-9]{0,18})-([0-9]{0,18})[ \t]*", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True)
class Section:
    """Some bytes of a file that is open."""

    opened: BinaryIO
    start: int
    length: int

    def within(self, start: int, length: int) -> Section:
        """A part of this part."""
        return Section(self.opened, self.start + start, length)

    def __iter__(self) -> Iterator[bytes]:
        self.opened.seek(self.start)
        left = self.length
        while left > 0 and (piece := self.opened.read(min(left, _PIECE_BYTES))):
            left -= len(piece)
            yield piece

    def close(self) -> None:
        """Close the file; the server does, when the answer is sent or given up."""
        self.opened.close()


def answer(request: Request, section: Section, mime_type: str, etag: str) -> Response:
    """The section as a response: whole, the range asked for (206), or nothing when it is known already (304).

    `etag` names the content. Raises RequestedRangeNotSatisfiable when the range begins behind the end. A header that is
    malformed, or names several ranges, is ignored, as RFC 9110 has it.
    """
    response = Response(section, mimetype=mime_type, direct_passthrough=True)
    response.set_etag(etag)
    response.content_length = section.length
    response.headers["Accept-Ranges"] = "bytes"
    response.make_conditional(request.environ)
    asked = _asked(request, etag, section.length)
    if response.status_code == 200 and asked is not None:
        response.status_code = 206
        response.response = section.within(asked.start, len(asked))
        response.content_length = len(asked)
        response.headers["Content-Range"] = f"bytes {asked.start}-{asked.stop - 1}/{section.length}"
    return response


def _asked(request: Request, etag: str, length: int) -> range | None:
    """The bytes asked for, None for all of them. Raises RequestedRangeNotSatisfiable."""
    header = request.headers.get("Range", "")
    if request.method != "GET" or not header or ("If-Range" in request.headers and request.if_range.etag != etag):
        return None
    found = _ONE_RANGE.fullmatch(header)
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:  # the last so many bytes
        wanted = range(max(0, length - int(found[2])), length)
    else:
        first = int(found[1])
        last = int(found[2]) if found[2] else max(first, length - 1)
        if last < first:
            return None
        wanted = range(first, min(last + 1, length))
    if not wanted:
        raise RequestedRangeNotSatisfiable(length)
    return wanted
