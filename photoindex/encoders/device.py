"""Which device and which precision: found by what the machine can do, checked by what it computes.

This file imports torch at its head: import it late.
"""

from __future__ import annotations

import copy
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from photoindex.encoders.fused import UnfusableError
from photoindex.errors import EncoderError
from photoindex.messages import say

log = logging.getLogger(__name__)
Model = TypeVar("Model", bound=nn.Module)

LEAST_COSINE = 0.999  # of an embedding in reduced precision with the same in float32
_SLOWER = 1.2
"""So many times the time of float32 is too slow; less than that may be another process."""
_TOO_SHORT_SECONDS = 0.02  # to be measured
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
        raise EncoderError(
            say("there is no device %(name)s here; choose cpu, or leave the choice open", name=repr(name))
        ) from None
    return device


def find_devices(name: str | None = None) -> list[torch.device]:
    """The same, but of CUDA every GPU unless one is named. Raises EncoderError."""
    device = find_device(name)
    if device.type == "cuda" and device.index is None:
        return [torch.device("cuda", index) for index in range(torch.cuda.device_count())]
    return [device]


def own_stream(device: torch.device) -> Callable[[], AbstractContextManager[object]]:
    """What runs the work within it beside that of others, copies beside computing, where the device can."""
    if device.type != "cuda":
        return nullcontext
    stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
    return lambda: torch.cuda.stream(stream)


def fast_dtype(device: torch.device) -> torch.dtype:
    """The precision that the device computes fastest; what it is worth is for `reduce_precision` to check."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.get_device_capability(device) >= (8, 0) else torch.float16
    if device.type == "mps":
        return torch.float16
    return torch.bfloat16 if _cpu_has_bfloat16() else torch.float32


def reduce_precision(
    model: Model,
    device: torch.device,
    embed: Callable[[Any], Tensor],
    least_cosine: float = LEAST_COSINE,
    fuse: Callable[[Model, torch.dtype], Any] | None = None,
) -> tuple[Any, torch.dtype]:
    """Move a float32 model to its device, in the fastest form whose embeddings stay what they are.

    `embed` gives (n, dim) for a fixed input, in whatever precision and place the model it gets has. `fuse` makes
    another form of the model for a CPU, or raises UnfusableError. Nothing is taken on trust: a few networks leave
    float16's range, and without the hardware bfloat16 is slower than float32. So each form is run and compared.
    """
    dtype = fast_dtype(device)
    forms: list[tuple[str, Callable[[], Any]]] = []
    if fuse is not None and device.type == "cpu":
        forms.append(("fused", lambda: fuse(model, dtype)))
    if dtype != torch.float32:
        forms.append(("plain", lambda: moved(model, device, dtype)))
    if not forms:
        return model.to(device), torch.float32
    with torch.inference_mode():
        expected, seconds = _timed(embed, model)
        for name, make in forms:
            try:
                form = make()
                got, seconds_here = _timed(embed, form)
            except (UnfusableError, RuntimeError, NotImplementedError) as error:
                log.debug("the %s form in %s can't be used: %s", name, PRECISIONS[dtype], error)
                continue
            worst = float(nn.functional.cosine_similarity(expected, got).min())
            if not worst >= least_cosine:
                log.info("%s (%s) keeps only a cosine of %.4f here", PRECISIONS[dtype], name, worst)
            elif device.type == "cpu" and seconds_here > max(seconds * _SLOWER, _TOO_SHORT_SECONDS):
                log.info("%s (%s) is slower than float32 here", PRECISIONS[dtype], name)
            else:
                return form, dtype
            del form
    return model.to(device), torch.float32


def moved(model: Model, device: torch.device, dtype: torch.dtype) -> Model:
    """A copy of a model elsewhere and in another precision, without a copy in its own precision on the way."""
    memo: dict[int, Any] = {
        id(each): nn.Parameter(each.detach().to(device, dtype), requires_grad=False) for each in model.parameters()
    }
    for each in model.buffers():
        memo[id(each)] = each.to(device, dtype if each.is_floating_point() else each.dtype)
    return copy.deepcopy(model, memo)


def _timed(embed: Callable[[Any], Tensor], model: Any) -> tuple[Tensor, float]:
    """What `embed` gives, in float32 on the CPU, and what it costs after a first run, which sets things up.

    On one thread, as workers do, and by that thread's own clock: what other processes do meanwhile counts for nothing.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        embedded = embed(model).float().cpu()
        started = time.thread_time()
        embed(model).float().cpu()
        return embedded, time.thread_time() - started
    finally:
        torch.set_num_threads(threads)


def sample_images(edge: int) -> Tensor:
    """Two fixed images, uint8 (2, edge, edge, 3): smooth waves, since noise is like nothing a network has learned."""
    ramp = torch.linspace(0, 9, edge)
    waves = [torch.sin(ramp[:, None] * (k + 1)) * torch.cos(ramp[None, :] * (3 - k)) for k in range(3)]
    image = (torch.stack(waves, dim=-1) * 120 + 128).to(torch.uint8)
    return torch.stack([image, image.flip(0, 2)])


def to_device(images: Sequence[NDArray[np.uint8]], device: torch.device) -> Tensor:
    """n of (h, w, 3) → uint8 (n, h, w, 3) on the device: a quarter of what floats would weigh on the bus.

    Stacked into pinned memory for CUDA, so that the copy runs beside what the device computes.
    """
    shape = (len(images), *images[0].shape)
    stacked = torch.empty(shape, dtype=torch.uint8, pin_memory=device.type == "cuda")
    np.stack(images, out=stacked.numpy())
    return stacked.to(device, non_blocking=True)


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
