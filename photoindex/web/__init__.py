"""The web server's application: a gallery in HTML and the same database as JSON."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from flask import Flask
from flask.json.provider import DefaultJSONProvider

from photoindex import loading
from photoindex.config import Settings
from photoindex.database import open_database
from photoindex.embeddings import StoredEncoder
from photoindex.encoders.base import Encoder
from photoindex.isolation import make_decoder
from photoindex.pictures import Pictures
from photoindex.resources import resource_folder
from photoindex.search import SearchEngine, TextTower
from photoindex.search.suggesting import Suggester
from photoindex.search.text_tower import TextEncoder
from photoindex.web import (
    adding,
    album_pages,
    albums,
    api,
    appearance,
    assets,
    browsing,
    cards,
    changes,
    duplicates,
    explore,
    folders,
    forms,
    gallery,
    headers,
    health,
    hidden,
    hosts,
    index_settings,
    indexing,
    installing,
    language,
    library_settings,
    listings,
    media,
    names,
    narrowing,
    navigation,
    news,
    notices,
    owner,
    pausing,
    photo_actions,
    pictures,
    places,
    problems,
    progress,
    saved_pages,
    saved_searches,
    searching,
    secret,
    selecting,
    settings,
    smart_albums,
    status_pages,
    suggestions,
    timeline_pages,
    translating,
    viewer,
    wording,
)
from photoindex.web.identifiers import PhotoId
from photoindex.web.new_counts import NewCounts
from photoindex.web.owner import IsOwner
from photoindex.web.services import EXTENSION, Services
from photoindex.web.warming import start_warming, stop_warming

__all__ = ["create_app", "start_warming", "stop_warming"]

PATIENCE_SECONDS = 8.0
"""How long a search waits for the text encoder, which is loading when the server has just started."""

PARTS = (
    problems,
    headers,
    language,
    translating,
    appearance,
    navigation,
    assets,
    wording,
    names,
    progress,
    searching,
    cards,
    notices,
    selecting,
)
"""Modules that register what templates use, or what happens around each request."""

BLUEPRINTS = (
    api.blueprint,
    listings.blueprint,
    albums.blueprint,
    saved_searches.blueprint,
    media.blueprint,
    health.blueprint,
    gallery.blueprint,
    pausing.api,
    pausing.pages,
    photo_actions.blueprint,
    viewer.blueprint,
    timeline_pages.blueprint,
    pictures.blueprint,
    suggestions.blueprint,
    narrowing.blueprint,
    explore.blueprint,
    folders.blueprint,
    places.blueprint,
    browsing.blueprint,
    album_pages.blueprint,
    saved_pages.blueprint,
    selecting.blueprint,
    hidden.blueprint,
    duplicates.api,
    duplicates.pages,
    owner.blueprint,
    status_pages.blueprint,
    indexing.blueprint,
    adding.blueprint,
    library_settings.blueprint,
    index_settings.blueprint,
    settings.blueprint,
    news.blueprint,
    installing.blueprint,
)
"""The pages and the API."""


def create_app(
    settings: Settings,
    *,
    load_text_encoder: Callable[[StoredEncoder], TextEncoder] | None = None,
    load_image_encoder: Callable[[StoredEncoder], Encoder] | None = None,
    patience_seconds: float | None = PATIENCE_SECONDS,
    is_owner: IsOwner = owner.asks_from_here,
) -> Flask:
    """The WSGI application over the database in `settings.data`, which is made or migrated first.

    `patience_seconds` is how long a search waits for the text encoder; None loads it where it is needed.
    `is_owner` tells who may change libraries and settings; see `owner`.
    Nothing is loaded yet: `start_warming` loads the text encoder in the background, to be called in the process
    that answers requests. Raises DatabaseError.
    """
    database = open_database(settings.database, checkpoints=False)
    device = None if settings.device == "auto" else settings.device
    text_tower = TextTower(load_text_encoder or partial(loading.text_half, device=device))
    app = Flask(
        "photoindex", template_folder=str(resource_folder("templates")), static_folder=str(resource_folder("static"))
    )
    engine = SearchEngine(database, text_tower, patience_seconds)
    max_file_bytes, max_pixels = settings.max_file_mb * 1_000_000, settings.max_megapixels * 1_000_000
    decoder = make_decoder(settings.isolation, max_bytes=max_file_bytes, max_pixels=max_pixels)
    app.extensions[EXTENSION] = Services(
        settings=settings,
        database=database,
        engine=engine,
        text_tower=text_tower,
        pictures=Pictures(
            database,
            load_image_encoder or partial(loading.image_half, device=device),
            max_pixels,
            decoder,
        ),
        new_counts=NewCounts(smart_albums.strong_matches(database, engine, text_tower)),
        suggester=Suggester(),
        thumbnails=settings.thumbnails,
        daemon_lock=settings.daemon_lock,
        max_file_bytes=max_file_bytes,
        max_pixels=max_pixels,
        decoder=decoder,
    )
    app.config["MAX_CONTENT_LENGTH"] = 1_000_000  # but for pictures that are searched by; see `pictures`
    if isinstance(app.json, DefaultJSONProvider):
        app.json.sort_keys = False
        app.json.ensure_ascii = False
    app.url_map.converters["photo_id"] = PhotoId
    hosts.guard(app, settings.host, settings.trusted_hosts)
    changes.guard(app)
    forms.register(app, secret.read(settings.data))
    owner.register(app, is_owner)
    for part in PARTS:
        part.register(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app
