"""Make photoindex/data/cldr_words.tsv: the words by which emoji are found in other languages than English.

    pip install wordfreq
    python scripts/build_query_words.py FOLDER

FOLDER holds Unicode's CLDR annotations as JSON: `annotations` of the npm package cldr-annotations-full, 48.2.0. Their
words name what photos show: animals, food, objects, sports, faces. Left out are words that are also English, names, and
words that are rare in their own language; wordfreq's figures only decide that, none is kept.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from wordfreq import zipf_frequency

from photoindex.folding import fold

ROOT = Path(__file__).parents[1]
OUTPUT = ROOT / "photoindex" / "data" / "cldr_words.tsv"
LANGUAGES = {
    "fr": "French",
    "de": "German",
    "es": "Spanish",
    "it": "Italian",
    "pt": "Portuguese",
    "nl": "Dutch",
    "pl": "Polish",
}
SHORTEST = 4
COMMON = 2.0
"""Zipf scale: of a word in its own language, at least."""
ENGLISH = 2.3
"""From here on a word counts as English, too."""
APART = 1.2
"""How much more usual a word must be in its own language than in English."""
PLAINLY_ENGLISH = 3.3
"""From here on an English word speaks against other languages, if it is APART from all of them."""
COLUMNS = 105
HEADER = """\
# Words from Unicode's CLDR annotations (names and keywords of emoji), 48.2.0; see NOTICE for the licence.
# Made by scripts/build_query_words.py; the form is that of query_words.tsv.
"""


def words(folder: Path, language: str) -> set[str]:
    """All words of a language's annotations, less those with a capital (German nouns have one, too)."""
    data = json.loads((folder / language / "annotations.json").read_text("utf-8"))
    texts = [text for each in data["annotations"]["annotations"].values() for kind in each.values() for text in kind]
    found = {word for text in texts for word in re.findall(r"[^\W\d_]+", text)}
    return {word.lower() for word in found if language == "de" or word.islower()}


def foreign(word: str, language: str, english: set[str]) -> bool:
    """Whether a word tells its language from English."""
    own, other = zipf_frequency(word, language), zipf_frequency(word, "en")
    return len(word) >= SHORTEST and word not in english and own >= COMMON and other < ENGLISH and own - other >= APART


def plainly_english(word: str) -> bool:
    """Whether a word tells English from the other languages."""
    own = zipf_frequency(word, "en")
    others = max(zipf_frequency(word, code) for code in LANGUAGES)
    return len(word) >= SHORTEST and own >= PLAINLY_ENGLISH and own - others >= APART


def lines(language: str, tier: str, chosen: set[str]) -> Iterator[str]:
    """The rows of a table for some words."""
    row = ""
    for word in sorted(chosen):
        if row and len(row) + len(word) >= COLUMNS:
            yield f"{language}\t{tier}\t{row}\n"
            row = ""
        row = f"{row} {word}".strip()
    if row:
        yield f"{language}\t{tier}\t{row}\n"


def main(folder: Path) -> None:
    """Write the file."""
    english = words(folder, "en")
    neutral: set[str] = set()
    rows: list[str] = []
    for code, name in LANGUAGES.items():
        chosen = {word for word in words(folder, code) if foreign(word, code, english)}
        neutral |= {bare for word in chosen if (bare := fold(word)) != word and zipf_frequency(bare, "en") >= ENGLISH}
        rows += lines(name, "telling", chosen)
    rows += lines("English", "words", set(filter(plainly_english, english)))
    rows += lines("English", "neutral", neutral)
    OUTPUT.write_text(HEADER + "".join(rows), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
