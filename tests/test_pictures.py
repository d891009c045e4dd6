"""Searching by a picture: embedding what is no photo of the library."""

from __future__ import annotations

import io
import threading
import time

import pytest
from colour_encoder import ColourEncoder
from drawing import draw_image

from photoindex import embeddings, pictures, query_cache
from photoindex.database import Database
from photoindex.embeddings import StoredEncoder
from photoindex.errors import NotReadyError, QueryError
from photoindex.isolation import HereDecoder
from photoindex.pictures import Pictures

ENCODER = ColourEncoder()


def register(database: Database) -> StoredEncoder:
    info = ENCODER.info
    with database.write() as session:
        return embeddings.register_encoder(
            session, name=info.name, fingerprint=info.fingerprint, dim=info.dim, multilingual=False,
            text_range=info.text_range, image_range=info.image_range,
        )  # fmt: skip


def png(colour: str) -> bytes:
    stream = io.BytesIO()
    draw_image(colour=colour).save(stream, "PNG")
    return stream.getvalue()


def test_a_picture_is_embedded_as_a_photo_would_be_and_remembered(database: Database) -> None:
    stored, loads = register(database), []

    def load(encoder: StoredEncoder) -> ColourEncoder:
        loads.append(encoder.name)
        return ENCODER

    tower = Pictures(database, load, max_pixels=1_000_000, decoder=HereDecoder())
    key = tower.remember(png("teal"))
    with database.read() as session:
        vector = query_cache.get(session, stored, query_cache.picture_key(key))
    assert vector is not None
    assert float(vector @ ENCODER.encode_images([ENCODER.prepare(draw_image(colour="teal"))])[0]) > 0.999
    tower.close()
    assert tower.remember(png("teal")) == key
    assert len(loads) == 1  # the second time nothing is loaded


def test_what_is_no_picture_or_too_large_is_refused_in_one_line(database: Database) -> None:
    register(database)
    tower = Pictures(database, lambda _: ENCODER, max_pixels=1000, decoder=HereDecoder())
    for content in (b"", b"no picture", png("red")[:-40], png("red")):
        with pytest.raises(QueryError, match="the picture can't be read") as caught:
            tower.remember(content)
        assert "\n" not in str(caught.value)
    tower.close()


def test_without_photos_there_is_nothing_to_compare_with(database: Database) -> None:
    with pytest.raises(NotReadyError, match="nothing is indexed"):
        Pictures(database, lambda _: ENCODER, max_pixels=1000, decoder=HereDecoder()).remember(png("red"))


def test_the_encoder_is_let_go_when_it_is_not_used(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "IDLE_SECONDS", 0.05)
    register(database)
    tower = Pictures(database, lambda _: ENCODER, max_pixels=1_000_000, decoder=HereDecoder())
    tower.remember(png("red"))
    assert tower._encoder is not None
    until = time.monotonic() + 10
    while tower._encoder is not None and time.monotonic() < until:
        threading.Event().wait(0.01)
    assert tower._encoder is None
    assert len(tower.remember(png("blue"))) == 32
    tower.close()
