"""Places: the page with a map and a list of countries and towns, and the clusters that the map asks for."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template, request, url_for

from photoindex import places
from photoindex.errors import QueryError
from photoindex.messages import say
from photoindex.places import Box, Cluster, Country, Town
from photoindex.web import links, wording
from photoindex.web.services import services

blueprint = Blueprint("places", __name__, url_prefix="/places")

TOWNS_WITH_PICTURE = 12
_LEAST_KM = 0.1
_LARGEST_DEGREES = 720.0
_POSITION = re.compile(r"(-?[0-9]{1,2}(?:\.[0-9]{1,8})?),(-?[0-9]{1,3}(?:\.[0-9]{1,8})?)")


@dataclass(frozen=True)
class Line:
    """A town as the page shows it."""

    name: str
    address: str
    photos: int
    cover_photo_id: int


@dataclass(frozen=True)
class Section:
    """A country as the page shows it: some towns with a picture, the others by name."""

    name: str
    code: str
    address: str
    photos: int
    tiles: tuple[Line, ...]
    others: tuple[Line, ...]


@blueprint.get("")
def show() -> str:
    """With `at=LATITUDE,LONGITUDE` the map begins there."""
    with services().database.read() as session:
        found = places.by_country(session)
        located = places.located(session)
    return render_template(
        "places.html",
        sections=[_section(each) for each in found],
        located=located,
        most_zoom=places.MAX_ZOOM,
        at=_position(request.args.get("at", "")),
    )


@blueprint.get("/clusters")
def list_clusters() -> dict[str, Any]:
    box, zoom = _box(request.args.get("bbox", "")), _zoom(request.args.get("zoom", ""))
    with services().database.read() as session:
        found = places.clusters(session, box, zoom)
    return {"clusters": [_cluster(each) for each in found]}


def _section(country: Country) -> Section:
    lines = [_line(town) for town in country.towns]
    return Section(
        name=country.name_fr if wording.speaks_french() else country.name,
        code=country.code,
        address=url_for("gallery.search", q=f"place:{country.code.lower()}"),
        photos=country.photos,
        tiles=tuple(lines[:TOWNS_WITH_PICTURE]),
        others=tuple(lines[TOWNS_WITH_PICTURE:]),
    )


def _line(town: Town) -> Line:
    known = wording.place_parts(town.names)
    address = url_for("gallery.search", q=links.query("place", ", ".join(known)))
    return Line(known[0], address, town.photos, town.cover_photo_id)


def _cluster(cluster: Cluster) -> dict[str, Any]:
    box = cluster.box
    km = max(_LEAST_KM, math.ceil(cluster.radius_km * 101) / 100)
    near = f"near:{cluster.latitude:.6f},{cluster.longitude:.6f},{km:.2f}km"
    return {
        "photos": cluster.photos,
        "latitude": round(cluster.latitude, 6),
        "longitude": round(cluster.longitude, 6),
        "bbox": [round(each, 6) for each in (box.west, box.south, box.east, box.north)],
        "thumbnail_url": url_for("media.thumbnail", photo_id=cluster.cover_photo_id),
        "url": url_for("gallery.search", q=near),
    }


def _position(text: str) -> str | None:
    """`latitude,longitude`; None for what is none."""
    found = _POSITION.fullmatch(text)
    if found is None or abs(float(found[1])) > 90 or abs(float(found[2])) > 180:
        return None
    return text


def _box(text: str) -> Box:
    """`west,south,east,north`, as in GeoJSON. Raises QueryError."""
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        west, south, east, north = (math.nan,) * 4
    if not (abs(west) <= _LARGEST_DEGREES and abs(east) <= _LARGEST_DEGREES and west <= east and south <= north):
        raise QueryError(say("bbox is west,south,east,north in degrees, as in bbox=-5,41,10,51"))
    return Box(south, west, north, east)


def _zoom(text: str) -> int:
    """Raises QueryError."""
    if not (text.isascii() and text.isdigit() and int(text[:4]) <= places.MAX_ZOOM):
        raise QueryError(say("zoom is a whole number from 0 to %(most)s", most=places.MAX_ZOOM))
    return int(text[:4])
