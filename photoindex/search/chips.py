"""The parts of a query that a page shows one by one, each with the query that is left when it is taken away."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, TypeVar

from photoindex.search import labels, writing
from photoindex.search.labels import Label
from photoindex.search.parsing import no_place
from photoindex.search.query import MAX_LENGTH, Filter, Query
from photoindex.search.scanning import Word, scan
from photoindex.search.sentences import Phrase, understand

_Item = TypeVar("_Item")


@dataclass(frozen=True)
class Chip:
    """A filter, a term with a sign, a photo to look like, or a setting."""

    kind: Literal["filter", "term", "like", "setting"]
    label: str
    """In English: `Date: July 2019`."""
    label_fr: str
    text: str
    """What it stands for: as typed, or the words of the sentence that say it."""
    without: str
    """The text of the query without it; empty when nothing is left."""
    implied: bool = False
    """Whether it was understood from the sentence."""
    as_words: str | None = None
    """For an implied one the text of the query in which its words are nothing but words."""


def chips(
    query: Query, *, today: date | None = None, known_places: Callable[[str], bool] = no_place
) -> tuple[Chip, ...]:
    """The chips of a query that `parse` made with the same `today` and `known_places`, in the query's order."""
    return tuple(_Chips(query, today or date.today(), known_places).all())


class _Chips:
    """Takes the parts of one query away, one at a time."""

    def __init__(self, query: Query, today: date, known_places: Callable[[str], bool]) -> None:
        self._query = query
        self._today = today
        self._known_places = known_places
        self._words = [part for part in scan(query.sentence) if isinstance(part, Word)]
        self._phrases = self._understand(self._words)
        self._implied = [place for place, each in enumerate(query.filters) if each.implied_by is not None]
        self._rest = "".join(term.text for term in query.terms if term.free)

    def all(self) -> Iterator[Chip]:
        query = self._query
        for place, term in enumerate(query.terms):
            if not term.free:
                left = replace(query, terms=_but(query.terms, place))
                yield _chip("term", labels.of_term(term), writing.write_term(term), left)
        for place, like in enumerate(query.likes):
            left = replace(query, likes=_but(query.likes, place))
            yield _chip("like", labels.of_like(like), writing.write_like(like), left)
        for place, condition in enumerate(query.filters):
            yield self._filter(place, condition)
        for name, value in labels.settings(query):
            usual = replace(query, **{name: getattr(Query(), name)})
            text = "unique:yes" if name == "unique" else f"{name}:{value}"
            yield _chip("setting", labels.of_setting(value), text, usual)

    def _filter(self, place: int, condition: Filter) -> Chip:
        label = labels.of_filter(condition)
        left = replace(self._query, filters=_but(self._query.filters, place))
        if condition.implied_by is None:
            return _chip("filter", label, writing.write_filter(condition), left)
        phrase = self._phrase(place)
        chip = _chip("filter", label, condition.implied_by, self._without(phrase, left))
        return replace(chip, implied=True, as_words=self._as_words(phrase))

    def _phrase(self, place: int) -> Phrase | None:
        """The words of an implied filter; None when the sentence is not understood as it was."""
        if [each.condition for each in self._phrases] != [self._query.filters[each] for each in self._implied]:
            return None
        return self._phrases[self._implied.index(place)]

    def _without(self, phrase: Phrase | None, left: Query) -> Query:
        """The query without an implied filter: its words go, and what is left is understood as before."""
        wanted = [each for each in left.filters if each.implied_by is not None]
        for words in self._sentences_without(phrase, bool(wanted)):
            if [each.condition for each in self._understand(words)] == wanted:
                return replace(left, sentence=writing.sentence(words))
        explicit = tuple(replace(each, implied_by=None) for each in left.filters)
        return replace(left, sentence=self._rest_as_typed(), filters=explicit)

    def _sentences_without(self, phrase: Phrase | None, others: bool) -> Iterator[Sequence[Word]]:
        """Sentences without the words of a phrase, the nicest to read first."""
        if phrase is not None and others:
            yield [*self._words[: phrase.first], *self._words[phrase.end :]]
            yield _plainly(self._words, phrase, self._phrases)

    def _rest_as_typed(self) -> str:
        """What is left of the sentence when nothing of it is to be understood; in quotes where it would be."""
        parts = list(scan(self._rest))
        words = [part for part in parts if isinstance(part, Word) and not part.literal]
        if len(words) == len(parts) and not self._understand(words):
            return self._rest
        return writing.quoted(self._rest)

    def _as_words(self, phrase: Phrase | None) -> str | None:
        if phrase is None:
            return None
        said = " ".join(word.text for word in self._words[phrase.first : phrase.end])
        words = [*self._words[: phrase.first], Word(said, literal=True), *self._words[phrase.end :]]
        text = writing.write(replace(self._query, sentence=writing.sentence(words)))
        return text if len(text) <= MAX_LENGTH else None

    def _understand(self, words: Sequence[Word]) -> tuple[Phrase, ...]:
        return understand(words, self._today, self._known_places).phrases


def _plainly(words: Sequence[Word], gone: Phrase, phrases: Sequence[Phrase]) -> list[Word]:
    """A sentence without a phrase, in which all words of no phrase are literal ones."""
    said = {index for phrase in phrases for index in range(phrase.first, phrase.end)}
    return [
        word if index in said else replace(word, literal=True)
        for index, word in enumerate(words)
        if not gone.first <= index < gone.end
    ]


def _chip(kind: Literal["filter", "term", "like", "setting"], label: Label, text: str, left: Query) -> Chip:
    return Chip(kind, label.en, label.fr, text, writing.write(left))


def _but(items: tuple[_Item, ...], place: int) -> tuple[_Item, ...]:
    return items[:place] + items[place + 1 :]
