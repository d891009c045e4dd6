"""Many threads, few devices: order, errors, memory, and that every device works."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from photoindex import encoders
from photoindex.encoders.batching import Batcher
from photoindex.encoders.gathering import Gatherer


class Device:
    """A device that turns n numbers into n rows, slowly enough to make others wait, and notes its batches."""

    def __init__(self, room: int = 64) -> None:
        self.room = room
        self.batches: list[int] = []
        self.threads: set[int] = set()
        self._busy = threading.Lock()
        self._pause = threading.Event()

    def __call__(self, items: Sequence[int]) -> np.ndarray:
        assert self._busy.acquire(blocking=False), "a place is used by one thread at a time"
        try:
            self.threads.add(threading.get_ident())
            self.batches.append(len(items))
            self._pause.wait(0.002)
            if len(items) > self.room:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
            if any(item < 0 for item in items):
                raise ValueError(f"not {min(items)}")
            return np.array([[item, item + 1] for item in items], dtype=np.float32)
        finally:
            self._busy.release()


def test_everyone_gets_their_own_rows_in_order_and_every_device_works():
    devices = [Device(), Device(), Device()]
    gatherer = Gatherer(devices, 16)

    def ask(number: int) -> bool:
        items = [number * 100 + offset for offset in range(number % 7 + 1)]
        return gatherer.run(items).tolist() == [[item, item + 1] for item in items]

    with ThreadPoolExecutor(12) as pool:
        assert all(pool.map(ask, range(300)))
    assert all(device.batches for device in devices)
    assert sum(sum(device.batches) for device in devices) == sum(number % 7 + 1 for number in range(300))
    assert max(max(device.batches) for device in devices) <= 16


def test_what_waits_is_encoded_together():
    started, go_on, batches = threading.Event(), threading.Event(), []

    def place(items: Sequence[int]) -> np.ndarray:
        batches.append(len(items))
        started.set()
        assert go_on.wait(60)
        return np.array([[item] for item in items], dtype=np.float32)

    gatherer = Gatherer([place], 64)
    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(gatherer.run, [0])
        assert started.wait(60)
        others = [pool.submit(gatherer.run, [number, -number]) for number in range(1, 9)]
        while len(gatherer._waiting) < 8:
            go_on.wait(0.001)
        go_on.set()
        assert first.result().tolist() == [[0]]
        assert [each.result().tolist() for each in others] == [[[n], [-n]] for n in range(1, 9)]
    assert batches == [1, 16]


def test_an_error_reaches_who_asked_for_it_and_nobody_else():
    gatherer = Gatherer([Device()], 64)

    def ask(number: int) -> str:
        try:
            return str(gatherer.run([number, abs(number)]).tolist())
        except ValueError as error:
            return str(error)

    asked = [-n if n % 5 == 0 else n for n in range(1, 41)]
    with ThreadPoolExecutor(8) as pool:
        for number, answer in zip(asked, pool.map(ask, asked), strict=True):
            assert answer == (f"not {number}" if number < 0 else str([[float(number), number + 1.0]] * 2))


def test_memory_that_runs_out_halves_the_batches_and_nothing_is_lost():
    devices = [Device(room=5), Device(room=3)]
    batchers = [Batcher(32), Batcher(32)]
    places = [
        lambda items, batcher=batcher, device=device: batcher.run(items, device, 2)
        for batcher, device in zip(batchers, devices, strict=True)
    ]
    gatherer = Gatherer(places, 32)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: gatherer.run(range(n, n + 8)).tolist(), range(60)))
    assert answers == [[[item, item + 1] for item in range(n, n + 8)] for n in range(60)]
    assert [batcher.size for batcher in batchers] == [4, 2]


def test_an_interrupted_thread_leaves_its_work_to_the_next():
    device, interrupted = Device(), threading.Event()

    def place(items: Sequence[int]) -> np.ndarray:
        if not interrupted.is_set():
            interrupted.set()
            raise KeyboardInterrupt
        return device(items)

    gatherer = Gatherer([place], 8)
    with pytest.raises(KeyboardInterrupt):
        gatherer.run([1])
    assert gatherer.run([2]).tolist() == [[2, 3]]


def test_a_tower_on_several_devices_answers_as_on_one(clip_folder, monkeypatch):
    from photoindex.encoders import clip

    one = encoders.load(str(clip_folder), "image", device="cpu")
    monkeypatch.setattr(clip, "gathers", lambda _: True)
    monkeypatch.setattr("photoindex.encoders.device.find_devices", lambda _: [torch.device("cpu")] * 2)
    several = encoders.load(str(clip_folder), "image")
    images = list(np.random.default_rng(0).integers(0, 256, (24, 64, 64, 3), dtype=np.uint8))
    expected = one.encode_images(images)
    with ThreadPoolExecutor(6, initializer=encoders.set_threads, initargs=(1,)) as pool:
        parts = pool.map(several.encode_images, [images[start : start + 3] for start in range(0, 24, 3)])
        assert (np.concatenate(list(parts)) * expected).sum(axis=1).min() > 0.9999
    assert several.encode_images([]).shape == (0, 32)
