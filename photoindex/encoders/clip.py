"""CLIP, SigLIP and SigLIP 2 from a folder in Hugging Face format.

Radford et al., ICML 2021, arXiv 2103.00020; Zhai et al., ICCV 2023, arXiv 2303.15343; Tschannen et al., 2025,
arXiv 2502.14786 (its fixed-resolution checkpoints are of model type "siglip").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photoindex.encoders.base import EncoderInfo, Parts
from photoindex.encoders.batching import Batcher
from photoindex.encoders.checkpoint import Family, read_checkpoint
from photoindex.encoders.gathering import Gatherer, gathers
from photoindex.encoders.vectors import unit_rows
from photoindex.errors import EncoderError

if TYPE_CHECKING:
    from photoindex.encoders.towers import ImageTower

Array = NDArray[np.float32]

# Cosines shown as 0 % and 100 %. CLIP's towers are two narrow cones: an unrelated text and photo have about
# .15, a good caption .30 to .35. SigLIP is trained against a fixed threshold instead, its -bias / scale: about
# .11 for the published checkpoints, so that is made half way. Two unrelated photos have about .5 in both.
TEXT_RANGES: dict[Family, tuple[float, float]] = {"clip": (0.15, 0.35), "siglip": (0.0, 0.2)}
IMAGE_RANGE = (0.5, 1.0)

_TEXT_BATCH = 64


class ClipEncoder:
    """Fulfils `Encoder` with a CLIP or SigLIP checkpoint; loads only the towers asked for."""

    def __init__(
        self,
        folder: Path,
        *,
        name: str,
        fingerprint: str,
        multilingual: bool = False,
        parts: Parts = "both",
        device: str | None = None,
    ) -> None:
        """Raises EncoderError, naming the file, for anything but a whole CLIP or SigLIP checkpoint."""
        self._checkpoint = read_checkpoint(folder)
        from photoindex.encoders.towers import (  # torch and transformers
            ImageTower,
            TextTower,
            find_device,
            find_devices,
        )

        where = find_device(device)
        self._image = ImageTower(self._checkpoint, where) if parts != "text" else None
        self._text = TextTower(self._checkpoint, where) if parts != "image" else None
        first = self._image or self._text
        assert first is not None
        self._info = EncoderInfo(
            name=name,
            fingerprint=fingerprint,
            dim=self._checkpoint.dim,
            device=str(where),
            precision=first.precision,
            multilingual=multilingual,
            text_range=TEXT_RANGES[self._checkpoint.family],
            image_range=IMAGE_RANGE,
        )
        self._image_batcher = Batcher(first.batch_size, first.release)
        self._gatherer: Gatherer[NDArray[np.uint8]] | None = None
        if self._image is not None and gathers(where.type):
            self._gatherer = _gather([self._image.on(each) for each in find_devices(device)], self._info.dim)
        self._text_batcher = Batcher(_TEXT_BATCH, first.release)

    @property
    def info(self) -> EncoderInfo:
        return self._info

    @property
    def input_size(self) -> int:
        return self._checkpoint.preprocessing.edge

    def prepare(self, image: Image.Image) -> NDArray[np.uint8]:
        """An RGB image → uint8 (edge, edge, 3), resized and cropped as the checkpoint's own processor does."""
        return self._checkpoint.preprocessing.prepare(image)

    def encode_images(self, images: Sequence[NDArray[np.uint8]]) -> Array:
        """(n, edge, edge, 3) → (n, dim), unit rows."""
        if self._gatherer is not None and images:
            return self._gatherer.run(images)
        return self._image_batcher.run(images, self._encode_images, self._info.dim)

    def encode_texts(self, texts: Sequence[str]) -> Array:
        """n texts → (n, dim), unit rows; cut at the checkpoint's own length."""
        return self._text_batcher.run(texts, self._encode_texts, self._info.dim)

    def _encode_images(self, images: Sequence[NDArray[np.uint8]]) -> Array:
        if self._image is None:
            raise EncoderError('this encoder was loaded for texts only; load it with parts="both"')
        return unit_rows(self._image.embed(images))

    def _encode_texts(self, texts: Sequence[str]) -> Array:
        if self._text is None:
            raise EncoderError('this encoder was loaded for images only; load it with parts="both"')
        return unit_rows(self._text.embed(texts))


def _gather(towers: Sequence[ImageTower], dim: int) -> Gatherer[NDArray[np.uint8]]:
    """Two places for each tower: while one batch is computed there, the next is copied."""

    def place(tower: ImageTower, batcher: Batcher) -> Callable[[Sequence[NDArray[np.uint8]]], Array]:
        embed = tower.place()
        return lambda images: batcher.run(images, lambda part: unit_rows(embed(part)), dim)

    batchers = [Batcher(tower.batch_size, tower.release) for tower in towers]
    pairs = list(zip(towers, batchers, strict=True))
    return Gatherer([place(*pair) for pair in [*pairs, *pairs]], towers[0].batch_size)
