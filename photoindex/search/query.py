"""What a person typed, made ready for the encoder."""

from __future__ import annotations

import unicodedata

from photoindex.errors import QueryError

MAX_LENGTH = 512


def normalise(query: str) -> str:
    """Trim, compose (NFC) and fold white space and control characters. Raises QueryError when it is too long."""
    spaced = "".join(" " if unicodedata.category(char) in ("Cc", "Zs", "Zl", "Zp") else char for char in query)
    folded = unicodedata.normalize("NFC", " ".join(spaced.split()))
    # A lone surrogate can reach us from a URL or a terminal; no tokenizer takes it.
    folded = folded.encode("utf-8", "replace").decode("utf-8")
    if len(folded) > MAX_LENGTH:
        raise QueryError(f"the search is {len(folded)} characters long; {MAX_LENGTH} is the most")
    return folded
