"""What a saved search shows: a page of its photos, and how many of them are new."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from photoindex import embeddings, saved_searches
from photoindex.database import Database
from photoindex.errors import NotReadyError, PhotoIndexError
from photoindex.messages import say
from photoindex.saved_searches import SavedSearchInfo
from photoindex.search import ResultPage, SearchEngine, TextTower
from photoindex.search.query import MAX_LENGTH
from photoindex.web.new_counts import Count
from photoindex.web.services import services


def page(search: SavedSearchInfo, limit: int, cursor: str | None) -> ResultPage:
    """Photos that match a saved search strongly, read anew; its own `show:` goes before that.

    Raises QueryError, NotReadyError or EncoderError.
    """
    strong = f"show:strong {search.query}"
    return services().engine.search(strong if len(strong) <= MAX_LENGTH else search.query, limit, cursor)


def counts(session: Session, searches: Sequence[SavedSearchInfo]) -> dict[int, int | None]:
    """How many photos are new in each of the saved searches, by their ids; None where that is not known yet."""
    return services().new_counts.of(searches, saved_searches.arrivals(session))


def first_photo(query: str) -> int | None:
    """The best match for a query, to stand for it; None when nothing can be found now."""
    try:
        found = services().engine.search(query, 1).results
    except PhotoIndexError:
        return None
    return found[0].photo.id if found else None


def strong_matches(database: Database, engine: SearchEngine, text_tower: TextTower) -> Count:
    """Counts what is new among the strong matches of a query."""

    def count(query: str, after_photo_id: int) -> int:
        with database.read() as session:
            encoder = embeddings.active_encoder(session)
        if encoder is not None and not text_tower.is_warm(encoder):
            raise NotReadyError(say("photos are counted when the encoder is loaded"))
        return engine.count_new(query, after_photo_id)

    return count
