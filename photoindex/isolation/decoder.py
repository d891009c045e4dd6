"""What decodes files: the protocol, and the way without isolation, for systems that have no room for processes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import BinaryIO, Protocol

from photoindex.media import Decoded, Format, Metadata, decode
from photoindex.media.embedded import read_embedded
from photoindex.media.metadata import complete

OFF = "off"
"""The level without isolation, and the setting for it."""

GiveWay = Callable[[], AbstractContextManager[None]]


class Decoder(Protocol):
    """Decodes for any thread; every method is that of `media` of the same name."""

    @property
    def level(self) -> str | None:
        """How far what decodes is confined: `full`, what is missing (`no seccomp`), or `off`; None if not known yet."""
        ...

    def begin(self) -> None:
        """Get ready, in the background. Raises IsolationError."""
        ...

    def start(self) -> str:
        """Be ready; the level. Raises IsolationError."""
        ...

    def when_slow(self, give_way: GiveWay) -> None:
        """Enter `give_way()` while a decoder takes long: its thread only waits then, and others may have its place."""
        ...

    def decode(
        self, content: bytes, *, shortest_edge: int, longest_edge: int, max_pixels: int, name: bytes = b""
    ) -> Decoded: ...

    def read_video(
        self, file: BinaryIO, *, format: Format, shortest_edge: int, longest_edge: int, max_pixels: int
    ) -> Decoded: ...

    def read_embedded(self, content: bytes, format: Format) -> Metadata: ...

    def complete(self, metadata: Metadata, filename: str, sidecars: Sequence[tuple[bytes, bytes]] = ()) -> Metadata: ...

    def close(self) -> None:
        """Give up what is being decoded. May be called twice."""
        ...


class HereDecoder:
    """Fulfils `Decoder` in the calling thread: a decoder that crashes ends the whole program."""

    level: str | None = OFF

    def begin(self) -> None:
        return

    def start(self) -> str:
        return OFF

    def when_slow(self, give_way: GiveWay) -> None:
        return

    def decode(
        self, content: bytes, *, shortest_edge: int, longest_edge: int, max_pixels: int, name: bytes = b""
    ) -> Decoded:
        return decode(content, shortest_edge=shortest_edge, longest_edge=longest_edge, max_pixels=max_pixels, name=name)

    def read_video(
        self, file: BinaryIO, *, format: Format, shortest_edge: int, longest_edge: int, max_pixels: int
    ) -> Decoded:
        from photoindex.media.video import read_video  # FFmpeg, which a web server rarely needs

        return read_video(
            file, format=format, shortest_edge=shortest_edge, longest_edge=longest_edge, max_pixels=max_pixels
        )

    def read_embedded(self, content: bytes, format: Format) -> Metadata:
        return read_embedded(content, format)

    def complete(self, metadata: Metadata, filename: str, sidecars: Sequence[tuple[bytes, bytes]] = ()) -> Metadata:
        return complete(metadata, filename, sidecars)

    def close(self) -> None:
        return
