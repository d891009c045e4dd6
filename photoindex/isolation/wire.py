"""What parent and confined process say to each other: JSON with a length before it, and descriptors beside it.

Nothing a confined process says is believed: no pickles, lengths are bounded, values are checked (`answers.py`).
"""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Mapping, Sequence
from typing import Any

MAX_BYTES = 4_000_000
"""Of a message: metadata are texts of people, cut where they are read."""

Message = Mapping[str, Any]

_LENGTH = struct.Struct("=I")


class WireError(Exception):
    """What came is no message."""


def send(to: socket.socket, message: Message, descriptors: Sequence[int] = ()) -> None:
    """Raises OSError, TimeoutError among them."""
    body = json.dumps(message, separators=(",", ":")).encode()
    data = _LENGTH.pack(len(body)) + body
    sent = socket.send_fds(to, [data], descriptors) if descriptors else 0
    to.sendall(data[sent:])


def receive(source: socket.socket, *, descriptors: int = 0, deadline: float | None = None) -> tuple[Message, list[int]]:
    """The next message, whole before `deadline` (monotonic), and at most so many descriptors that came with it.

    Raises EOFError when the other end is closed, OSError (TimeoutError among them), or WireError.
    """
    found: list[int] = []
    head = b""
    if descriptors:
        head, found, _, _ = socket.recv_fds(source, _LENGTH.size, descriptors)
        if not head:
            raise EOFError
    head = _rest(source, head, _LENGTH.size, deadline)
    (length,) = _LENGTH.unpack(head)
    if length > MAX_BYTES:
        raise WireError(f"a message of {length} bytes")
    try:
        message = json.loads(_rest(source, b"", length, deadline))
    except (ValueError, RecursionError) as error:
        raise WireError(str(error)) from None
    if not isinstance(message, dict):
        raise WireError("a message that is no object")
    return message, found


def _rest(source: socket.socket, begun: bytes, length: int, deadline: float | None) -> bytes:
    parts = [begun]
    missing = length - len(begun)
    while missing:
        if deadline is not None:
            source.settimeout(max(0.001, deadline - time.monotonic()))
        part = source.recv(missing)
        if not part:
            raise EOFError
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)
