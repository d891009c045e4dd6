"""Split the text of a query into its parts: free words, terms with a sign, and names with values."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from photoindex.search import catalogue
from photoindex.search.catalogue import Entry

QUOTES = {'"': '"', "“": "”", "„": "“”", "«": "»"}
"""Opening quotation marks, and what closes them. Twice the closing mark inside stands for itself."""

_SIGN = re.compile(r"[+-](?:(?P<weight>[0-9]{1,9}(?:[.,][0-9]{1,9})?|[.,][0-9]{1,9})\*)?(?=[^ +-])")
_NAME = re.compile(r"(?P<name>[^\W\d_](?:[-_]?[^\W\d_])+):")
_VALUE_OF_AN_UNKNOWN_NAME = re.compile(r"[\w<>=\"“«]")
_SCHEMES = ("http", "https", "ftp", "mailto", "tel", "urn", "data", "geo", "magnet")


@dataclass(frozen=True)
class Word:
    """A free word, or with `literal` words in quotes."""

    text: str
    literal: bool = False


@dataclass(frozen=True)
class Signed:
    """`+word` or `-word`, perhaps with a weight."""

    text: str
    weight: float


@dataclass(frozen=True)
class Named:
    """`name:value|value`, perhaps with a sign before it. `entry` is None for a name there is not."""

    written: str
    """As typed."""
    name: str
    entry: Entry | None
    values: tuple[str, ...]
    weight: float | None
    """None without a sign."""


@dataclass(frozen=True)
class Unclosed:
    """A quotation mark that nothing closes; what is behind it was taken as quoted."""

    written: str


Part = Word | Signed | Named | Unclosed


def scan(text: str) -> Iterator[Part]:
    """The parts of a text that `query.normalise` made, in order."""
    at = 0
    while at < len(text):
        if text[at] == " ":
            at += 1
            continue
        sign = _SIGN.match(text, at)
        start = sign.end() if sign else at
        named = _named(text, at, start, _weight(sign))
        if named is not None:
            part, at = named
            yield part
        elif text[start] in QUOTES:
            words, at, closed = _quoted(text, start)
            words = words.strip()
            if words:
                yield Signed(words, _weight(sign) or 0.0) if sign else Word(words, literal=True)
            if not closed:
                yield Unclosed(text[start:])
        else:
            end = _end_of_word(text, at)
            if sign and _says_something(text[start:end]):
                yield Signed(text[start:end], _weight(sign) or 0.0)
            else:
                yield Word(text[at:end])
            at = end


def _weight(sign: re.Match[str] | None) -> float | None:
    """+1 or -1, or that times the number; rounded so that it is written as it is read."""
    if sign is None:
        return None
    size = float((sign["weight"] or "1").replace(",", "."))
    return round(-size if sign[0][0] == "-" else size, 3)


def _end_of_word(text: str, at: int) -> int:
    end = text.find(" ", at)
    return len(text) if end < 0 else end


def _says_something(text: str) -> bool:
    return any(unicodedata.category(char)[0] in "LN" or unicodedata.category(char) == "So" for char in text)


def _quoted(text: str, at: int) -> tuple[str, int, bool]:
    """What the quotation mark at `at` begins, where the text goes on, and whether it is closed."""
    closing = QUOTES[text[at]]
    found: list[str] = []
    at += 1
    while at < len(text):
        if text[at] in closing:
            if text[at : at + 2] != 2 * text[at]:
                return "".join(found), at + 1, True
            at += 1
        found.append(text[at])
        at += 1
    return "".join(found), at, False


def _named(text: str, at: int, start: int, weight: float | None) -> tuple[Part, int] | None:
    """The `name:values` that begins at `start`, and where the text goes on; None where none begins there."""
    match = _NAME.match(text, start)
    if match is None or text.startswith("//", match.end()):
        return None
    entry = catalogue.find(match["name"])
    if entry is None and not _looks_like_a_filter(match["name"], text[match.end() : match.end() + 1]):
        return None
    values, end = _values(text, match.end())
    return Named(text[at:end], match["name"], entry, tuple(dict.fromkeys(values)), weight), end


def _looks_like_a_filter(name: str, first: str) -> bool:
    """Whether an unknown name was meant as a filter's: `camra:x100` was, `re:`, `std::` and `mailto:` were not."""
    return bool(_VALUE_OF_AN_UNKNOWN_NAME.match(first)) and name.casefold() not in _SCHEMES


def _values(text: str, at: int) -> tuple[list[str], int]:
    """The values that begin at `at`, and where the text goes on."""
    values: list[str] = []
    while at < len(text):
        if text[at] in QUOTES:
            words, at, _ = _quoted(text, at)
        else:
            end = _end_of_value(text, at)
            words, at = text[at:end], end
        values += _split(words)
        if at >= len(text) or text[at] != "|":
            break
        at += 1
    return values, at


def _end_of_value(text: str, at: int) -> int:
    """Where a value without quotes ends: at white space, or at a `|` that is not written twice."""
    while at < len(text) and text[at] != " ":
        if text[at] == "|":
            if text[at : at + 2] != "||":
                break
            at += 1
        at += 1
    return at


def _split(words: str) -> list[str]:
    """`a|b` are two values; `a||b` is one with a | in it."""
    found = [value.replace("\0", "|").strip() for value in words.replace("||", "\0").split("|")]
    return [value for value in found if value]
