"""Find the places of a library that a sentence names: `in Grenoble`, `près de Saint-Étienne`, `New York`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from photoindex.search import catalogue
from photoindex.search.ordinary_words import PEOPLE, SHORTEST, TOWNS, is_ordinary, word_set
from photoindex.search.spoken_dates import FUNCTION_WORDS
from photoindex.search.spoken_words import SpokenWord

LONGEST_NAME = 5
"""In words; more than any name that people say has."""

_AT = frozenset(("in", "at", "near", "around", "à", "en", "au", "aux", "dans", "pres", "autour"))
_OF = frozenset(("from", "of", "to", "towards", "outside", "inside", "above", "over", "through", "across", "vers",
                 "de", "du", "des", "d'"))  # fmt: skip
_LOOSE = _OF - {"from", "vers", "towards", "outside", "inside"}
"""Those that stand between any two words: in lower case they lead to a place only in `photos of`."""
_PHOTOS = word_set("photo photos picture pictures pics image images video videos shots views vue vues cliches")
_ARTICLES = frozenset(("the", "la", "le", "les", "l'"))
_NEAR = frozenset(("pres", "autour", "alentours", "environs", "close", "next"))
_CONTRACTED = {"au": "le ", "du": "le ", "aux": "les ", "des": "les "}
_AND = frozenset(("and", "or", "et", "ou", "&"))


@dataclass(frozen=True)
class Where:
    """Places named in one breath; any of them is meant. The words from `first` to before `end` say so."""

    first: int
    end: int
    names: tuple[str, ...]


@dataclass(frozen=True)
class _Name:
    """A name found. `elided` is the `d'` or `l'` that its first word begins with, and is no part of it."""

    key: str
    written: str
    end: int
    elided: str = ""


def place_key(name: str) -> str:
    """A name as `known_places` is asked for it: no accents, no case, spaces for hyphens, straight apostrophes."""
    return " ".join(catalogue.fold(word) for word in name.replace("-", " ").split())


def find(words: Sequence[SpokenWord], at: int, known: Callable[[str], bool]) -> Where | None:
    """The places named from the word at a position on, the longest name first; None where none is.

    A name counts with a preposition before it or with a capital; one that is an ordinary word as well needs more (see
    `ordinary_words`).
    """
    for name in _names(words, at, known):
        first, preposition, article = _before(words, at, name)
        if _is_meant(words, at, name, preposition, article):
            written = (name.written,)
            end, more = _and_more(words, name.end, known)
            return Where(first, end, tuple(dict.fromkeys(written + more)))
    return None


def _names(words: Sequence[SpokenWord], at: int, known: Callable[[str], bool]) -> list[_Name]:
    """All known names that begin with a word, the longest first."""
    last = at
    while last < len(words) and last < at + LONGEST_NAME and words[last].is_free:
        last += 1
        if words[last - 1].ends_phrase:
            break
    found = []
    contracted = _CONTRACTED.get(words[at - 1].folded, "") if at > 0 and words[at - 1].is_free else ""
    for end in range(last, at, -1):
        phrase = words[at:end]
        for elided in _elisions(words[at].folded):
            name = _known(phrase, elided, contracted, known)
            if name is not None:
                found.append(_Name(name[0], name[1], end, elided))
                break
    return found


def _elisions(folded: str) -> tuple[str, ...]:
    return ("", folded[:2]) if folded[:2] in ("d'", "l'") else ("",)


def _known(
    phrase: Sequence[SpokenWord], elided: str, contracted: str, known: Callable[[str], bool]
) -> tuple[str, str] | None:
    """The key and the writing of a name, if it is one: with the article that `au` swallows, or as it stands."""
    key = " ".join(word.folded for word in phrase)[len(elided) :].replace("-", " ").strip()
    written = " ".join(word.bare for word in phrase)[len(elided) :]
    if contracted and not elided and known(contracted + key):
        return key, contracted.capitalize() + written
    for ending in ("", "'s"):
        if key.endswith(ending):
            shorter = key.removesuffix(ending)
            if shorter and known(shorter):
                return shorter, written[: len(written) - len(ending)]
    return None


def _before(words: Sequence[SpokenWord], at: int, name: _Name) -> tuple[int, str, bool]:
    """Where the words that lead to a name begin, the preposition among them, and whether an article stands between."""
    article = name.elided == "l'"
    if name.elided == "d'":
        return _from_near(words, at, at, "d'")
    first = at
    if first > 0 and words[first - 1].is_free and words[first - 1].folded in _ARTICLES and not article:
        first, article = first - 1, True
    if first > 0 and words[first - 1].is_free and not words[first - 1].ends_phrase:
        said = words[first - 1]
        preposition = "à" if said.bare.casefold() == "à" else said.folded
        if preposition in _AT | _OF:
            first, preposition, _ = _from_near(words, first - 1, first - 1, preposition)
            return first, preposition, article
    return at, "", False


def _from_near(words: Sequence[SpokenWord], first: int, at: int, preposition: str) -> tuple[int, str, bool]:
    """`près de`, `aux alentours de` and `close to` begin before their preposition, and mean a place."""
    if preposition in ("de", "du", "des", "d'", "to") and at > 0:
        near = words[at - 1]
        if near.is_free and near.folded in _NEAR:
            first, preposition = at - 1, near.folded
            if near.folded in ("alentours", "environs"):
                first, preposition = max(0, first - (first > 0 and words[first - 1].folded in ("aux", "les"))), "pres"
            elif near.folded in ("close", "next"):
                preposition = "near"
    return first, preposition, False


def _is_meant(words: Sequence[SpokenWord], at: int, name: _Name, preposition: str, article: bool) -> bool:
    capital = _has_capital(words, at, name)
    if name.key in FUNCTION_WORDS or not any(char.isalpha() for char in name.key):
        return False
    if name.key in TOWNS and not article:
        if preposition in _AT:
            return capital or not _describes(words, name.end)
        return capital and bool(preposition)
    if name.key in PEOPLE:
        return preposition in _AT and not article
    if is_ordinary(name.key) or len(name.key) < SHORTEST:
        return capital and bool(preposition)
    if preposition in _LOOSE and not capital:
        return _follows_photos(words, at, name)
    return bool(preposition) or capital or _goes_on(words, at)


def _has_capital(words: Sequence[SpokenWord], at: int, name: _Name) -> bool:
    """Whether a name is written with a capital, be it behind its article: `la Rochelle`."""
    first = words[at].bare[len(name.elided) :][:1]
    behind = words[at + 1].bare[:1] if words[at].folded in _ARTICLES and name.end > at + 1 else first
    return first.isupper() or behind.isupper()


def _follows_photos(words: Sequence[SpokenWord], at: int, name: _Name) -> bool:
    """Whether a name with its preposition stands right behind `photos`, or is all there is."""
    before = at - 1 if name.elided == "d'" else at - 2
    return before < 0 or words[before].folded in _PHOTOS


def _goes_on(words: Sequence[SpokenWord], at: int) -> bool:
    """Whether a place and a comma stand before, as in `in grenoble, france`."""
    return at > 0 and words[at - 1].is_place and words[at - 1].ends_phrase


def _describes(words: Sequence[SpokenWord], end: int) -> bool:
    """Whether there is something behind a word that it could describe: `in nice weather`."""
    if end >= len(words) or words[end - 1].ends_phrase or not words[end].is_free:
        return False
    return words[end].folded not in FUNCTION_WORDS and words[end].folded[:2] != "d'"


def _may_follow(name: _Name, capital: bool) -> bool:
    """Whether a name counts behind `in Paris and`."""
    return capital or not (
        name.key in TOWNS | PEOPLE | FUNCTION_WORDS or is_ordinary(name.key) or len(name.key) < SHORTEST
    )


def _and_more(words: Sequence[SpokenWord], end: int, known: Callable[[str], bool]) -> tuple[int, tuple[str, ...]]:
    """Further places behind `and` or `or`: where they end, and their names."""
    names: list[str] = []
    while end + 1 < len(words) and words[end].is_free and words[end].folded in _AND:
        start = end + 1
        if words[start].is_free and words[start].folded in _AT | _OF and start + 1 < len(words):
            start += 1
        following = next(iter(_names(words, start, known)), None)
        if following is None or not _may_follow(following, following.written[:1].isupper()):
            break
        names.append(following.written)
        end = following.end
    return end, tuple(names)
