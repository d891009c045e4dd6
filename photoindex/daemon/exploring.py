"""Finding the concepts of a library: embeds the labels once, looks at a sample of photos, stores what they show."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from photoindex import concepts, embeddings
from photoindex.concepts import NewConcept, Sample
from photoindex.daemon import cluster_names, clusters, zero_shot
from photoindex.daemon.concept_labels import Label, LabelList, read_labels
from photoindex.database import Database
from photoindex.embeddings import StoredEncoder
from photoindex.errors import EncoderError

log = logging.getLogger(__name__)

SAMPLE = 20_000
"""At most so many photos are looked at: what is not among them is too rare for a page of concepts."""
MOST = 60
MOST_LABELS = 48
MOST_CLUSTERS = 24
EXAMPLES = 12
"""Photos kept of a concept, so that there is still a cover when some are hidden."""
TEXTS_AT_ONCE = 32

NEARLY_SAME = 0.95
"""Two covers whose cosine is above this look the same."""
LEANING, LEANS = 0.7, 0.5
"""A group is called by a label that stands out by this share of the bound on average, and by half for most photos."""
FEWEST_LEANING = 5
"""So few photos at least make such a group: what fewer have in common may be chance."""
SAME_GROUP = 0.9
"""A group whose middle is this near (cosine) to one of the last time is that one."""

Check = Callable[[], None]
"""Called often; may raise, to stop."""


class TextEncoder(Protocol):
    """The half of an encoder that embeds texts."""

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]: ...


def explore(
    database: Database, load_text: Callable[[StoredEncoder], TextEncoder], check: Check = lambda: None
) -> int | None:
    """Find the concepts anew if that is due; how many there are now, or None when it was not.

    The text encoder is loaded only when its embeddings of the labels are not stored yet; when it can't be had,
    concepts are found without it. Nothing is written before all is found, so it may be ended at any moment.
    """
    labels = read_labels()
    with database.read() as session:
        encoder = embeddings.active_encoder(session)
        if encoder is None or not concepts.is_due(session, encoder, labels.digest):
            return None
    vectors = _label_vectors(database, encoder, labels, load_text, check)
    with database.read() as session:
        sample = concepts.sample(session, encoder, SAMPLE, check)
        where = concepts.circumstances(session, sample.photo_ids.tolist())
        known = concepts.known_centroids(session, encoder.id)
    finder = _Finder(sample, where, known, labels, check)
    if len(sample.photo_ids):
        finder.find(vectors)
    digest = labels.digest if vectors is not None else ""
    with database.write() as session:
        concepts.replace_all(session, encoder.id, finder.found, sample.searchable, digest)
    return len(finder.found)


def _label_vectors(
    database: Database,
    encoder: StoredEncoder,
    labels: LabelList,
    load_text: Callable[[StoredEncoder], TextEncoder],
    check: Check,
) -> NDArray[np.float32] | None:
    """The embeddings of the labels' texts, from the database or made now; None when no text encoder can be had."""
    with database.read() as session:
        stored = concepts.label_vectors(session, encoder, labels.digest)
    if stored is not None:
        return stored
    try:
        text_encoder = load_text(encoder)
        parts = []
        for start in range(0, len(labels.texts), TEXTS_AT_ONCE):
            check()
            parts.append(text_encoder.encode_texts(labels.texts[start : start + TEXTS_AT_ONCE]))
    except EncoderError as error:
        log.warning("concepts are found without labels: %s", error)
        return None
    vectors = np.concatenate(parts)
    with database.write() as session:
        concepts.put_label_vectors(session, encoder.id, labels.digest, vectors)
    return vectors


@dataclass
class _Finder:
    """Collects concepts, the most important first."""

    sample: Sample
    where: dict[int, concepts.Circumstance]
    known: dict[str, NDArray[np.float32]]
    labels: LabelList
    check: Check
    found: list[NewConcept] = field(default_factory=list)
    _covers: list[int] = field(default_factory=list)
    """Rows of the photos that are covers already."""

    def find(self, label_vectors: NDArray[np.float32] | None) -> None:
        """All there is; `label_vectors` are of the labels' texts, None when there are none."""
        rest = np.ones(len(self.sample.photo_ids), dtype=np.bool_)
        clear = None
        if label_vectors is not None:
            number = len(self.labels.labels)
            clear = zero_shot.clarity(self.sample.vectors, label_vectors[:number], label_vectors[number:])
            self.check()
            familiar = {index for index, label in enumerate(self.labels.labels) if _label_key(label) in self.known}
            for shown in zero_shot.choose(clear, self.labels.parents, MOST_LABELS, frozenset(familiar)):
                self._add_label(shown.label, shown.rows)
                rest[shown.rows] = False
        self._find_groups(np.flatnonzero(rest), clear)

    def _find_groups(self, rows: NDArray[np.intp], clear: NDArray[np.float32] | None) -> None:
        """Look for groups among the photos of these rows, which no label explains."""
        least = zero_shot.fewest(len(self.sample.photo_ids))
        number = min(MOST_CLUSTERS, len(rows) // (4 * least))
        mean = self.sample.vectors.mean(axis=0)
        groups = clusters.find(self.sample.vectors[rows], number, mean, self.check)
        tight = np.mean([group.tightness for group in groups]) if groups else 0.0
        bound = zero_shot.bound_of(clear) if clear is not None else 0.0
        for group in groups:
            members = rows[group.rows]
            if len(self.found) >= MOST or len(members) < least:
                continue
            if clear is not None and len(members) >= FEWEST_LEANING and self._add_leaning(members, clear, bound):
                continue
            if len(members) >= 2 * least and self._add_place(members):
                continue
            if clear is None and group.tightness >= tight and len(members) > 1:
                self._add_group(members)

    def _add_label(self, number: int, rows: NDArray[np.intp]) -> None:
        label = self.labels.labels[number]
        names = (_label_key(label), "label", _capital(label.en), _capital(label.fr), label.en)
        self._add(names, rows, len(rows))

    def _add_leaning(self, members: NDArray[np.intp], clear: NDArray[np.float32], bound: float) -> bool:
        """Call a group by a label that its photos show together, though each for itself not clearly."""
        means = clear[members].mean(axis=0)
        number = int(np.argmax(means))
        leans = float((clear[members, number] >= LEANS * bound).mean())
        taken = any(each.key == _label_key(self.labels.labels[number]) for each in self.found)
        if means[number] < LEANING * bound or leans < cluster_names.DOMINATES or taken:
            return False
        self._add_label(number, members[np.argsort(-clear[members, number], kind="stable")])
        return True

    def _add_place(self, members: NDArray[np.intp]) -> bool:
        everything = [self.where[int(photo_id)] for photo_id in self.sample.photo_ids]
        named = cluster_names.name([everything[row] for row in members], everything)
        if named is None or any(each.key == named.key for each in self.found):
            return False
        there = [row for row in members if named.holds(everything[row])]
        count = sum(named.holds(each) for each in everything)
        self._add((named.key, "place", named.en, named.fr, named.query), np.array(there, dtype=np.intp), count)
        return True

    def _add_group(self, members: NDArray[np.intp]) -> None:
        cover = int(self.sample.photo_ids[self._examples(members)[0]])
        number = sum(each.kind == "group" for each in self.found) + 1
        middle = self._middle(members)
        old = [
            key for key, centroid in self.known.items() if key.startswith("group:") and middle @ centroid >= SAME_GROUP
        ]
        taken = {each.key for each in self.found}
        key = next((each for each in old if each not in taken), f"group:{cover}")
        names = (key, "group", f"Look-alikes {number}", f"Photos semblables {number}", f"like:{cover}")
        if key not in taken:
            self._add(names, members, len(members))

    def _add(self, names: tuple[str, str, str, str, str], rows: NDArray[np.intp], count: int) -> None:
        """A concept of the photos of these rows, the clearest first; `count` of the sample show it."""
        examples = self._examples(rows)
        self._covers.append(int(examples[0]))
        photos = max(1, round(count * self.sample.searchable / len(self.sample.photo_ids)))
        ids = tuple(int(photo_id) for photo_id in self.sample.photo_ids[examples])
        self.found.append(NewConcept(*names, photos, ids, self._middle(rows)))

    def _examples(self, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        """The first few rows, with one in front that is most unlike the covers there are, if the first is like one."""
        few = rows[:EXAMPLES]
        if not self._covers:
            return few
        likeness = (self.sample.vectors[few] @ self.sample.vectors[self._covers].T).max(axis=1)
        fresh = np.flatnonzero(likeness < NEARLY_SAME)
        first = int(fresh[0]) if len(fresh) else int(np.argmin(likeness))
        return np.concatenate([few[first : first + 1], np.delete(few, first)])

    def _middle(self, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        middle = self.sample.vectors[rows].mean(axis=0)
        return np.asarray(middle / max(float(np.linalg.norm(middle)), 1e-9), dtype=np.float32)


def _label_key(label: Label) -> str:
    return f"label:{label.en}"


def _capital(name: str) -> str:
    return name[0].upper() + name[1:]
