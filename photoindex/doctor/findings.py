"""What the doctor examines, and what it has to say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from photoindex.database import Database
from photoindex.embeddings import StoredEncoder


@dataclass(frozen=True)
class Patient:
    """A data folder, and what is to be done with it."""

    database: Database
    thumbnails: Path
    snapshots: Path
    repair: bool = False
    """Whether to mend what can be mended."""
    deep: bool = False
    """Whether to read every original and decode every thumbnail."""
    load_text: Callable[[StoredEncoder], object] | None = None
    """Loads the half of an encoder that embeds texts. Raises EncoderError."""


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be."""

    check: str
    """What was looked at, in a word or two."""
    problem: str
    advice: str
    """What to do about it."""
    repaired: bool = False

    def mended(self, how: str) -> Finding:
        """The same, repaired; `how` is what was done, or what the daemon will do by itself now."""
        return replace(self, advice=how, repaired=True)


REPAIR = "to mend it: photoindex doctor --repair"
