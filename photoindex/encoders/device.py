"""Which device and which precision: found by what the machine can do, checked by what it computes.

This file imports torch at its head: import it late.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor, nn

from photoindex.errors import EncoderError

log = logging.getLogger(__name__)
Model = TypeVar("Model", bound=nn.Module)

LEAST_COSINE = 0.999  # of an embedding in reduced precision with the same in float32
PRECISIONS = {torch.float32: "float32", torch.bfloat16: "bfloat16", torch.float16: "float16"}


def find_device(name: str | None = None) -> torch.device:
    """The named device, or the best there is: CUDA, then Apple's MPS, then the CPU. Raises EncoderError."""
    if name is None or name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, ValueError, NotImplementedError):
        raise EncoderError(f"there is no device {name!r} here; choose cpu, or leave the choice open") from None
    return device


def fast_dtype(device: torch.device) -> torch.dtype:
    """The precision that the device computes fastest; what it is worth is for `reduce_precision` to check."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.get_device_capability(device) >= (8, 0) else torch.float16
    if device.type == "mps":
        return torch.float16
    return torch.bfloat16 if _cpu_has_bfloat16() else torch.float32


def reduce_precision(
    model: Model, device: torch.device, embed: Callable[[Model], Tensor], least_cosine: float = LEAST_COSINE
) -> tuple[Model, torch.dtype]:
    """Move a float32 model to its device, in the fast precision if its embeddings stay what they are.

    `embed` gives (n, dim) for a fixed input, in whatever precision and place the model it gets has. Without
    the hardware bfloat16 is slower than float32, and a few networks leave float16's range: hence the check.
    """
    dtype = fast_dtype(device)
    if dtype == torch.float32:
        return model.to(device), dtype
    reduced = copy.deepcopy(model).to(device=device, dtype=dtype)
    with torch.inference_mode():
        expected, got = embed(model).float().cpu(), embed(reduced).float().cpu()
        worst = float(nn.functional.cosine_similarity(expected, got).min())
    if worst >= least_cosine:
        return reduced, dtype
    log.info("%s keeps only a cosine of %.4f here; using float32", PRECISIONS[dtype], worst)
    return model.to(device), torch.float32


def release_memory(device: torch.device) -> None:
    """Give cached blocks back after memory ran out."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()


def set_threads(count: int) -> None:
    """Threads within one operation of the calling thread (OpenMP keeps the number by thread): 1 in each of several."""
    torch.set_num_threads(count)


def _cpu_has_bfloat16() -> bool:
    """AVX-512 BF16 or AMX; private names in torch, so their absence means no."""
    names = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(bool(getattr(torch.cpu, name, bool)()) for name in names)
