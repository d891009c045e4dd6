#!/usr/bin/env python3
"""How fast is indexing, next to the naive way with the same encoder on the same files?

    python benchmarks/index.py PHOTOS --checkpoint DIR [--rounds 3] [--json FILE]

DIR is a CLIP checkpoint in Hugging Face format. Both ways run in turn, each in a process of its own; of all rounds the
best one of each counts, as other work on the machine only ever makes a run slower. Both are timed from the loaded and
warmed encoder on. Ours includes reading, hashing, decoding, metadata, thumbnails, encoding and the database (the scan
goes on while the encoder is loaded); the naive way (benchmarks/naive.py) decodes and encodes only.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent


def index(photos: Path, checkpoint: str, data: Path) -> dict[str, float]:
    """Index once in this process, into a new data folder."""
    from photoindex import libraries
    from photoindex.config import Settings, load_settings
    from photoindex.daemon import service
    from photoindex.daemon.choosing import Tell, choose_encoder
    from photoindex.database import open_database
    from photoindex.embeddings import StoredEncoder
    from photoindex.encoders.base import Encoder

    settings = load_settings({"data": data, "encoder": checkpoint}, {})
    database = open_database(settings.database)
    with database.write() as session:
        libraries.add(session, photos)
    database.close()
    loaded_at: list[float] = []

    def load(settings: Settings, stored: Sequence[StoredEncoder], tell: Tell) -> tuple[Encoder, str | None]:
        import numpy as np

        encoder, notice = choose_encoder(settings, stored, tell)
        edge = encoder.input_size
        encoder.encode_images([np.zeros((edge, edge, 3), dtype=np.uint8)])
        loaded_at.append(time.perf_counter())
        return encoder, notice

    idle_at: list[float] = []

    def note(progress: service.Progress) -> None:
        if progress.state == "idle":
            idle_at.append(time.perf_counter())

    done = service.run(settings, stop=threading.Event(), watch=False, on_progress=note, load_encoder=load)
    return {
        "photos": done.counts.indexed,
        "photos_per_second": done.counts.indexed / (idle_at[-1] - loaded_at[0]),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def run(command: list[str]) -> dict[str, float]:
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, *command], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def compare(photos: Path, checkpoint: str, rounds: int) -> dict[str, object]:
    ours: list[dict[str, float]] = []
    naive: list[dict[str, float]] = []
    for number in range(rounds):
        naive.append(run([str(HERE / "naive.py"), str(photos), "--checkpoint", checkpoint]))
        ours.append(run([__file__, str(photos), "--checkpoint", checkpoint, "--once"]))
        shown = [f"{each[-1]['photos_per_second']:.1f}" for each in (naive, ours)]
        print(f"round {number + 1}: naive {shown[0]}, ours {shown[1]} photos/s", file=sys.stderr)
    best = {
        name: max(each, key=lambda one: one["photos_per_second"]) for name, each in (("naive", naive), ("ours", ours))
    }
    return {
        "machine": f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}",
        "photos": best["ours"]["photos"],
        "best": best,
        "ratio": best["ours"]["photos_per_second"] / best["naive"]["photos_per_second"],
        "ratios_by_round": [
            mine["photos_per_second"] / other["photos_per_second"] for mine, other in zip(ours, naive, strict=True)
        ],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--once", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    arguments = parser.parse_args()
    if arguments.once:
        with tempfile.TemporaryDirectory() as data:
            print(json.dumps(index(arguments.photos, arguments.checkpoint, Path(data))))
        return
    report = compare(arguments.photos, arguments.checkpoint, arguments.rounds)
    print(f"{'':8}{'photos/s':>10}{'peak MiB':>10}")
    for name, row in report["best"].items():  # type: ignore[attr-defined]
        print(f"{name:8}{row['photos_per_second']:10.1f}{row['peak_mib']:10.0f}")
    print(f"ours is {report['ratio']:.1f} times as fast")
    print(json.dumps(report))
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
