"""For whatever watches the server: is it up, and would a search be answered now?"""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from photoindex import embeddings, lock
from photoindex.errors import NotReadyError
from photoindex.messages import say
from photoindex.web.services import services

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> dict[str, Any]:
    """200 when the process is up and the database answers."""
    with services().database.read() as session:
        embeddings.active_encoder(session)
    return {"status": "ok"}


@blueprint.get("/readyz")
def readyz() -> dict[str, Any]:
    """200 when a search by text would be answered at once; also when nothing is indexed and nobody is at it."""
    with services().database.read() as session:
        stored = embeddings.active_encoder(session)
    if stored is not None:
        services().text_tower.embed(stored, "a photo", patience_seconds=0.0)
        if not services().engine.is_prepared(stored):
            raise NotReadyError(say("search is getting ready; try again shortly"))
    elif lock.is_held(services().daemon_lock):
        raise NotReadyError(say("nothing is indexed yet; the first photos can be searched soon"))
    return {"status": "ok"}
