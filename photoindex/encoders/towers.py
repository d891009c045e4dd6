"""The two networks of a CLIP or SigLIP checkpoint on a device: the one place that imports transformers.

This file imports torch and transformers at its head: import it late.
"""

from __future__ import annotations

import contextlib
import copy
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
import transformers
from numpy.typing import NDArray
from torch import Tensor
from transformers.utils import logging as transformers_logging

from photoindex.encoders.checkpoint import Checkpoint
from photoindex.encoders.device import (
    PRECISIONS,
    find_device,
    find_devices,
    moved,
    own_stream,
    reduce_precision,
    release_memory,
    sample_images,
    to_device,
)
from photoindex.encoders.fused import FusedVision
from photoindex.errors import EncoderError
from photoindex.messages import say

__all__ = ["ImageTower", "TextTower", "find_device", "find_devices"]

_CLASSES = {
    ("clip", "image"): "CLIPVisionModelWithProjection",
    ("clip", "text"): "CLIPTextModelWithProjection",
    ("siglip", "image"): "SiglipVisionModel",
    ("siglip", "text"): "SiglipTextModel",
}
_OUTPUTS = {
    ("clip", "image"): "image_embeds",
    ("clip", "text"): "text_embeds",
    ("siglip", "image"): "pooler_output",
    ("siglip", "text"): "pooler_output",
}
_SAMPLE_TEXTS = ("a photo of a dog", "the sea at night")


class _Tower:
    """What both towers have: a network in the fastest form that keeps its embeddings."""

    def __init__(self, checkpoint: Checkpoint, device: torch.device, part: str) -> None:
        self._output = _OUTPUTS[checkpoint.family, part]
        self._device = device
        self._dim = checkpoint.dim
        self._network, self._dtype = self._fastest(_load(checkpoint, part))
        self.precision = PRECISIONS[self._dtype]
        self.batch_size = 32 if device.type == "cpu" else 256

    def release(self) -> None:
        release_memory(self._device)

    def _fastest(self, network: Any) -> tuple[Any, torch.dtype]:
        raise NotImplementedError

    def _checked(self, embedded: Tensor) -> Tensor:
        if embedded.shape[-1] != self._dim:
            raise EncoderError(
                say(
                    "the encoder gives %(given)s dimensions, its config says %(said)s",
                    given=embedded.shape[-1],
                    said=self._dim,
                )
            )
        return embedded


class ImageTower(_Tower):
    """uint8 squares → embeddings, not normalised."""

    def __init__(self, checkpoint: Checkpoint, device: torch.device) -> None:
        self._preprocessing = checkpoint.preprocessing
        super().__init__(checkpoint, device, "image")

    def embed(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """n of (edge, edge, 3) → (n, dim)."""
        with torch.inference_mode():
            pixels = to_device(images, self._device)
            embedded: NDArray[np.float32] = self._checked(self._network(pixels)).float().cpu().numpy()
        return embedded

    def on(self, device: torch.device) -> ImageTower:
        """The same tower on another device."""
        other = copy.copy(self)
        other._device = device
        if isinstance(self._network, torch.nn.Module):  # a fused one keeps nothing, and is for the CPU only
            other._network = moved(self._network, device, self._dtype)
        return other

    def place(self) -> Callable[[Sequence[NDArray[np.uint8]]], NDArray[np.float32]]:
        """`embed`, beside what other places on the device do."""
        stream = own_stream(self._device)

        def embed(images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
            with stream():
                return self.embed(images)

        return embed

    def _fastest(self, network: Any) -> tuple[Any, torch.dtype]:
        scale, shift = self._preprocessing.scale, self._preprocessing.shift
        sample = sample_images(self._preprocessing.edge)
        return reduce_precision(
            _Vision(network, self._output, scale, shift),
            self._device,
            lambda form: self._checked(form(sample.to(form.device) if isinstance(form, _Vision) else sample)),
            fuse=lambda plain, dtype: FusedVision(plain.network, scale, shift, dtype),
        )


class _Vision(torch.nn.Module):
    """transformers' own network behind the normalisation of pixels: on a GPU, and wherever nothing faster does."""

    def __init__(self, network: Any, output: str, scale: Sequence[float], shift: Sequence[float]) -> None:
        super().__init__()
        self.network, self._output, self._scale, self._shift = network, output, scale, shift

    @property
    def device(self) -> torch.device:
        return next(self.network.parameters()).device  # type: ignore[no-any-return]

    def forward(self, pixels: Tensor) -> Tensor:
        """(n, h, w, 3) of 0 to 255 → (n, dim)."""
        weight = next(self.network.parameters())
        scale, shift = (torch.tensor(each, device=pixels.device) for each in (self._scale, self._shift))
        normalised = (pixels.float() * scale + shift).permute(0, 3, 1, 2).to(weight.dtype)
        embedded: Tensor = getattr(self.network(pixel_values=normalised), self._output)
        return embedded


class TextTower(_Tower):
    """Texts → embeddings, not normalised."""

    def __init__(self, checkpoint: Checkpoint, device: torch.device) -> None:
        self._length = checkpoint.text_length
        # SigLIP reads its answer from the last of 64 places, so it must be padded to them, and learned without
        # a mask; CLIP reads it from the end mark, and padding to 77 only costs three times the work
        self._fixed = checkpoint.family == "siglip"
        self._tokenizer = _tokenizer(checkpoint)
        self._lock = threading.Lock()  # a tokenizer sets its padding for each call; the networks keep nothing
        super().__init__(checkpoint, device, "text")

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """n texts → (n, dim)."""
        with torch.inference_mode():
            inputs = self._inputs(texts, self._device)
            embedded: NDArray[np.float32] = self._forward(self._network, inputs).float().cpu().numpy()
        return embedded

    def _inputs(self, texts: Sequence[str], device: torch.device) -> dict[str, Tensor]:
        # lower case is what SigLIP 2 learned and what CLIP's and SigLIP's own tokenizers do anyway; some of its
        # checkpoints name a tokenizer class that leaves it out
        prepared = [text.lower() for text in texts] if self._fixed else list(texts)
        with self._lock:
            tokens = self._tokenizer(
                prepared,
                padding="max_length" if self._fixed else True,
                truncation=True,
                max_length=self._length,
                return_tensors="pt",
            )
        names = ("input_ids",) if self._fixed else ("input_ids", "attention_mask")
        return {name: tokens[name].to(device) for name in names}

    def _fastest(self, network: Any) -> tuple[Any, torch.dtype]:
        return reduce_precision(
            network,
            self._device,
            lambda form: self._forward(form, self._inputs(_SAMPLE_TEXTS, next(form.parameters()).device)),
        )

    def _forward(self, network: Any, inputs: dict[str, Tensor]) -> Tensor:
        return self._checked(getattr(network(**inputs), self._output))


def _load(checkpoint: Checkpoint, part: str) -> Any:
    """One tower in float32. Raises EncoderError where weights are missing: transformers would make them up."""
    folder = checkpoint.folder
    try:
        with _quiet():
            whole = transformers.AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
            config = whole.vision_config if part == "image" else whole.text_config
            config.projection_dim = checkpoint.dim  # a tower's own says 512 whatever the whole has
            network, report = getattr(transformers, _CLASSES[checkpoint.family, part]).from_pretrained(
                folder,
                config=config,
                dtype=torch.float32,
                use_safetensors=True,
                local_files_only=True,
                trust_remote_code=False,
                output_loading_info=True,
            )
    except Exception as error:  # safetensors and transformers raise their own, without a common base
        line = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise EncoderError(
            say("the weights in %(folder)s can't be loaded: %(reason)s", folder=folder, reason=line[:200])
        ) from None
    bad = [*report["missing_keys"], *(str(key) for key in report["mismatched_keys"])]
    if bad:
        raise EncoderError(
            say(
                "the weights in %(folder)s are not whole: %(first)s and %(others)s more are missing",
                folder=folder,
                first=bad[0],
                others=len(bad) - 1,
            )
        )
    return network.eval().requires_grad_(False)


def _tokenizer(checkpoint: Checkpoint) -> Any:
    try:
        with _quiet():
            return transformers.AutoTokenizer.from_pretrained(
                checkpoint.folder, local_files_only=True, trust_remote_code=False
            )
    except Exception as error:  # tokenizers raises a bare Exception for a damaged file
        line = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise EncoderError(
            say("the tokenizer in %(folder)s can't be loaded: %(reason)s", folder=checkpoint.folder, reason=line[:200])
        ) from None


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """No progress bars, no advice for model developers."""
    verbosity = transformers_logging.get_verbosity()
    bars = transformers_logging.is_progress_bar_enabled()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        transformers_logging.set_verbosity(verbosity)
        if bars:
            transformers_logging.enable_progress_bar()
