"""The list of things that photos may show: names in two languages, and the texts that stand for them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

FILE = Path(__file__).parents[1] / "data" / "concept_labels.tsv"

NEUTRAL = (
    "a photo",
    "an image",
    "a picture of something",
    "a thing",
    "an object",
    "a scene",
    "a photo of a photo",
)
"""Texts that fit every photo: what a label has in common with them says nothing of what a photo shows."""


@dataclass(frozen=True)
class Label:
    """One thing. Its English name is also what is searched for."""

    group: str
    en: str
    fr: str


@dataclass(frozen=True)
class LabelList:
    """All labels, each name once."""

    labels: tuple[Label, ...]

    @cached_property
    def parents(self) -> tuple[int, ...]:
        """For each label the number of the one that it lies within, as a robin is a bird; -1 for none."""
        numbers = {label.en: number for number, label in enumerate(self.labels)}
        return tuple(-1 if label.group == label.en else numbers.get(label.group, -1) for label in self.labels)

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """What is embedded: a text for each label, then the neutral ones."""
        return (*(f"a photo of {label.en}" for label in self.labels), *NEUTRAL)

    @cached_property
    def digest(self) -> str:
        """Of the texts: changes when they do."""
        return hashlib.sha256("\n".join(self.texts).encode()).hexdigest()


@lru_cache(maxsize=1)
def read_labels() -> LabelList:
    """The list that comes with PhotoIndex."""
    lines = FILE.read_text("utf-8").splitlines()
    return LabelList(tuple(Label(*line.split("\t")) for line in lines if line and not line.startswith("#")))
