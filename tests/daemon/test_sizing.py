"""How many workers and how large a batch, measured once."""

from __future__ import annotations

import json

import numpy as np
import pytest
from colour_encoder import ColourEncoder

from photoindex.daemon import sizing
from photoindex.daemon.sizing import Costs, Size, best_size, choose_size, measure
from photoindex.machine import Machine

MACHINE = Machine(cpu="Fast 9000", cores=4, memory_bytes=8 << 30)


@pytest.fixture
def measured(monkeypatch):
    """How often something was measured, which takes no time here."""
    calls = []

    def fake(_: object) -> Costs:
        calls.append(True)
        return Costs(0.03, {4: 0.12, 8: 0.20, 16: 0.40})

    monkeypatch.setattr(sizing, "measure", fake)
    return calls


def choose(file, machine: Machine = MACHINE, workers: int = 0, batch_size: int = 0) -> Size:
    return choose_size(ColourEncoder(), machine, file, workers=workers, batch_size=batch_size)


def test_a_real_measurement_gives_sound_figures():
    costs = measure(ColourEncoder())
    assert costs.decode_seconds > 0.001
    assert set(costs.encode_seconds) <= set(sizing.BATCH_SIZES) and costs.encode_seconds
    assert all(seconds > 0 for seconds in costs.encode_seconds.values())


def test_a_slow_encoder_is_measured_within_the_budget():
    encoder = ColourEncoder()
    batches = []
    encode = encoder.encode_images
    encoder.encode_images = lambda images: batches.append(len(images)) or encode(images)  # type: ignore[method-assign]
    assert list(measure(encoder, budget_seconds=0).encode_seconds) == [4]
    assert sum(batches) <= 7


def test_the_smallest_of_the_good_batches_is_taken():
    assert best_size(Costs(0.03, {4: 0.12, 8: 0.202, 16: 0.40}), MACHINE, on_cpu=True) == Size(4, 8)
    assert best_size(Costs(0.03, {4: 0.12}), MACHINE, on_cpu=True) == Size(4, 4)


def test_a_gpu_gets_more_workers_than_there_are_cores_since_some_wait():
    assert best_size(Costs(0.04, {4: 0.001, 8: 0.001}), MACHINE, on_cpu=False) == Size(5, 8)
    assert best_size(Costs(0.04, {4: 0.16, 8: 0.32}), MACHINE, on_cpu=False) == Size(8, 4)


def test_little_memory_means_few_workers():
    little = Machine("Fast 9000", 16, 400 << 20)
    assert best_size(Costs(0.03, {8: 0.2}), little, on_cpu=True).workers == 2
    assert best_size(Costs(0.03, {8: 0.2}), Machine("", 16, 0), on_cpu=True).workers == 1


def test_what_was_measured_is_remembered_for_this_machine_and_encoder(tmp_path, measured):
    file = tmp_path / "machine.json"
    assert choose(file) == choose(file) == Size(4, 8)
    assert len(measured) == 1
    choose(file, Machine("Slow 1", 4, 8 << 30))
    assert len(measured) == 2
    assert choose(file) == Size(4, 8)
    assert len(measured) == 2
    assert [each.name for each in tmp_path.iterdir()] == ["machine.json"]


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b'{"version": 1',
        b"[]",
        b'{"version": 2, "costs": {}}',
        b'{"version": 1, "costs": 3}',
        b"\xff\xfe",
        b"decode",
        b"encode",
        b"sizes",
    ],
)
def test_a_damaged_file_is_measured_again(tmp_path, measured, damage):
    file = tmp_path / "machine.json"
    choose(file)
    found = json.loads(file.read_text())
    (entry,) = found["costs"].values()
    if damage in (b"decode", b"encode", b"sizes"):
        entry |= {
            b"decode": {"decode_seconds": -1},
            b"encode": {"encode_seconds": {"4": float("nan")}},
            b"sizes": {"encode_seconds": {"1000000": 1}},
        }[damage]
        damage = json.dumps(found).encode()
    file.write_bytes(damage)
    assert choose(file) == Size(4, 8)
    assert len(measured) == 2
    assert choose(file) == Size(4, 8)
    assert len(measured) == 2


def test_settings_override_and_nothing_is_measured_when_both_are_set(tmp_path, measured):
    assert choose(tmp_path / "machine.json", workers=3, batch_size=5) == Size(3, 5)
    assert not measured
    assert choose(tmp_path / "machine.json", workers=3) == Size(3, 8)
    assert choose(tmp_path / "machine.json", batch_size=5) == Size(4, 5)


def test_a_folder_that_cannot_be_written_or_an_encoder_that_fails_stops_nothing(tmp_path, measured, monkeypatch):
    assert choose(tmp_path / "gone" / "machine.json") == Size(4, 8)
    monkeypatch.undo()

    class Broken(ColourEncoder):
        def encode_images(self, images: object) -> np.ndarray:
            raise RuntimeError("no kernel image is available")

    found = choose_size(Broken(), MACHINE, tmp_path / "machine.json", workers=0, batch_size=0)
    assert found == Size(4, 8)
    assert not (tmp_path / "machine.json").exists()
