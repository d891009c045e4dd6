"""Tell a language by its script, for text that is not in Latin letters."""

from __future__ import annotations

from collections import Counter

_RANGES = (
    (0x0370, 0x03FF, "Greek"), (0x1F00, 0x1FFF, "Greek"), (0x0400, 0x052F, "Russian"), (0x0530, 0x058F, "Armenian"),
    (0x0590, 0x05FF, "Hebrew"), (0x0600, 0x06FF, "Arabic"), (0x0750, 0x077F, "Arabic"), (0x08A0, 0x08FF, "Arabic"),
    (0x0900, 0x097F, "Hindi"), (0x0980, 0x09FF, "Bengali"), (0x0A00, 0x0A7F, "Punjabi"), (0x0A80, 0x0AFF, "Gujarati"),
    (0x0B00, 0x0B7F, "Odia"), (0x0B80, 0x0BFF, "Tamil"), (0x0C00, 0x0C7F, "Telugu"), (0x0C80, 0x0CFF, "Kannada"),
    (0x0D00, 0x0D7F, "Malayalam"), (0x0D80, 0x0DFF, "Sinhala"), (0x0E00, 0x0E7F, "Thai"), (0x0E80, 0x0EFF, "Lao"),
    (0x0F00, 0x0FFF, "Tibetan"), (0x1000, 0x109F, "Burmese"), (0x10A0, 0x10FF, "Georgian"), (0x1100, 0x11FF, "Korean"),
    (0x1200, 0x139F, "Amharic"), (0x1780, 0x17FF, "Khmer"), (0x3040, 0x30FF, "Japanese"), (0x31F0, 0x31FF, "Japanese"),
    (0x3400, 0x4DBF, "Chinese"), (0x4E00, 0x9FFF, "Chinese"), (0xAC00, 0xD7AF, "Korean"), (0x20000, 0x3FFFF, "Chinese"),
)  # fmt: skip
"""First and last code point of a block, and the language with the most speakers that is written in it."""

_OWN_LETTERS = (
    ("Russian", "Ukrainian", "іїєґІЇЄҐ"),
    ("Russian", "Belarusian", "ўЎ"),
    ("Russian", "Serbian", "ђјљњћџЂЈЉЊЋЏ"),
    ("Arabic", "Urdu", "ٹڈڑےں"),
    ("Arabic", "Persian", "پچژگکی"),
)
"""For a script: another language that has these letters, and the first one has not; the first match counts."""

_ALONE = frozenset({"Chinese", "Japanese", "Korean"})
"""A letter of these can be a word; one of others (µ, π, Ω) is more often a sign."""


def language_of(text: str) -> str | None:
    """The English name of the language of a text (NFKC) in a script of its own; None for Latin letters or none at all.

    Where scripts are mixed, Latin letters count for a third, as a few of another script say more: `Tokyo 東京`.
    """
    counts = Counter(filter(None, map(_language, text)))
    latin = sum(char.isalpha() for char in text) - sum(counts.values())
    if counts["Japanese"]:  # kanji are Chinese characters
        counts["Japanese"] += counts.pop("Chinese", 0)
    if not counts:
        return None
    language, letters = counts.most_common(1)[0]
    if letters < (1 if language in _ALONE else 2) or 3 * letters < latin:
        return None
    for script, other, own in _OWN_LETTERS:
        if script == language and not set(own).isdisjoint(text):
            return other
    return language


def _language(char: str) -> str | None:
    if char < "\u0370" or not (char.isalpha() or "\u0900" <= char <= "\u109f"):
        return None
    code = ord(char)
    return next((language for first, last, language in _RANGES if first <= code <= last), None)
