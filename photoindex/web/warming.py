"""Loads the text encoder, and what else searching needs, in the background: the first search need not wait for it."""

from __future__ import annotations

import logging
import threading

from flask import Flask

from photoindex import embeddings
from photoindex.errors import PhotoIndexError
from photoindex.web.services import EXTENSION, Services

log = logging.getLogger(__name__)

NO_ENCODER_SECONDS = 1.0
WARM_SECONDS = 5.0
FAILED_SECONDS = 30.0
_WARMER = "photoindex.warmer"


class Warmer:
    """A thread that keeps the text encoder loaded which the library uses now, also when that changes."""

    def __init__(self, parts: Services) -> None:
        self._parts = parts
        self._stopped = threading.Event()
        self._said: str | None = None
        self._thread = threading.Thread(target=self._run, name="text-encoder-warmer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, patience_seconds: float = 5.0) -> None:
        """End the thread; an encoder that is being loaded is waited for that long. May be called twice."""
        self._stopped.set()
        self._thread.join(patience_seconds)

    def _run(self) -> None:
        while not self._stopped.wait(self._warm()):
            pass

    def _warm(self) -> float:
        """Warm what has to be warm; seconds until the next look."""
        try:
            with self._parts.database.read() as session:
                stored = embeddings.active_encoder(session)
            if stored is None:
                return NO_ENCODER_SECONDS
            self._parts.text_tower.warm(stored)
            if not self._parts.engine.is_prepared(stored):
                self._parts.engine.prepare()
        except PhotoIndexError as error:
            self._say_once(str(error))
            return FAILED_SECONDS
        self._said = None
        return WARM_SECONDS

    def _say_once(self, problem: str) -> None:
        if problem != self._said:
            self._said = problem
            log.error("searching by text does not work: %s", problem)


def start_warming(app: Flask) -> None:
    """Start the application's warmer, in the process that answers requests."""
    if _WARMER not in app.extensions:
        app.extensions[_WARMER] = Warmer(app.extensions[EXTENSION])
        app.extensions[_WARMER].start()


def stop_warming(app: Flask, patience_seconds: float = 5.0) -> None:
    """Stop it. May be called twice, or without a start."""
    warmer = app.extensions.pop(_WARMER, None)
    if warmer is not None:
        warmer.stop(patience_seconds)
