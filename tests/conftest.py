"""Fixtures that every test may use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from photoindex.database import Database, open_database

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"
"""Real photos and broken files beside the checkout, where somebody has put them; no test needs them."""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(tmp_path / "data" / "photoindex.db", checkpoints=True)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def shared_photos() -> Path:
    folder = SHARED_DATA / "photos"
    if not folder.is_dir():
        pytest.skip("no shared photos beside the checkout")
    return folder
