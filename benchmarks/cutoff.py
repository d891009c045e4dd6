"""Does search know where matches end? Precision, recall and F1 of strong matches; part of `quality.py`.

The labels that photos have and as many that none has are searched for, in every phrasing. Three rules say what
matches: ours; one threshold on the cosine; one on the standard score of a photo within its query's cosines. The two
thresholds are the best there are for these very queries, chosen with the answers known: nobody could have set them.
F1 is over all pairs of a query and a photo at once (micro-average).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from photoindex import embeddings, encoders
from photoindex.database import open_database
from photoindex.encoders.classes import read_classes
from photoindex.models import File
from photoindex.search import reference
from photoindex.search.cutoff import Judge
from photoindex.search.phrasing import content

Rows = NDArray[np.float32]
DRAWS = 3
"""How often the labels that no photo has are drawn: F1 moves by a point with which they are."""
TINY = ((1, 24), (5, 12), (20, 6))
"""Photos of a tiny library, and how many such libraries are measured."""
FIFTHS = 16


@dataclass(frozen=True)
class Answers:
    """What a rule says of queries and photos, and what is right: (queries, photos) each."""

    strong: NDArray[np.bool_]
    weak: NDArray[np.bool_]
    right: NDArray[np.bool_]


class Bench:
    """The embedded photos and texts, and the judge of any library made of them."""

    def __init__(self, data: Path, labels: dict[str, str]) -> None:
        database = open_database(data / "photoindex.db")
        with database.read() as session:
            stored = embeddings.active_encoder(session)
            assert stored is not None
            files = session.execute(select(File.path, File.photo_id).where(File.photo_id.is_not(None)))
            ids = {Path(path.decode()).name: photo_id for path, photo_id in files}
            names = [name for name in labels if name in ids]
            self.photos = reference.sample_vectors(session, stored.id, [ids[name] for name in names])
        database.close()
        self.labels = [labels[name] for name in names]
        self._image_range = stored.image_range
        self._encoder = encoders.load_text(stored.name, stored.fingerprint, None)
        self._prompts = reference.embed_prompts(self._encoder.encode_texts)
        self._embedded: dict[str, Rows] = {}

    def embed(self, texts: Sequence[str]) -> Rows:
        new = sorted({text for text in texts if text not in self._embedded})
        if new:
            self._embedded.update(zip(new, self._encoder.encode_texts(new), strict=True))
        return np.stack([self._embedded[text] for text in texts])

    def answer(self, photos: Rows, shown: Sequence[str], asked: Sequence[str], phrasings: Sequence[str]) -> Answers:
        """Ours, for a library of these photos with the labels `shown`."""
        judge = Judge(photos, self._prompts.things, self._prompts.neutral, self._image_range)
        strong, weak = [], []
        for query in self.embed([content(phrasing.format(label)) for phrasing in phrasings for label in asked]):
            bounds = judge.bounds(query)
            distances = (1.0 - photos @ bounds.vector).round(6)
            strong.append(distances <= bounds.strong_distance)
            weak.append(distances <= bounds.weak_distance)
        return Answers(np.array(strong), np.array(weak), right_ones(shown, asked, len(phrasings)))


def right_ones(shown: Sequence[str], asked: Sequence[str], times: int) -> NDArray[np.bool_]:
    return np.tile(np.array(asked)[:, None] == np.array(shown)[None], (times, 1))


def figures(answers: Answers) -> dict[str, float]:
    hits, said, right = (int(each.sum()) for each in (answers.strong & answers.right, answers.strong, answers.right))
    absent = ~answers.right.any(axis=1)
    return {
        "precision": hits / max(said, 1),
        "recall": hits / right,
        "f1": 2 * hits / (said + right),
        "recall_with_weak": int((answers.weak & answers.right).sum()) / right,
        "absent_without_strong": float(1 - answers.strong[absent].any(axis=1).mean()),
        "absent_with_nothing": float(1 - answers.weak[absent].any(axis=1).mean()),
    }


def best_threshold(scores: NDArray[np.floating[Any]], right: NDArray[np.bool_]) -> float:
    order = np.argsort(-scores, axis=None)
    hits = np.cumsum(right.ravel()[order])
    f1 = 2 * hits / (np.arange(1, right.size + 1) + right.sum())
    return float(scores.ravel()[order[int(f1.argmax())]])


def with_best(
    score: Callable[[NDArray[np.floating[Any]]], NDArray[np.floating[Any]]],
    cosines: NDArray[np.floating[Any]],
    right: NDArray[np.bool_],
) -> Answers:
    scores = score(cosines)
    said = scores >= best_threshold(scores, right)
    return Answers(said, said, right)


def standard(cosines: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    return (cosines - cosines.mean(axis=1, keepdims=True)) / cosines.std(axis=1, keepdims=True)


def absent_labels(file: Path | None, present: set[str]) -> list[list[str]]:
    """Labels of which no photo is: as many as are present, drawn several times; or those of a file."""
    if file is not None:
        return [[name for name in file.read_text(encoding="utf-8").splitlines() if name]]
    others = sorted({each.words[0] for each in read_classes()} - present)
    drawn = (np.random.default_rng(seed).permutation(len(others))[: len(present)] for seed in range(1, DRAWS + 1))
    return [[others[index] for index in sorted(chosen)] for chosen in drawn]


def measure(
    data: Path, labels: dict[str, str], draws: Sequence[Sequence[str]], phrasings: Sequence[str]
) -> dict[str, Any]:
    bench = Bench(data, labels)
    present = sorted(set(bench.labels))
    by_draw = [_rules(bench, [*present, *absent], phrasings) for absent in draws]
    rules = {name: _joined([each for draw in by_draw for each in draw[name]]) for name in by_draw[0]}
    absent = draws[0]
    return {
        "queries": len(rules["ours"].right),
        "absent": len(absent) / (len(present) + len(absent)),
        "rules": {name: figures(answers) for name, answers in rules.items()},
        "f1_by_draw": [figures(_joined(draw["ours"]))["f1"] for draw in by_draw],
        "by_phrasing": {
            phrasing: {name: figures(_joined([draw[name][number] for draw in by_draw])) for name in rules}
            for number, phrasing in enumerate(phrasings)
        },
        "a fifth is one subject": _fifths(bench, absent, phrasings),
        **{f"{count} photos": _tiny(bench, absent, phrasings, count, times) for count, times in TINY},
    }


def _rules(bench: Bench, asked: Sequence[str], phrasings: Sequence[str]) -> dict[str, list[Answers]]:
    """What each rule says, by phrasing."""
    ours = bench.answer(bench.photos, bench.labels, asked, phrasings)
    texts = [phrasing.format(label) for phrasing in phrasings for label in asked]
    cosines = bench.embed(texts) @ bench.photos.T
    stripped = bench.embed([content(text) for text in texts]) @ bench.photos.T
    said = {
        "ours": ours,
        "flat, best": with_best(lambda each: each, cosines, ours.right),
        "flat, best, asking taken off": with_best(lambda each: each, stripped, ours.right),
        "standard score, best": with_best(standard, cosines, ours.right),
    }
    rows = [slice(number * len(asked), (number + 1) * len(asked)) for number in range(len(phrasings))]
    return {
        name: [Answers(each.strong[part], each.weak[part], each.right[part]) for part in rows]
        for name, each in said.items()
    }


def _joined(parts: Sequence[Answers]) -> Answers:
    """Of libraries of the same size, and of queries of any."""
    return Answers(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("strong", "weak", "right")))


def _fifths(bench: Bench, absent: Sequence[str], phrasings: Sequence[str]) -> dict[str, dict[str, float]]:
    """One photo, a little different each time, is a fifth; it, ten others and eleven absent ones are asked for."""
    random, parts, cosines = np.random.default_rng(2), [], []
    for _ in range(FIFTHS):
        order = random.permutation(len(bench.photos))
        first, others = order[0], order[1 : 1 + 4 * (len(order) // 5)]
        jitter = 0.2 / bench.photos.shape[1] ** 0.5
        copies = bench.photos[first] + random.normal(0, jitter, (len(others) // 4, bench.photos.shape[1]))
        copies /= np.linalg.norm(copies, axis=1, keepdims=True)
        photos = np.vstack([bench.photos[others], copies]).astype(np.float32)
        shown = [bench.labels[index] for index in others] + [bench.labels[first]] * len(copies)
        asked = [
            bench.labels[first],
            *(bench.labels[index] for index in others[:10]),
            *(absent[index] for index in random.permutation(len(absent))[:11]),
        ]
        parts.append(bench.answer(photos, shown, asked, phrasings))
        cosines.append(bench.embed([phrasing.format(label) for phrasing in phrasings for label in asked]) @ photos.T)
    joined = _joined(parts)
    flat = with_best(lambda each: each, np.concatenate(cosines), joined.right)
    return {"ours": figures(joined), "flat, best": figures(flat)}


def _tiny(bench: Bench, absent: Sequence[str], phrasings: Sequence[str], count: int, times: int) -> dict[str, float]:
    random, parts = np.random.default_rng(3), []
    for _ in range(times):
        chosen = random.permutation(len(bench.photos))[:count]
        shown = [bench.labels[index] for index in chosen]
        others = [absent[index] for index in random.permutation(len(absent))[:count]]
        parts.append(bench.answer(bench.photos[chosen], shown, [*shown, *others], phrasings))
    return figures(_joined(parts))


def print_tables(report: dict[str, Any]) -> None:
    columns = ("precision", "recall", "f1", "recall_with_weak", "absent_without_strong", "absent_with_nothing")
    heads = ("precision", "recall", "F1", "with weak", "absent: no strong", "absent: nothing")
    print(f"\ncut-off: {report['queries']} queries, {report['absent']:.0%} of them for what no photo shows")
    print(f"{'rule':38}" + "".join(f"{head:>{max(len(head) + 2, 11)}}" for head in heads))
    rows = {**report["rules"], **{f"ours, {name}": row for name, row in report.items() if "photos" in name}}
    rows.update({f"{name}: a fifth is one subject": row for name, row in report["a fifth is one subject"].items()})
    for name, row in rows.items():
        cells = (f"{row[column]:{max(len(head) + 2, 11)}.3f}" for column, head in zip(columns, heads, strict=True))
        print(f"{name:38}" + "".join(cells))
    print("F1 of ours by draw of absent labels: " + ", ".join(f"{each:.3f}" for each in report["f1_by_draw"]))
    print(f"\n{'F1 when searched for':32}{'ours':>11}{'flat':>11}{'standard score':>18}")
    for phrasing, row in report["by_phrasing"].items():
        ours, flat, z = (row[name]["f1"] for name in ("ours", "flat, best", "standard score, best"))
        print(f"{phrasing.format('LABEL'):32}{ours:11.3f}{flat:11.3f}{z:18.3f}")
