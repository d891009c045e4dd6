#!/usr/bin/env python3
"""How fast is indexing, next to the naive way with the same encoder on the same files, and where does the time go?

    python benchmarks/index.py PHOTOS --checkpoint DIR [--rounds 3] [--json FILE]
    python benchmarks/index.py PHOTOS --encoder starter

Ours runs twice a round: as it comes, and with decoding in the daemon itself instead of in confined processes.
DIR is a CLIP checkpoint in Hugging Face format. Both ways run in turn, each in a process of its own; of all rounds the
best one of each counts, as other work on the machine only ever makes a run slower. Both are timed from the loaded and
warmed encoder on. Ours includes reading, hashing, decoding, metadata, thumbnails, encoding and the database (the scan
goes on while the encoder is loaded); the naive way (benchmarks/naive.py) decodes and encodes only. With --encoder the
naive way is left out.

The table of stages is processor time a photo in the best round: of the thread that does the work, so that what other
threads and processes do meanwhile does not count. The ceiling is what the cores could do if each photo cost nothing
but the decoding of its Huffman codes and the multiplications of its encoder, both measured here.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ENDINGS = {".jpg", ".jpeg"}


class Clock:
    """Processor seconds of the calling threads, by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._lock = threading.Lock()

    def around(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any, **named: Any) -> Any:
            started = time.thread_time()
            try:
                return function(*arguments, **named)
            finally:
                with self._lock:
                    self.seconds[stage] += time.thread_time() - started

        return timed

    def watch(self, owner: Any, name: str, stage: str) -> None:
        setattr(owner, name, self.around(stage, getattr(owner, name)))


def index(photos: Path, encoder_name: str, data: Path, isolation: str) -> dict[str, Any]:
    """Index once in this process, into a new data folder."""
    from photoindex import libraries
    from photoindex.config import Settings, load_settings
    from photoindex.daemon import indexer, reading, service
    from photoindex.daemon.choosing import Tell, choose_encoder
    from photoindex.database import open_database
    from photoindex.embeddings import StoredEncoder
    from photoindex.encoders.base import Encoder
    from photoindex.isolation import Decoders, HereDecoder

    clock = Clock()
    for name in ("make_thumbnail", "write_thumbnail"):
        clock.watch(reading, name, "thumbnail")
    # Of the daemon's thread only: with isolation that hands bytes over and takes pixels back.
    clock.watch(HereDecoder if isolation == "off" else Decoders, "decode", "decode, metadata")
    clock.watch(reading.Reader, "read", "read and hash")  # all of a file; the parts above are taken off below
    clock.watch(indexer.Indexer, "_store", "store")
    clock.watch(indexer.Indexer, "_hand_out", "hand out")
    settings = load_settings({"data": data, "encoder": encoder_name, "isolation": isolation}, {})
    database = open_database(settings.database)
    with database.write() as session:
        libraries.add(session, photos)
    database.close()
    loaded: list[tuple[float, float, float]] = []

    def load(settings: Settings, stored: Sequence[StoredEncoder], tell: Tell) -> tuple[Encoder, str | None]:
        import numpy as np

        encoder, notice = choose_encoder(settings, stored, tell)
        edge = encoder.input_size
        encoder.encode_images([np.zeros((edge, edge, 3), dtype=np.uint8)])
        clock.watch(encoder, "prepare", "prepare")
        clock.watch(encoder, "encode_images", "encode")
        return encoder, notice

    make_indexer = service._Service._indexer

    def timed_indexer(self: Any, decoder: Any) -> Any:
        made = make_indexer(self, decoder)
        clock.seconds.clear()  # of the machine's measuring of itself
        loaded.append((time.perf_counter(), time.process_time(), _processor_seconds(_decoders())))
        return made

    service._Service._indexer = timed_indexer  # type: ignore[method-assign]
    idle: list[tuple[float, float, float]] = []

    def note(progress: service.Progress) -> None:
        if progress.state == "idle":
            idle.append((time.perf_counter(), time.process_time(), _processor_seconds(_decoders())))

    memory = _Memory()
    done = service.run(settings, stop=threading.Event(), watch=False, on_progress=note, load_encoder=load)
    count = done.counts.indexed
    clock.seconds["read and hash"] -= sum(clock.seconds[part] for part in ("decode, metadata", "thumbnail", "prepare"))
    stages = {stage: seconds / count * 1000 for stage, seconds in clock.seconds.items()}
    own = (idle[-1][1] - loaded[0][1]) / count * 1000
    stages["decoders"] = (idle[-1][2] - loaded[0][2]) / count * 1000
    whole = own + stages["decoders"]
    return {
        "photos": count,
        "photos_per_second": count / (idle[-1][0] - loaded[0][0]),
        "cpu_ms_per_photo": whole,
        "stages_ms": {**stages, "the rest": whole - sum(stages.values())},
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "peak_with_decoders_mib": memory.peak_mib(),
    }


class _Memory:
    """The largest sum of what this process and its decoders take, shared pages counted once; of two looks a second."""

    def __init__(self) -> None:
        self._end = threading.Event()
        self._peak = 0
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def peak_mib(self) -> int:
        self._end.set()
        self._thread.join()
        return self._peak // 1024

    def _watch(self) -> None:
        while not self._end.wait(0.5):
            self._peak = max(self._peak, sum(_kib(pid) for pid in (os.getpid(), *_decoders())))


def _kib(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # it has ended, or is another user's
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def _decoders() -> list[int]:
    """The processes that were started from this one, directly or not."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = [os.getpid()]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found[1:]


def _processor_seconds(pids: Sequence[int]) -> float:
    ticks = 0
    for pid in pids:
        try:
            ticks += sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]))
        except OSError:
            continue
    return ticks / os.sysconf("SC_CLK_TCK")


def measure_ceiling(photos: Path, checkpoint: Path) -> dict[str, float]:
    """What cannot be avoided, on one core: `huffman_ms` a photo, and `multiply_ms` at the pace of a large product."""
    import torch
    from PIL import Image

    from photoindex.encoders import device

    torch.set_num_threads(1)
    contents = [path.read_bytes() for path in sorted(photos.rglob("*")) if path.suffix.lower() in ENDINGS][:16]

    def smallest(content: bytes) -> None:
        with Image.open(io.BytesIO(content)) as image:
            image.draft("RGB", (1, 1))  # type: ignore[no-untyped-call]
            image.load()

    dtype = device.fast_dtype(torch.device("cpu"))
    rows = torch.randn(2048, 2048).to(dtype)
    pace = 2 * 2048**3 / _best(lambda: torch.nn.functional.linear(rows, rows))
    config = json.loads((checkpoint / "config.json").read_text())["vision_config"]
    multiply = _operations(config) / pace
    huffman = _best(lambda: [smallest(content) for content in contents]) / len(contents)
    cores = len(os.sched_getaffinity(0))
    return {
        "huffman_ms": huffman * 1000,
        "multiply_ms": multiply * 1000,
        "gflops_per_core": pace / 1e9,
        "photos_per_second": cores / (huffman + multiply),
    }


def _operations(config: dict[str, int]) -> float:
    """Floating-point operations of a vision transformer's matrix products for one image."""
    width, patch = config["hidden_size"], config["patch_size"]
    tokens = (config["image_size"] // patch) ** 2 + 1
    layer = 2 * tokens * width * (4 * width + 2 * config["intermediate_size"]) + 4 * tokens**2 * width
    return config["num_hidden_layers"] * layer + 2 * tokens * width * 3 * patch**2


def _best(work: Callable[[], object], times: int = 5) -> float:
    found = []
    for _ in range(times):
        started = time.thread_time()
        work()
        found.append(time.thread_time() - started)
    return min(found)


def run(command: list[str]) -> dict[str, Any]:
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, *command], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def compare(photos: Path, checkpoint: str | None, encoder: str, rounds: int) -> dict[str, Any]:
    runs: dict[str, list[dict[str, Any]]] = {"naive": []} if checkpoint else {}
    runs |= {"ours": [], "unconfined": []}
    for number in range(rounds):
        if checkpoint:
            runs["naive"].append(run([str(HERE / "naive.py"), str(photos), "--checkpoint", checkpoint]))
        for name, isolation in (("ours", "on"), ("unconfined", "off")):
            once = ["--encoder", encoder, "--once", "--isolation", isolation]
            runs[name].append(run([__file__, str(photos), *once]))
        shown = ", ".join(f"{name} {each[-1]['photos_per_second']:.1f}" for name, each in runs.items())
        print(f"round {number + 1}: {shown} photos/s", file=sys.stderr)
    best = {name: max(each, key=lambda one: float(one["photos_per_second"])) for name, each in runs.items()}
    report: dict[str, Any] = {
        "machine": f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}",
        "encoder": checkpoint or encoder,
        "photos": best["ours"]["photos"],
        "best": best,
        "rates_by_round": {name: [one["photos_per_second"] for one in each] for name, each in runs.items()},
    }
    if checkpoint:
        report["ratio"] = best["ours"]["photos_per_second"] / best["naive"]["photos_per_second"]
        report["ratios_by_round"] = [
            mine["photos_per_second"] / other["photos_per_second"]
            for mine, other in zip(runs["ours"], runs["naive"], strict=True)
        ]
        report["ceiling"] = measure_ceiling(photos, Path(checkpoint))
        report["share_of_ceiling"] = best["ours"]["photos_per_second"] / report["ceiling"]["photos_per_second"]
    return report


def show(report: dict[str, Any]) -> None:
    print(f"{'':18}{'photos/s':>10}{'CPU ms':>10}{'peak MiB':>10}{'with decoders':>15}")
    for name, row in report["best"].items():
        print(
            f"{name:18}{row['photos_per_second']:10.1f}{row['cpu_ms_per_photo']:10.0f}{row['peak_mib']:10.0f}"
            f"{row.get('peak_with_decoders_mib', ''):>15}"
        )
    if "ratio" in report:
        print(f"ours is {report['ratio']:.1f} times as fast, and at {report['share_of_ceiling']:.0%} of the ceiling of")
        print("{photos_per_second:.1f} photos/s ({huffman_ms:.1f} + {multiply_ms:.1f} ms)".format(**report["ceiling"]))
    print(f"\n{'stage':18}{'CPU ms a photo':>16}")
    for stage, milliseconds in report["best"]["ours"]["stages_ms"].items():
        print(f"{stage:18}{milliseconds:16.2f}")
    print(f"{'all':18}{report['best']['ours']['cpu_ms_per_photo']:16.2f}\n")
    print(json.dumps(report))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--checkpoint", help="a CLIP checkpoint's folder: run the naive way too")
    which.add_argument("--encoder", help="any encoder's name: run ours alone")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--once", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--isolation", choices=("on", "off"), default="on", help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    arguments = parser.parse_args()
    encoder = arguments.encoder or arguments.checkpoint
    if arguments.once:
        with tempfile.TemporaryDirectory() as data:
            print(json.dumps(index(arguments.photos, encoder, Path(data), arguments.isolation)))
        return
    report = compare(arguments.photos, arguments.checkpoint, encoder, arguments.rounds)
    show(report)
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
