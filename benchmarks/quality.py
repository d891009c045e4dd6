#!/usr/bin/env python3
"""How well does search find photos of known content, and know what is not there? For labelled photos.

    python benchmarks/quality.py PHOTOS [--labels FILE] [--absent FILE] [--encoder NAME] [--json FILE] [--no-cutoff]

PHOTOS is a folder of photos, FILE a CSV with the columns `file` and `label` (PHOTOS/labels.csv unless given). Each
label is searched for in several phrasings; recall@k is the share of photos found among the first k results for their
own label. Photos that share a label are all right answers for it. This part runs through the Python API, on a data
folder of its own that is thrown away.

Then the cut-off (`cutoff.py` beside this file): as many labels that no photo has are searched for too, and what is
said to match strongly is counted right or wrong. `--absent` names them, one a line; without it they are ImageNet's,
drawn three times.
"""

from __future__ import annotations

import argparse
import csv
import json
import platform
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import cutoff

from photoindex import PhotoIndex

PHRASINGS = (
    "a photo of a {}",
    "{}",
    "a picture of a {}",
    "{} in the wild",
    "I am looking for a {}",
    "show me the {}",
)
RANKS = (1, 5, 10)


def read_labels(file: Path) -> dict[str, str]:
    with file.open(newline="", encoding="utf-8") as stream:
        return {row["file"]: row["label"] for row in csv.DictReader(stream)}


def recalls(index: PhotoIndex, labels: dict[str, str], phrasing: str) -> dict[str, float]:
    """The share of photos among the first k results for their label, by k, and the mean reciprocal rank."""
    photos_of = defaultdict(set)
    for name, label in labels.items():
        photos_of[label].add(name)
    hits, reciprocal = dict.fromkeys(RANKS, 0), 0.0
    for label, right in photos_of.items():
        names = [result.filename for result in index.search(phrasing.format(label), limit=max(RANKS) + len(right))]
        for name in right:
            others = right - {name}  # other right answers before it are no mistake
            ranked = [each for each in names if each not in others]
            rank = ranked.index(name) + 1 if name in ranked else None
            for k in RANKS:
                hits[k] += rank is not None and rank <= k
            reciprocal += 1 / rank if rank else 0
    return {**{f"recall@{k}": hits[k] / len(labels) for k in RANKS}, "mrr": reciprocal / len(labels)}


def print_recalls(table: dict[str, dict[str, float]]) -> None:
    columns = [*(f"recall@{k}" for k in RANKS), "mrr"]
    print(f"{'searched for':26}" + "".join(f"{column:>11}" for column in columns))
    for phrasing, row in table.items():
        print(f"{phrasing.format('LABEL'):26}" + "".join(f"{row[column]:11.3f}" for column in columns))


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--labels", type=Path)
    parser.add_argument("--absent", type=Path, help="labels that no photo has, one a line")
    parser.add_argument("--encoder", default="starter")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    parser.add_argument("--no-cutoff", action="store_true", help="leave the cut-off out; it takes a minute or two")
    return parser.parse_args()


def main() -> None:
    arguments = read_arguments()
    labels = read_labels(arguments.labels or arguments.photos / "labels.csv")
    report: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as data:
        with PhotoIndex(data=data, encoder=arguments.encoder) as index:
            index.add(arguments.photos)
            started = time.perf_counter()
            counts = index.index()
            seconds = time.perf_counter() - started
            print(f"{counts.indexed} photos indexed with {arguments.encoder} in {seconds:.1f} s", file=sys.stderr)
            table = {phrasing: recalls(index, labels, phrasing) for phrasing in PHRASINGS}
        print_recalls(table)
        if not arguments.no_cutoff:
            absent = cutoff.absent_labels(arguments.absent, set(labels.values()))
            report["cutoff"] = cutoff.measure(Path(data), labels, absent, PHRASINGS)
            cutoff.print_tables(report["cutoff"])
    report = {
        "encoder": arguments.encoder,
        "photos": counts.indexed,
        "labels": len(set(labels.values())),
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "phrasings": table,
        **report,
    }
    print(json.dumps(report))
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
