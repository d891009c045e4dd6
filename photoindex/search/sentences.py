"""Understand dates, places and kinds that a query's free words say, in English and French, by rules.

`snow last winter in Grenoble` is `snow`, taken last winter, taken in Grenoble. Each phrase understood becomes a filter
that the query page shows and takes away again; what is left is what the encoder is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from photoindex.search import spoken_dates, spoken_kinds, spoken_places
from photoindex.search.ordinary_words import word_set
from photoindex.search.query import Filter
from photoindex.search.scanning import Word
from photoindex.search.spoken_places import place_key
from photoindex.search.spoken_words import Spoken, SpokenWord, listen

__all__ = ["Phrase", "Understood", "place_key", "understand"]

MAX_PHRASES = 8
"""Further dates, places and kinds stay words."""

_NOT = word_set("not except without excluding sauf hors sans pas excepte")
_BUT = frozenset(("but", "mais"))
_BEFORE_A_NUMBER = word_set("iso img dsc no nr n° num number numero page room route peugeot windows model")
_DANGLING_FIRST = word_set("of from and or de du des et ou but mais")
_DANGLING_LAST = word_set(
    """
    of from and or de du des et ou in at on en the la le les taken shot made prise prises pris faite faites but mais
    """
)
_SAYS_NOTHING = word_set(
    """
    photo photos picture pictures pic pics image images shot shots snapshot snapshots cliche cliches file files fichier
    fichiers taken made prise prises pris faite faites all any some my our the a an show me find toutes tous toute tout
    mon ma mes nos la le les un une des du de of from in at on en et and or ou but mais
    """
)


@dataclass(frozen=True)
class Phrase:
    """Words that were understood, from `first` to before `end`, and what they say."""

    first: int
    end: int
    condition: Filter


@dataclass(frozen=True)
class Understood:
    """What a sentence says: phrases in their order, and the rest as text; empty when nothing is left to look for."""

    phrases: tuple[Phrase, ...]
    rest: str


def understand(words: Sequence[Word], today: date, known_places: Callable[[str], bool]) -> Understood:
    """Understand a sentence. Literal words are kept as they are.

    `known_places` is asked for names as `place_key` writes them.
    """
    if not any(not word.literal for word in words):
        return Understood((), " ".join(word.text for word in words))
    listener = _Listener(listen(words), today, known_places)
    listener.hear_dates()
    listener.hear_kinds()
    listener.hear_places()
    listener.hear_last_year()
    phrases = sorted(listener.phrases, key=lambda phrase: phrase.first)
    return Understood(tuple(phrases), _rest(listener.spoken.words) if phrases else _as_typed(words))


class _Listener:
    """Marks words of a sentence as understood, kind after kind of phrase."""

    def __init__(self, spoken: Spoken, today: date, known_places: Callable[[str], bool]) -> None:
        self.spoken = spoken
        self.phrases: list[Phrase] = []
        self._today = today
        self._known_places = known_places

    def hear_dates(self) -> None:
        at = 0
        while at < len(self.spoken.words):
            spoken = self.spoken
            when = None
            if spoken.words[at].is_free:
                when = spoken_dates.find(spoken.folded, spoken.starts[at], self._today, spoken.breaks)
            end = spoken.word_at(when.end) if when else at + 1
            if when and not self._note(at, end, (Filter(when.name, when.values),)):
                return
            at = end

    def hear_kinds(self) -> None:
        while (kind := spoken_kinds.find(self.spoken.folded)) is not None:
            first, end = self.spoken.starts.index(kind.start), self.spoken.word_at(kind.end)
            if not self._note(first, end, [Filter(name, (value,)) for name, value in kind.filters]):
                return

    def hear_places(self) -> None:
        at = 0
        while at < len(self.spoken.words):
            where = None
            if self.spoken.words[at].is_free:
                where = spoken_places.find(self.spoken.words, at, self._known_places)
            if where and not self._note(where.first, where.end, (Filter("place", where.names),), is_place=True):
                return
            at = where.end if where else at + 1

    def hear_last_year(self) -> None:
        """A year behind everything that was not understood yet."""
        free = [index for index, word in enumerate(self.spoken.words) if word.state in ("free", "literal")]
        if not free or not self.spoken.words[free[-1]].is_free:
            return
        at = free[-1]
        if at > 0 and self.spoken.words[at - 1].folded in _BEFORE_A_NUMBER:
            return
        when = spoken_dates.last_year(self.spoken.folded, self.spoken.starts[at], self._today)
        if when is not None:
            self._note(at, at + 1, (Filter(when.name, when.values),))

    def _note(self, first: int, end: int, conditions: Sequence[Filter], *, is_place: bool = False) -> bool:
        """Note a phrase with the `not` before it; False when there were enough of them."""
        if len(self.phrases) + len(conditions) > MAX_PHRASES:
            return False
        words = self.spoken.words
        negated = first > 0 and words[first - 1].is_free and words[first - 1].folded in _NOT
        if negated:
            first -= 1
            first -= first > 0 and words[first - 1].is_free and words[first - 1].folded in _BUT
        said = _bare(" ".join(word.written for word in words[first:end]))
        self.phrases += [
            Phrase(first, end, Filter(each.name, each.values, negated, implied_by=said)) for each in conditions
        ]
        self.spoken = self.spoken.understood(first, end, "place" if is_place else "understood")
        return True


def _bare(said: str) -> str:
    return said.strip(" ,.;:!?()") or said


def _as_typed(words: Sequence[Word]) -> str:
    return " ".join(word.text for word in words)


def _rest(words: Sequence[SpokenWord]) -> str:
    """What was not understood, without what then leads or hangs nowhere."""
    left = [index for index, word in enumerate(words) if word.state in ("free", "literal")]
    while left and left[0] > 0 and words[left[0]].is_free and words[left[0]].folded in _DANGLING_FIRST:
        left.pop(0)
    while left and left[-1] + 1 < len(words) and words[left[-1]].is_free and words[left[-1]].folded in _DANGLING_LAST:
        left.pop()
    if all(words[index].is_free and words[index].folded in _SAYS_NOTHING for index in left):
        return ""
    texts = [_cut(words, index) for index in left]
    if left[0] > 0 and words[left[0]].is_free and words[left[0]].folded.startswith("d'"):
        texts[0] = texts[0][2:]
    return " ".join(text for text in texts if text).strip(" ,;")


def _cut(words: Sequence[SpokenWord], index: int) -> str:
    """A word as typed, without the comma before a phrase that was understood."""
    word = words[index]
    cut_behind = index + 1 < len(words) and words[index + 1].state in ("understood", "place")
    return word.written.rstrip(",;:") if word.is_free and cut_behind else word.written
