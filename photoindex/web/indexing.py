"""The page that shows indexing as it goes on: what is found and done, how long it takes, the newest pictures."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template
from sqlalchemy.orm import Session

from photoindex import glances, libraries, timeline
from photoindex.glances import Glance
from photoindex.models import LibraryState
from photoindex.status import Status
from photoindex.web.progress import WORKING
from photoindex.web.services import services

blueprint = Blueprint("indexing", __name__, url_prefix="/indexing")

NEWEST_SHOWN = 24


@dataclass(frozen=True)
class Indexing:
    """How far it is."""

    status: Status
    found: int
    """Files that are on disk."""
    done: int
    percent: int
    is_busy: bool
    """Whether something is being done, or about to be: a library that was just added is not scanned yet."""
    newest: list[Glance]


@blueprint.get("")
def show() -> str:
    with services().database.read() as session:
        now = of(session)
    return render_template("indexing.html", indexing=now)


def of(session: Session) -> Indexing:
    """How far indexing is, with the photos that joined last."""
    now = services().status(session)
    awaited = any(each.scanned_at is None and each.state == LibraryState.ONLINE for each in libraries.list_all(session))
    done = now.files.indexed + now.files.failed
    found = done + now.files.pending
    return Indexing(
        status=now,
        found=found,
        done=done,
        percent=100 * done // found if found else 0,
        is_busy=now.daemon.state != "stopped" and (now.daemon.state in WORKING or bool(now.files.pending) or awaited),
        newest=glances.of(session, timeline.added(session, NEWEST_SHOWN)),
    )
