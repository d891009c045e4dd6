"""What a user says of one photo, all at once: that it is a favourite, how many stars it has, that it is hidden."""

from __future__ import annotations

from sqlalchemy.orm import Session

from photoindex import collections, hiding, photos


def mark(
    session: Session,
    photo_id: int,
    *,
    favourite: bool | None = None,
    rating: int | None = None,
    hidden: bool | None = None,
) -> None:
    """Set what is not None. `rating` is 1 to 5 stars, or 0 for none.

    Raises NotFoundError for a photo that has no file on disk, QueryError for another rating.
    """
    photos.get(session, photo_id)
    if favourite is not None:
        collections.set_favourite(session, photo_id, favourite)
    if rating is not None:
        collections.set_rating(session, photo_id, rating)
    if hidden is not None:
        hiding.set_hidden(session, [photo_id], hidden)
