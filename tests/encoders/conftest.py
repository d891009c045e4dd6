"""Checkpoints and a hub for the encoder tests."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


def _beside(name: str) -> ModuleType:
    """A helper module of this folder, which is on no import path."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def checkpoints() -> ModuleType:
    """`tests/encoders/checkpoints.py`."""
    return _beside("checkpoints")


@pytest.fixture(scope="session")
def clip_folder(checkpoints: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoints.make_clip(tmp_path_factory.mktemp("checkpoint") / "clip")


@pytest.fixture(scope="session")
def siglip_folder(checkpoints: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoints.make_siglip(tmp_path_factory.mktemp("checkpoint") / "siglip")


@pytest.fixture
def hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty Hugging Face cache; the hub is offline unless a test says otherwise."""
    cache = tmp_path / "hub"
    monkeypatch.setenv("HF_HUB_CACHE", str(cache))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.delenv("TRANSFORMERS_OFFLINE", raising=False)
    return cache
