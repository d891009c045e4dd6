"""Match what people type with names: parts, whole words, `*` and `?`; never in more than linear time a part."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from photoindex.folding import fold

Matcher = Callable[[str], bool]
"""Whether a name, already folded, is meant."""

_WORD = re.compile(r"[^\W_]+")


def has_wildcard(value: str) -> bool:
    return "*" in value or "?" in value


def globbing(value: str) -> Matcher:
    """The whole name is as the pattern says: `*` stands for anything, `?` for one character."""
    # Each part between two stars is taken where it comes first (an atomic group), so that nothing is tried twice.
    first, *rest = [re.escape(part).replace(r"\?", ".") for part in fold(value).split("*")]
    if not rest:
        pattern = first
    else:
        between = "".join(f"(?>.*?{part})" for part in rest[:-1] if part)
        pattern = f"{first}{between}.*{rest[-1]}"
    compiled = re.compile(pattern, re.DOTALL)
    return lambda name: compiled.fullmatch(name) is not None


def containing(value: str) -> Matcher:
    """The name has the value in it, or is as the pattern says."""
    if has_wildcard(value):
        return globbing(value)
    part = fold(value)
    return lambda name: part in name


def saying(value: str) -> Matcher:
    """The name has the words of the value, or is as the pattern says: `york` is in `New York`, not in `Yorkshire`."""
    if has_wildcard(value):
        return globbing(value)
    # Scripts without capitals are mostly written without spaces between the words, too.
    if not _WORD.search(fold(value)) or any(unicodedata.category(char) == "Lo" for char in value):
        return containing(value)
    run = f" {_words(fold(value))} "
    return lambda name: run in f" {_words(name)} "


def beginning(value: str) -> Matcher:
    """The name has the value where a word of it begins: `gren` is in `La Grenouille`."""
    start = f" {_words(fold(value))}"
    return lambda name: start != " " and start in f" {_words(name)}"


def _words(folded: str) -> str:
    return " ".join(_WORD.findall(folded))
