"""Confined processes that also do what tests tell them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from daemon.conftest import home

from photoindex.isolation import Decoders, Seconds

__all__ = ["home"]

PROBES = ("isolation.probes",)
EDGES = {"shortest_edge": 64, "longest_edge": 512, "max_pixels": 100_000_000}


def make_decoders(seconds: float = 20.0, **options: float) -> Decoders:
    return Decoders(
        max_bytes=50_000_000, max_pixels=10_000_000, seconds=Seconds(seconds, 3 * seconds), modules=PROBES, **options
    )


@pytest.fixture(scope="module")
def decoders() -> Iterator[Decoders]:
    """With a limit of 1.5 seconds."""
    made = make_decoders(1.5)
    made.start()
    yield made
    made.close()
