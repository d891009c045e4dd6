"""MiniLM-L6-v2 in NumPy: the text half of the starter encoder.

Six BERT layers of width 384 with mean pooling (Wang et al., NeurIPS 2020, arXiv 2002.10957; Reimers and
Gurevych, EMNLP 2019, arXiv 1908.10084). NumPy, because a query takes 5 ms with it and importing torch takes
two seconds and 200 MB, which a web server or one search at the prompt would pay for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from photoindex.threads import one_blas_thread

Array = NDArray[np.float32]

DIM = 384
MAX_TOKENS = 256  # what the model was trained with; longer texts are cut
_LAYERS, _HEADS = 6, 12
_BATCH = 32


class MiniLM:
    """Texts → sentence embeddings. Holds no state between calls, so any thread may call it."""

    def __init__(self, weights: Path, tokenizer: Path) -> None:
        self._weights: dict[str, Array] = load_file(weights)
        self._tokenizer: Tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS)

    def encode(self, texts: Sequence[str]) -> Array:
        """n texts → (n, 384) mean-pooled, not normalised."""
        rows = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        pooled = np.empty((len(rows), DIM), dtype=np.float32)
        by_length = sorted(range(len(rows)), key=lambda index: len(rows[index]))
        with one_blas_thread():
            for start in range(0, len(rows), _BATCH):
                batch = by_length[start : start + _BATCH]  # of like lengths, so little is computed for padding
                pooled[batch] = self._forward([rows[index] for index in batch])
        return pooled

    def _forward(self, rows: list[list[int]]) -> Array:
        longest = max(map(len, rows))
        ids = np.zeros((len(rows), longest), dtype=np.int64)
        mask = np.zeros((len(rows), longest), dtype=np.float32)
        for index, row in enumerate(rows):
            ids[index, : len(row)] = row
            mask[index, : len(row)] = 1
        weights = self._weights
        x = weights["embeddings.word_embeddings.weight"][ids]
        x = x + weights["embeddings.position_embeddings.weight"][:longest]
        x = x + weights["embeddings.token_type_embeddings.weight"][0]
        x = self._norm("embeddings.LayerNorm", x)
        bias = (mask[:, None, None, :] - 1) * np.float32(1e9)
        for layer in range(_LAYERS):
            x = self._layer(f"encoder.layer.{layer}", x, bias)
        pooled: Array = (x * mask[..., None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
        return pooled

    def _layer(self, name: str, x: Array, bias: Array) -> Array:
        query, key, value = (
            self._heads(self._linear(f"{name}.attention.self.{part}", x)) for part in ("query", "key", "value")
        )
        scores = query @ key.swapaxes(-1, -2) / np.float32(np.sqrt(DIM / _HEADS)) + bias
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        scores /= scores.sum(axis=-1, keepdims=True)
        mixed = (scores @ value).transpose(0, 2, 1, 3).reshape(x.shape)
        x = self._norm(f"{name}.attention.output.LayerNorm", x + self._linear(f"{name}.attention.output.dense", mixed))
        wide = _gelu(self._linear(f"{name}.intermediate.dense", x))
        return self._norm(f"{name}.output.LayerNorm", x + self._linear(f"{name}.output.dense", wide))

    def _linear(self, name: str, x: Array) -> Array:
        product: Array = x @ self._weights[f"{name}.weight"].T
        return product + self._weights[f"{name}.bias"]

    def _norm(self, name: str, x: Array) -> Array:
        x = x - x.mean(axis=-1, keepdims=True)
        x = x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + np.float32(1e-12))
        return x * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]

    @staticmethod
    def _heads(x: Array) -> Array:
        return x.reshape(*x.shape[:2], _HEADS, -1).transpose(0, 2, 1, 3)


def _gelu(x: Array) -> Array:
    """Exact GELU; erf after Abramowitz and Stegun 7.1.26, whose error (1.5e-7) is float32's own."""
    z = np.abs(x) * np.float32(np.sqrt(0.5))
    t = 1 / (1 + np.float32(0.3275911) * z)
    series = t * (
        0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * np.float32(1.061405429))))
    )
    erf = np.copysign(1 - series * np.exp(-z * z), x)
    gelu: Array = 0.5 * x * (1 + erf)
    return gelu
