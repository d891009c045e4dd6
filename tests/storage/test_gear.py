"""Cameras and lenses, and how often each was used."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update

from photoindex import gear, photos
from photoindex.database import Database
from photoindex.gear import Gear
from photoindex.models import Photo
from photoindex.photos import Details, NewPhoto

AT = datetime(2024, 3, 1)


def test_cameras_and_lenses_come_with_counts_most_used_first(database: Database) -> None:
    used = (("X100", None), ("Z 6", "35 mm"), ("Z 6", "85 mm"), (None, "85 mm"), ("hidden", "hidden"))
    with database.write() as session:
        ids = [
            photos.store(
                session,
                NewPhoto(bytes([number]) * 32, "jpeg", 4, 3, 1, AT, AT, Details(camera=camera, lens=lens)),
            )
            for number, (camera, lens) in enumerate(used)
        ]
        session.execute(update(Photo).where(Photo.id.in_(ids[:-1])).values(visible=True))
    with database.read() as session:
        assert gear.cameras(session) == [Gear("Z 6", 2, ids[2]), Gear("X100", 1, ids[0])]
        assert gear.lenses(session) == [Gear("85 mm", 2, ids[3]), Gear("35 mm", 1, ids[1])]
