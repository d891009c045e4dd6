"""What is in the library: the page Explore, and the same as JSON."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, url_for

from photoindex import concepts, glances, photos, saved_searches
from photoindex.concepts import ConceptInfo
from photoindex.web import smart_albums
from photoindex.web.browsing import WAYS
from photoindex.web.services import services

blueprint = Blueprint("explore", __name__)

SAVED_SHOWN = 12


@blueprint.get("/explore")
def show() -> str:
    with services().database.read() as session:
        found = concepts.list_all(session)
        covers = {each.id: each for each in glances.of(session, [each.cover_photo_id for each in found])}
        saved = saved_searches.page(session, SAVED_SHOWN)
        saved_total = saved_searches.count(session)
        new = smart_albums.counts(session, saved)
        total = photos.count(session)
    return render_template(
        "explore.html",
        concepts=found,
        covers=covers,
        saved=saved,
        saved_total=saved_total,
        new=new,
        total=total,
        ways=WAYS,
    )


@blueprint.get("/api/v1/concepts")
def list_concepts() -> dict[str, Any]:
    with services().database.read() as session:
        return {"concepts": [_concept(each) for each in concepts.list_all(session)]}


def _concept(info: ConceptInfo) -> dict[str, Any]:
    return {
        "id": info.id,
        "kind": info.kind,
        "name": info.name_en,
        "names": {"en": info.name_en, "fr": info.name_fr},
        "query": info.query,
        "photos": info.photos,
        "cover_photo_id": info.cover_photo_id,
        "examples": list(info.examples),
        "thumbnail_url": url_for("media.thumbnail", photo_id=info.cover_photo_id),
        "url": url_for("gallery.search", q=info.query),
    }
