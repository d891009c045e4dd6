"""A deterministic encoder for tests: the mean colours of a photo, and texts that name colours, in one space.

A red photo is nearest to "red", to "a red car" and to other red photos: a test knows the ranking beforehand.
It loads no weights and imports no torch.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photoindex.encoders.base import EncoderInfo

EDGE = 16
COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (220, 20, 20),
    "green": (20, 160, 20),
    "blue": (20, 20, 220),
    "yellow": (240, 230, 20),
    "cyan": (20, 220, 220),
    "magenta": (220, 20, 220),
    "orange": (250, 140, 10),
    "purple": (110, 20, 150),
    "pink": (250, 170, 190),
    "brown": (110, 60, 20),
    "black": (5, 5, 5),
    "grey": (128, 128, 128),
    "white": (250, 250, 250),
}
DIM = 16  # thirteen colours, two dimensions for words that name none, and a constant
TEXT_NOISE = 0.03
"""No real encoder gives all unrelated texts the same cosine; what they differ by is what a match is told from."""
ALIASES = {"gray": "grey", "rouge": "red", "vert": "green", "bleu": "blue", "jaune": "yellow"}

_PALETTE = np.array(list(COLOURS.values()), dtype=np.float32)
_NAMES = {name: index for index, name in enumerate(COLOURS)}


class ColourEncoder:
    """Fulfils `photoindex.encoders.base.Encoder`: 16 dimensions, one for each colour it knows, no weights."""

    def __init__(self, name: str = "colour", fingerprint: str = "c0104e", device: str = "cpu") -> None:
        self._info = EncoderInfo(
            name=name,
            fingerprint=fingerprint,
            dim=DIM,
            device=device,
            precision="float32",
            multilingual=False,
            text_range=(0.1, 0.9),
            image_range=(0.1, 1.0),
        )
        self.images_encoded = 0
        self.texts_encoded = 0

    @property
    def info(self) -> EncoderInfo:
        return self._info

    @property
    def input_size(self) -> int:
        return EDGE

    def prepare(self, image: Image.Image) -> NDArray[np.uint8]:
        return np.asarray(image.convert("RGB").resize((EDGE, EDGE), Image.Resampling.BOX), dtype=np.uint8)

    def encode_images(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """(n, 16, 16, 3) → (n, 16): how much of the photo is near each colour."""
        self.images_encoded += len(images)
        rows = np.zeros((len(images), DIM), dtype=np.float32)
        for row, image in zip(rows, images, strict=True):
            pixels = image.reshape(-1, 1, 3).astype(np.float32)
            squares = ((pixels - _PALETTE) ** 2).sum(axis=2)
            near = np.exp(-squares / 3000)
            row[: len(COLOURS)] = near.mean(axis=0)
            row[-1] = 0.05
        return _unit(rows)

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """n texts → (n, 16): the colours they name; a text that names none points where no photo is."""
        self.texts_encoded += len(texts)
        rows = np.zeros((len(texts), DIM), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            words = [ALIASES.get(word, word) for word in re.findall(r"\w+", text.lower())]
            named = [_NAMES[word] for word in words if word in _NAMES]
            row[named] = 1.0
            row[-1] = 0.05
            digest = hashlib.sha256(text.encode("utf-8", "replace")).digest()
            if not named:
                angle = digest[0] / 255 * np.pi / 2
                row[-3:-1] = np.cos(angle), np.sin(angle)
            row += TEXT_NOISE * np.random.default_rng(list(digest)).standard_normal(DIM, dtype=np.float32)
        return _unit(rows)


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True) if len(rows) else rows
