"""Tell the language of a query that is plainly not English: by its script, or by words and letters of its own.

Encoders made for English alone find little for such queries, and people should know why. Queries are one to four words
long, where statistics of letters guess wildly; so what counts are words (photoindex/data/query_words.tsv), and without
any that tells, the answer is None. Names of people, places and dishes stay foreign within an English query.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from photoindex.folding import fold
from photoindex.search import scripts

DATA = Path(__file__).parents[1] / "data"
FILES = (DATA / "query_words.tsv", DATA / "cldr_words.tsv")

WEIGHTS = {"telling": 2.0, "place": 2.0, "compound": 2.0, "weak": 1.0, "shared": 0.5}
ENOUGH = 2.0
"""What the words of a language must weigh together."""
PER_ENGLISH_WORD = 2.0
"""How much more for each word that is English."""
LETTERS_WEIGHT = 0.5
"""Of a word that is not known but has letters of one language alone."""
LETTERS_AT_MOST = 1.0
"""For all such words together: `crème brûlée` is no French query."""

UNKNOWN_WEIGHT = 0.5
"""Of a word in no list at all, beside one that is firmly of the language: `selfie avec papa`."""

_LETTERS = {
    "French": "œèêëûùîïç",
    "German": "ßäöü",
    "Spanish": "ñ¿¡",
    "Italian": "ìò",
    "Portuguese": "ãõ",
    "Polish": "ąćęłńśźż",
}
_FIRM = ("telling", "place")
_JOINING = ("German", "Dutch")
_SHORTEST_PART = 3
_SHORTEST_LAST_PART = 5
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_SHORTEST_STEM = 3
_SHORTEST_BARE_STEM = 6
"""A stem without its accents, as `świt*`, would begin English words."""
_PART = re.compile(r"\S+")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_MADE_UP = re.compile(r"[\d_@/\\*]|\.\w")
"""Not a word of any language: `IMG_2034`, `holiday.jpg`, an address."""


@dataclass(frozen=True)
class _Word:
    """A word of a query."""

    text: str
    """In lower case."""
    capital: bool
    """Written with a capital where a sentence would have none."""
    first: bool


@dataclass(frozen=True)
class _Lists:
    """The lists of words, ready to look up."""

    tiers: dict[str, tuple[tuple[str, str], ...]]
    """For a word, as written or folded: the languages it is of, each with how much it tells."""
    stems: dict[str, tuple[tuple[str, str], ...]]
    """The same for beginnings of words."""
    english: frozenset[str]
    plain: frozenset[str]
    """English words and those that English shares with many languages: no misspelling of a foreign word."""
    phrases: re.Pattern[str]
    """Names that keep their own words in English queries."""

    def of(self, word: str) -> tuple[tuple[str, str], ...]:
        """The languages of a word, each with its tier; none for words that are not known."""
        found: dict[str, str] = {}
        for spelling in dict.fromkeys((word, fold(word))):
            if spelling != word and spelling in self.plain:
                break
            for language, tier in self.tiers.get(spelling, ()):
                found.setdefault(language, tier)
            if spelling in self.plain:
                break
            for length in range(len(spelling), _SHORTEST_STEM - 1, -1):
                for language, tier in self.stems.get(spelling[:length], ()):
                    found.setdefault(language, tier)
        return tuple((found or self._compound(word)).items())

    def _compound(self, word: str) -> dict[str, str]:
        """The languages of a long word that ends in another: `Apfelkuchen`, `appeltaart`."""
        if word in self.plain:
            return {}
        for start in range(_SHORTEST_PART, len(word) - _SHORTEST_LAST_PART + 1):
            last = dict(self.tiers.get(word[start:], ()))
            for language in _JOINING:
                if last.get(language) in _FIRM and self._begins(word[:start], language):
                    return {language: "compound"}
        return {}

    def _begins(self, part: str, language: str) -> bool:
        """Whether a part of a compound is a word, with or without what joins it to the next: `Geburt-s-tag`."""
        joined = (part, part.removesuffix("s"), part.removesuffix("n"), part.removesuffix("en"))
        return any(language in dict(self.tiers.get(each, ())) for each in joined if len(each) >= _SHORTEST_PART)


def hint(text: str) -> str | None:
    """The English name of the language of a query (`French`, `Chinese`), or None: it is English, or nobody can tell.

    `text` is the free words of the query, without filters. Of Latin scripts French, German, Spanish, Italian,
    Portuguese, Dutch and Polish are known; another Latin language is None or one of these that it resembles.
    """
    text = unicodedata.normalize("NFKC", text)
    if not text.isascii() and (language := scripts.language_of(text)):
        return language
    lists = _lists()
    words = list(_words(lists.phrases.sub(" ", text.replace("’", "'"))))
    english = sum(word.text in lists.english and not lists.of(word.text) for word in words)
    scores = _scores(lists, words)
    likeliest = max(scores, key=scores.__getitem__, default=None)
    return likeliest if likeliest and scores[likeliest] >= ENOUGH + PER_ENGLISH_WORD * english else None


def _words(text: str) -> Iterator[_Word]:
    first = True
    for part in _PART.findall(text):
        if _MADE_UP.search(part):
            continue
        for word in _WORD.findall(part):
            yield _Word(word.lower(), word[0].isupper() and (len(word) == 1 or not word.isupper()), first)
            first = False


def _scores(lists: _Lists, words: list[_Word]) -> dict[str, float]:
    """What the words weigh for each language, those first that have more speakers."""
    firm, loose, letters = dict.fromkeys(_LANGUAGES, 0.0), dict.fromkeys(_LANGUAGES, 0.0), dict.fromkeys(_LETTERS, 0.0)
    capitals, unknown = sum(word.capital for word in words), 0
    for word in words:
        known = lists.of(word.text)
        of_places = any(tier == "place" for _, tier in known)
        for language, tier in known:
            if of_places and tier == "telling":
                tier = "place"  # `ponte` is of two languages, and of places in both
            if _as_name(word, language, tier, capitals, len(words)):
                tier = "weak" if tier == "compound" else "shared"
            (loose if tier == "shared" else firm)[language] += WEIGHTS[tier]
        if not known and not word.capital and word.text not in lists.plain:
            unknown += 1
            for language, special in _LETTERS.items():
                if not set(special).isdisjoint(word.text):
                    letters[language] += LETTERS_WEIGHT
    for language, weight in letters.items():
        loose[language] += min(weight, LETTERS_AT_MOST)
    beside = UNKNOWN_WEIGHT * unknown
    return {language: weight + loose[language] + beside for language, weight in firm.items() if weight}


def _as_name(word: _Word, language: str, tier: str, capitals: int, length: int) -> bool:
    """Whether a word may be part of a name here: `Playa` in `Playa Blanca`. German writes all nouns so."""
    if not word.capital or tier not in (*_FIRM, "compound"):
        return False
    if tier == "compound":  # as `Zugspitze` is, in any language
        return length > 1
    if language == "German":
        return tier == "place" and capitals == length > 1
    return not word.first or (tier == "place" and capitals > 1)


_LANGUAGES = ("Spanish", "French", "Portuguese", "German", "Italian", "Polish", "Dutch")


@lru_cache(maxsize=1)
def _lists() -> _Lists:
    """The lists that come with PhotoIndex, read when they are first needed."""
    tiers: dict[str, dict[str, str]] = {}
    stems: dict[str, dict[str, str]] = {}
    english: set[str] = set()
    plain: set[str] = set()
    phrases: list[str] = []
    for line in (line for file in FILES for line in file.read_text("utf-8").splitlines()):
        if line.startswith("#"):
            continue
        language, tier, words = line.split("\t")
        if language == "Names":
            phrases += (phrase.strip() for phrase in words.split(";"))
        elif language == "English":
            plain.update(words.split())
            english.update(words.split() if tier == "words" else ())
        else:
            for word in words.split():
                table = stems if word.endswith("*") else tiers
                _add(table, word.rstrip("*"), language, tier)
    _with_bare_spellings(tiers, plain, 1)
    _with_bare_spellings(stems, plain, _SHORTEST_BARE_STEM)
    return _Lists(_frozen(tiers), _frozen(stems), frozenset(english), frozenset(plain), _any_of(phrases))


def _add(table: dict[str, dict[str, str]], word: str, language: str, tier: str) -> None:
    known = table.setdefault(word, {})
    known[language] = min(known.get(language, tier), tier, key=WEIGHTS.__getitem__)


def _with_bare_spellings(table: dict[str, dict[str, str]], plain: set[str], shortest: int) -> None:
    """Let words be found as people type them without their accents, where that makes no English word."""
    for word, languages in list(table.items()):
        for language, tier in languages.items():
            bare = {fold(word), word.translate(_UMLAUTS)} if language == "German" else {fold(word)}
            for spelling in bare - {word} - plain:
                if len(spelling) >= shortest:
                    _add(table, spelling, language, tier)


def _frozen(table: dict[str, dict[str, str]]) -> dict[str, tuple[tuple[str, str], ...]]:
    return {word: tuple(languages.items()) for word, languages in table.items()}


def _any_of(phrases: list[str]) -> re.Pattern[str]:
    longest_first = sorted({*phrases, *map(fold, phrases)}, key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, longest_first))})\b", re.IGNORECASE)
