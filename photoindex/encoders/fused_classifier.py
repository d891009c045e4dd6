"""EfficientNet-Lite2 with its activations and residuals inside the convolutions, and its weights packed, for a CPU.

A quarter faster than the plain network in bfloat16. It rests on private names of torch: whoever builds one must be
ready for `UnfusableError`. This file imports torch at its head: import it late.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from photoindex.encoders.efficientnet import EDGE, EfficientNetLite2
from photoindex.encoders.fused import UnfusableError

_BATCH = 8  # that packed weights are laid out for; any other works too
Activation = tuple[str, list[float], str]  # its name in oneDNN, its parameters, its variant
_RELU6: Activation = ("hardtanh", [0.0, 6.0], "")
_NOTHING: Activation = ("none", [], "")


class FusedClassifier:
    """Images (n, 3, 260, 260), normalised, channels last → logits (n, 1000). Keeps nothing between calls."""

    def __init__(self, network: EfficientNetLite2, dtype: torch.dtype) -> None:
        """From the plain network, which is left as it is. Raises UnfusableError."""
        if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
            raise UnfusableError("this torch has no oneDNN")
        try:
            with torch.inference_mode():
                self._build(copy.deepcopy(network).to(dtype), dtype)
        except (AttributeError, RuntimeError, ValueError, TypeError) as error:
            raise UnfusableError(f"{type(error).__name__}: {error}") from error

    def __call__(self, x: Tensor) -> Tensor:
        x = self._stem(x)
        for expand, depthwise, project, residual in self._blocks:
            y = depthwise(x if expand is None else expand(x))
            x = project(y, x) if residual else project(y)
        logits: Tensor = self.classifier(self._head(x).mean(dim=(2, 3)))
        return logits

    def _build(self, network: Any, dtype: torch.dtype) -> None:
        """Packing needs to know the size of what comes in, so an image is sent along."""
        x = torch.zeros(_BATCH, 3, EDGE, EDGE, dtype=dtype).contiguous(memory_format=torch.channels_last)
        self._stem, x = _packed(network.stem, x, _RELU6)
        self._blocks: list[tuple[_Convolution | None, _Convolution, _Convolution, bool]] = []
        for block in network.blocks:
            expand, y = (None, x) if block.expand is None else _packed(block.expand, x, _RELU6)
            depthwise, y = _packed(block.depthwise, y, _RELU6)
            project, x = _packed(block.project, y, _NOTHING)
            self._blocks.append((expand, depthwise, project, bool(block.residual)))
        self._head, _ = _packed(network.head, x, _RELU6)
        self.classifier = network.classifier


class _Convolution:
    def __init__(self, plain: Any, x: Tensor, activation: Activation) -> None:
        operation = torch.ops.mkldnn._convolution_pointwise
        self._plain, self._adding = operation.default, operation.binary
        self._kernel, self._stride, self._activation = plain.kernel, plain.stride, activation
        self._bias, groups = plain.conv.bias, plain.conv.groups
        self._how = (list(plain.conv.padding), [plain.stride] * 2, [1, 1], groups)
        weight = plain.conv.weight.contiguous(memory_format=torch.channels_last).to_mkldnn()
        shape = list(self._padded(x).shape)
        self._weight = torch._C._nn.mkldnn_reorder_conv2d_weight(weight, *self._how, shape)  # type: ignore[call-arg]

    def __call__(self, x: Tensor, other: Tensor | None = None) -> Tensor:
        """The activation of the convolution; or, with `other`, their sum without an activation."""
        x = self._padded(x)
        result: Tensor
        if other is None:
            result = self._plain(x, self._weight, self._bias, *self._how, *self._activation)
        else:
            result = self._adding(x, other, self._weight, self._bias, *self._how, "add", 1.0, None, [], None)
        return result

    def _padded(self, x: Tensor) -> Tensor:
        """TensorFlow's SAME padding for strides, as in the plain network."""
        if self._stride == 1:
            return x
        high, wide = (max((-(-n // self._stride) - 1) * self._stride + self._kernel - n, 0) for n in x.shape[-2:])
        return functional.pad(x, (wide // 2, wide - wide // 2, high // 2, high - high // 2))


def _packed(plain: Any, x: Tensor, activation: Activation) -> tuple[_Convolution, Tensor]:
    packed = _Convolution(plain, x, activation)
    return packed, packed(x)
