"""How many workers and how large a batch: from a short measurement on this machine, which is remembered."""

from __future__ import annotations

import json
import logging
import math
import os
import secrets
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from photoindex import encoders
from photoindex.encoders.base import Encoder
from photoindex.machine import Machine
from photoindex.media import decode, make_thumbnail
from photoindex.media.sample import draw_sample
from photoindex.media.thumbnails import LONGEST_EDGE

log = logging.getLogger(__name__)

BATCH_SIZES = (4, 8, 16)
"""Larger ones are no faster on a CPU and lose more at a kill; for a GPU, those of all workers are put together."""
BUDGET_SECONDS = 2.0
"""What measuring may take; sizes of batches that would take longer are left out."""

_VERSION = 1
_KEPT = 16
_GOOD_ENOUGH = 1.03  # times the best; a smaller batch is worth more than that
_WORKER_BYTES = 160 << 20  # the decoded photos of a batch, what the C library keeps, what the encoder needs meanwhile


@dataclass(frozen=True)
class Costs:
    """What a photo costs here, measured."""

    decode_seconds: float
    """Reducing a JPEG of 12 megapixels to thumbnail and encoder's input, on one core."""
    encode_seconds: Mapping[int, float]
    """Encoding a batch, by its size: on one core, or on the GPU with the way there and back."""


@dataclass(frozen=True)
class Size:
    """How the indexer is to work."""

    workers: int
    batch_size: int


def choose_size(encoder: Encoder, machine: Machine, file: Path, *, workers: int, batch_size: int) -> Size:
    """Workers and photos a batch, each chosen by itself where 0 is given; `file` is where the measurement is kept.

    Nothing is measured when both are given. Raises nothing: without a measurement the usual sizes are taken.
    """
    if workers and batch_size:
        return Size(workers, batch_size)
    key = _key(encoder, machine)
    costs = _remembered(file, key)
    if costs is None:
        try:
            costs = measure(encoder)
        except Exception as error:  # a photo will tell what is wrong with the encoder, and is not alone then
            log.warning("the speed of this machine can't be measured: %s", error)
            return Size(workers or machine.cores, batch_size or 8)
        _remember(file, key, costs)
    found = best_size(costs, machine, on_cpu=encoder.info.device.startswith("cpu"))
    chosen = Size(workers or found.workers, batch_size or found.batch_size)
    log.info(
        "%d workers, batches of %d: decoding takes %.0f ms, encoding %.0f ms a photo (%d cores, %d MiB free)",
        chosen.workers,
        chosen.batch_size,
        costs.decode_seconds * 1000,
        min(seconds / count for count, seconds in costs.encode_seconds.items()) * 1000,
        machine.cores,
        machine.memory_bytes >> 20,
    )
    return chosen


def best_size(costs: Costs, machine: Machine, *, on_cpu: bool) -> Size:
    """What the costs say. On a GPU there are more workers than cores, for those that wait for it."""
    each = {count: seconds / count for count, seconds in costs.encode_seconds.items()}
    batch_size = min(count for count, seconds in each.items() if seconds <= min(each.values()) * _GOOD_ENOUGH)
    workers = machine.cores
    if not on_cpu:
        waiting = costs.encode_seconds[batch_size] / (batch_size * costs.decode_seconds)
        workers += max(1, math.ceil(workers * min(1.0, waiting)))
    return Size(max(1, min(workers, machine.memory_bytes // _WORKER_BYTES)), batch_size)


def measure(encoder: Encoder, budget_seconds: float = BUDGET_SECONDS) -> Costs:
    """Decode a drawn photo and encode it in batches, in a thread like a worker's. Raises what the encoder does."""
    with ThreadPoolExecutor(1, "measure", initializer=encoders.set_threads, initargs=(1,)) as pool:
        return pool.submit(_measure, encoder, budget_seconds).result()


def _measure(encoder: Encoder, budget_seconds: float) -> Costs:
    # On a CPU what other threads and processes do meanwhile must not count; a GPU is waited for.
    clock = time.thread_time if encoder.info.device.startswith("cpu") else time.perf_counter
    ends = time.perf_counter() + budget_seconds
    content = draw_sample()

    def read() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        decoded = decode(content, shortest_edge=encoder.input_size, longest_edge=LONGEST_EDGE)
        make_thumbnail(decoded.image)
        return encoder.prepare(decoded.image)

    prepared = read()
    decode_seconds = _best(time.thread_time, read)
    encoder.encode_images([prepared])  # the first call sets things up
    alone = _best(clock, partial(encoder.encode_images, [prepared]))
    encode_seconds: dict[int, float] = {}
    for count in BATCH_SIZES:
        if encode_seconds and time.perf_counter() + 2 * count * alone > ends:
            break
        times = 2 if time.perf_counter() + 3 * count * alone < ends else 1
        encode_seconds[count] = _best(clock, partial(encoder.encode_images, [prepared] * count), times)
    return Costs(decode_seconds, encode_seconds)


def _best(clock: Callable[[], float], work: Callable[[], object], times: int = 2) -> float:
    seconds = []
    for _ in range(times):
        started = clock()
        work()
        seconds.append(clock() - started)
    return max(min(seconds), 1e-6)


def _key(encoder: Encoder, machine: Machine) -> str:
    """What the costs depend on."""
    info = encoder.info
    try:
        torch = metadata.version("torch")
    except metadata.PackageNotFoundError:
        torch = "none"
    return " | ".join((info.fingerprint, info.device, info.precision, torch, machine.cpu, str(machine.cores)))


def _remembered(file: Path, key: str) -> Costs | None:
    """What was measured before; None for a file that is damaged, of another version, or says nothing about `key`."""
    try:
        found = _entries(file)[key]
        costs = Costs(
            float(found["decode_seconds"]), {int(size): float(cost) for size, cost in found["encode_seconds"].items()}
        )
    except (KeyError, TypeError, ValueError, AttributeError, OSError):
        return None
    numbers = (costs.decode_seconds, *costs.encode_seconds.values())
    sound = all(math.isfinite(number) and number > 0 for number in numbers) and set(costs.encode_seconds) <= {
        *BATCH_SIZES
    }
    return costs if sound and costs.encode_seconds else None


def _remember(file: Path, key: str, costs: Costs) -> None:
    try:
        entries = _entries(file)
    except (KeyError, TypeError, ValueError, AttributeError, OSError):
        entries = {}
    entries.pop(key, None)
    entries = dict([*entries.items(), (key, asdict(costs))][-_KEPT:])
    temporary = file.with_name(f".{file.name}.{secrets.token_hex(4)}.part")
    try:
        temporary.write_text(json.dumps({"version": _VERSION, "costs": entries}, indent=1) + "\n", "utf-8")
        os.replace(temporary, file)
    except OSError as error:
        log.info("%s can't be written: %s; it will be measured again", file, error.strerror)
        temporary.unlink(missing_ok=True)


def _entries(file: Path) -> dict[str, Any]:
    content = json.loads(file.read_text("utf-8"))
    if content["version"] != _VERSION:
        raise ValueError("another version")
    return dict(content["costs"].items())
