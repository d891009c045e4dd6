"""Snapshots: what makes searching a large library fast, beside the database and derived from its rows.

A snapshot is a folder that never changes: every visible embedding as float16 in one matrix, which processes map instead
of reading, and short FAISS codes of them. The codes say which rows may be near; those are reckoned exactly. What
came or went since it was built, `overlay` knows from the table `embedding_change`. The daemon builds; all others open.

    spaces = Spaces(data / "snapshots")
    with database.read() as session:
        space = spaces.of(session, encoder)      # a snapshot when there is a sound one, else sqlite-vec
        space.nearest(session, vector, 50)
"""

from __future__ import annotations

from photoindex.snapshots.opening import Spaces
from photoindex.snapshots.space import SnapshotSpace

__all__ = ["SnapshotSpace", "Spaces"]
