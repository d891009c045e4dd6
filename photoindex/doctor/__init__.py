"""The doctor: compares everything in the data folder with everything else, and mends what can be derived again.

structure  the file itself: pages, indexes, references, counts.
rows       files, photos and embeddings.
derived    search tables, the snapshot, the words of photos.
pictures   thumbnails.
originals  reads every original again: only when asked to look deep.
salvage    saves what can be read of a damaged file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from photoindex.doctor import derived, originals, pictures, rows, structure
from photoindex.doctor.findings import Finding, Patient
from photoindex.errors import DatabaseError

__all__ = ["Finding", "Patient", "examine"]

_CHECKS: tuple[tuple[str, Callable[[Patient], Iterator[Finding]]], ...] = (
    ("disk", structure.check_disk),
    ("pages", structure.check_pages),
    ("references", structure.check_references),
    ("files", rows.check_files),
    ("counts", structure.check_counts),
    ("embeddings", rows.check_embeddings),
    ("search table", derived.check_search_tables),
    ("snapshot", derived.check_snapshot),
    ("words", derived.check_words),
    ("thumbnails", pictures.check_thumbnails),
)
_DEEP = (("originals", originals.check_originals), ("encoder", originals.check_encoder))


def examine(patient: Patient) -> Iterator[Finding]:
    """Everything that is not as it should be, as it is found; nothing for a healthy library.

    What can't be looked at, as the file is damaged there, is a finding too.
    """
    for name, check in (*_CHECKS, *(_DEEP if patient.deep else ())):
        try:
            yield from check(patient)
        except DatabaseError as error:
            yield Finding(name, f"can't be checked: {error}", "")
