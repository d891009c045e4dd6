"""Checkpoints from the Hugging Face hub: what the cache holds, and how the rest gets there.

The cache is Hugging Face's own (HF_HUB_CACHE, HF_HOME), so what another program downloaded is not downloaded
again, and the other way round.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from photoindex.errors import EncoderError, EncoderUnavailableError
from photoindex.messages import say

log = logging.getLogger(__name__)
Progress = Callable[[int, int], None]
"""Called with the bytes that are here and the bytes there will be."""

_REQUIRED = (("config.json",), ("preprocessor_config.json", "processor_config.json"))
_INDEX = "model.safetensors.index.json"
_TRUE = {"1", "on", "yes", "true"}


@dataclass(frozen=True)
class Snapshot:
    """A checkpoint in the cache: its folder and the commit it is of."""

    folder: Path
    commit: str


def cache_folder() -> Path:
    """Where Hugging Face keeps its downloads; read from the environment at each call."""
    environment = os.environ
    if "HF_HUB_CACHE" in environment:
        return Path(os.path.expandvars(environment["HF_HUB_CACHE"])).expanduser()
    base = environment.get("XDG_CACHE_HOME", "~/.cache")
    home = environment.get("HF_HOME", os.path.join(base, "huggingface"))
    return Path(os.path.expandvars(home)).expanduser() / "hub"


def offline() -> bool:
    """Whether the user forbids the network."""
    return any(os.environ.get(name, "").lower() in _TRUE for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"))


def cached(repository: str, *revisions: str) -> Snapshot | None:
    """The repository's snapshot of the first revision that is in the cache as a whole."""
    storage = repository_folder(repository)
    for revision in revisions:
        commit = revision
        with contextlib.suppress(OSError):  # a revision that is a commit has no ref
            commit = (storage / "refs" / revision).read_text().strip()
        folder = storage / "snapshots" / commit
        if _complete(folder):
            return Snapshot(folder, commit)
    return None


def repository_folder(repository: str) -> Path:
    return cache_folder() / f"models--{repository.replace('/', '--')}"


def ensure(repository: str, revisions: tuple[str, ...], progress: Progress | None = None) -> Snapshot:
    """The repository's snapshot, of the first revision that has safetensors, downloaded if it is not cached.

    Raises EncoderUnavailableError with the reason in one line; EncoderError for a repository that has nothing
    PhotoIndex can use.
    """
    found = cached(repository, *revisions)
    if found is not None:
        return found
    if offline():
        raise EncoderUnavailableError(
            say(
                "%(repository)s is not in %(folder)s and HF_HUB_OFFLINE forbids downloading it",
                repository=repository,
                folder=cache_folder(),
            )
        )
    log.info("downloading %s into %s", repository, cache_folder())
    for revision in revisions:
        with contextlib.suppress(NoSafetensorsError):
            _fetch(repository, revision, progress)
            break
    else:
        raise NoSafetensorsError(
            say(
                "%(repository)s has no weights in safetensors format, the only one PhotoIndex loads",
                repository=repository,
            )
        )
    found = cached(repository, *revisions)
    if found is None:
        raise EncoderError(
            say("%(repository)s lacks its config, its preprocessing or a part of its weights", repository=repository)
        )
    return found


class NoSafetensorsError(EncoderError):
    """A repository or one revision of it has weights in other formats only."""


def _fetch(repository: str, revision: str, progress: Progress | None) -> None:
    from photoindex.encoders.download import download  # half a second of imports that a cached one spares

    commit = download(repository, revision, cache_folder(), progress)
    if commit != revision:
        reference = repository_folder(repository) / "refs" / revision
        reference.parent.mkdir(parents=True, exist_ok=True)
        reference.write_text(commit)


def _complete(folder: Path) -> bool:
    """Whether a snapshot holds a config, a preprocessing and all of its weights; a broken link is no file."""
    if not all(any((folder / name).is_file() for name in names) for names in _REQUIRED):
        return False
    index = folder / _INDEX
    if not index.is_file():
        return (folder / "model.safetensors").is_file()
    try:
        shards = set(json.loads(index.read_text())["weight_map"].values())
    except (OSError, ValueError, KeyError, AttributeError):
        return False
    return all((folder / str(shard)).is_file() for shard in shards)
