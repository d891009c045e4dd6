"""The page of the status: what PhotoIndex does, how the libraries are, what failed, and how much room it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, render_template, url_for
from sqlalchemy.orm import Session

from photoindex import embeddings, files, libraries, media, sizes
from photoindex.models import EncoderState, FileState
from photoindex.status import LibraryStatus, Status
from photoindex.web import progress, translating
from photoindex.web.services import services

blueprint = Blueprint("status_pages", __name__)


@dataclass(frozen=True)
class LibraryLine:
    """A library, with how many of its files are what."""

    library: LibraryStatus
    indexed: int
    pending: int
    failed: int
    missing: int
    scanned_at: datetime | None
    """UTC."""


@dataclass(frozen=True)
class ReasonLine:
    """Why files could not be indexed."""

    sentence: str
    files: int
    address: str


@dataclass(frozen=True)
class Building:
    """An encoder that is to answer searches once it has seen every photo."""

    name: str
    photos: int
    """So many it has seen."""


@blueprint.get("/status")
def show() -> str:
    settings = services().settings
    with services().database.read() as session:
        now = services().status(session)
        lines = _libraries(session, now)
        reasons = _reasons(files.failure_reasons(session))
        building = building_encoder(session)
    return render_template(
        "status.html",
        status=now,
        progress=progress.line(now),
        libraries=lines,
        reasons=reasons,
        building=building,
        sizes=sizes.measure(settings.database, settings.thumbnails, settings.snapshots),
        data=str(settings.data),
    )


def building_encoder(session: Session) -> Building | None:
    """The encoder that takes over when it is ready; None when there is none."""
    stored = embeddings.stored_encoders(session)
    found = next((each for each in reversed(stored) if each.state == EncoderState.BUILDING), None)
    return Building(found.name, embeddings.count_searchable(session, found.id)) if found else None


def _libraries(session: Session, now: Status) -> list[LibraryLine]:
    tallies = libraries.tallies(session)
    scanned = {each.id: each.scanned_at for each in libraries.list_all(session)}
    return [_library(each, tallies.get(each.id, {}), scanned.get(each.id)) for each in now.libraries]


def _library(library: LibraryStatus, tally: Mapping[str, int], scanned_at: datetime | None) -> LibraryLine:
    return LibraryLine(
        library,
        indexed=tally.get(FileState.INDEXED, 0),
        pending=tally.get(FileState.PENDING, 0),
        failed=tally.get(FileState.FAILED, 0),
        missing=tally.get(FileState.MISSING, 0),
        scanned_at=scanned_at,
    )


def _reasons(found: Mapping[str, int]) -> list[ReasonLine]:
    return [
        ReasonLine(
            translating.recall(media.REASONS.get(code, code)),
            count,
            url_for("browsing.show_problems", reason=code),
        )
        for code, count in found.items()
    ]
