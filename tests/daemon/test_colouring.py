"""Colours of photos: those the indexer finds, and those that are filled in later."""

from __future__ import annotations

import threading

from sqlalchemy import text

from photoindex.daemon.colouring import Colourer


def _colours(home) -> dict[str, int | None]:
    return {photo.filename: photo.colour for photo in home.photos()}


def _is_red(colour: int | None) -> bool:
    return colour is not None and colour >> 16 > 200 and colour & 0xFFFF < 0x4000


def test_a_photo_gets_its_colour_when_it_is_indexed(home) -> None:
    home.draw("a.jpg", "red")
    home.index()
    assert _is_red(_colours(home)["a.jpg"])


def test_photos_indexed_before_there_were_colours_get_theirs_from_thumbnails(home) -> None:
    home.draw("a.jpg", "red")
    home.draw("b.jpg", "blue")
    home.index()
    before = _colours(home)
    database = home.open()
    with database.write() as session:
        session.execute(text("UPDATE photo SET colour = NULL"))
    database.close()
    for thumbnail in home.settings.thumbnails.glob("*/*.jpg"):
        content_hash = (thumbnail.parent.name + thumbnail.stem).lower()
        if content_hash == _hash_of(home, "b.jpg"):
            thumbnail.unlink()
    home.index()
    after = _colours(home)
    assert _is_red(after["a.jpg"]) and before["a.jpg"] is not None
    assert after["b.jpg"] == -1


def test_a_stopped_colourer_writes_nothing(home) -> None:
    home.draw("a.jpg", "red")
    home.index()
    database = home.open()
    with database.write() as session:
        session.execute(text("UPDATE photo SET colour = NULL"))
    stop = threading.Event()
    stop.set()
    assert Colourer(database, home.settings.thumbnails, stop).step()
    database.close()
    assert _colours(home) == {"a.jpg": None}


def _hash_of(home, name: str) -> str:
    return next(photo.content_hash.hex() for photo in home.photos() if photo.filename == name)
