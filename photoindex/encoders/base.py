"""What an encoder is: the protocol that the starter and every CLIP or SigLIP fulfil, and what describes one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Parts = Literal["both", "image", "text"]
"""Which towers to load: a web server needs only the text one, the daemon only the image one."""


@dataclass(frozen=True)
class EncoderInfo:
    """What identifies and describes a loaded encoder.

    Two encoders with the same `fingerprint` give the same embeddings; embeddings of two fingerprints never meet.
    """

    name: str
    """What a user types to choose it: a registry name, a repository or a folder."""
    fingerprint: str
    """Hex digest over weights and preprocessing (or repository and commit): the identity of its embeddings."""
    dim: int
    device: str
    """As torch names it: `cpu`, `cuda`, `cuda:1`, `mps`."""
    precision: str
    """`float32`, `bfloat16` or `float16`."""
    multilingual: bool
    text_range: tuple[float, float]
    """The cosines of a text and a photo that are shown as 0 % and as 100 %."""
    image_range: tuple[float, float]
    """The same for two photos."""


class Encoder(Protocol):
    """Turns images and texts into unit-norm embeddings of one space. All methods may be called from any thread."""

    @property
    def info(self) -> EncoderInfo: ...

    @property
    def input_size(self) -> int:
        """Edge in pixels of the square that `prepare` returns."""
        ...

    def prepare(self, image: Image.Image) -> NDArray[np.uint8]:
        """Resize and crop an RGB image as the encoder wants it: uint8, (edge, edge, 3).

        No lock: decode threads call it side by side.
        """
        ...

    def encode_images(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Embed what `prepare` returned: (n, edge, edge, 3) → (n, dim), each row of norm 1.

        The batch is halved by itself when the device runs out of memory.
        """
        ...

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed texts: n strings → (n, dim), each row of norm 1. Over-long texts are cut at the encoder's limit."""
        ...
