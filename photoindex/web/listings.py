"""The routes of the JSON API by which one browses: folders, places, cameras and lenses, hidden photos."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, url_for

from photoindex import folders, gear, hiding, photos, places
from photoindex.cutting import cut
from photoindex.folders import FolderInfo
from photoindex.gear import Gear
from photoindex.libraries import display_path
from photoindex.places import Country, Town
from photoindex.web import folders as folder_pages
from photoindex.web import links, paging, schemas, timeline
from photoindex.web.services import services

blueprint = Blueprint("listings", __name__, url_prefix="/api/v1")


@blueprint.get("/folders")
def list_libraries() -> dict[str, Any]:
    with services().database.read() as session:
        return {"folders": [_folder(each, each.name) for each in folders.libraries(session)]}


@blueprint.get("/folders/<photo_id:library_id>")
def folder(library_id: int) -> dict[str, Any]:
    """A folder of a library, with those just below it on the first page."""
    path, limit, cursor = folder_pages.asked_path(), paging.limit(), paging.cursor()
    after = timeline.decode(cursor) if cursor else None
    with services().database.read() as session:
        name = folders.folder_name(session, library_id, path)
        library = folders.folder_name(session, library_id, b"")
        below = folders.children(session, library_id, path) if after is None else []
        page = folders.page(session, library_id, path, limit, after)
        return {
            **_where(library_id, library, path, name),
            "folders": [_folder(each, library) for each in below],
            "total": folders.count(session, library_id, path),
            "results": [schemas.photo(each) for each in photos.get_many(session, page.photo_ids)],
            "next_cursor": timeline.encode(page.next_after) if page.next_after else None,
        }


@blueprint.get("/places")
def list_places() -> dict[str, Any]:
    with services().database.read() as session:
        return {
            "located": places.located(session),
            "countries": [_country(each) for each in places.by_country(session)],
        }


@blueprint.get("/cameras")
def list_cameras() -> dict[str, Any]:
    with services().database.read() as session:
        return {
            "cameras": [_gear("camera", each) for each in gear.cameras(session)],
            "lenses": [_gear("lens", each) for each in gear.lenses(session)],
        }


@blueprint.get("/hidden")
def list_hidden() -> dict[str, Any]:
    limit, cursor = paging.limit(), paging.cursor()
    with services().database.read() as session:
        found, last = cut(hiding.page(session, limit + 1, timeline.decode(cursor) if cursor else None), limit)
        return {
            "total": hiding.count(session),
            "results": [schemas.photo(each) for each in photos.get_many(session, [at.photo_id for at in found])],
            "next_cursor": timeline.encode(last) if last else None,
        }


def _folder(info: FolderInfo, library: str) -> dict[str, Any]:
    return {**_where(info.library_id, library, info.path, info.name), **_shown(info.photos, info.cover_photo_id)}


def _where(library_id: int, library: str, path: bytes, name: str) -> dict[str, Any]:
    """A folder's names, which are lossy where its bytes are not UTF-8, and addresses, which are not."""
    return {
        "library_id": library_id,
        "library": library,
        "path": display_path(path),
        "name": name,
        "url": folder_pages.address(library_id, path),
        "contents_url": folder_pages.address(library_id, path, endpoint="listings.folder"),
    }


def _country(country: Country) -> dict[str, Any]:
    return {
        "country_code": country.code,
        "names": {"en": country.name, "fr": country.name_fr},
        "photos": country.photos,
        **_search(f"place:{country.code.lower()}"),
        "towns": [_town(each) for each in country.towns],
    }


def _town(town: Town) -> dict[str, Any]:
    return {
        "place": town.names.english,
        "place_names": schemas.place_names(town.names),
        **_shown(town.photos, town.cover_photo_id),
        **_search(links.query("place", town.names.english)),
    }


def _gear(name: str, info: Gear) -> dict[str, Any]:
    return {
        "name": info.name,
        **_shown(info.photos, info.cover_photo_id),
        **_search(links.query(name, info.name)),
    }


def _shown(count: int, cover: int | None) -> dict[str, Any]:
    return {
        "photos": count,
        "cover_photo_id": cover,
        "thumbnail_url": None if cover is None else url_for("media.thumbnail", photo_id=cover),
    }


def _search(query: str | None) -> dict[str, Any]:
    """What finds its photos; None where no query can say it."""
    return {"query": query, "url": None if query is None else url_for("gallery.search", q=query)}
