"""Downloading a checkpoint from the Hugging Face hub, with an end to every wait.

This file imports huggingface_hub at its head: import it late.
"""

from __future__ import annotations

import contextlib
import fnmatch
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from huggingface_hub import HfApi, errors, hf_hub_download
from huggingface_hub.hf_api import RepoSibling

from photoindex.encoders.hub import NoSafetensorsError, Progress
from photoindex.errors import EncoderUnavailableError
from photoindex.messages import say

Result = TypeVar("Result")

FIRST_BYTE_SECONDS = 10.0
SILENCE_SECONDS = 20.0
_RESTARTS = 3  # a server that cuts every answer short and can't resume would go on for ever
_WANTED = ("*.json", "*.txt", "*.model", "model*.safetensors")  # in the top folder only
_HTTP_ERROR: type[Exception] = getattr(errors, "HTTPError", OSError)  # of whichever HTTP client the hub uses
_FAILURES = (OSError, RuntimeError, ValueError, TypeError, KeyError, _HTTP_ERROR)


class _StuckError(Exception):
    """The transfer goes in circles."""


def download(repository: str, revision: str, cache: Path, progress: Progress | None = None) -> str:
    """Download what PhotoIndex needs of a repository into the cache → the commit it is of.

    Raises EncoderUnavailableError, after 10 seconds without an answer, 20 without a byte, at once where there
    is no connection; NoSafetensorsError before anything is downloaded.
    """
    endpoint = os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")
    watch = _Watch()
    try:
        with _quiet():
            api = HfApi(endpoint=endpoint)
            info = watch.run(
                FIRST_BYTE_SECONDS,
                lambda: api.model_info(repository, revision=revision, timeout=FIRST_BYTE_SECONDS, files_metadata=True),
            )
            if not info.sha:
                raise ValueError("it names no commit")
            files = _wanted(repository, info.siblings or [])
            meter = _meter(sum(file.size or 0 for file in files), progress, watch)
            for file in files:
                fetch = partial(
                    hf_hub_download,
                    repository,
                    file.rfilename,
                    revision=info.sha,
                    cache_dir=cache,
                    endpoint=endpoint,
                    etag_timeout=FIRST_BYTE_SECONDS,
                    tqdm_class=meter,
                )
                path = Path(watch.run(SILENCE_SECONDS, fetch))
                if file.size and path.stat().st_size != file.size:
                    raise OSError(f"{file.rfilename} arrived incomplete")
    except (_StuckError, *_FAILURES) as error:
        raise EncoderUnavailableError(
            say(
                "%(repository)s can't be downloaded: %(reason)s", repository=repository, reason=_reason(error, endpoint)
            )
        ) from None
    return str(info.sha)


def _wanted(repository: str, siblings: list[RepoSibling]) -> list[RepoSibling]:
    """The files to fetch, weights last: a snapshot with weights then is a whole one."""
    files = [
        file
        for file in siblings
        if "/" not in file.rfilename and any(fnmatch.fnmatch(file.rfilename, name) for name in _WANTED)
    ]
    weights = [file for file in files if file.rfilename.endswith(".safetensors")]
    if not weights:
        raise NoSafetensorsError(say("%(repository)s has no weights in safetensors format", repository=repository))
    single = [file for file in weights if file.rfilename == "model.safetensors"]
    return [file for file in files if file not in weights] + (single or weights)


class _Watch:
    """Runs work in threads and gives up on it when nothing happens.

    The timeouts of the libraries below do not add up to one: a name lookup may hang for a minute, and a
    transfer that stalls is retried for several.
    """

    def __init__(self) -> None:
        self._last = time.monotonic()
        self._given_up = False

    def alive(self) -> None:
        """Something arrived. Raises _StuckError in a thread that nobody waits for any more."""
        self._last = time.monotonic()
        if self._given_up:
            raise _StuckError

    def run(self, seconds: float, work: Callable[[], Result]) -> Result:
        """What work returns or raises; TimeoutError after so many seconds without `alive`."""
        results: list[Result] = []
        failures: list[BaseException] = []

        def body() -> None:
            try:
                results.append(work())
            except BaseException as error:
                failures.append(error)

        self._last = time.monotonic()
        thread = threading.Thread(target=body, daemon=True, name="hub-download")
        thread.start()
        while thread.is_alive() and (left := self._last + seconds - time.monotonic()) > 0:
            thread.join(left)
        if failures:
            raise failures[0]
        if not results:
            self._given_up = True
            raise TimeoutError
        return results[0]


def _meter(total: int, progress: Progress | None, watch: _Watch) -> type[Any]:
    """What hf_hub_download takes for a progress bar: counts bytes over all files, sees transfers in circles."""
    state = {"done": 0, "restarts": 0}

    class Meter:
        def __init__(self, *_: object, initial: int = 0, **__: object) -> None:
            self.update(initial)

        def update(self, count: float | None = 1) -> None:
            watch.alive()
            count = int(count or 0)
            state["done"] += count
            state["restarts"] += count < 0
            if state["restarts"] > _RESTARTS:
                raise _StuckError
            if progress is not None:
                progress(max(0, state["done"]), max(total, state["done"]))

        def __enter__(self) -> Meter:
            return self

        def __exit__(
            self,
            kind: type[BaseException] | None,
            error: BaseException | None,
            trace: TracebackType | None,
        ) -> None:
            self.close()

        def close(self) -> None:
            """Nothing is shown, so there is nothing to put away."""

        def __getattr__(self, name: str) -> Callable[..., None]:
            if name.startswith("_") or name == "update_transfer":
                raise AttributeError(name)
            return lambda *_, **__: None  # set_description, refresh and the like

    return Meter


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The hub's own warnings repeat, over several lines, what our one error says."""
    logger = logging.getLogger("huggingface_hub")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


def _reason(error: Exception, endpoint: str) -> str:
    """One short line for people."""
    host = endpoint.split("://")[-1]
    status = getattr(getattr(error, "response", None), "status_code", None)
    kind = type(error).__name__
    if isinstance(error, errors.GatedRepoError) or status in (401, 403):
        return say(
            "%(host)s has no such public repository, or its owner wants you to log in (hf auth login)", host=host
        )
    if status == 404:
        return say("%(host)s has no such repository or revision", host=host)
    if status is not None:
        return say("%(host)s answered with the status %(status)s", host=host, status=status)
    if isinstance(error, TimeoutError) or "Timeout" in kind:
        return say("%(host)s did not answer in time", host=host)
    if kind in ("ConnectError", "ConnectionError", "ProxyError"):
        return say("no connection to %(host)s", host=host)
    if isinstance(error, _StuckError) or "Protocol" in kind or "ReadError" in kind:
        return say("the connection to %(host)s broke off", host=host)
    text = str(error).strip().splitlines()
    return f"{text[0][:200] if text else kind} ({host})"
