"""PhotoIndex: find any photo by describing it.

    from photoindex import PhotoIndex

    with PhotoIndex("my-index") as index:
        index.add("photos")
        counts = index.index()
        print(counts.indexed, "photos are indexed,", counts.failed, "could not be read")

        for result in index.search("a dog playing outside", limit=5):
            print(f"{result.percent} %", result.filename, result.path)

The folder `my-index` keeps everything that was computed: nothing has to be saved, and the next run searches at once.
Every error is a PhotoIndexError. See `docs/python.md` for the whole of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photoindex.errors import (
    ConfigError,
    DaemonRunningError,
    DatabaseError,
    DatabaseTooNewError,
    EncoderError,
    EncoderUnavailableError,
    LibraryError,
    NotFoundError,
    NotReadyError,
    PhotoIndexError,
    QueryError,
    ServerError,
    UnknownEncoderError,
    UnreadableFileError,
)

if TYPE_CHECKING:
    from photoindex.api import Counts, PhotoIndex, Progress, SearchResult

__version__ = "0.1.0"

__all__ = [
    "ConfigError",
    "Counts",
    "DaemonRunningError",
    "DatabaseError",
    "DatabaseTooNewError",
    "EncoderError",
    "EncoderUnavailableError",
    "LibraryError",
    "NotFoundError",
    "NotReadyError",
    "PhotoIndex",
    "PhotoIndexError",
    "Progress",
    "QueryError",
    "SearchResult",
    "ServerError",
    "UnknownEncoderError",
    "UnreadableFileError",
    "__version__",
]

_IN_API = ("Counts", "PhotoIndex", "Progress", "SearchResult")


def __getattr__(name: str) -> Any:
    """Import the API when it is first used: every command of the command line imports this package, few need it."""
    if name in _IN_API:
        from photoindex import api

        return getattr(api, name)
    raise AttributeError(f"module 'photoindex' has no attribute {name!r}")
