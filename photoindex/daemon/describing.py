"""Describing: what was read of a new content, as the columns of its photo."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from photoindex import gazetteer, photos
from photoindex.daemon.reading import Fresh
from photoindex.files import FileStat
from photoindex.media import Metadata

_EPOCH = datetime(1970, 1, 1)


def new_photo(session: Session, fresh: Fresh) -> photos.NewPhoto:
    """The photo of a content that is new. Its place is kept with its names."""
    taken_at = fresh.metadata.taken_at
    return photos.NewPhoto(
        content_hash=fresh.content_hash,
        format=fresh.format.name,
        width=fresh.width,
        height=fresh.height,
        size_bytes=fresh.stat.size_bytes,
        taken_at=taken_at,
        timeline_at=taken_at or _local_time(fresh.stat),
        details=details(session, fresh.metadata),
        kind=fresh.format.kind,
        duration_seconds=fresh.duration_seconds,
        colour=fresh.colour,
    )


def details(session: Session, metadata: Metadata) -> photos.Details:
    """What the metadata say, as columns of the photo; the place is kept with its names."""
    place_id = None
    if metadata.latitude is not None and metadata.longitude is not None:
        place = gazetteer.place_at(metadata.latitude, metadata.longitude)
        if place is not None:
            names = photos.PlaceNames(**{f.name: getattr(place, f.name) for f in fields(photos.PlaceNames)})
            place_id = photos.remember_place(session, place.geoname_id, names)
    motion = metadata.motion
    return photos.Details(
        taken_at_offset_minutes=metadata.taken_at_offset_minutes,
        taken_at_source=metadata.taken_at_source,
        camera=metadata.camera,
        lens=metadata.lens,
        focal_length_mm=metadata.focal_length_mm,
        f_number=metadata.f_number,
        exposure_seconds=metadata.exposure_seconds,
        iso=metadata.iso,
        latitude=metadata.latitude,
        longitude=metadata.longitude,
        altitude_m=metadata.altitude_m,
        place_id=place_id,
        title=metadata.title,
        caption=metadata.caption,
        keywords=metadata.keywords,
        people=metadata.people,
        rating=metadata.rating,
        motion_offset=motion.offset if motion else None,
        motion_bytes=motion.size_bytes if motion else None,
        pairing_id=metadata.pairing_id,
    )


def _local_time(stat: FileStat) -> datetime:
    """The file's time as people here would write it; the epoch for times that no calendar holds."""
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=stat.mtime_ns // 1000)
        return moment.astimezone().replace(tzinfo=None, microsecond=0)
    except (OverflowError, ValueError, OSError):
        return _EPOCH
