"""Find what a sentence says of the kind of photo: `videos of`, `fichiers raw`, `my favourites`."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NOUN = r"(?:photos?|pictures?|pics|images?|shots)"
_FIRST = r"(?<![^ ])"
_LEAD = r"(?:(?:all|my|our|the|some|toutes?|tous|mes|nos|les|des|une?|a) )*"
_OF = r"(?: (?:of|de|du|des)(?= |$)| (?=d'))?"
_END = r"(?= |$)"
_FAVOURITE, _VIDEO = ("is", "favourite"), ("type", "video")

_RULES: tuple[tuple[tuple[tuple[str, str], ...], str], ...] = (
    ((_FAVOURITE, _VIDEO), rf"(?:my|our) favou?rite videos{_END}{_OF}"
     rf"|(?:mes|nos) videos (?:favorites|preferees){_END}{_OF}"),
    ((_FAVOURITE,), rf"(?:my|our) favou?rite {_NOUN}{_END}{_OF}|(?:my|our) favou?rites{_END}{_OF}"),
    ((_FAVOURITE,), rf"(?:mes|nos) (?:{_NOUN} (?:favorites|preferees|favoris)|favoris|favorites|preferees){_END}{_OF}"),
    ((_FAVOURITE,), r"^(?:favoris|favou?rites)$"),
    ((("type", "raw"),), rf"(?:raw (?:files?|{_NOUN})|(?:fichiers?|{_NOUN}) raw){_END}{_OF}|^raws$"),
    ((("type", "live"),), rf"(?:live photos?|photos? live){_END}{_OF}"),
    ((("type", "motion"),), rf"(?:motion photos?|photos? motion){_END}{_OF}"),
    ((_VIDEO,), rf"^{_LEAD}videos?(?: (?:of|de|du|des)(?= |$)| (?=d'))"),
    ((_VIDEO,), rf"^{_LEAD}videos?(?= (?:from|with|in|at|avec|a|en|\0)(?: |$))"),
    ((_VIDEO,), rf"^{_LEAD}videos?$|videos$"),
)  # fmt: skip
_PATTERNS = tuple((filters, re.compile(f"{_FIRST}(?:{pattern})")) for filters, pattern in _RULES)


@dataclass(frozen=True)
class WhichKind:
    """Filters' names and values, and the stretch of the text that says so."""

    filters: tuple[tuple[str, str], ...]
    start: int
    end: int


def find(folded: str) -> WhichKind | None:
    """What a folded text says first of kinds; None where it says nothing."""
    for filters, pattern in _PATTERNS:
        match = pattern.search(folded)
        if match is not None:
            return WhichKind(filters, match.start(), match.end())
    return None
