"""Choosing the encoder that the daemon indexes with, and loading its image half."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

from photoindex import encoders
from photoindex.config import Origin, Settings
from photoindex.embeddings import StoredEncoder
from photoindex.encoders.base import Encoder
from photoindex.errors import EncoderError
from photoindex.messages import say
from photoindex.models import EncoderState

log = logging.getLogger(__name__)

Tell = Callable[[str], None]
"""Shows a line to the user, now and then. Called often; may raise, to end what is going on."""

EncoderLoader = Callable[[Settings, Sequence[StoredEncoder], Tell], tuple[Encoder, str | None]]
"""From the settings, and the encoders the database knows, to an encoder and a notice for the user."""


def choose_encoder(settings: Settings, stored: Sequence[StoredEncoder], tell: Tell) -> tuple[Encoder, str | None]:
    """Load what the settings ask for; `auto` goes on with what the library uses, or is being switched to.

    Raises EncoderError, and what `tell` raises. Returns the encoder, and one line for the user when it is not what
    they might expect.
    """
    resolved = _resolve(settings.encoder, stored, _Download(tell))
    if resolved.notice:
        log.warning("%s", resolved.notice)
    return encoders.load(resolved, "image", None if settings.device == "auto" else settings.device), resolved.notice


def load_or_go_on(
    load: EncoderLoader,
    settings: Settings,
    stored: Sequence[StoredEncoder],
    tell: Tell,
    complain: Callable[[str], None],
) -> tuple[Encoder, str | None]:
    """Load what is chosen; when that was on the pages and can't be had, what would be used without it.

    `complain` is then told why. Raises EncoderError, and what `tell` raises.
    """
    try:
        return load(settings, stored, tell)
    except EncoderError as error:
        if settings.origins.get("encoder") != Origin.PAGE:
            raise
        reason = str(error).rstrip(".")
        problem = say("The encoder %(name)s can't be used: %(reason)s", name=settings.encoder, reason=reason)
        log.error("%s", problem)
        complain(problem)
    return load(replace(settings, encoder=encoders.AUTO), stored, tell)


def _resolve(name: str, stored: Sequence[StoredEncoder], download: _Download) -> encoders.Resolved:
    in_use = next((each.name for each in stored if each.state == EncoderState.ACTIVE), None)
    building = next((each.name for each in reversed(stored) if each.state == EncoderState.BUILDING), None)
    if name == encoders.AUTO and building is not None:
        try:
            return encoders.resolve(name, in_use=building, progress=download)
        except EncoderError as error:
            log.warning("the switch to %s waits: %s", building, error)
    return encoders.resolve(name, in_use=in_use, progress=download)


class _Download:
    """Tells how far a download is."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell

    def __call__(self, done_bytes: int, total_bytes: int) -> None:
        megabytes = f"{done_bytes / 1e6:.0f} of {total_bytes / 1e6:.0f} MB"
        self._tell(f"Downloading the encoder, once: {megabytes}. Photos can be searched when it is here")
