"""What was likely meant by words that nothing is called: names of the library that are written almost so."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from photoindex.folding import fold

SHORTEST = 4
"""Letters of a word that may be a slip: of shorter ones too many are one letter apart."""
CLOSE = 0.75
"""How like each other two words must be, 0 to 1, as `difflib` reckons it: `grenobel` and `grenoble` are at 0.88."""
_MOST_APART = 2
"""Letters by which one may be longer."""
_WORD = re.compile(r"[^\W\d_]+")


def corrected(text: str, names: Iterable[str]) -> str | None:
    """The text with words of the names in the place of those that are almost so; None where there is no such word."""
    known = {fold(word): word for name in names for word in _WORD.findall(name) if len(word) >= SHORTEST}
    found = _WORD.sub(lambda match: _meant(match[0], known), text)
    return found if found != text else None


def _meant(word: str, known: dict[str, str]) -> str:
    folded = fold(word)
    if len(folded) < SHORTEST or folded in known:
        return word
    likely = [each for each in known if each[0] == folded[0] and abs(len(each) - len(folded)) <= _MOST_APART]
    close = difflib.get_close_matches(folded, likely, n=1, cutoff=CLOSE)
    return known[close[0]] if close else word
