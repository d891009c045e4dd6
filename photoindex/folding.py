"""Fold text so that case and accents make no difference: `Été`, `ÉTÉ` and `ete` are one word."""

from __future__ import annotations

import re
import unicodedata

_LETTERS = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ı": "i", "’": "'", "‘": "'"})
"""What Unicode takes for letters of their own, and people type as these."""

_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


def fold(text: str) -> str:
    """In lower case, without accents and compatibility forms. Folding twice changes nothing more."""
    if text.isascii():
        return text.lower()
    bare = _NOT_ASCII.sub(_unmarked, unicodedata.normalize("NFKD", text.casefold()))
    # Some capitals appear only now: those of mathematics, say, are letters only in their compatibility form.
    return unicodedata.normalize("NFKD", bare.casefold()).translate(_LETTERS)


def _unmarked(char: re.Match[str]) -> str:
    return "" if unicodedata.category(char[0]) == "Mn" else char[0]


def fold_path(path: bytes) -> str:
    """A path, or a name, as it is shown, folded."""
    return fold(path.decode("utf-8", "replace"))
