"""What each table is to the doctor: counted by triggers, derived otherwise, or what can't be had again.

A table that is added to the models is added to one of the three here; a test holds that.
"""

from __future__ import annotations

from collections.abc import Iterator

from photoindex.places import CELL

_PRESENT = "state NOT IN ('failed', 'missing')"
_GEAR = ("camera", "lens", "format")


def _gear() -> Iterator[str]:
    for kind in _GEAR:
        yield (
            f"SELECT '{kind}', {kind}, count(*), max(id) FROM photo "
            f"WHERE visible AND {kind} IS NOT NULL GROUP BY {kind}"
        )


COUNTED = {
    "file_tally": "SELECT library_id, state, count(*) FROM file GROUP BY 1, 2",
    "photo_tally": "SELECT v.column1, (SELECT count(*) FROM photo WHERE visible = v.column1) FROM (VALUES (0), (1)) v",
    "month_tally": "SELECT substr(timeline_at, 1, 7), count(*) FROM photo WHERE visible GROUP BY 1",
    "embedding_tally": "SELECT encoder_id, count(*) FROM embedding JOIN photo ON photo.id = photo_id "
    "WHERE frame = 0 AND visible GROUP BY 1",
    "folder_tally": "SELECT folder_id, count(*), max(photo_id) FROM file "
    f"WHERE {_PRESENT} AND folder_id IS NOT NULL AND photo_id IN (SELECT id FROM photo WHERE visible) GROUP BY 1",
    "gear_tally": " UNION ALL ".join(_gear()),
    "place_tally": "SELECT place_id, count(*), max(id) FROM photo WHERE visible AND place_id IS NOT NULL GROUP BY 1",
    "map_tally": f"SELECT CAST((latitude + 90) / {CELL!r} AS INTEGER), CAST((longitude + 180) / {CELL!r} AS INTEGER), "
    "count(*), sum(CAST(round(latitude * 1000000) AS INTEGER)), sum(CAST(round(longitude * 1000000) AS INTEGER)), "
    "min(latitude), min(longitude), max(latitude), max(longitude), max(id) "
    "FROM photo WHERE visible AND latitude IS NOT NULL AND longitude IS NOT NULL GROUP BY 1, 2",
}
"""Tables that triggers keep, and how they are counted afresh: what is in their columns, in order."""

DERIVED = frozenset(
    {
        "words_stale", "folder", "daemon", "undecided", "likeness", "snapshot", "embedding_change", "query_embedding",
        "concept", "concept_run", "concept_labels", "undo_step",
    }
)  # fmt: skip
"""Tables that triggers or the daemon fill again, or that can be done without."""

KEPT = frozenset(
    {
        "library", "file", "photo", "place", "album", "album_photo", "encoder", "embedding", "fingerprint", "dismissal",
        "dismissed_photo", "saved_search", "setting", "pause",
    }
)  # fmt: skip
"""Tables of what users did, and of what takes long to find out again."""
