"""Texts as tokens: folded and split the same way when they are stored and when they are looked for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

EDGE = "\ue000"
"""Between values, and before what stands for a whole one: a character for private use, which no token has else."""
LONGEST_NAME = 64
"""Characters of a name that count for whether it is the one."""
MOST_CHARACTERS = 8192
"""Of the values of a field together; a photo with more to say is found by what comes first."""
MOST_WORDS = 16
SHORTEST_OPENING = 3
"""Characters that a word must have to stand for longer ones that begin so; 2 behind other tokens of it (`IMG_20`)."""

_SHORT_VALUE = 64

# Accents as NFKD parts them from their letters. Signs of Indian and Thai vowels are no accents, and stay.
_ACCENTS = re.compile(
    "[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
)
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})

# Thai and Lao, Burmese, Khmer, kana, Han, Hangul: written without spaces, or with endings glued to words. Each
# character is a token there, and a word is a phrase of them.
_UNSPACED = (
    "\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_INDIAN = "\u0900-\u0963\u0970-\u0dff\u0f18-\u0fff"  # with their vowel signs, which Python takes for no letters
_TOKEN = re.compile(rf"\d+|[{_UNSPACED}]|(?:(?![{_UNSPACED}])[^\W\d_]|[{_INDIAN}])+")
_HUMP = re.compile(r"(?<=[a-zß-öø-ÿ])(?=[A-ZÀ-ÖØ-Þ])|(?<=[A-ZÀ-ÖØ-Þ])(?=[A-ZÀ-ÖØ-Þ][a-zß-öø-ÿ])")
# What parts the words of a query. Those in `IMG_2034`, `DSC-2034` and `St.Pierre` stay together, as a phrase.
_BETWEEN_WORDS = re.compile(r"[^\w.\-\u2010-\u2013" + _INDIAN + _UNSPACED + r"\u0300-\u036f]+")
_ENDING = re.compile(r"(?<=\w)\.(jpe?g|jpe|png|gif|bmp|webp|tiff?|hei[cf]|avif|jxl|jp2|dng|cr[23w]|nef|arw|orf|rw2|"
                     r"raf|pef|srw|mp4|mov|m4v|avi|mkv|webm|mts|3gp)$", re.IGNORECASE)  # fmt: skip

_SAYS_NOTHING = """
    a an the my our your his her their this that these those some any of in on at by for from to with without and or is
    are was were be it its i we you he she they there here near into over under as

    le la les l un une des du de d en au aux à dans sur sous par pour avec sans et ou est sont c ce cet cette ces mon ma
    mes ton ta tes son sa ses notre nos votre vos leur leurs je j il elle nous vous ils elles y qu que qui s n m t

    photo photograph photographie picture pic image
"""
"""Words of English, of French, and for what every photo is."""


@dataclass(frozen=True)
class Wanted:
    """What a photo must have to match a query: each of its words, wherever."""

    words: tuple[tuple[str, ...], ...]
    """Each a phrase of tokens: `IMG_2034` is `("img", "2034")`."""
    opening: str | None
    """The last token of the last word as typed: it may be what a longer word begins with."""
    whole: tuple[str, ...]
    """All tokens of the query, also those that say nothing: a name that has just these is the one named."""

    def __bool__(self) -> bool:
        return bool(self.words)


def wanted(query: str) -> Wanted:
    """What to look for, for what somebody typed. Nothing for a query without a letter or digit."""
    typed = [_ENDING.sub("", word) for word in _BETWEEN_WORDS.split(query)]
    words = [found for word in typed if (found := tuple(tokens(word)))]
    saying = [word for word in words if not _IDLE.issuperset(word)] or words
    kept = tuple(dict.fromkeys(saying[:MOST_WORDS]))
    if not kept:
        return Wanted((), None, ())
    last = _unstemmed(next(word for word in reversed(typed) if tuple(tokens(word)) == kept[-1]))
    shortest = SHORTEST_OPENING if len(kept[-1]) == 1 else SHORTEST_OPENING - 1
    return Wanted(kept, last[-1] if len(last[-1]) >= shortest else None, tuple(t for word in words for t in word))


def tokens(text: str) -> list[str]:
    """The tokens of a text in their order: folded, and words without the `s` or `x` of their plural."""
    return [_singular(token) for token in _unstemmed(text)]


def stored(values: Iterable[str]) -> str:
    """The values of a field as the index keeps them: tokens with spaces between, EDGE between values."""
    return f" {EDGE} ".join(" ".join(found) for value in _bounded(values) for found in _readings(value))


def stored_names(values: Iterable[str]) -> str:
    """The same for names, each with a token for itself as a whole; and first an EDGE that every photo has."""
    readings = [found for value in _bounded(values) for found in _readings(value)]
    return " ".join([EDGE, *(" ".join([*found, whole(found)]) for found in readings)])


def whole(found: Iterable[str]) -> str:
    """The one token that stands for a name of just these tokens."""
    return EDGE + "".join(found)[:LONGEST_NAME]


def has(value: str, phrase: Sequence[str], opening: str | None = None) -> bool:
    """Whether a value has a phrase of tokens, as the index would find it. With `opening`, the last one may go on."""
    return any(_has_phrase(found, phrase, opening) for found in _readings(value))


def fold(text: str) -> str:
    """Lower case, without accents, ligatures and other forms of the same letters.

    `photoindex.folding` drops vowel signs too, which parts Indian and Thai words that are not the same; and what is
    stored of photos is folded in this very way.
    """
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return unicodedata.normalize("NFC", _ACCENTS.sub("", apart).translate(_LIGATURES))


def _readings(value: str) -> tuple[tuple[str, ...], ...]:
    """The tokens of a value, and where it has humps, as in `VacancesEte`, also those of its parts."""
    return _recent_readings(value) if len(value) <= _SHORT_VALUE else _read(value)


def _read(value: str) -> tuple[tuple[str, ...], ...]:
    readings = (value, _HUMP.sub(" ", value))
    return tuple(found for reading in dict.fromkeys(readings) if (found := tuple(tokens(reading))))


# Folders, places and cameras come again with the next photo.
_recent_readings = lru_cache(maxsize=4096)(_read)


def _unstemmed(text: str) -> list[str]:
    return _TOKEN.findall(fold(text))


def _singular(token: str) -> str:
    """English and French, and no more than a letter: beaches lose `s`, châteaux `x`; glass keeps both of its own."""
    if len(token) >= 4 and token[-1] == "s" and token[-2] != "s":
        return token[:-1]
    if len(token) >= 5 and token[-3:] in ("aux", "eux", "oux"):
        return token[:-1]
    return token


_IDLE = frozenset(tokens(_SAYS_NOTHING))


def _has_phrase(found: Sequence[str], phrase: Sequence[str], opening: str | None) -> bool:
    size = len(phrase)
    for start in range(len(found) - size + 1):
        window = found[start : start + size]
        if list(window) == list(phrase):
            return True
        if opening and list(window[:-1]) == list(phrase[:-1]) and window[-1].startswith(opening):
            return True
    return False


def _bounded(values: Iterable[str]) -> Iterator[str]:
    left = MOST_CHARACTERS
    for value in values:
        if left <= 0:
            return
        yield value[:left]
        left -= len(value)
