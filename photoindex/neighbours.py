"""The nearest photos: exact pages of k-nearest-neighbour lookups in the sqlite-vec tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Row, exists, select, text
from sqlalchemy.orm import Session

from photoindex.embeddings import FRAME_SHIFT, StoredEncoder, row_key
from photoindex.models import Embedding, Photo

KNN_LIMIT = 4096  # sqlite-vec 0.1.9 answers no larger k
PHOTO_MASK = (1 << FRAME_SHIFT) - 1


@dataclass(frozen=True)
class Neighbour:
    """A photo and its cosine distance (0 to 2) from what was asked: of a video, that of its nearest frame."""

    photo_id: int
    distance: float
    at_seconds: float | None = None
    """When in a video that frame is."""


def nearest(
    session: Session,
    encoder: StoredEncoder,
    vector: NDArray[np.float32],
    limit: int,
    after: Neighbour | None = None,
) -> list[Neighbour]:
    """The `limit` visible photos nearest to `vector` (dim,), by distance and then by id.

    `after` continues behind the last one of the page before, exactly: no photo is repeated or left out.
    """
    hidden = session.scalar(select(exists().where(~Photo.visible)))
    wanted = (
        f" AND photo_id IN (SELECT e.frame << {FRAME_SHIFT} | e.photo_id FROM embedding e "
        f"JOIN photo p ON p.id = e.photo_id WHERE e.encoder_id = {encoder.id} AND p.visible)"
        if hidden
        else ""
    )
    parameters = {"vector": vector.astype(np.float32).tobytes(), "from": -1.0 if after is None else after.distance}
    statement = text(
        f"SELECT photo_id, distance FROM vec_{encoder.id} "
        f"WHERE embedding MATCH :vector AND k = :k AND distance >= :from{wanted} ORDER BY distance"
    )
    k = min(limit + 8, KNN_LIMIT)
    while True:
        rows = session.execute(statement, parameters | {"k": k}).all()
        whole = len(rows) < k
        found = _page(_whole_photos(session, encoder, parameters, rows), whole, rows, after)
        if whole or len(found) >= limit:
            return found[:limit]
        if k == KNN_LIMIT:
            return _nearest_by_full_scan(session, encoder, parameters, wanted, limit, after)
        k = min(4 * k, KNN_LIMIT)


def _page(
    neighbours: Sequence[Neighbour], whole: bool, rows: Sequence[Row[int, float]], after: Neighbour | None
) -> list[Neighbour]:
    """Order by (distance, id) and keep what lies behind `after`.

    sqlite-vec breaks ties as it likes, so unless the rows are all there are, those at the last distance may lack
    brothers and are left for a larger k.
    """
    neighbours = sorted(neighbours, key=lambda n: (n.distance, n.photo_id))
    if not whole:
        last = max(distance for _, distance in rows)
        neighbours = [n for n in neighbours if n.distance < last]
    if after is None:
        return neighbours
    return [n for n in neighbours if (n.distance, n.photo_id) > (after.distance, after.photo_id)]


def _whole_photos(
    session: Session, encoder: StoredEncoder, parameters: Mapping[str, object], rows: Sequence[Row[int, float]]
) -> list[Neighbour]:
    """Photos for the rows found. A video stands where its nearest frame is, and nowhere else.

    Its other frames must not bring it up a second time, on this page or a later one: so the distances of all frames
    are asked for, whether they were among the rows or not.
    """
    distances: dict[int, float] = {row[0]: row[1] for row in rows}
    photo_ids = list({key & PHOTO_MASK for key in distances})
    frames: dict[int, dict[int, float | None]] = {}
    for start in range(0, len(photo_ids), 500):
        chunk = photo_ids[start : start + 500]
        several = select(Embedding.photo_id).where(
            Embedding.encoder_id == encoder.id, Embedding.photo_id.in_(chunk), Embedding.frame == 1
        )
        for photo_id, frame, at in session.execute(
            select(Embedding.photo_id, Embedding.frame, Embedding.at_seconds).where(
                Embedding.encoder_id == encoder.id, Embedding.photo_id.in_(several)
            )
        ):
            frames.setdefault(photo_id, {})[frame] = at
    nearest_frames = [
        _nearest_frame(session, encoder, parameters, photo_id, moments) for photo_id, moments in frames.items()
    ]
    best = {row_key(photo_id, frame): at for photo_id, frame, at in nearest_frames}
    return [
        Neighbour(key & PHOTO_MASK, distance, best.get(key))
        for key, distance in distances.items()
        if key in best or (key & PHOTO_MASK) not in frames
    ]


def _nearest_frame(
    session: Session,
    encoder: StoredEncoder,
    parameters: Mapping[str, object],
    photo_id: int,
    moments: Mapping[int, float | None],
) -> tuple[int, int, float | None]:
    """Photo id, number and time of the frame of a video that is nearest to what was asked."""
    keys = {row_key(photo_id, frame): frame for frame in moments}
    rows = session.execute(
        text(
            # Not named `distance`: that would be the table's own column, which only a KNN query fills.
            f"SELECT photo_id, vec_distance_cosine(embedding, :vector) AS apart FROM vec_{encoder.id} "
            f"WHERE photo_id IN ({', '.join(map(str, keys))})"
        ),
        {"vector": parameters["vector"]},
    ).all()
    key = min(rows, key=lambda row: (row[1], row[0]))[0]
    return photo_id, keys[key], moments[keys[key]]


def _nearest_by_full_scan(
    session: Session,
    encoder: StoredEncoder,
    parameters: Mapping[str, object],
    wanted: str,
    limit: int,
    after: Neighbour | None,
) -> list[Neighbour]:
    """For the rare page in which thousands of photos are equally near: read every row."""
    rows = session.execute(
        text(
            "SELECT photo_id, vec_distance_cosine(embedding, :vector) AS apart "
            f"FROM vec_{encoder.id} WHERE TRUE{wanted}"
        ),
        parameters,
    ).all()
    return _page(_whole_photos(session, encoder, parameters, rows), True, rows, after)[:limit]
