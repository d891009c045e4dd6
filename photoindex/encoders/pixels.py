"""How a checkpoint wants its images: its preprocessor_config.json, done without transformers.

The result is what the checkpoint's own Hugging Face image processor gives, rounding of the crop included;
rescaling and normalising are left for the device, where `scale` and `shift` do both in one step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photoindex.errors import EncoderError
from photoindex.messages import say

_LONGEST = 2
"""Of pictures that are longer than so many squares only the square in the middle is resized."""


@dataclass(frozen=True)
class Preprocessing:
    """`resize` is the shortest edge, or (width, height) to squash to; `edge` the square that is left."""

    resize: int | tuple[int, int]
    edge: int
    resample: Image.Resampling
    scale: tuple[float, ...]
    """pixel · scale + shift is what the network takes, for each of the three channels."""
    shift: tuple[float, ...]

    def prepare(self, image: Image.Image) -> NDArray[np.uint8]:
        """An RGB image → uint8 (edge, edge, 3)."""
        image = image if image.mode == "RGB" else image.convert("RGB")
        width, height = self._resized(image)
        if self.edge <= width <= _LONGEST * self.edge and self.edge <= height <= _LONGEST * self.edge:
            from photoindex.encoders.resizing import MODES, resize_and_crop  # torch

            if self.resample in MODES:
                return resize_and_crop(image, (width, height), self.edge, self.resample)
        left, top = (width - self.edge) // 2, (height - self.edge) // 2
        if left < 0 or top < 0:  # the crop is larger than what it crops: black borders
            whole = image.resize((width, height), self.resample)
            return np.asarray(whole.crop((left, top, left + self.edge, top + self.edge)), dtype=np.uint8)
        across, down = image.width / width, image.height / height
        box = (left * across, top * down, (left + self.edge) * across, (top + self.edge) * down)
        # resizing just the crop costs a third less than resizing all and cropping; `box` must not overshoot
        box = (box[0], box[1], min(box[2], image.width), min(box[3], image.height))
        square = image.resize((self.edge, self.edge), self.resample, box=box, reducing_gap=3)
        return np.asarray(square, dtype=np.uint8)

    def _resized(self, image: Image.Image) -> tuple[int, int]:
        if isinstance(self.resize, tuple):
            return self.resize
        short, long = sorted(image.size)
        longer = int(self.resize * long / short)  # cut, not rounded, as transformers does
        return (self.resize, longer) if image.width <= image.height else (longer, self.resize)


def read_preprocessing(config: dict[str, Any], source: str) -> Preprocessing:
    """From the content of preprocessor_config.json. Raises EncoderError naming `source` when it won't do."""
    try:
        resize = _resize(config.get("size", {}))
        edge = _edge(config, resize)
        factor = float(config.get("rescale_factor", 1 / 255)) if config.get("do_rescale", True) else 1.0
        plain = not config.get("do_normalize", True)
        mean = (0.0, 0.0, 0.0) if plain else tuple(float(value) for value in config["image_mean"])
        spread = (1.0, 1.0, 1.0) if plain else tuple(float(value) for value in config["image_std"])
        if len(mean) != 3 or len(spread) != 3 or not all(spread):
            raise ValueError("image_mean and image_std must be three numbers each")
        return Preprocessing(
            resize=resize,
            edge=edge,
            resample=Image.Resampling(int(config.get("resample", Image.Resampling.BICUBIC))),
            scale=tuple(factor / value for value in spread),
            shift=tuple(-m / s for m, s in zip(mean, spread, strict=True)),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        reason = say("%(file)s is missing", file=error) if isinstance(error, KeyError) else str(error)
        raise EncoderError(
            say("%(file)s does not describe a preprocessing PhotoIndex knows: %(reason)s", file=source, reason=reason)
        ) from None


def _resize(size: int | dict[str, int]) -> int | tuple[int, int]:
    if isinstance(size, int):
        return size
    if size.get("shortest_edge"):
        return int(size["shortest_edge"])
    return int(size["width"]), int(size["height"])


def _edge(config: dict[str, Any], resize: int | tuple[int, int]) -> int:
    if config.get("do_center_crop") and config.get("crop_size"):
        crop = config["crop_size"]
        width, height = (crop, crop) if isinstance(crop, int) else (crop["width"], crop["height"])
    elif isinstance(resize, tuple):
        width, height = resize
    else:
        raise ValueError("it neither crops nor resizes to a square")
    if width != height or not 0 < int(width) <= 4096:
        raise ValueError(f"{width} by {height} pixels is no square an encoder can take")
    return int(width)
