"""The Python API: open a photo index, add folders, index them, search. Import it from `photoindex`."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from photoindex import libraries, loading, marking, status
from photoindex.config import load_settings
from photoindex.database import open_database
from photoindex.errors import QueryError
from photoindex.files import Counts
from photoindex.isolation import make_decoder
from photoindex.libraries import LibraryInfo
from photoindex.pictures import Pictures
from photoindex.search import Result, SearchEngine, TextTower
from photoindex.status import Status

if TYPE_CHECKING:
    from photoindex.daemon.reporting import Progress

__all__ = ["Counts", "PhotoIndex", "Progress", "SearchResult"]


@dataclass(frozen=True)
class SearchResult:
    """A photo found."""

    id: int
    """Of the photo: `PhotoIndex.similar` takes it."""
    filename: str
    path: Path
    """The whole path of its first file."""
    score: float | None
    """0 to 1; None where nothing ranks, as filters alone were asked for."""
    percent: int | None
    """The same for people."""
    match: str
    """`strong`, `weak`, or `other` for one that is there only since all photos were asked for (`show:all`)."""
    moment_seconds: float | None = None
    """When in a video that is which was looked for; None for what is no video."""


class PhotoIndex:
    """A photo index: what is known of the photos in some folders, kept in one data folder.

    What is computed is stored as it is computed; there is nothing to save. Safe to use from any thread.
    """

    def __init__(self, data: str | os.PathLike[str] | None = None, encoder: str | None = None) -> None:
        """Open the index in the folder `data`, made when it is not there.

        `data` None is the data folder of the command line. `encoder` is a name of `photoindex encoder list`, a
        Hugging Face repository or a folder with a checkpoint; None is the setting, `auto` unless it was changed.
        Raises ConfigError or DatabaseError.
        """
        self._settings = load_settings({"data": None if data is None else os.fspath(data), "encoder": encoder})
        self._database = open_database(self._settings.database)
        device = None if self._settings.device == "auto" else self._settings.device
        self._engine = SearchEngine(self._database, TextTower(partial(loading.text_half, device=device)))
        max_pixels = self._settings.max_megapixels * 1_000_000
        decoder = make_decoder(
            self._settings.isolation, max_bytes=self._settings.max_file_mb * 1_000_000, max_pixels=max_pixels
        )
        self._pictures = Pictures(self._database, partial(loading.image_half, device=device), max_pixels, decoder)

    def add(self, folder: str | os.PathLike[str]) -> LibraryInfo:
        """Make a folder part of the index; `index` then reads its photos. Adding it twice is fine.

        Raises LibraryError.
        """
        path = Path(folder)
        libraries.check_apart(path, self._settings.data)
        with self._database.write() as session:
            return libraries.add(session, path)

    def index(self, progress: Callable[[Progress], None] | None = None) -> Counts:
        """Index what is new or changed in all folders, and return how many files stand where.

        `progress` is called about once a second. What is done stays done: after an interruption the next call goes
        on from there. Raises DaemonRunningError when another process does this already, or EncoderError.
        """
        from photoindex.daemon import service

        return service.run(self._settings, stop=threading.Event(), watch=False, on_progress=progress).counts

    def search(self, query: str, limit: int = 10) -> list[SearchResult]:
        """The photos that a query finds, best first; none when nothing matches, or nothing is indexed yet.

        `query` is a description, with filters and arithmetic where they are wanted: the grammar is in docs/search.md.
        `show:all` gives every photo, however far. The first search loads the encoder. Raises QueryError or
        EncoderError.
        """
        return _results(self._engine.search(query, limit).results)

    def search_by_picture(
        self, picture: str | os.PathLike[str], query: str = "", limit: int = 10
    ) -> list[SearchResult]:
        """The photos that look like a picture file, which need not be in the index; `query` narrows them down.

        Raises QueryError when the file can't be read as a picture, or as `search`.
        """
        path = Path(picture)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise QueryError(f"{path} can't be read: {error.strerror}") from error
        key = self._pictures.remember(content, os.fsencode(path.name))
        return self.search(f"{query} +like:{key}" if query else f"like:{key}", limit)

    def similar(self, photo_id: int, limit: int = 10) -> list[SearchResult]:
        """The photos nearest to one of the index, without that one. Raises NotFoundError or NotReadyError."""
        return _results(self._engine.similar(photo_id, limit).results)

    def mark(
        self,
        photo_id: int,
        *,
        favourite: bool | None = None,
        rating: int | None = None,
        hidden: bool | None = None,
    ) -> None:
        """Make a photo a favourite, give it stars (1 to 5, 0 for none), hide it; what is None stays as it is.

        A hidden photo is in no search and no list until it is shown again. Files are never written to. Raises
        NotFoundError, or QueryError for another rating.
        """
        with self._database.write() as session:
            marking.mark(session, photo_id, favourite=favourite, rating=rating, hidden=hidden)

    def status(self) -> Status:
        """What is indexed; `as_dict()` of it is the status of the API and the command line."""
        with self._database.read() as session:
            return status.read(session, self._settings.daemon_lock)

    def close(self) -> None:
        """Close the database. May be called twice."""
        self._engine.close()
        self._pictures.close()
        self._database.close()

    def __enter__(self) -> PhotoIndex:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _results(found: Sequence[Result]) -> list[SearchResult]:
    return [
        SearchResult(
            id=each.photo.id,
            filename=each.photo.filename,
            path=Path(os.fsdecode(each.photo.files[0].absolute_path)) if each.photo.files else Path(),
            score=each.score,
            percent=each.percent,
            match=each.match,
            moment_seconds=each.moment_seconds,
        )
        for each in found
    ]


def __getattr__(name: str) -> Any:
    """`Progress` lives with the service, whose imports a search does not need."""
    if name == "Progress":
        from photoindex.daemon.reporting import Progress

        return Progress
    raise AttributeError(name)
