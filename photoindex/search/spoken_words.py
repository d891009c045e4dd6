"""The words of a sentence as those who look for dates, places and kinds in it see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from photoindex.search import catalogue
from photoindex.search.scanning import Word
from photoindex.search.spoken_dates import BARRIER

_EDGES = '.,;:!?()[]{}…"“”„«»*'
_BREAKS = ",;:!?)]}…"


@dataclass(frozen=True)
class SpokenWord:
    """A word, and whether something was already understood from it."""

    written: str
    bare: str
    """Without punctuation at its edges."""
    folded: str
    """That without case and accents; never empty."""
    state: Literal["free", "literal", "understood", "place"]

    @property
    def is_free(self) -> bool:
        return self.state == "free"

    @property
    def is_place(self) -> bool:
        return self.state == "place"

    @property
    def ends_phrase(self) -> bool:
        """Whether a comma or the like stands behind it."""
        return self.written[-1:] in _BREAKS


@dataclass(frozen=True)
class Spoken:
    """A sentence: its words, and their folded text with one space between them."""

    words: tuple[SpokenWord, ...]
    folded: str
    """Words that are not free are `BARRIER`."""
    starts: tuple[int, ...]
    """Where in `folded` each word starts."""

    breaks: frozenset[int]
    """Where in `folded` words end that a comma or the like stands behind."""

    def word_at(self, place: int) -> int:
        """The word behind the one that ends at a place in `folded`."""
        return sum(start < place for start in self.starts)

    def understood(self, first: int, end: int, state: Literal["understood", "place"] = "understood") -> Spoken:
        """The same with some words marked."""
        marked = (replace(word, state=state) for word in self.words[first:end])
        return _spoken((*self.words[:first], *marked, *self.words[end:]))


def listen(words: Sequence[Word]) -> Spoken:
    """A sentence in which nothing is understood yet."""
    return _spoken([_listen(word) for word in words])


def _listen(word: Word) -> SpokenWord:
    bare = word.text.strip(_EDGES).lstrip("'’") or word.text
    folded = catalogue.fold(bare) or BARRIER
    return SpokenWord(word.text, bare, folded, "literal" if word.literal else "free")


def _spoken(words: Sequence[SpokenWord]) -> Spoken:
    pieces = [word.folded if word.is_free else BARRIER for word in words]
    starts, breaks, at = [], [], 0
    for word, piece in zip(words, pieces, strict=True):
        starts.append(at)
        at += len(piece) + 1
        if word.ends_phrase:
            breaks.append(at - 1)
    return Spoken(tuple(words), " ".join(pieces), tuple(starts), frozenset(breaks))
