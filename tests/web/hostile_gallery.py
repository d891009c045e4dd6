"""A library in which everything that anybody may name is named by somebody who means harm."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from colour_encoder import ColourEncoder
from hostile_names import HOSTILE
from web.conftest import Gallery

from photoindex import collections, concepts, embeddings, photos, saved_searches
from photoindex.concepts import NewConcept
from photoindex.config import Settings
from photoindex.database import Database
from photoindex.photos import PlaceNames

EVIL = (
    "\"'></title></bdi><img src=x onerror=pwned()><script>pwned()</script><x-evil onclick='pwned()'> "
    "' onfocus='pwned()' autofocus=' \" onmouseover=\"pwned()\" {{7*7}} {% raw %} ${7*7} %2e%2e%2f &lt; &#60; "
    "\u202egpj.exe\u2066 \u0627\u0644"
)
"""Ends attributes, elements and titles; is a template; turns writing around."""
EVIL_LINES = f"{EVIL}\r\nSet-Cookie: evil=1\n\n\x00\x1b[2J\u2028javascript:pwned()"
NAMES = (
    *HOSTILE,
    b"x" * 251 + b".jpg",
    "é".encode() * 125 + b".jpg",
    b"\"' onfocus=pwned() autofocus='.jpg",
    b"<script>pwned()<\\script>.jpg",
    b"a\r\nSet-Cookie: evil=1\r\n\r\n.jpg",
    b"%2e%2e%2fetc.jpg",
    b"\xff\xfe\xed\xa0\x80.jpg",
    "\u202egpj.exe\u2066".encode(),
)
ROOT = b"\"'><img src=x onerror=pwned()> \xff\n\xe2\x80\xae %2e%2e"


def fill(home: Path, new_database: Callable[[Path], Database]) -> Gallery:
    """A gallery below the folder `home`."""
    root = Path(os.fsdecode(os.path.join(os.fsencode(home), ROOT)))
    settings = Settings(data=home / "data", web_threads=4)
    made = Gallery(settings, root, new_database(settings.database), ColourEncoder())
    with made.database.write() as session:
        place = PlaceNames(EVIL, EVIL, EVIL, EVIL, EVIL, EVIL, "FR")
        place_id = photos.remember_place(session, 1, place)
    details = {
        "camera": EVIL,
        "lens": EVIL,
        "title": EVIL,
        "caption": EVIL_LINES,
        "keywords": [EVIL, EVIL_LINES, "javascript:pwned()"],
        "people": [EVIL],
        "place_id": place_id,
        "latitude": 45.18,
        "longitude": 5.72,
    }
    for seed, name in enumerate(NAMES):
        folder = NAMES[(seed + 1) % len(NAMES)]
        made.draw(os.path.join(folder, name), "red", seed=seed, format="JPEG", metadata=details)
    made.draw(b"again/" + NAMES[0], "red", seed=0, format="JPEG", metadata=details)  # a copy
    made.add_failed(b"/".join(NAMES[-2:]), "truncated", EVIL_LINES)
    made.add_failed(b"unknown", EVIL, EVIL)
    made.say(state="idle", notice=EVIL, problem=EVIL_LINES, encoder=EVIL, device=EVIL)
    _name_things(made)
    return made


def _name_things(made: Gallery) -> None:
    """Albums, saved searches and concepts."""
    with made.database.write() as session:
        album = collections.create_album(session, EVIL[:100])
        collections.add_to_album(session, album.id, range(1, len(NAMES)))
        saved_searches.create(session, EVIL[:100], f'camera:"{EVIL[2:60]}"')
        encoder = embeddings.active_encoder(session)
        assert encoder is not None
        concept = NewConcept(EVIL, "label", EVIL, EVIL, EVIL, 3, (1, 2), np.ones(16, dtype=np.float32))
        concepts.replace_all(session, encoder.id, [concept], 12, "labels")
