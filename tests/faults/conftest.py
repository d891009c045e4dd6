"""Fixtures of the fault tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from daemon.conftest import home, running
from faults.daemons import Forge, forging

__all__ = ["home", "running"]


@pytest.fixture(scope="module")
def forge() -> Iterator[Forge]:
    """Makes daemons."""
    with forging() as made:
        yield made
