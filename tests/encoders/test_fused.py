"""The fused image tower, and when it is not used."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from photoindex import encoders
from photoindex.encoders import device, fused, towers
from photoindex.encoders.checkpoint import read_checkpoint
from photoindex.encoders.classifier import Classifier
from photoindex.encoders.fused import FusedVision, UnfusableError
from photoindex.encoders.fused_classifier import FusedClassifier
from photoindex.encoders.starter import IMAGE_WEIGHTS

CPU = torch.device("cpu")
ONEDNN_HAS_BFLOAT16 = bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


@pytest.fixture(params=["clip", "siglip"])
def folder(request, clip_folder, siglip_folder):
    return clip_folder if request.param == "clip" else siglip_folder


def _images(count: int) -> list[np.ndarray]:
    return list(np.random.default_rng(count).integers(0, 256, (count, 64, 64, 3), dtype=np.uint8))


def _tower(folder, monkeypatch, dtype: torch.dtype) -> towers.ImageTower:
    monkeypatch.setattr(device, "fast_dtype", lambda _: dtype)
    return towers.ImageTower(read_checkpoint(folder), CPU)


@pytest.mark.parametrize(("dtype", "difference"), [(torch.float32, 1e-5), (torch.bfloat16, 1e-3)])
@pytest.mark.parametrize("short", [0, 128])  # tokens: both kinds of attention
def test_fused_embeddings_are_those_of_the_plain_network(folder, monkeypatch, dtype, difference, short):
    plain = _tower(folder, monkeypatch, torch.float32)
    monkeypatch.setattr(fused, "_SHORT", short)
    got = _tower(folder, monkeypatch, dtype)
    # An older CPU has no bfloat16 in oneDNN: there the plain network takes over, and gives the same.
    assert isinstance(got._network, FusedVision) == (dtype == torch.float32 or ONEDNN_HAS_BFLOAT16)
    monkeypatch.setattr(plain, "_network", _plain(folder, monkeypatch))
    for count in (1, 3, 8):
        expected, found = plain.embed(_images(count)), got.embed(_images(count))
        cosines = (expected * found).sum(axis=1) / np.linalg.norm(expected, axis=1) / np.linalg.norm(found, axis=1)
        assert cosines.min() > 1 - difference


def _plain(folder, monkeypatch):
    """What is used where nothing can be fused."""
    with monkeypatch.context() as patch:
        patch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
        network = _tower(folder, patch, torch.float32)._network
    assert not isinstance(network, FusedVision)
    return network


def test_the_fused_classifier_gives_the_logits_of_the_plain_one(monkeypatch):
    images = list(np.random.default_rng(0).integers(0, 256, (8, 260, 260, 3), dtype=np.uint8))
    monkeypatch.setattr(device, "fast_dtype", lambda _: torch.float32)
    fast = Classifier(IMAGE_WEIGHTS.locate())
    assert isinstance(fast._network, FusedClassifier)
    with monkeypatch.context() as patch:
        patch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
        plain = Classifier(IMAGE_WEIGHTS.locate())
    assert not isinstance(plain._network, FusedClassifier)
    for count in (3, 8):  # any number, and the one that the weights are laid out for
        found, expected = fast.probabilities(images[:count]), plain.probabilities(images[:count])
        assert np.abs(found - expected).max() < 1e-4


def test_what_cannot_be_fused_is_used_as_it_is(folder, monkeypatch):
    network = _plain(folder, monkeypatch).network
    network.config.hidden_act = "relu6"
    with pytest.raises(UnfusableError, match="relu6"):
        FusedVision(network, (1.0,) * 3, (0.0,) * 3, torch.float32)
    monkeypatch.setattr(fused._Linear, "__init__", lambda *_: torch.ops.mkldnn.gone)
    assert not isinstance(_tower(folder, monkeypatch, torch.float32)._network, FusedVision)
    assert encoders.load(str(folder), "image").encode_images(_images(2)).shape[0] == 2


def test_a_form_that_is_wrong_or_slow_is_not_used(monkeypatch):
    monkeypatch.setattr(device, "fast_dtype", lambda _: torch.float32)
    network = torch.nn.Linear(4, 2)

    def chosen(form) -> object:
        found, _ = device.reduce_precision(network, CPU, lambda it: it(torch.ones(1, 4)), fuse=lambda *_: form)
        return found

    clock = itertools.count()
    monkeypatch.setattr(device.time, "thread_time", lambda: next(clock))
    assert chosen(right := (lambda rows: network(rows))) is right
    assert chosen(lambda rows: -network(rows)) is network
    assert chosen(lambda rows: network(rows) * float("nan")) is network

    def slow(rows: torch.Tensor) -> torch.Tensor:
        for _ in range(5):
            next(clock)
        return network(rows)

    assert chosen(slow) is network


def test_precision_is_reduced_without_a_second_copy_in_full(monkeypatch):
    monkeypatch.setattr(device, "fast_dtype", lambda _: torch.bfloat16)
    network = torch.nn.Sequential(torch.nn.Linear(4, 2), torch.nn.BatchNorm1d(2)).eval()
    moved, _ = device.reduce_precision(network, CPU, lambda it: it(torch.ones(2, 4, dtype=it[0].weight.dtype)))
    assert [each.dtype for each in moved.parameters()] == [torch.bfloat16] * 4
    assert moved[1].num_batches_tracked.dtype == torch.int64
    assert network[0].weight.dtype == torch.float32
