"""The JSON of the API: what a photo, a result and a page look like."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from flask import url_for

from photoindex.collections import AlbumInfo
from photoindex.companions import CompanionFile
from photoindex.libraries import display_path
from photoindex.photos import PhotoInfo, PlaceNames
from photoindex.search import Result, ResultPage
from photoindex.search.chips import Chip
from photoindex.web import clips, moments, wording
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
        "duration_seconds": info.duration_seconds,
        "place": info.place.english if info.place else None,
        "favourite": info.favourite,
        "url": url_for("gallery.photo", photo_id=info.id),
        "thumbnail_url": url_for("media.thumbnail", photo_id=info.id),
        "original_url": url_for("media.original", photo_id=info.id),
        "files": [{"path": file.display_path, "library": file.library} for file in info.files],
    }


def photo_in_full(
    info: PhotoInfo,
    neighbours: tuple[int | None, int | None],
    companions: Sequence[CompanionFile],
    albums: Sequence[AlbumInfo],
) -> dict[str, Any]:
    """A photo with all that is known of it; `neighbours` are the newer and the older one in the timeline."""
    newer, older = neighbours
    moving = clips.of(info, companions) is not None
    return photo(info) | {
        "format": info.format,
        "size_bytes": info.size_bytes,
        "title": info.title,
        "caption": info.caption,
        "keywords": list(info.keywords),
        "people": list(info.people),
        "rating": info.rating,
        "hidden": info.hidden,
        "taken_at_source": info.taken_at_source,
        "lens": info.lens,
        "focal_length_mm": info.focal_length_mm,
        "f_number": info.f_number,
        "exposure_seconds": info.exposure_seconds,
        "iso": info.iso,
        "latitude": info.latitude,
        "longitude": info.longitude,
        "altitude_m": info.altitude_m,
        "country_code": info.place.country_code if info.place else None,
        "place_names": place_names(info.place) if info.place else None,
        "motion_url": url_for("media.motion", photo_id=info.id) if moving else None,
        "companions": [_companion(each) for each in companions],
        "albums": [{"id": each.id, "name": each.name} for each in albums],
        "indexed_at": _utc(info.indexed_at),
        "neighbours": {"newer": newer, "older": older},
    }


def place_names(place: PlaceNames) -> dict[str, dict[str, str | None]]:
    """The parts of a place's name in each language."""
    return {
        "en": {"city": place.city, "region": place.region, "country": place.country},
        "fr": {"city": place.city_fr, "region": place.region_fr, "country": place.country_fr},
    }


def _companion(file: CompanionFile) -> dict[str, Any]:
    return {
        "id": file.photo_id,
        "kind": file.kind,
        "format": file.format,
        "path": display_path(file.absolute_path),
        "original_url": url_for("media.original", photo_id=file.photo_id),
    }


def album(info: AlbumInfo) -> dict[str, Any]:
    """An album as it stands in lists."""
    cover = info.cover_photo_id
    return {
        "id": info.id,
        "name": info.name,
        "photos": info.photos,
        "cover_photo_id": cover,
        "thumbnail_url": None if cover is None else url_for("media.thumbnail", photo_id=cover),
        "url": url_for("album_pages.album", album_id=info.id),
        "created_at": _utc(info.created_at),
    }


def album_page(info: AlbumInfo, shown: Sequence[PhotoInfo], cursor: str | None) -> dict[str, Any]:
    """An album with a page of its photos, in its order; `cursor` is where the next page begins."""
    return album(info) | {"results": [photo(each) for each in shown], "next_cursor": cursor}


def results(page: ResultPage) -> dict[str, Any]:
    """A page of search results."""
    return {
        "query": page.query,
        "encoder": page.encoder,
        "took_ms": page.took_ms,
        "found": page.found,
        "total": page.total,
        "strong": page.strong,
        "understood": [_chip(each) for each in page.chips],
        "problems": [{"part": each.part, "message": each.message} for each in page.problems],
        "language": page.language,
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


def _chip(chip: Chip) -> dict[str, Any]:
    return {
        "kind": chip.kind,
        "text": chip.text,
        "label": {"en": chip.label, "fr": chip.label_fr},
        "implied": chip.implied,
        "without": chip.without,
    }


def _result(result: Result) -> dict[str, Any]:
    body = photo(result.photo)
    at = result.moment_seconds
    found = {
        "score": None if result.score is None else round(result.score, 4),
        "percent": result.percent,
        "match": result.match,
        "why": [{"field": each.field, "text": each.text} for each in result.why],
        "folded": result.folded,
        "moment_seconds": None if at is None else round(at, 3),
        "moment": None if at is None else wording.timecode(at),
    }
    body["url"] = url_for("gallery.photo", photo_id=result.photo.id, t=moments.parameter(at))
    return {"id": body.pop("id"), "filename": body.pop("filename"), **found, **body}


def _utc(at: datetime) -> str:
    return at.isoformat(timespec="seconds") + "Z"
