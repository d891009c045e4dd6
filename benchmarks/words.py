#!/usr/bin/env python3
"""Do words in names and metadata help a search, and never harm it? Looks alone, score-level fusion and rank fusion.

    python benchmarks/words.py PHOTOS [--labels FILE] [--encoder NAME] [--json FILE]

PHOTOS is a folder of photos, FILE a CSV with the columns `file` and `label` (PHOTOS/labels.csv unless given). The
photos are indexed as they are; then the rows of the database are given other names, folders, captions, keywords and
places, drawn by chance but always the same: `camera` names, which say nothing of the picture; `mixed`, where a fifth
of names are right and a fifth are those of other photos; and `wrong`, where every name is that of another photo.
Searched for are the labels in several phrasings, labels in towns, and what only words can find: towns, numbers of
files, invoices.

recall@k is the share of right photos among the first k, all photos being ranked; other right answers before them are no
mistake. Scores and what is strong are those of the cut-off. The databases are thrown away.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from quality import read_labels
from sqlalchemy import text
from sqlalchemy.orm import Session

from photoindex import PhotoIndex, embeddings, encoders, photos, timeline, words
from photoindex.config import load_settings
from photoindex.database import Database, open_database
from photoindex.search import fusion, ranking
from photoindex.search.cutoff import Judge
from photoindex.search.phrasing import content
from photoindex.search.reference import PromptEmbeddings, embed_prompts

PHRASINGS = (
    "a photo of a {}",
    "{}",
    "a picture of a {}",
    "{} in the wild",
    "I am looking for a {}",
    "my best {} photo",
)
TOWNS = ("Grenoble", "Lyon", "Annecy", "Torino", "Firenze", "Bath", "Reading", "Nice", "Tours", "Orange", "Bergen",
         "Cologne", "Essen", "Split", "Cork", "Brest", "Dublin", "Porto", "Faro", "Sens")  # fmt: skip
NAMINGS = ("camera", "mixed", "wrong")
RANKS = (1, 5, 10)
RRF_K = 60

Ranking = NDArray[np.int64]


@dataclass(frozen=True)
class Collection:
    """The photos: ids (n,), unit-norm embeddings (n, dim), what each shows, and who judges queries."""

    ids: NDArray[np.int64]
    vectors: NDArray[np.float32]
    labels: Sequence[str]
    judge: Judge


@dataclass
class Naming:
    """What photos are called now, and what is to be found by it."""

    town_of: dict[int, str] = field(default_factory=dict)
    number_of: dict[int, str] = field(default_factory=dict)
    invoices: set[int] = field(default_factory=set)


@dataclass(frozen=True)
class Query:
    """What is typed, and the photos that are right answers."""

    kind: str
    text: str
    right: frozenset[int]


# --- the photos and what they are called -------------------------------------------------------------------------


def collect(session: Session, labels: Mapping[str, str], prompts: PromptEmbeddings) -> Collection:
    encoder = embeddings.active_encoder(session)
    assert encoder is not None
    every = photos.get_many(session, [each.photo_id for each in timeline.older(session, 1_000_000)])
    shown = [photo for photo in every if photo.filename in labels]
    vectors = [embeddings.get(session, encoder.id, photo.id) for photo in shown]
    ids = np.array([photo.id for photo in shown], dtype=np.int64)
    judge = Judge(np.stack(vectors), prompts.things, prompts.neutral, encoder.image_range)
    return Collection(ids, np.stack(vectors), [labels[photo.filename] for photo in shown], judge)


def call(session: Session, collection: Collection, kind: str) -> Naming:
    """Give every photo a name, a folder and words of its own, and bring the full-text table in step."""
    chooser = random.Random(kind)
    naming = Naming()
    others = list(collection.labels)
    chooser.shuffle(others)
    place_ids = dict(zip(TOWNS, _places(session), strict=True))
    for number, (photo_id, label, other) in enumerate(
        zip(collection.ids.tolist(), collection.labels, others, strict=True)
    ):
        name = naming.number_of[photo_id] = f"IMG_{3000 + 7 * number}"
        chance = chooser.random()
        if kind == "wrong" or (kind == "mixed" and chance < 0.2):
            name = f"{other.replace(' ', '_')}_{number}"
            del naming.number_of[photo_id]
        elif kind == "mixed" and chance < 0.4:
            name = f"{label.replace(' ', '-')} {number}"
            del naming.number_of[photo_id]
        elif chance > 0.97:
            name = f"{'invoice' if number % 2 else 'Scan invoice'} {number}"
            naming.invoices.add(photo_id)
            del naming.number_of[photo_id]
        town = naming.town_of[photo_id] = chooser.choice(TOWNS)
        told = kind == "mixed" and chooser.random() < 0.15
        folder = chooser.choice(("Holidays", "Camera", "DCIM" if kind == "camera" else other))
        values = {
            "id": photo_id,
            "place": place_ids[town] if chooser.random() < 0.7 else None,
            "caption": f"The {label}, early in the morning" if told else "What a day!" if number % 9 == 0 else None,
            "keywords": json.dumps([label] if kind == "mixed" and number % 10 == 0 else ["family", "2019"]),
            "path": f"{2010 + number % 12}/{folder}/{name}.jpg".encode(),
        }
        if values["place"] is None:
            del naming.town_of[photo_id]
        session.execute(
            text("UPDATE photo SET place_id = :place, caption = :caption, keywords = :keywords WHERE id = :id"), values
        )
        session.execute(text("UPDATE file SET path = :path WHERE photo_id = :id"), values)
    while words.refresh(session):
        pass
    return naming


def _places(session: Session) -> list[int]:
    rows = [
        session.scalar(
            text(
                "INSERT INTO place (geoname_id, city, country, city_fr, country_fr, country_code) "
                "VALUES (0, :town, 'Somewhere', :town, 'Quelque part', 'XX') RETURNING id"
            ),
            {"town": town},
        )
        for town in TOWNS
    ]
    return [int(row) for row in rows]


# --- the queries -------------------------------------------------------------------------------------------------


def queries(collection: Collection, naming: Naming) -> list[Query]:
    ids, found = collection.ids.tolist(), []
    of_label: dict[str, set[int]] = {}
    for photo_id, label in zip(ids, collection.labels, strict=True):
        of_label.setdefault(label, set()).add(photo_id)
    for label, right in sorted(of_label.items()):
        found += [Query("labels", phrasing.format(label), frozenset(right)) for phrasing in PHRASINGS]
        towns = {naming.town_of[photo_id] for photo_id in right if photo_id in naming.town_of}
        for town in sorted(towns):
            both = frozenset(photo_id for photo_id in right if naming.town_of.get(photo_id) == town)
            found.append(Query("label in town", f"{label} in {town}", both))
    for town in TOWNS:
        there = frozenset(photo_id for photo_id, its in naming.town_of.items() if its == town)
        found.append(Query("town", town, there))
    for photo_id, name in list(naming.number_of.items())[:40]:
        found.append(Query("file name", name, frozenset({photo_id})))
    if naming.invoices:
        found.append(Query("invoice", "invoice", frozenset(naming.invoices)))
    return found


# --- the ways to rank --------------------------------------------------------------------------------------------


def rank_by_looks(ids: NDArray[np.int64], scores: NDArray[np.float64], _: words.WordMatches) -> Ranking:
    return np.asarray(ids[np.lexsort((ids, -scores))])


def rank_by_score(ids: NDArray[np.int64], scores: NDArray[np.float64], found: words.WordMatches) -> Ranking:
    """As PhotoIndex does."""
    return fusion.fuse(ids, scores, found, strong_score=ranking.STRONG).photo_ids


def rank_by_rank(ids: NDArray[np.int64], scores: NDArray[np.float64], found: words.WordMatches) -> Ranking:
    """Reciprocal rank fusion (Cormack et al., SIGIR 2009) of the order by looks and that by words."""
    keys = dict.fromkeys(ids.tolist(), 0.0)
    by_words = found.photo_ids[np.lexsort((found.photo_ids, -found.weights))]
    for order in (rank_by_looks(ids, scores, found), by_words):
        for rank, photo_id in enumerate(order.tolist(), start=1):
            keys[photo_id] += 1 / (RRF_K + rank)
    return np.array(sorted(keys, key=lambda photo_id: (-keys[photo_id], photo_id)), dtype=np.int64)


WAYS: Mapping[str, Callable[..., Ranking]] = {"looks": rank_by_looks, "score": rank_by_score, "rank": rank_by_rank}


def measure(
    session: Session, collection: Collection, asked: Sequence[Query], vectors: Mapping[str, NDArray[np.float32]]
) -> dict[str, dict[str, dict[str, float]]]:
    """Kind of query → way to rank → recall@k."""
    sums: dict[str, dict[str, list[list[float]]]] = {}
    for query in asked:
        bounds = collection.judge.bounds(vectors[content(query.text)])
        scores = ranking.scores(1.0 - (collection.vectors @ bounds.vector).astype(np.float64), bounds)
        found = words.find(session, query.text)
        for way, rank in WAYS.items():
            order = rank(collection.ids, scores, found).tolist()
            rows = sums.setdefault(query.kind, {}).setdefault(way, [])
            rows += [[rank_among(order, each, query.right) <= k for k in RANKS] for each in query.right]
    return {
        kind: {
            way: dict(zip((f"recall@{k}" for k in RANKS), np.mean(rows, axis=0).tolist(), strict=True))
            for way, rows in ways.items()
        }
        for kind, ways in sums.items()
    }


def rank_among(ranking: Sequence[int], photo_id: int, right: frozenset[int]) -> int:
    """The place of a photo when other right answers before it do not count."""
    place = ranking.index(photo_id)
    return 1 + sum(each not in right for each in ranking[:place])


# --- all of it ---------------------------------------------------------------------------------------------------


def run(database: Database, labels: Mapping[str, str]) -> dict[str, object]:
    with database.read() as session:
        encoder = embeddings.active_encoder(session)
    assert encoder is not None
    text_encoder = encoders.load_text(encoder.name, encoder.fingerprint, None)
    with database.read() as session:
        collection = collect(session, labels, embed_prompts(text_encoder.encode_texts))
    vectors: dict[str, NDArray[np.float32]] = {}
    report: dict[str, object] = {}
    for kind in NAMINGS:
        with database.write() as session:
            naming = call(session, collection, kind)
        asked = queries(collection, naming)
        new = sorted({content(query.text) for query in asked} - vectors.keys())
        for start in range(0, len(new), 64):
            batch = new[start : start + 64]
            vectors |= zip(batch, text_encoder.encode_texts(batch), strict=True)
        with database.read() as session:
            table = report[kind] = measure(session, collection, asked, vectors)
        print(f"\nnames: {kind}\n{'searched for':16}{'ranked by':>10}" + "".join(f"{f'recall@{k}':>11}" for k in RANKS))
        for searched, ways in table.items():
            for way, row in ways.items():
                print(f"{searched:16}{way:>10}" + "".join(f"{value:11.3f}" for value in row.values()))
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--labels", type=Path)
    parser.add_argument("--encoder", default="starter")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    arguments = parser.parse_args()
    labels = read_labels(arguments.labels or arguments.photos / "labels.csv")
    with tempfile.TemporaryDirectory() as data, PhotoIndex(data=data, encoder=arguments.encoder) as index:
        index.add(arguments.photos)
        counts = index.index()
        print(f"{counts.indexed} photos indexed with {arguments.encoder}", file=sys.stderr)
        database = open_database(load_settings({"data": data}, {}).database)
        try:
            report = run(database, labels)
        finally:
            database.close()
    report |= {"encoder": arguments.encoder, "machine": f"{platform.machine()}, Python {platform.python_version()}"}
    print(json.dumps(report))
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
