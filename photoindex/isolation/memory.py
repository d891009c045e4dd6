"""Memory that two processes share by its descriptor: written and read like a file, and never mapped.

Whoever maps a file is killed when another cuts it short; a read is just short.
"""

from __future__ import annotations

import os
import tempfile

import numpy as np
from numpy.typing import NDArray

KEPT_BYTES = 16 << 20
"""What is kept from one photo to the next: giving pages back and taking them again costs more than copying."""


class SharedMemory:
    """Bytes that have a descriptor and no name."""

    def __init__(self) -> None:
        """Raises OSError."""
        if hasattr(os, "memfd_create"):
            self.descriptor = os.memfd_create("photoindex", os.MFD_CLOEXEC)
        else:
            with tempfile.TemporaryFile() as file:
                self.descriptor = os.dup(file.fileno())

    def write(self, content: bytes | memoryview, at: int = 0) -> None:
        """Raises OSError."""
        rest = memoryview(content)
        while rest:
            written = os.pwrite(self.descriptor, rest, at)
            rest, at = rest[written:], at + written

    def read(self, length: int) -> NDArray[np.uint8]:
        """The first bytes, fewer if there are fewer. Raises OSError."""
        content = np.empty(length, np.uint8)
        return content[: os.preadv(self.descriptor, [memoryview(content.data)], 0)]

    def tidy(self, used: int) -> None:
        """Give memory back after so many bytes were used."""
        if used > KEPT_BYTES:
            os.ftruncate(self.descriptor, 0)

    def close(self) -> None:
        os.close(self.descriptor)
