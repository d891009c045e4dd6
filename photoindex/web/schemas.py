"""The JSON of the API: what a photo, a result and a page look like."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from flask import url_for

from photoindex.photos import PhotoInfo
from photoindex.search import Result, ResultPage
from photoindex.web import moments, wording
from photoindex.web.timeline import TimelinePage


def photo(info: PhotoInfo) -> dict[str, Any]:
    """A photo as it stands in lists."""
    first = info.files[0] if info.files else None
    return {
        "id": info.id,
        "filename": info.filename,
        "path": first.display_path if first else None,
        "folder": first.folder if first else None,
        "library": first.library if first else None,
        "taken_at": taken_at(info),
        "width": info.width,
        "height": info.height,
        "kind": info.kind,
        "camera": info.camera,
        "place": None,
        "favourite": False,
        "url": url_for("gallery.photo", photo_id=info.id),
        "thumbnail_url": url_for("media.thumbnail", photo_id=info.id),
        "original_url": url_for("media.original", photo_id=info.id),
        "files": [{"path": file.display_path, "library": file.library} for file in info.files],
    }


def photo_in_full(info: PhotoInfo, newer: int | None, older: int | None) -> dict[str, Any]:
    """A photo with all that is known of it, and its neighbours in the timeline."""
    return photo(info) | {
        "format": info.format,
        "size_bytes": info.size_bytes,
        "lens": info.lens,
        "focal_length_mm": info.focal_length_mm,
        "f_number": info.f_number,
        "exposure_seconds": info.exposure_seconds,
        "iso": info.iso,
        "latitude": info.latitude,
        "longitude": info.longitude,
        "altitude_m": info.altitude_m,
        "indexed_at": _utc(info.indexed_at),
        "neighbours": {"newer": newer, "older": older},
    }


def results(page: ResultPage) -> dict[str, Any]:
    """A page of search results."""
    return {
        "query": page.query,
        "encoder": page.encoder,
        "took_ms": page.took_ms,
        "total": page.total,
        "results": [_result(each) for each in page.results],
        "next_cursor": page.next_cursor,
    }


def timeline(page: TimelinePage) -> dict[str, Any]:
    """A page of the timeline."""
    return {"total": page.total, "results": [photo(each) for each in page.photos], "next_cursor": page.older}


def taken_at(info: PhotoInfo) -> str | None:
    """When it was taken, ISO 8601: local time, with its offset from UTC where the camera said so."""
    if info.taken_at is None:
        return None
    if info.taken_at_offset_minutes is None:
        return info.taken_at.isoformat(timespec="seconds")
    zone = timezone(timedelta(minutes=info.taken_at_offset_minutes))
    return info.taken_at.replace(tzinfo=zone).isoformat(timespec="seconds")


def _result(result: Result) -> dict[str, Any]:
    body = photo(result.photo)
    at = result.moment_seconds
    found = {
        "score": round(result.score, 4),
        "percent": result.percent,
        "moment_seconds": None if at is None else round(at, 3),
        "moment": None if at is None else wording.timecode(at),
    }
    body["url"] = url_for("gallery.photo", photo_id=result.photo.id, t=moments.parameter(at))
    return {"id": body.pop("id"), "filename": body.pop("filename"), **found, **body}


def _utc(at: datetime) -> str:
    return at.isoformat(timespec="seconds") + "Z"
