"""The SQLAlchemy tables. No queries live here.

base      what all tables have in common.
library   what is on disk, what is known of it, and what users made of it.
encoders  encoders, embeddings, and what makes them quick to search.
derived   what is derived from the other tables, by triggers or the daemon; what the daemon says of itself, and is told.
searches  saved searches, and concepts: what there is in a library.
likeness  which photos are alike, and what users said of that.
settings  settings that are chosen on the pages.
"""

from __future__ import annotations

from photoindex.models.base import Base, utc_now
from photoindex.models.derived import (
    DaemonStatus,
    EmbeddingTally,
    FileTally,
    Folder,
    FolderTally,
    GearTally,
    MapTally,
    MonthTally,
    Pause,
    PhotoTally,
    PlaceTally,
    WordsStale,
)
from photoindex.models.encoders import Embedding, EmbeddingChange, Encoder, EncoderState, QueryEmbedding, Snapshot
from photoindex.models.library import (
    Album,
    AlbumPhoto,
    File,
    FileState,
    Library,
    LibraryState,
    Photo,
    Place,
    UndoStep,
)
from photoindex.models.likeness import Dismissal, DismissedPhoto, Fingerprint, Likeness, LikenessKind, Undecided
from photoindex.models.searches import Concept, ConceptLabels, ConceptRun, SavedSearch
from photoindex.models.settings import Setting

__all__ = [
    "Album",
    "AlbumPhoto",
    "Base",
    "Concept",
    "ConceptLabels",
    "ConceptRun",
    "DaemonStatus",
    "Dismissal",
    "DismissedPhoto",
    "Embedding",
    "EmbeddingChange",
    "EmbeddingTally",
    "Encoder",
    "EncoderState",
    "File",
    "FileState",
    "FileTally",
    "Fingerprint",
    "Folder",
    "FolderTally",
    "GearTally",
    "Library",
    "LibraryState",
    "Likeness",
    "LikenessKind",
    "MapTally",
    "MonthTally",
    "Pause",
    "Photo",
    "PhotoTally",
    "Place",
    "PlaceTally",
    "QueryEmbedding",
    "SavedSearch",
    "Setting",
    "Snapshot",
    "Undecided",
    "UndoStep",
    "WordsStale",
    "utc_now",
]
