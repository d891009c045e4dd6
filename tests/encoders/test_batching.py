"""Memory that runs out, embeddings that are none, and the choice of precision."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from PIL import Image

from photoindex.encoders import batching, device, set_threads
from photoindex.encoders.batching import Batcher
from photoindex.encoders.starter import StarterEncoder
from photoindex.encoders.vectors import unit_rows
from photoindex.errors import EncoderError

OUT_OF_MEMORY = [
    MemoryError(),
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB."),
    RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory: you tried"),
    RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"),
]


class _Cramped(StarterEncoder):
    """The starter on a device with room for three images."""

    room = 3

    def _encode_batch(self, images: Sequence[np.ndarray]) -> np.ndarray:
        if len(images) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return super()._encode_batch(images)


def test_batch_halves_until_it_fits_and_every_image_keeps_its_place(caplog):
    encoder = _Cramped("image")
    images = [encoder.prepare(Image.new("RGB", (300, 300), (20 * i, 90, 255 - 20 * i))) for i in range(11)]
    expected = np.concatenate([encoder.encode_images([image]) for image in images])
    with caplog.at_level(logging.WARNING):
        got = encoder.encode_images(images)
    assert (got * expected).sum(axis=1).min() > 0.99
    assert encoder._batcher.size == 2
    assert [record.getMessage() for record in caplog.records] == [
        "memory ran out on a batch of 8; going on in batches of 4",
        "memory ran out on a batch of 4; going on in batches of 2",
    ]


def test_no_room_for_one_image_is_an_error(monkeypatch):
    monkeypatch.setattr(batching, "PAUSES_SECONDS", ())
    encoder = _Cramped("image")
    encoder.room = 0
    with pytest.raises(EncoderError, match="not enough memory"):
        encoder.encode_images([encoder.prepare(Image.new("RGB", (300, 300)))])


@pytest.mark.parametrize("error", OUT_OF_MEMORY, ids=lambda error: type(error).__name__)
def test_every_way_to_run_out_of_memory_is_known(error):
    released = []

    def encode(items: Sequence[int]) -> np.ndarray:
        if len(items) > 2:
            raise error
        return np.array([[item] for item in items], dtype=np.float32)

    batcher = Batcher(8, lambda: released.append(True))
    assert batcher.run(range(7), encode, dim=1).ravel().tolist() == list(range(7))
    assert len(released) == 2


class _Memory:
    """Room for so many numbers at a time."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.largest: list[int] = []

    def __call__(self, items: Sequence[int]) -> np.ndarray:
        self.largest.append(len(items))
        if len(items) > self.room:
            raise MemoryError
        return np.array([[item] for item in items], dtype=np.float32)


def test_batches_grow_back_and_ever_more_slowly_when_that_fails(caplog):
    batcher, memory = Batcher(8), _Memory(room=3)
    with caplog.at_level(logging.WARNING):
        for _ in range(1000):
            assert batcher.run(range(8), memory, dim=1).ravel().tolist() == list(range(8))
    failed = [count for count in memory.largest if count > 3]
    assert batcher.size == 2
    assert 4 < len(failed) < 12  # in vain, after 32, 64, 128, … batches
    assert len(caplog.records) == 2
    memory.room = 100
    while batcher.size < 8:
        batcher.run(range(8), memory, dim=1)
    assert memory.largest[-1] == 4
    batcher.run(range(8), memory, dim=1)
    assert memory.largest[-1] == 8


def test_memory_for_a_single_item_is_waited_for():
    memory, waited = _Memory(room=0), []

    def pause(seconds: float) -> None:
        waited.append(seconds)
        memory.room = len(waited) // 3

    assert Batcher(4, pause=pause).run([7], memory, dim=1).tolist() == [[7]]
    assert waited == list(batching.PAUSES_SECONDS[:3])


def test_other_errors_pass_through():
    def encode(_: Sequence[int]) -> np.ndarray:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="mat1"):
        Batcher(8).run([1, 2], encode, dim=1)


@pytest.mark.parametrize("bad", [0.0, np.nan, np.inf])
def test_an_embedding_without_direction_is_refused(bad):
    rows = np.ones((3, 4), dtype=np.float32)
    rows[1] = bad
    with pytest.raises(EncoderError, match="zeros or not-a-number"):
        unit_rows(rows)


def test_float16_rows_become_float32_of_norm_one():
    rows = unit_rows(np.full((2, 4), 200, dtype=np.float16))
    assert rows.dtype == np.float32
    assert np.allclose(rows, 0.5)


def test_a_precision_that_changes_embeddings_is_not_used(monkeypatch):
    monkeypatch.setattr(device, "fast_dtype", lambda _: torch.bfloat16)
    network = torch.nn.Linear(4, 2)

    def embed(model: torch.nn.Linear) -> torch.Tensor:
        sign = -1 if model.weight.dtype == torch.bfloat16 else 1
        return sign * model(torch.ones(1, 4, dtype=model.weight.dtype))

    kept, dtype = device.reduce_precision(network, torch.device("cpu"), embed)
    assert dtype == torch.float32 and kept.weight.dtype == torch.float32
    _, dtype = device.reduce_precision(network, torch.device("cpu"), lambda model: embed(model).abs())
    assert dtype == torch.bfloat16


def test_threads_are_the_callers_choice():
    before = torch.get_num_threads()
    try:
        set_threads(1)
        assert torch.get_num_threads() == 1
    finally:
        set_threads(before)
