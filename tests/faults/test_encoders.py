"""Encoders that are broken, or others than before: nothing wrong is stored, and embeddings of two are never mixed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from colour_encoder import ColourEncoder
from daemon.conftest import Home, assert_invariants, home
from faults.stored import problems
from numpy.typing import NDArray
from sqlalchemy import text

from photoindex import embeddings
from photoindex.encoders.base import EncoderInfo
from photoindex.errors import EncoderError
from photoindex.models import EncoderState

__all__ = ["home"]

HALF = 8


class Narrow(ColourEncoder):
    """Another encoder: half as many dimensions, under another name."""

    @property
    def info(self) -> EncoderInfo:
        given = super().info
        return EncoderInfo(**{**vars(given), "name": "narrow", "fingerprint": "0a440", "dim": HALF})

    def encode_images(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        return _halved(super().encode_images(images))

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return _halved(super().encode_texts(texts))


def _halved(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    folded = rows[:, :HALF] + 0.9 * rows[:, HALF:]
    return np.asarray(folded / np.linalg.norm(folded, axis=1, keepdims=True), dtype=np.float32)


class Broken(ColourEncoder):
    """Gives for every picture what no embedding is."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self._value = value

    def encode_images(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        return np.full((len(images), super().info.dim), self._value, dtype=np.float32)


class Spotty(ColourEncoder):
    """Gives NaN for black pictures only."""

    def encode_images(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        rows = super().encode_images(images)
        rows[[image.mean() < 60 for image in images]] = np.nan
        return rows


def _state(home: Home) -> dict[str, tuple[str, int]]:
    """By encoder: its state, and how many embeddings there are by it."""
    database = home.open()
    with database.read() as session:
        counted = dict(session.execute(text("SELECT encoder_id, count(*) FROM embedding GROUP BY 1")).all())
        found = {each.name: (each.state, counted.get(each.id, 0)) for each in embeddings.stored_encoders(session)}
    database.close()
    return found


@pytest.mark.parametrize(
    "value", [np.nan, *(pytest.param(each, marks=pytest.mark.long) for each in (np.inf, 0.0, 3.0))]
)
def test_r23_an_encoder_that_gives_no_embeddings_is_an_error_and_nothing_is_stored(home: Home, value: float) -> None:
    home.draw("a.jpg", "red", seed=1)
    home.draw("b.jpg", "blue", seed=2)
    home.encoder = Broken(value)
    with pytest.raises(EncoderError, match="has stopped working"):
        home.index()
    assert _state(home) == {"colour": (EncoderState.ACTIVE, 0)}
    assert home.counts().pending == 2
    home.encoder = ColourEncoder()
    home.index()
    assert_invariants(home)


def test_r23_a_picture_that_an_encoder_can_not_take_costs_that_picture_only(home: Home) -> None:
    home.encoder = Spotty()
    for number, colour in enumerate(("red", "black", "blue")):
        home.draw(f"{colour}.jpg", colour, seed=number)
    home.index()
    assert (home.counts().indexed, home.failures()) == (2, {"black.jpg": "broken"})
    assert _state(home) == {"colour": (EncoderState.ACTIVE, 2)}


def test_r24_embeddings_of_two_encoders_are_never_mixed_and_the_first_can_come_back(home: Home) -> None:
    for number, colour in enumerate(("red", "green", "blue", "white")):
        home.draw(f"{colour}.jpg", colour, seed=number)
    home.index()
    first = home.encoder
    assert home.search("blue")[0] == "blue.jpg"
    home.encoder = Narrow()
    home.index()
    assert _state(home) == {"colour": (EncoderState.RETIRED, 4), "narrow": (EncoderState.ACTIVE, 4)}
    assert home.search("green")[0] == "green.jpg"
    database = home.open()
    with database.read() as session:
        lengths = session.execute(text("SELECT DISTINCT encoder_id, length(vector) FROM embedding ORDER BY 1")).all()
    assert [tuple(row) for row in lengths] == [(1, 2 * first.info.dim), (2, 2 * HALF)]
    assert problems(database, home.settings.data) == []
    database.close()
    encoded, home.encoder = first.images_encoded, first
    home.draw("yellow.jpg", "yellow", seed=9)
    home.index()
    assert first.images_encoded == encoded + 1  # those there were are still there
    assert _state(home)["colour"] == (EncoderState.ACTIVE, 5)
    assert home.search("yellow")[0] == "yellow.jpg"
