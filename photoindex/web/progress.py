"""One line about the indexing that goes on, for the top of a page."""

from __future__ import annotations

import hashlib

from flask import Flask
from flask_babel import gettext as _
from flask_babel import ngettext

from photoindex.status import Status
from photoindex.web import translating, wording
from photoindex.web.names import plain

WORKING = ("starting", "scanning", "indexing")


def register(app: Flask) -> None:
    """Give templates this as a filter."""
    app.add_template_filter(fingerprint)


def fingerprint(status: Status) -> str:
    """Tells two states apart between which a page would look different."""
    daemon = status.daemon
    seen = (status.photos, status.files, status.libraries, daemon.state, daemon.problem, daemon.resting, status.pause)
    return hashlib.sha256(repr(seen).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def line(status: Status) -> str | None:
    """What is wrong, or what is being done or waits to be done; None when all is well and done."""
    if status.daemon.problem:
        return plain(translating.recall(status.daemon.problem))
    pending = status.files.pending
    done = status.files.indexed + status.files.failed
    if status.daemon.state == "stopped":
        if not pending:
            return None
        return str(
            ngettext(
                "%(number)s photo waits to be indexed. Start indexing with: photoindex daemon",
                "%(number)s photos wait to be indexed. Start indexing with: photoindex daemon",
                pending,
                number=wording.number(pending),
            )
        )
    if pending and status.daemon.state == "paused":
        return str(
            ngettext(
                "Indexing rests; %(number)s photo waits",
                "Indexing rests; %(number)s photos wait",
                pending,
                number=wording.number(pending),
            )
        )
    if pending:
        done_so_far, all_of_them = wording.number(done), wording.number(done + pending)
        parts = [_("Indexing: %(done)s of %(all)s", done=done_so_far, all=all_of_them)]
        if status.daemon.photos_per_second:
            parts.append(wording.rate(status.daemon.photos_per_second))
        if status.daemon.seconds_left is not None:
            parts.append(_("%(duration)s left", duration=wording.duration(status.daemon.seconds_left)))
        return ", ".join(parts)
    return str(_("Looking for new photos")) if status.daemon.state in ("starting", "scanning") else None
