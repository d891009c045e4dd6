"""The image tower of a CLIP or SigLIP as few, large operations for a CPU.

The mathematics are those of the checkpoint's own network; the work is not:

- weights are packed once in the layout that oneDNN multiplies fastest, activations and residuals are applied inside
  the multiplication, and queries, keys and values come from one;
- what only scales a vector (pixel normalisation, 1.702 of QuickGELU, 1/√d of attention) is folded into weights;
- the last layer of a CLIP is computed for the class token only, which alone is looked at.

A quarter faster than transformers' modules in bfloat16. Everything here rests on private names of torch, so whoever
builds one must be ready for `UnfusableError` and compare its embeddings. This file imports torch at its head: import
it late.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["FusedVision", "UnfusableError"]

_ROWS = 400
"""Rows that a packed weight is laid out for: eight images of fifty tokens. Any number works."""
_QUICK_GELU = 1.702
_ACTIVATIONS = {  # name in a config: its name in oneDNN, its variant there, the factor for the weights around it
    "quick_gelu": ("swish", "", _QUICK_GELU),
    "gelu": ("gelu", "none", 1.0),
    "gelu_new": ("gelu", "tanh", 1.0),
    "gelu_pytorch_tanh": ("gelu", "tanh", 1.0),
}
_CENTRE = 128  # subtracted from pixels, so that bfloat16's rounding of weights meets small numbers
_SHORT = 128  # tokens up to which plain matrix products beat the blockwise attention made for long sequences


class UnfusableError(Exception):
    """This network, torch or machine is not one that a fused tower can be made for."""


class FusedVision:
    """uint8 (n, edge, edge, 3) → embeddings (n, dim) in `dtype`, not normalised. Keeps nothing between calls."""

    def __init__(self, network: Any, scale: Sequence[float], shift: Sequence[float], dtype: torch.dtype) -> None:
        """From a transformers vision model in float32, which is left as it is.

        `scale` and `shift` turn pixels of 0 to 255 into what the network takes. Raises UnfusableError.
        """
        if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
            raise UnfusableError("this torch has no oneDNN")
        try:
            self._build(network, torch.tensor(scale), torch.tensor(shift), dtype)
        except (AttributeError, KeyError, RuntimeError, ValueError) as error:
            raise UnfusableError(f"{type(error).__name__}: {error}") from error

    def __call__(self, pixels: Tensor) -> Tensor:
        hidden = self._embed(pixels)
        for layer in self._layers[:-1]:
            hidden = layer(hidden)
        if self._head is not None:
            hidden = self._after(self._layers[-1](hidden))
            pooled: Tensor = self._head(hidden)
            return pooled
        assert self._projection is not None
        return self._projection(self._after(self._layers[-1].first_token(hidden)))

    def _build(self, network: Any, scale: Tensor, shift: Tensor, dtype: torch.dtype) -> None:
        config, body = network.config, getattr(network, "vision_model", network)
        embeddings, layers = body.embeddings, list(body.encoder.layers)
        self._patch, self._dtype = int(config.patch_size), dtype
        self._patches = _pack_patches(embeddings.patch_embedding, scale, shift, dtype)
        positions = embeddings.position_embedding.weight.detach()
        first = getattr(embeddings, "class_embedding", None)
        self._class = None if first is None else (first.detach() + positions[0]).to(dtype)
        self._positions = _own(positions if first is None else positions[1:], dtype)
        self._before = _Norm(body.pre_layrnorm, dtype) if hasattr(body, "pre_layrnorm") else None
        self._after = _Norm(body.post_layernorm, dtype)
        activation = _ACTIVATIONS[config.hidden_act]
        self._layers = [_Layer(layer, int(config.num_attention_heads), activation, dtype) for layer in layers]
        projection = getattr(network, "visual_projection", None)
        self._projection = None if projection is None else _Linear(projection.weight, projection.bias, dtype)
        # SigLIP's pooling head works on a single token, so that it needs no packing
        self._head = None if projection is not None else copy.deepcopy(body.head).to(dtype)
        if self._head is None and self._class is None:
            raise ValueError("neither a class token nor a pooling head")

    def _embed(self, pixels: Tensor) -> Tensor:
        """Patches as rows, the class token before them → (n, tokens, width)."""
        count, edge, patch = pixels.shape[0], pixels.shape[1], self._patch
        grid = edge // patch
        cut = pixels[:, : grid * patch, : grid * patch].reshape(count, grid, patch, grid, patch, 3)
        rows = cut.permute(0, 1, 3, 2, 4, 5).reshape(count * grid * grid, -1)
        embedded = self._patches(rows.to(self._dtype).sub_(_CENTRE)).view(count, grid * grid, -1)
        if self._class is None:
            hidden = embedded + self._positions
        else:
            hidden = embedded.new_empty(count, grid * grid + 1, embedded.shape[-1])
            hidden[:, 0] = self._class
            torch.add(embedded, self._positions, out=hidden[:, 1:])
        return hidden if self._before is None else self._before(hidden)


class _Linear:
    """A matrix product with a packed weight, and what oneDNN can do to the result before it leaves the cache."""

    def __init__(self, weight: Tensor, bias: Tensor | None, dtype: torch.dtype) -> None:
        operations = torch.ops.mkldnn
        self._plain, self._adding = operations._linear_pointwise.default, operations._linear_pointwise.binary
        self._weight = operations._reorder_linear_weight(weight.detach().to(dtype).contiguous(), _ROWS)
        self._bias = None if bias is None else _own(bias, dtype)

    def __call__(self, rows: Tensor, activation: str = "none", variant: str = "") -> Tensor:
        result: Tensor = self._plain(rows, self._weight, self._bias, activation, [], variant)
        return result

    def plus(self, rows: Tensor, other: Tensor) -> Tensor:
        result: Tensor = self._adding(rows, other, self._weight, self._bias, "add")
        return result


class _Norm:
    def __init__(self, norm: Any, dtype: torch.dtype) -> None:
        self._shape, self._epsilon = list(norm.normalized_shape), float(norm.eps)
        self._weight, self._bias = _own(norm.weight, dtype), _own(norm.bias, dtype)

    def __call__(self, rows: Tensor) -> Tensor:
        return functional.layer_norm(rows, self._shape, self._weight, self._bias, self._epsilon)


class _Layer:
    """Attention and perceptron, each after its norm and added to what it was made from."""

    def __init__(self, layer: Any, heads: int, activation: tuple[str, str, float], dtype: torch.dtype) -> None:
        attention, (name, variant, factor) = layer.self_attn, activation
        self._heads, self._activation = heads, (name, variant)
        root = (attention.q_proj.weight.shape[0] // heads) ** -0.5
        parts = (attention.q_proj, root), (attention.k_proj, 1.0), (attention.v_proj, 1.0)
        self._inputs = _Linear(
            torch.cat([part.weight * by for part, by in parts]),
            torch.cat([part.bias * by for part, by in parts]),
            dtype,
        )
        self._output = _Linear(attention.out_proj.weight, attention.out_proj.bias, dtype)
        self._before_attention, self._before_mlp = _Norm(layer.layer_norm1, dtype), _Norm(layer.layer_norm2, dtype)
        self._widen = _Linear(layer.mlp.fc1.weight * factor, layer.mlp.fc1.bias * factor, dtype)
        self._narrow = _Linear(layer.mlp.fc2.weight / factor, layer.mlp.fc2.bias, dtype)

    def __call__(self, hidden: Tensor) -> Tensor:
        """(n, tokens, width) → the same shape."""
        return self._finish(hidden, *self._split(hidden))

    def first_token(self, hidden: Tensor) -> Tensor:
        """(n, tokens, width) → (n, width): what the layer makes of the first token."""
        queries, keys, values = self._split(hidden)
        return self._finish(hidden[:, :1], queries[:, :, :1], keys, values)[:, 0]

    def _split(self, hidden: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values, each (n, heads, tokens, width / heads)."""
        count, tokens, width = hidden.shape
        rows = self._inputs(self._before_attention(hidden).view(count * tokens, width))
        return rows.view(count, tokens, 3, self._heads, -1).permute(2, 0, 3, 1, 4).unbind(0)  # type: ignore[return-value]

    def _finish(self, hidden: Tensor, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        count, tokens, width = hidden.shape
        mixed = _attention(queries, keys, values).transpose(1, 2).reshape(count * tokens, width)
        rows = self._output.plus(mixed, hidden.reshape(count * tokens, width))
        wide = self._widen(self._before_mlp(rows), *self._activation)
        return self._narrow.plus(wide, rows).view(count, tokens, width)


def _own(weight: Tensor, dtype: torch.dtype) -> Tensor:
    """A copy in any case: a mere view would keep the whole file of weights mapped, as large as the packed ones."""
    return weight.detach().to(dtype, copy=True).contiguous()


def _attention(queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """Softmax attention; the queries are scaled already."""
    if keys.shape[2] > _SHORT:
        return functional.scaled_dot_product_attention(queries, keys, values, scale=1.0)
    count, heads = queries.shape[:2]
    flat = [each.reshape(count * heads, each.shape[2], each.shape[3]) for each in (queries, keys, values)]
    mixed = torch.bmm(torch.bmm(flat[0], flat[1].transpose(1, 2)).softmax(dim=-1), flat[2])
    return mixed.view(count, heads, queries.shape[2], -1)


def _pack_patches(convolution: Any, scale: Tensor, shift: Tensor, dtype: torch.dtype) -> _Linear:
    """The first convolution as a product of rows of pixels, the normalisation of the pixels in its weights."""
    weight = convolution.weight.detach()
    scaled = (weight * scale[None, :, None, None]).permute(0, 2, 3, 1).reshape(weight.shape[0], -1)
    bias = (weight * (shift + _CENTRE * scale)[None, :, None, None]).sum(dim=(1, 2, 3))
    if convolution.bias is not None:
        bias = bias + convolution.bias.detach()
    return _Linear(scaled, bias, dtype)
