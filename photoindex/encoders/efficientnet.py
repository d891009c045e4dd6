"""EfficientNet-Lite2: the image classifier under the starter encoder.

Tan and Le, ICML 2019, arXiv 1905.11946; the Lite variants drop squeeze-and-excitation and use ReLU6. This
file imports torch at its head: import it late.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

EDGE = 260
CLASSES = 1000
_EPSILON = 1e-3  # of batch normalisation, as in the TensorFlow original


@dataclass(frozen=True)
class Stage:
    """A run of equal blocks; only the first one strides and changes the number of channels."""

    blocks: int
    kernel: int
    stride: int
    expand: int
    channels: int


STAGES = (  # width 1.1 and depth 1.2 applied to the B0 table; Lite leaves the first and last depth alone
    Stage(1, 3, 1, 1, 16),
    Stage(3, 3, 2, 6, 24),
    Stage(3, 5, 2, 6, 48),
    Stage(4, 3, 2, 6, 88),
    Stage(4, 5, 1, 6, 120),
    Stage(5, 5, 2, 6, 208),
    Stage(1, 3, 1, 6, 352),
)
_STEM, _HEAD = 32, 1280


class _Conv(nn.Module):
    """Convolution with TensorFlow's SAME padding, whose batch normalisation is folded into its weights."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride
        padding = kernel // 2 if stride == 1 else 0
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups)

    def forward(self, x: Tensor) -> Tensor:
        if self.stride > 1:  # SAME puts the odd pixel of padding at the end, Conv2d can't
            total = [max((-(-n // self.stride) - 1) * self.stride + self.kernel - n, 0) for n in x.shape[-2:]]
            (high, wide) = total
            x = functional.pad(x, (wide // 2, wide - wide // 2, high // 2, high - high // 2))
        return self.conv(x)  # type: ignore[no-any-return]


class _Block(nn.Module):
    """Inverted residual: expand, depthwise, project."""

    def __init__(self, inputs: int, stage: Stage, stride: int) -> None:
        super().__init__()
        wide = inputs * stage.expand
        self.expand = _Conv(inputs, wide, 1) if stage.expand > 1 else None
        self.depthwise = _Conv(wide, wide, stage.kernel, stride, groups=wide)
        self.project = _Conv(wide, stage.channels, 1)
        self.residual = stride == 1 and inputs == stage.channels

    def forward(self, x: Tensor) -> Tensor:
        y = functional.relu6(self.expand(x)) if self.expand is not None else x
        y = self.project(functional.relu6(self.depthwise(y)))
        result: Tensor = x + y if self.residual else y
        return result


class EfficientNetLite2(nn.Module):
    """Images (n, 3, 260, 260), normalised → logits (n, 1000) over the ImageNet-1k classes."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = _Conv(3, _STEM, 3, 2)
        blocks, inputs = [], _STEM
        for stage in STAGES:
            for index in range(stage.blocks):
                blocks.append(_Block(inputs, stage, stage.stride if index == 0 else 1))
                inputs = stage.channels
        self.blocks = nn.Sequential(*blocks)
        self.head = _Conv(inputs, _HEAD, 1)
        self.classifier = nn.Linear(_HEAD, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu6(self.stem(x))
        x = functional.relu6(self.head(self.blocks(x)))
        return self.classifier(x.mean(dim=(2, 3)))  # type: ignore[no-any-return]

    def load_original(self, state: Mapping[str, Tensor]) -> None:
        """Fill from a checkpoint of the `efficientnet_lite_pytorch` layout. Raises KeyError or RuntimeError."""
        with torch.no_grad():
            for ours, convolution, norm in self._names():
                scale = state[f"{norm}.weight"] / torch.sqrt(state[f"{norm}.running_var"] + _EPSILON)
                ours.conv.weight.copy_(state[f"{convolution}.weight"] * scale.reshape(-1, 1, 1, 1))
                assert ours.conv.bias is not None
                ours.conv.bias.copy_(state[f"{norm}.bias"] - state[f"{norm}.running_mean"] * scale)
            self.classifier.weight.copy_(state["_fc.weight"])
            self.classifier.bias.copy_(state["_fc.bias"])

    def _names(self) -> Iterator[tuple[_Conv, str, str]]:
        """Each convolution with the names of its weights and of its batch normalisation in the checkpoint."""
        yield self.stem, "_conv_stem", "_bn0"
        for index, block in enumerate(self.blocks):
            assert isinstance(block, _Block)
            prefix = f"_blocks.{index}"
            if block.expand is not None:
                yield block.expand, f"{prefix}._expand_conv", f"{prefix}._bn0"
            yield block.depthwise, f"{prefix}._depthwise_conv", f"{prefix}._bn1"
            yield block.project, f"{prefix}._project_conv", f"{prefix}._bn2"
        yield self.head, "_conv_head", "_bn1"
